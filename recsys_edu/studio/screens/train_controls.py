"""The controls of the Train page: data, model, settings, and the buttons that act on the run."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from recsys_edu import as_keras, sources, uploads
from recsys_edu.errors import RecsysEduError
from recsys_edu.models import MODELS, default_settings
from recsys_edu.studio import jobs, links, slices, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import SPLITS
from recsys_edu.studio.screens import train_pace, upload

LEARNING_RATES = [0.0001, 0.0003, 0.001, 0.003, 0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0, 100.0]
EMBEDDING_SIZES = [1, 2, 4, 8, 16, 32, 64, 128]
BATCH_SIZES = [32, 128, 256, 512, 1024, 4096, 16384, 65536]
L2_STRENGTHS = [0.0, 0.001, 0.01, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 5.0]


def controls() -> None:
    """All that the lesson does not hide."""
    hide = st.session_state["hide"]
    if "data" not in hide:
        data_controls()
        upload.control()
    if "model" not in hide:
        model_control()
    if "settings" not in hide:
        setting_controls()
    if hide:
        st.caption(_("This lesson hides some controls."))
        st.button(_("Show all controls"), key="show_all", on_click=st.session_state.update, kwargs={"hide": ()})


def is_here(name: str) -> bool:
    """Whether the data set needs not be fetched first."""
    return uploads.find(name) or any(source["ready"] for source in sources.known() if source["name"] == name)


def run_on_screen():
    """The run of the Train page; or None, after the page has said what is missing and how to get it."""
    if not is_here(st.session_state["data"]):
        fetch_offer(st.session_state["data"])
        return None
    try:
        return state.current_run()
    except RecsysEduError as error:
        st.error(str(error))
        return None


def data_controls() -> None:
    """Choose a data set and a split."""
    if "data" not in st.session_state:
        st.session_state["data"] = slices.default_data()
    titles = {source["name"]: source["title"] for source in sources.known()} | upload.own()
    st.selectbox(
        _("Data"), list(titles), key="data", format_func=titles.get, persist_state="session",
        help=_("The ratings to learn from. The planted set has known tastes behind it and works offline."),
    )  # fmt: skip
    st.selectbox(
        _("Held out for testing"), list(SPLITS), key="split", format_func=SPLITS.get, persist_state="session",
        help=_("The ratings that the model never learns from; its error on them is the honest one."),
    )  # fmt: skip


def model_control() -> None:
    learnt_in_steps = [name for name, card in MODELS.items() if card.by_gradient]
    st.selectbox(
        _("Model"), learnt_in_steps, key="model", format_func=lambda n: MODELS[n].title, on_change=state.use_defaults,
        persist_state="session", help=_("What is learnt. Choosing a model also sets values that suit it."),
    )  # fmt: skip
    st.latex(MODELS[st.session_state["model"]].formula)


def setting_controls() -> None:
    card = MODELS[st.session_state["model"]]
    _slider("embedding_dim", _("Embedding size d"), EMBEDDING_SIZES, _("How many numbers describe a user, and a film."))
    _slider(
        "learning_rate", _("Learning rate η"), LEARNING_RATES,
        _("How far each step goes. Too large, and the loss explodes: try it."),
    )  # fmt: skip
    _slider("batch_size", _("Batch size"), BATCH_SIZES, _("How many examples each step learns from."))
    _slider(
        "l2", _("L2 strength λ"), L2_STRENGTHS,
        _("How strongly vectors are pulled to 0, against learning single ratings by heart."),
    )  # fmt: skip
    for name, default in card.options.items():
        _option(name, default)
    train_pace.side_control()
    left, right = st.columns(2)
    left.number_input(
        _("Epochs"), 1, 1000, key="epochs", persist_state="session", help=_("Passes over the training examples."),
    )  # fmt: skip
    right.number_input(
        _("Seed"), 0, 2**31 - 1, key="seed", persist_state="session", help=_("The same seed gives the same run."),
    )  # fmt: skip
    train_pace.recall_control()


def _slider(name: str, label: str, values: list, help: str) -> None:
    """A slider for a field of the settings, if the model takes notice of it; the value that suits it is there."""
    card = MODELS[st.session_state["model"]]
    if name in card.knobs:
        steps = sorted({*values, getattr(default_settings(st.session_state["model"]), name), st.session_state[name]})
        st.select_slider(label, steps, key=name, persist_state="session", help=help)


def _option(name: str, default) -> None:
    """A control for one of the model's own options, by the kind of its default."""
    label, key = name.replace("_", " ").capitalize(), state.option_key(name)
    if isinstance(default, bool):
        st.checkbox(label, key=key, persist_state="session")
    elif isinstance(default, str):
        st.text_input(label, key=key, persist_state="session")
    else:
        exact = {"step": 1} if isinstance(default, int) else {"step": None, "format": "%g"}
        st.number_input(label, key=key, persist_state="session", **exact)


