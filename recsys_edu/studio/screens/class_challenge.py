"""Class Challenge: learn from what is published, send a run or a file, and see where you stand."""

from __future__ import annotations

import streamlit as st

from recsys_edu.classroom import arena, board
from recsys_edu.classroom.arena import Contest
from recsys_edu.classroom.roster import Person
from recsys_edu.studio import class_mode, state
from recsys_edu.studio.components import class_mount
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import class_send
from recsys_edu.studio.screens.train import COMPACT

SECONDS = 2.0  # between two looks at the leaderboard


def page() -> None:
    st.html(COMPACT)
    state.start_settings()
    st.header(_("Class Challenge"), anchor=False)
    contest, person = class_mode.contest(), class_mode.student()
    if contest is None:
        st.info(_("Your teacher has not opened a challenge yet. It will begin here."))
        return
    task, _truth = arena.made(contest.base, contest.seed, contest.k)
    st.write(
        _(
            "Each of {users} people has chosen one more film, which is hidden. Say for each of them which {k} films "
            "they will choose next, best first: the higher the hidden one stands, the better (NDCG@{k})."
        ).format(users=f"{len(task.users):,}", k=contest.k)
    )
    left, right = st.columns([2, 3], gap="large")
    with left:
        if person is not None and not contest.ended:
            class_send.sending(contest, task, person)
        elif contest.ended:
            st.success(_("The challenge has ended: the final score is of the half that nobody had seen."))
        else:
            st.caption(_("You lead this class: students send their runs and files here."))
    with right:
        leaderboard(contest, person)


def leaderboard(contest: Contest, person: Person | None) -> None:
    """The live board, and a student's own tries."""
    with st.container():
        st.fragment(_board, run_every=None if contest.ended else SECONDS)(contest, person)


def _board(contest: Contest, person: Person | None) -> None:
    if (now := class_mode.led()) is None:
        st.rerun(scope="app")
    known = st.session_state.get("class_board")
    if known is None or known[0] != (contest, now.board):
        known = st.session_state["class_board"] = ((contest, now.board), *_looked_up(contest, person))
    __, rows, own = known
    columns = [_("Rank"), _("Nickname"), *([_("Final")] if contest.ended else []), _("Public"), _("Tries"), _("With")]
    class_mount.table(columns, rows, _("Leaderboard"), _("Nobody has sent anything yet."), key="class_leaderboard")
    if not contest.ended and rows:
        st.caption(_("The public score is of one half of the people. The other half decides in the end."))
    if own:
        st.subheader(_("Your tries"), anchor=False)
        class_mount.table([_("Public"), _("With")], own, _("Your tries"), "", key="class_own")


def _looked_up(contest: Contest, person: Person | None) -> tuple[list[dict], list[dict]]:
    me = person.id if person is not None else None
    rows = []
    for row in board.leaderboard(class_mode.store(), contest):
        final = [f"{row.final:.4f}"] if row.final is not None else []
        cells = [str(row.rank), row.nickname, *final, f"{row.public:.4f}", str(row.tries), row.label]
        rows.append({"cells": cells, "mine": row.person == me})
    own = [] if me is None else board.sent_by(class_mode.store(), contest, me)[:10]
    return rows, [{"cells": [f"{sent.public:.4f}", sent.label]} for sent in own]
