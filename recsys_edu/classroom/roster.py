"""Who is in the class: a nickname and a random token for each browser, no accounts."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import dataclass

from recsys_edu.classroom import keys
from recsys_edu.classroom.store import Store, bump
from recsys_edu.errors import SettingsError

LONGEST_NAME = 24  # characters of a nickname
MOST_PEOPLE = 500
MOST_MARKS = 2  # accents on one letter
SEEN_EVERY = 10.0  # seconds after which "last seen" is written again though nothing else changed


@dataclass(frozen=True)
class Person:
    """`page` and `doing` are what the person's page last said; `seen` when, in seconds since 1970."""

    id: int
    nickname: str
    page: str = ""
    doing: str = ""
    seen: float = 0.0
    followed: int = 0  # number of the last link of the teacher that was gone to
    here: bool = True  # False: has left, or was let go


COLUMNS = "id, nickname, page, doing, seen, followed, token IS NOT NULL"


def join(store: Store, typed_code: str, nickname: str) -> str:
    """Let somebody in; returns the token. The name of one who left is taken up again, with all that was done by it.

    Raises WrongCodeError, or SettingsError for a nickname that will not do."""
    rows = store.read("SELECT code FROM class")
    if not rows or not keys.same_code(typed_code, rows[0][0]):
        raise WrongCodeError("This is not the class's join code. It stands where your teacher shows the address.")
    nickname, token = clean_nickname(nickname), keys.new_token()
    with store.change() as connection:
        (people,) = connection.execute("SELECT count(*) FROM people").fetchone()
        if people >= MOST_PEOPLE:
            raise SettingsError(f"The class is full: it has {MOST_PEOPLE} people. Ask your teacher.")
        taken = connection.execute(
            "INSERT INTO people (nickname, name_key, token, seen) VALUES (?, ?, ?, ?) ON CONFLICT (name_key) DO UPDATE "
            "SET token = excluded.token, nickname = excluded.nickname WHERE token IS NULL RETURNING id",
            (nickname, _key(nickname), keys.digest(token), time.time()),
        ).fetchone()
        if taken is None:
            raise SettingsError(
                f"Somebody is called {nickname} already. Take another name; or, if that was you in another browser, "
                "ask your teacher to free it."
            )
    return token


class WrongCodeError(SettingsError):
    """The join code is another one."""


def clean_nickname(text: str) -> str:
    """One line of text as it will be shown. Raises SettingsError if it is empty, too long, or piles up accents."""
    text = unicodedata.normalize("NFKC", text[: 4 * LONGEST_NAME])
    text = " ".join("".join(_visible(letter) for letter in text).split())
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in text):
        raise SettingsError("A nickname has at least one letter, number or sign that can be seen.")
    if len(text) > LONGEST_NAME:
        raise SettingsError(f"A nickname has at most {LONGEST_NAME} characters. Take a shorter one.")
    if _accents(text) > MOST_MARKS:
        raise SettingsError("This nickname piles accents upon one letter. Take a plainer one.")
    return text


def _visible(letter: str) -> str:
    """The letter, or a space for what cannot be seen, moves the line, or turns its direction."""
    return " " if unicodedata.category(letter)[0] in "CZ" else letter


def _accents(text: str) -> int:
    """The longest run of combining marks."""
    longest = run = 0
    for letter in text:
        run = run + 1 if unicodedata.category(letter)[0] == "M" else 0
        longest = max(longest, run)
    return longest


def _key(nickname: str) -> str:
    """Two names that look alike to a hurried reader have one key."""
    return "".join(nickname.casefold().split())


def person_of(store: Store, token: str | None) -> Person | None:
    """Whose token this is."""
    if not token:
        return None
    rows = store.read(f"SELECT {COLUMNS} FROM people WHERE token = ?", keys.digest(token[:100]))
    return _person(rows[0]) if rows else None


def people(store: Store) -> list[Person]:
    """All who ever joined, by nickname."""
    return [_person(row) for row in store.read(f"SELECT {COLUMNS} FROM people ORDER BY name_key")]


def _person(row: tuple) -> Person:
    return Person(*row[:-1], here=bool(row[-1]))


def leave(store: Store, person: int) -> None:
    """The token opens nothing any more, and the name can be taken up again."""
    with store.change() as connection:
        connection.execute("UPDATE people SET token = NULL WHERE id = ?", (person,))
        bump(connection)  # the page looks again, and finds itself before the door


def saw(store: Store, person: Person, page: str, doing: str, now: float | None = None) -> Person:
    """The person's page is open and says where and how it is. Written when that changed, or every ten seconds."""
    now = time.time() if now is None else now
    page, doing = page[:40], doing[:80]
    if (page, doing) == (person.page, person.doing) and now - person.seen < SEEN_EVERY:
        return person
    with store.change(light=True) as connection:
        connection.execute(
            "UPDATE people SET page = ?, doing = ?, seen = ? WHERE id = ?", (page, doing, now, person.id)
        )
    return Person(person.id, person.nickname, page, doing, now, person.followed)


def follow(store: Store, person: int, number: int) -> None:
    """The person goes to the teacher's link of this number."""
    with store.change(light=True) as connection:
        connection.execute("UPDATE people SET followed = max(followed, ?) WHERE id = ?", (number, person))


# --- The teacher ----------------------------------------------------------------------------------------------------


def enter_as_teacher(store: Store, secret: str) -> str | None:
    """A token for who knows the secret of this start; None for others."""
    if not store.read("SELECT 1 FROM class WHERE secret = ?", keys.digest(secret[:100])):
        return None
    token = keys.new_token()
    with store.change() as connection:
        connection.execute("INSERT INTO teachers (token) VALUES (?)", (keys.digest(token),))
    return token


def is_teacher(store: Store, token: str | None) -> bool:
    return bool(token) and bool(store.read("SELECT 1 FROM teachers WHERE token = ?", keys.digest(token[:100])))


def new_code(store: Store) -> str:
    """Another join code: the old one lets nobody in any more; who is in stays in."""
    code = keys.new_code()
    with store.change() as connection:
        connection.execute("UPDATE class SET code = ?", (code,))
        bump(connection)
    return code
