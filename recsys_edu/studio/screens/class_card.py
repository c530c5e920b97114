"""The card on a student's page: a link that the teacher has opened, and a vote to answer or to look at."""

from __future__ import annotations

import streamlit as st

from recsys_edu.classroom import roster, votes
from recsys_edu.classroom.lead import Lead
from recsys_edu.classroom.roster import Person
from recsys_edu.classroom.votes import Vote
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import class_mode
from recsys_edu.studio.class_figures import vote_figure
from recsys_edu.studio.components import class_mount
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.markdown import as_text


def card(now: Lead, person: Person) -> None:
    """Nothing, as long as the teacher neither opens nor asks anything."""
    if now.link is not None and person.followed < now.link_number:
        with st.container(border=True, key="class_link"):
            _link(now, person)
    if now.vote is not None:
        with st.container(border=True, key="class_vote"):
            st.text(now.vote.question)
            _ballot(now.vote, person) if now.vote.open else _outcome(now.vote, person)


def _link(now: Lead, person: Person) -> None:
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with row:
        href = f"/class/go/{now.link_number}"
        class_mount.way(href, _("Your teacher has opened a page for all."), _("Go"), False, key="class_way")
    row.button(
        _("Not now"), key="class_later", on_click=_later, args=(person.id, now.link_number), help=_("Stay here."),
    )  # fmt: skip


def _later(person: int, number: int) -> None:
    roster.follow(class_mode.store(), person, number)
    st.session_state["class_me"] = class_mode.student()


def _ballot(vote: Vote, person: Person) -> None:
    key = f"class_vote_{vote.id}"
    before = votes.answer_of(class_mode.store(), vote, person.id) if key not in st.session_state else None
    if vote.options:
        places = list(range(len(vote.options)))
        st.radio(
            _("Your prediction"), places, index=None if before is None else int(before), key=key, on_change=_vote,
            args=(vote, person.id), format_func=lambda place: as_text(vote.options[place]), persist_state="session",
            label_visibility="collapsed", help=_("You can change it until the vote is closed."),
        )  # fmt: skip
    else:
        st.number_input(
            _("Your prediction, a number"), value=before, key=key, on_change=_vote, args=(vote, person.id),
            format="%g", step=None, persist_state="session", help=_("You can change it until the vote is closed."),
        )  # fmt: skip
    if problem := st.session_state.pop("class_vote_problem", None):
        st.error(as_text(problem))
    elif st.session_state.get(key) is not None:
        st.caption(_("Your answer is in. You can change it until the vote is closed."))


def _vote(vote: Vote, person: int) -> None:
    value = st.session_state[f"class_vote_{vote.id}"]
    if value is None:
        return
    try:
        votes.answer(class_mode.store(), vote, person, value)
    except RecsysEduError as error:
        st.session_state["class_vote_problem"] = str(error)


def _outcome(vote: Vote, person: Person) -> None:
    """What all said; it changes no more."""
    key = f"class_outcome_{vote.id}"
    if key not in st.session_state:
        answers = votes.answers(class_mode.store(), vote)
        own = votes.answer_of(class_mode.store(), vote, person.id)
        st.session_state[key] = vote_figure(vote, answers, own), len(answers)
    figure, count = st.session_state[key]
    still_figure(figure, _("What the class predicted"), key="class_histogram")
    st.caption(_("{n} answers. Yours stands out.").format(n=count))
