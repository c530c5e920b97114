"""A prediction vote: a question with two to five answers, or for a number; one answer a person, until it is closed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from recsys_edu.classroom.store import Store, bump
from recsys_edu.classroom.words import one_line
from recsys_edu.errors import SettingsError

LONGEST_QUESTION, LONGEST_OPTION = 200, 60  # characters
LARGEST = 1e9  # of a number that is voted


@dataclass(frozen=True)
class Vote:
    """`options` is empty where a number is asked for. `shown`: everybody sees the histogram."""

    id: int
    question: str
    options: tuple[str, ...]
    open: bool
    shown: bool


def ask(store: Store, question: str, options: Sequence[str] = ()) -> int:
    """Ask all students; a vote that is still open is closed. Without options a number is asked for.

    Raises SettingsError for a question or options that will not do."""
    question = one_line(question, "question of a vote", LONGEST_QUESTION)
    options = [one_line(option, "answer of a vote", LONGEST_OPTION) for option in options]
    if options and not (2 <= len(options) <= 5 and len(set(options)) == len(options)):
        raise SettingsError("A vote has two to five different answers, or none: then a number is asked for.")
    with store.change() as connection:
        connection.execute("UPDATE votes SET open = 0, shown = 0")
        asked = connection.execute(
            "INSERT INTO votes (question, options) VALUES (?, ?)",
            (question, json.dumps(options, ensure_ascii=False) if options else None),
        )
        bump(connection)
        return asked.lastrowid


def current(store: Store) -> Vote | None:
    """The vote that is open, or whose histogram is shown."""
    return _one(store.read(f"{SELECT} WHERE open OR shown ORDER BY id DESC LIMIT 1"))


def last(store: Store) -> Vote | None:
    """The newest vote, whether students see it or not."""
    return _one(store.read(f"{SELECT} ORDER BY id DESC LIMIT 1"))


SELECT = "SELECT id, question, options, open, shown FROM votes"


def _one(rows: list[tuple]) -> Vote | None:
    if not rows:
        return None
    number, question, options, is_open, shown = rows[0]
    return Vote(number, question, tuple(json.loads(options or "[]")), bool(is_open), bool(shown))


def answer(store: Store, vote: Vote, person: int, value: float) -> None:
    """A person's answer: the place of an option, from 0, or a number; it takes the place of an earlier one.

    Raises SettingsError if the vote is closed or has no such answer."""
    if vote.options and value not in range(len(vote.options)):
        raise SettingsError("This vote has no such answer. Choose one of those on the card.")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise SettingsError(f"Give a number between -{LARGEST:,.0f} and {LARGEST:,.0f}.")
    with store.change() as connection:
        if not connection.execute("SELECT 1 FROM votes WHERE id = ? AND open", (vote.id,)).fetchone():
            raise SettingsError("The vote is closed.")
        connection.execute(
            "INSERT INTO answers (vote, person, answer) VALUES (?, ?, ?) "
            "ON CONFLICT (vote, person) DO UPDATE SET answer = excluded.answer",
            (vote.id, person, float(value)),
        )


def answer_of(store: Store, vote: Vote, person: int) -> float | None:
    rows = store.read("SELECT answer FROM answers WHERE vote = ? AND person = ?", vote.id, person)
    return rows[0][0] if rows else None


def answers(store: Store, vote: Vote) -> list[float]:
    """All answers, ascending: who gave which stays untold."""
    return [value for (value,) in store.read("SELECT answer FROM answers WHERE vote = ? ORDER BY answer", vote.id)]


def close(store: Store, show: bool) -> None:
    """No more answers; with `show` everybody sees the histogram, without it the card goes away."""
    with store.change() as connection:
        connection.execute("UPDATE votes SET open = 0, shown = 0")
        connection.execute("UPDATE votes SET shown = ? WHERE id = (SELECT max(id) FROM votes)", (int(show),))
        bump(connection)
