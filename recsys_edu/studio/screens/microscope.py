"""Microscope: one rating, and all numbers of one step of learning from it, in the formula and beside the Keras line."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import RecsysEduError
from recsys_edu.models import MODELS
from recsys_edu.studio import jobs, microscope, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import microscope_lens, microscope_parts, train_controls
from recsys_edu.studio.screens.train import COMPACT

# The buttons stay in sight while the stages are read.
STYLE = """<style>
.st-key-scope_buttons { position: sticky; top: 3.75rem; z-index: 90; padding: .4rem 0;
  backdrop-filter: blur(12px); }
.st-key-scope_stages .katex { font-size: 1.05em; }
.st-key-scope_stages .katex-display { margin: .3em 0; }
</style>"""


def page() -> None:
    st.html(COMPACT)
    st.html(STYLE)
    state.start_settings()
    microscope_lens.start()
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
    if (run := train_controls.run_on_screen()) is None:
        return
    state.drawn(run)
    with st.container():
        _what_is_looked_at(run)
    if run.spec.settings.model not in microscope.MODELS:
        _other_models()
    else:
        st.fragment(_lens)()


def _what_is_looked_at(run) -> None:
    """Which run; how it is while it learns; and where it has not learnt yet, a button that trains it."""
    settings = run.spec.settings
    told = _("{model} · {data} · d = {d} · η = {rate:g} · epoch {epoch:.1f}").format(
        model=settings.card.title, data=state.split_of(run.spec).train.name, d=settings.embedding_dim,
        rate=settings.learning_rate, epoch=run.epoch,
    )  # fmt: skip
    st.caption(told, help=_("The run of the Train page. What is done here leaves it as it is."))
    if settings.learns != "both":
        still = {"users": _("Only users learn in this run"), "items": _("Only items learn in this run")}
        st.info(still[settings.learns] + _(": of the other side Keras finds no gradient, so it stands as 0 below."))
    if run.working:
        st.fragment(_progress, run_every=0.5)()
    elif run.step == 0:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.button(
            _("Train"), key="scope_train", type="primary", on_click=jobs.shared().train, args=(run,),
            help=_("Learn to the last epoch, as on the Train page; then look again."),
        )  # fmt: skip
        row.markdown(
            _("Nothing is learnt yet: these are the random numbers that the run starts from. Step works on them too.")
        )


def _progress() -> None:
    run = state.current_run()
    state.redraw_when_changed(run)
    train_controls.status(run, changed=False)


def _other_models() -> None:
    titles = ", ".join(MODELS[name].title for name in microscope.MODELS)
    st.info(_("The microscope shows the formulas of these models: {titles}. Choose one here.").format(titles=titles))
    row = st.container(horizontal=True)
    for name in microscope.MODELS:
        row.button(
            MODELS[name].title, key=f"scope_{name}", on_click=_use_model, args=(name,),
            help=_("Begins a new run of this model, on the Train page too."),
        )  # fmt: skip


def _use_model(name: str) -> None:
    st.session_state["model"] = name
    state.use_defaults()
    state.new_run()


def _lens() -> None:
    """The part of the page that a step draws anew."""
    run = state.current_run()
    if not jobs.shared().warm.is_set():
        st.info(jobs.LOADING)
        st.fragment(_wait_for_workers, run_every=1.0)()
        return
    try:
        lens = microscope_lens.lens_on(run)
        if lens is None:
            st.caption(_("The pair is shown as soon as the run has learnt what the link asks for."))
            return
        with st.container():
            microscope_parts.pair(run, lens)
        lens.focus(run)
        microscope_lens.say_problem()
    except RecsysEduError as error:
        st.error(str(error))
        st.button(_("Try again"), key="scope_again", help=_("Ask the workers once more."))
        return
    microscope_lens.write_link(run, lens)
    with st.container(key="scope_buttons"):
        microscope_parts.buttons(run, lens)
    microscope_parts.overview(run, lens)
    with st.container(key="scope_stages"):
        microscope_parts.stages(run, lens)


def _wait_for_workers() -> None:
    if jobs.shared().warm.is_set():
        st.rerun(scope="app")
