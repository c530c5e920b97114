"""The Class Challenge, for the teacher: open one, watch the board, end it."""

from __future__ import annotations

import streamlit as st

from recsys_edu import sources
from recsys_edu.classroom import arena, board
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import class_mode
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens.class_challenge import leaderboard


def challenge() -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        _opening()
    with right:
        contest = class_mode.contest()
        if contest is None:
            st.caption(_("No challenge is open. The board will stand here."))
        else:
            leaderboard(contest, None)


def _opening() -> None:
    contest, bases = class_mode.contest(), arena.bases()
    st.selectbox(
        _("Data"), bases, key="class_base", format_func=lambda name: sources.SOURCES[name].title,
        persist_state="session",
        help=_("MovieLens can be looked up by who wants to; the planted world is a new one each time: take it for a "
               "prize."),
    )  # fmt: skip
    running = contest is not None and not contest.ended
    row = st.container(horizontal=True, gap="small")
    row.button(
        _("End, and tell the final scores") if running else _("Open a challenge"), key="class_contest", type="primary",
        on_click=_end if running else _open,
        help=_("No more submissions; the half that decides is told.") if running else
        _("Each person's latest rating is hidden; the rest is published as the data of the challenge."),
    )  # fmt: skip
    if problem := st.session_state.pop("class_contest_problem", None):
        st.error(problem)
    st.caption(
        _("The hidden films stay in this server's process: no browser and no worker gets them. What students do is "
          "kept in the class file, each submission before it is acknowledged.")
    )  # fmt: skip


def _open() -> None:
    try:
        board.open_contest(class_mode.store(), st.session_state["class_base"])
    except RecsysEduError as error:
        st.session_state["class_contest_problem"] = str(error)


def _end() -> None:
    board.end(class_mode.store())
