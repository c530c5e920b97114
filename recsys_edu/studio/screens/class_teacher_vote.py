"""A prediction vote, for the teacher: ask, watch the answers come, close it, show it."""

from __future__ import annotations

import streamlit as st

from recsys_edu.classroom import votes
from recsys_edu.classroom.votes import Vote
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import class_mode
from recsys_edu.studio.class_figures import vote_figure
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.markdown import as_text

SECONDS = 1.0


def vote() -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        _question()
    with right, st.container():
        last = votes.last(class_mode.store())
        if last is None:
            st.caption(_("Nothing has been asked yet. The answers will come in here."))
        else:
            st.fragment(_answers, run_every=SECONDS if last.open else None)(last)


def _question() -> None:
    with st.form("class_vote_form"):
        st.text_input(_("Question"), key="class_question", max_chars=votes.LONGEST_QUESTION)
        st.text_area(
            _("Answers, one a line"), key="class_options", height=150,
            help=_("Two to five. Leave it empty to ask for a number."),
        )  # fmt: skip
        st.form_submit_button(_("Ask all"), on_click=_ask, type="primary")
    if problem := st.session_state.pop("class_ask_problem", None):
        st.error(as_text(problem))


def _ask() -> None:
    options = [line for line in st.session_state["class_options"].splitlines() if line.strip()]
    try:
        votes.ask(class_mode.store(), st.session_state["class_question"], options)
    except RecsysEduError as error:
        st.session_state["class_ask_problem"] = str(error)


def _answers(asked: Vote) -> None:
    if st.session_state.pop("class_closed", False):
        st.rerun(scope="app")  # nothing more is to be expected
    found = votes.answers(class_mode.store(), asked)
    st.text(asked.question)
    state = _("Open") if asked.open else _("Shown to all") if asked.shown else _("Closed")
    st.caption(_("{n} answers · {state}").format(n=len(found), state=state))
    row = st.container(horizontal=True, gap="small")
    row.button(
        _("Close and show to all"), key="class_show", on_click=_close, args=(True,), disabled=asked.shown,
        type="primary", help=_("No more answers; every student sees the histogram."),
    )  # fmt: skip
    row.button(
        _("Close"), key="class_close", on_click=_close, args=(False,), disabled=not (asked.open or asked.shown),
        help=_("No more answers; the card goes away from the students' pages."),
    )  # fmt: skip
    still_figure(vote_figure(asked, found), _("Answers so far"), key="class_answers")


def _close(show: bool) -> None:
    votes.close(class_mode.store(), show)
    st.session_state["class_closed"] = True
