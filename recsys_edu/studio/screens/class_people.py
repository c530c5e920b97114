"""Who is where, for the teacher."""

from __future__ import annotations

import time

import streamlit as st

from recsys_edu.classroom import roster
from recsys_edu.classroom.roster import Person
from recsys_edu.studio import class_mode
from recsys_edu.studio.components import class_mount
from recsys_edu.studio.i18n import _

SECONDS = 2.0
AWAY = 25.0  # seconds without a sign after which a page counts as closed; one that is open gives one every ten


def people() -> None:
    with st.container():
        st.fragment(_table, run_every=SECONDS)()
    with st.container():
        _free()


def _table() -> None:
    found, now = roster.people(class_mode.store()), time.time()
    there = sum(_is_there(person, now) for person in found)
    st.caption(_("{there} of {all} are here.").format(there=there, all=len(found)))
    columns = [_("Nickname"), _("Page"), _("Run"), _("Last seen")]
    rows = [
        {"cells": [p.nickname, p.page, p.doing, _ago(p, now)], "faint": not _is_there(p, now)}
        for p in sorted(found, key=lambda p: not _is_there(p, now))
    ]
    class_mount.table(columns, rows, _("Who is where"), _("Nobody has joined yet."), key="class_people")


def _is_there(person: Person, now: float) -> bool:
    return person.here and now - person.seen < AWAY


def _ago(person: Person, now: float) -> str:
    if not person.here:
        return _("has left")
    seconds = now - person.seen
    if seconds < AWAY:
        return _("now")
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _free() -> None:
    """Somebody came back with another browser: the name can be taken up again."""
    here = {person.id: person.nickname for person in roster.people(class_mode.store()) if person.here}
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    row.selectbox(
        _("Free a nickname"), list(here), index=None, key="class_free", format_func=here.get, width=260,
        help=_("Its page is asked to join again; whoever takes the name goes on with its votes and submissions."),
    )  # fmt: skip
    row.button(_("Free it"), key="class_free_it", on_click=_let_go, disabled=st.session_state["class_free"] is None)


def _let_go() -> None:
    roster.leave(class_mode.store(), st.session_state["class_free"])
    st.session_state["class_free"] = None
