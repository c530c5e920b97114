"""You: rate a few films; only your vector is fitted, all else stays as it was learnt; see your list, and why."""

from __future__ import annotations

import streamlit as st

from recsys_edu import sources
from recsys_edu.errors import RecsysEduError
from recsys_edu.models import MODELS
from recsys_edu.studio import jobs, links, state, visitor, visitor_link
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import train_controls, you_lists, you_ratings, you_why
from recsys_edu.studio.screens.train import COMPACT

# Three columns beside each other need the width that Streamlit leaves free at both sides; with large type two stay.
WIDE = """<style>
@media (min-width: 640px) { .stMainBlockContainer { padding-left: 2rem; padding-right: 2rem; } }
.st-key-you_columns [data-testid=stHorizontalBlock] { flex-wrap: wrap; }
.st-key-you_columns .stColumn { min-width: min(100%, 16rem); }
</style>"""


def page() -> None:
    st.html(COMPACT)
    st.html(WIDE)
    state.start_settings()
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        if "data" not in st.session_state["hide"]:
            train_controls.data_controls()
    if (run := train_controls.run_on_screen()) is None:
        return
    you_ratings.start(run)
    state.drawn(run)
    with st.container():  # what comes and goes in here does not move, and so remake, what is below
        st.fragment(_model, run_every=0.5 if run.busy else None)()
    with st.container():
        if run.spec.settings.model in visitor.WORKS_WITH:
            st.fragment(_screen, run_every=1.0 if run.busy else None)()


def _model() -> None:
    """Which model looks at the visitor; where it cannot, or has learnt nothing, the way to one that can."""
    run = state.current_run()
    state.redraw_when_changed(run)
    if problem := st.session_state.pop("problem", None):
        st.toast(problem, icon=":material/error:", duration="infinite")
    changed = run.spec != state.chosen_spec()
    if run.spec.settings.model not in visitor.WORKS_WITH:
        _another_model(run)
    elif run.step == 0 or run.working or changed or run.mode == "failed":
        _buttons(run, changed)
        train_controls.status(run, changed)
    else:
        told = _("{model} on {data}, epoch {epoch:.1f}: d = {d} numbers a film. Only your own vector is fitted here.")
        settings, data = run.spec.settings, run.spec.data
        title = sources.SOURCES[data].title if data in sources.SOURCES else data
        st.caption(told.format(model=settings.card.title, data=title, epoch=run.epoch, d=settings.embedding_dim))


def _another_model(run) -> None:
    names = ", ".join(MODELS[name].title for name in visitor.WORKS_WITH)
    told = _(
        "The run on the Train page is {model}. This page needs a model that gives each user a bias and a vector of "
        "their own, which can be fitted while the films stay as they are: {names}."
    )
    st.info(told.format(model=run.spec.settings.card.title, names=names))
    for name in visitor.WORKS_WITH:
        st.button(
            _("Train {model}").format(model=MODELS[name].title), type="primary", on_click=_take, args=(name,),
            help=_("It takes the place of the run on the Train page, with settings that suit it."),
        )  # fmt: skip


def _take(name: str) -> None:
    st.session_state["model"] = name
    state.use_defaults()
    _train()


def _train() -> None:
    try:
        run = state.current_run()
        jobs.shared().train(state.new_run() if run.spec != state.chosen_spec() else run)
    except RecsysEduError as error:
        st.session_state["problem"] = str(error)


def _buttons(run, changed: bool) -> None:
    row = st.container(horizontal=True, gap="small")
    row.button(
        _("Train"), key="you_train", type="primary", on_click=_train, disabled=run.working and not changed,
        help=_("Learn to the last epoch. Your ratings are no part of that."),
    )  # fmt: skip
    row.button(
        _("Pause"), key="you_pause", on_click=lambda: jobs.shared().pause(state.current_run()),
        disabled=not run.working, help=_("Stand still now; Train goes on from here."),
    )  # fmt: skip


def _screen() -> None:
    """All that a rating changes, drawn by itself."""
    run = state.current_run()
    try:
        visit = you_ratings.visit(run)
    except RecsysEduError as error:
        st.error(str(error))
        return
    with st.container(key="you_columns"):
        rate, top, chart = st.columns([10, 10, 11], gap="medium")
    with rate:
        you_ratings.controls(run)
    with top:
        you_lists.top_ten(run, visit)
    with chart:
        you_lists.chart(run, visit)
    if visit is not None:
        you_why.why(run, visit)
    _write_link(run)


def _write_link(run) -> None:
    """Keep the page's address such that it brings this screen back: run, ratings, what is left out, what is offered."""
    ratings = visitor_link.to_params(you_ratings.rated(run), you_ratings.without(run))
    offered = visitor_link.offer_to_params(*you_ratings.offer(run))
    state.show_address(links.to_params(state.lesson_on_screen(run)) | ratings | offered)