def ways_out(run) -> None:
    """What can be taken away from the page: its code, and a link to it."""
    if "code" not in st.session_state["hide"]:
        copy_as_keras(state.chosen_spec(), "train_code")
    with st.popover(_("Link to this lesson"), icon=":material/link:", key="link"):
        st.caption(_("Whoever opens the link gets this run again: data, settings, and as far as it has learnt."))
        hide = st.multiselect(
            _("Hide from the reader"), list(links.HIDEABLE), format_func=links.HIDEABLE.get, key="hide_in_link",
            persist_state="session", help=_("A lesson shows what it is about. The reader can bring all of it back."),
        )  # fmt: skip
        params = links.to_params(replace(state.lesson_on_screen(run), hide=tuple(hide)))
        st.code((st.context.url or "").split("?")[0] + "?" + urlencode(params), language=None, wrap_lines=True)


def copy_as_keras(spec, key: str) -> None:
    """The run's code, behind a button."""
    label = _("Copy as Keras") if spec.settings.card.by_gradient else _("Copy as Python")
    with st.popover(label, icon=":material/code:", key=key):
        st.caption(_("The model's own page and the training of these settings, as a script that runs as it stands."))
        st.code(as_keras.code(spec.settings, spec.data, spec.how), language="python", height=420)


def buttons() -> None:
    """Train, Pause, One batch, One epoch, Stop, Reset, how fast, and a line that says how the run is."""
    run = state.current_run()
    state.redraw_when_changed(run)
    changed = run.spec != state.chosen_spec()
    can_stop = run.working or run.mode == "paused"
    row = st.container(horizontal=True, gap="small", vertical_alignment="bottom")
    _button(row, _("Train"), "train", _("Learn to the last epoch."), not run.working or changed, "primary")
    _button(row, _("Pause"), "pause", _("Stand still now; Train goes on from here."), run.working)
    _button(row, _("One batch"), "one_batch", _("Learn from one mini-batch, then stand still."))
    _button(row, _("One epoch"), "one_epoch", _("Learn to the end of the epoch, then stand still."))
    _button(row, _("Stop"), "stop", _("End this run; what it learnt stays on the screen."), can_stop)
    _button(row, _("Reset"), "reset", _("Forget all that was learnt."), run.mode != "ready")
    train_pace.speed_control(row)
    status(run, changed)


def _button(row, label: str, command: str, help: str, enabled: bool = True, type: str = "secondary") -> None:
    row.button(
        label,
        key=f"press_{command}",
        help=help,
        disabled=not enabled,
        type=type,
        on_click=_press,
        args=(command,),
    )


def _press(command: str) -> None:
    """Carry out a command. One that learns takes the controls as they are now: changed settings mean a new run."""
    try:
        run = state.current_run()
        if command not in ("pause", "stop") and run.spec != state.chosen_spec():
            run = state.new_run()
        train_pace.adjust(run)
        getattr(jobs.shared(), command)(run)
    except RecsysEduError as error:
        st.session_state["problem"] = str(error)


def status(run, changed: bool) -> None:
    message = run.state_message()
    share = min(run.epoch / message["of"], 1.0)
    counted = _("Epoch {epoch:.1f} of {of}").format(epoch=run.epoch, of=message["of"])
    if batch := run.step % run.steps_per_epoch:
        counted += _(", batch {batch} of {steps}").format(batch=batch, steps=run.steps_per_epoch)
    st.progress(share, text=f"{counted} · {message['sentence']}")
    if problem := st.session_state.pop("problem", None):
        st.toast(problem, icon=":material/error:", duration="infinite")
    if run.mode == "failed":
        st.error(message["sentence"])
    elif changed:
        st.info(_("The settings on the left are new. Train, One batch and One epoch start a new run with them."))


def fetch_offer(name: str) -> None:
    """A data set that is not here yet: say what it is, and fetch it on request."""
    source = sources.SOURCES[name]
    st.header(source.title)
    st.write(source.description)
    st.caption(source.licence)
    if st.button(_("Fetch {title}").format(title=source.title), type="primary"):
        try:
            with st.spinner(_("Fetching about 5 MB …")):
                sources.fetch(name, progress=False)
        except RecsysEduError as error:
            st.error(str(error))
            return
        st.rerun()
