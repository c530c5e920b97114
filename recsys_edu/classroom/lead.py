"""What the teacher leads: a link that all are shown, lock step, solutions, and the vote that is going on."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from recsys_edu.classroom import votes
from recsys_edu.classroom.store import Store, bump
from recsys_edu.classroom.votes import Vote
from recsys_edu.errors import SettingsError

LONGEST_LINK = 2000  # characters


@dataclass(frozen=True)
class Lead:
    """The class as all pages see it. `version` and `board` count its changes and those of the leaderboard."""

    version: int
    board: int
    name: str
    code: str
    locked: bool
    solutions: bool  # shown to students
    link: str | None  # below the studio's address: "map?kind=pca"
    link_number: int
    vote: Vote | None  # the one to answer or to look at

    @property
    def link_page(self) -> str:
        """The page that the link opens; the first page is ''."""
        return urlsplit(self.link or "").path


_latest: weakref.WeakKeyDictionary[Store, Lead] = weakref.WeakKeyDictionary()
_looking = threading.Lock()


def now(store: Store) -> Lead | None:
    """How the class is led; None if it was erased. One row by its key is read, as long as nothing changed."""
    rows = store.read("SELECT version, board FROM class WHERE id = 1")
    if not rows:
        return None
    version, board = rows[0]
    with _looking:
        known = _latest.get(store)
        if known is None or known.version != version:
            known = _latest[store] = _look(store)
        return known if known is None or known.board == board else replace(known, board=board)


def _look(store: Store) -> Lead | None:
    rows = store.read("SELECT version, board, name, code, locked, solutions, link, link_number FROM class")
    if not rows:
        return None
    version, board, name, code, locked, solutions, link, link_number = rows[0]
    return Lead(version, board, name, code, bool(locked), bool(solutions), link, link_number, votes.current(store))


def push(store: Store, link: str, pages: list[str]) -> int:
    """Show all students this link: an address of the studio that was copied, or what follows its host. Returns the
    link's number. Raises SettingsError unless it opens one of the studio's `pages`."""
    link = below_studio(link, pages)
    with store.change() as connection:
        connection.execute("UPDATE class SET link = ?, link_number = link_number + 1", (link,))
        bump(connection)
        return connection.execute("SELECT link_number FROM class").fetchone()[0]


def below_studio(link: str, pages: list[str]) -> str:
    """A link without its host: nobody is ever sent to another web site."""
    link = link.strip()
    if len(link) > LONGEST_LINK or not link.isprintable() or "\\" in link:
        raise SettingsError("This is no link of the studio. Copy it from the studio's address line.")
    try:
        parts = urlsplit(link)
    except ValueError as error:
        raise SettingsError("This is no link. Copy it from the studio's address line.") from error
    page = parts.path.strip("/")
    if page not in pages or parts.scheme not in ("", "http", "https"):
        known = ", ".join(f"/{name}" for name in pages)
        raise SettingsError(f"The studio has no page {('/' + page)[:40]}. It has {known}.")
    return f"{page}?{parts.query}" if parts.query else page


def set_locked(store: Store, locked: bool) -> None:
    """In lock step students go where the teacher's link goes, and see no other page."""
    _set(store, "locked", locked)


def set_solutions(store: Store, shown: bool) -> None:
    _set(store, "solutions", shown)


def _set(store: Store, column: str, value: bool) -> None:
    with store.change() as connection:
        connection.execute(f"UPDATE class SET {column} = ?", (int(value),))
        bump(connection)
