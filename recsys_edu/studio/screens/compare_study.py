"""The section of the Compare page that searches good settings for a model: its trials, and what the test says."""

from __future__ import annotations

import streamlit as st

from recsys_edu import search
from recsys_edu.errors import RecsysEduError
from recsys_edu.models import MODELS
from recsys_edu.studio import jobs, state, study_figures
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import compare_links
from recsys_edu.studio.studies import Study


def section() -> None:
    st.subheader(
        _("Good settings, searched"), anchor=False,
        help=_("The settings of the lanes above suit MovieLens-100K. Other data may ask for others."),
    )  # fmt: skip
    st.caption(
        _(
            "Each trial learns with other settings on one part of the training ratings and is judged on the rest of "
            "them. The test is asked once, when a trial has won: who chooses by the test is praised too much by it."
        )
    )
    study = state.study()
    with st.container():
        _controls(study)
    with st.container():
        st.fragment(_shown, run_every=state.beat(0.5) if study is not None and study.busy else None)()
    with st.container():
        if study is not None and not study.busy and study.best is not None:
            _outcome(study)


def _controls(study: Study | None) -> None:
    left, middle, right = st.columns([2, 2, 3], vertical_alignment="bottom", gap="medium")
    left.selectbox(
        _("Model of the search"), search.searchable(), key="study_model", format_func=lambda n: MODELS[n].title,
        persist_state="session", help=_("Searched: its embedding size, learning rate and L2 strength, if it has them."),
    )  # fmt: skip
    middle.select_slider(
        _("Trials"), compare_links.STUDIES, key="study_trials", persist_state="session",
        help=_("How many settings are tried. The first are the usual ones; what is worse than most is pruned early."),
    )  # fmt: skip
    busy, paused = study is not None and study.busy, study is not None and study.mode == "paused"
    row = right.container(horizontal=True, gap="small")
    row.button(
        _("Search"), key="study_search", type="primary", disabled=busy and not _changed(study), on_click=_press,
        args=(_search,), help=_("Two trials learn side by side, in turns with everybody else's work."),
    )  # fmt: skip
    row.button(
        _("Stop searching"), key="study_stop", disabled=not (busy or paused), on_click=_press,
        args=(jobs.shared().stop, study), help=_("End the search now. What the trials found stays on the screen."),
    )  # fmt: skip
    if paused:
        row.button(
            _("Go on searching"), key="study_go_on", on_click=_press, args=(jobs.shared().train, study),
            help=_("Take up the trials that stand still."),
        )  # fmt: skip
    if study is not None and _changed(study):
        st.info(_("The settings are new. Search starts a new study with them."))


def _changed(study: Study) -> bool:
    return (study.spec, study.wanted) != (state.study_spec(), st.session_state["study_trials"])


def _press(command, *arguments) -> None:
    try:
        command(*arguments)
    except RecsysEduError as error:
        st.session_state["problem"] = str(error)


def _search() -> None:
    jobs.shared().train(state.new_study())


def _shown() -> None:
    """How far the study is, and its pictures; drawn again and again while it learns."""
    state.redraw_when_study_changed()
    study = state.study()
    if study is None:
        st.caption(_("Press Search: after some seconds the first trials stand here as points."))
        return
    _progress(study)
    trials = list(study.trials)
    if not any(trial.values for trial in trials):
        return
    goal = search.goal_of(study.spec.settings.model)
    still_figure(study_figures.trials_figure(trials, goal), _("Trials of the search"), key="study_trials_figure")
    names = list(search.space(study.spec.settings.model))
    for column, name in zip(st.columns(len(names)), names, strict=True):
        figure = study_figures.setting_figure(trials, goal, name, study.best)
        label = _("Trials by {setting}").format(setting=study_figures.LABELS[name])
        with column:
            still_figure(figure, label, key=f"study_{name}_figure")


def _progress(study: Study) -> None:
    sentence = study.state_message()["sentence"]
    if study.mode == "failed":
        st.error(f"{sentence} " + _("Choose other data or another model, then press Search."))
        return
    under_way = sum(len(trial.values) / trial.settings.epochs for trial in study.under_way)
    counted = _("{n} of {of} trials").format(n=study.step, of=study.wanted)
    st.progress(min((study.step + under_way) / study.wanted, 1.0), text=f"{counted} · {sentence}")


def _outcome(study: Study) -> None:
    """The best settings, what the test says of them, and the way to use them."""
    best = study.best
    won = _("**Trial {number} is the best:** {told}, {epochs} epochs. {goal} {value:.4f} on the validation part.")
    told, epochs = study_figures.told(best), best.chosen.epochs
    st.markdown(won.format(number=best.number + 1, told=told, epochs=epochs, goal=best.goal.name, value=best.value))
    if study.result is not None:
        st.markdown(verdict(study))
    if best.settings.card.by_gradient:
        st.button(
            _("Use on the Train page"), key="study_use", icon=":material/model_training:", on_click=_use, args=(study,),
            help=_("Model, settings and epochs of the best trial become those of the Train page."),
        )  # fmt: skip


def verdict(study: Study) -> str:
    """What the test says, by rule: the interval of the difference is over users."""
    goal, d = study.best.goal, study.difference
    told = _("On the test, which was asked once: {goal} **{found:.4f}**").format(
        goal=goal.name, found=study.result.figures[goal.figure]
    )
    if d is None:
        return told + ". " + _("These are the usual settings: no trial was better.")
    told += _(", with the usual settings {usual:.4f}; difference {d:+.4f} [{low:+.4f}, {high:+.4f}].").format(
        usual=study.usual.figures[goal.figure], d=d.difference, low=d.low, high=d.high
    )
    if d.low <= 0 <= d.high:
        return told + " " + _("That may be chance: the interval over users holds 0.")
    if d.difference * goal.better > 0:
        return told + " " + _("The search was worth it: the interval over users leaves 0 out.")
    return told + " " + _("The search misled: what won on the validation part is worse on the test.")


def _use(study: Study) -> None:
    state.start_settings()
    chosen = study.best.chosen
    st.session_state["model"] = chosen.model
    state.use_settings(chosen)
    st.toast(_("The Train page has these settings now."), icon=":material/check:")
