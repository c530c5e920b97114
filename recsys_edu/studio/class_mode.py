"""The class of this process, and who the reader of a page is.

Who somebody is stands in a cookie that no script can read: a random token, not in the address, so a link that is shown
around opens nobody's place.
"""

from __future__ import annotations

import functools
import os

import streamlit as st

from recsys_edu.classroom import arena, board, lead, roster
from recsys_edu.classroom.arena import Contest
from recsys_edu.classroom.lead import Lead
from recsys_edu.classroom.roster import Person
from recsys_edu.classroom.store import Store

ADDRESS = "RECSYS_EDU_CLASS_URL"  # what students type, where a proxy stands before the studio
STUDENT, TEACHER = "recsys_edu_class", "recsys_edu_teacher"  # cookies


def store() -> Store:
    """The class file of this process."""
    return _store(os.environ.get("RECSYS_EDU_CLASS"))


@functools.lru_cache(maxsize=8)
def _store(path: str | None) -> Store:
    return Store(path)


def led() -> Lead | None:
    """How the class is led now; None if it was erased."""
    return lead.now(store())


def student() -> Person | None:
    """The student whose page this is."""
    return roster.person_of(store(), cookies().get(STUDENT))


def is_teacher() -> bool:
    return roster.is_teacher(store(), cookies().get(TEACHER))


def cookies():
    return st.context.cookies


def solutions_are_shown() -> bool:
    return is_teacher() or ((now := led()) is not None and now.solutions)


def contest() -> Contest | None:
    """The newest Class Challenge. Its data are among those of the studio from then on."""
    found = board.current(store())
    if found is not None:
        arena.announce(found)
    return found
