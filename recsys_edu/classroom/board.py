"""The Class Challenge: who sent what, its scores, and the leaderboard.

A submission is a list of k films for each user of the task, as challenge.py has it. It is scored in the server's own
process, where the hidden test is: a worker makes a run's lists from published ratings and learnt weights, and never
gets what they are judged by. The public score is told at once; the final one, of the submission with a person's best
public score, when the teacher ends the challenge.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import numpy as np

from recsys_edu import challenge
from recsys_edu.classroom import arena
from recsys_edu.classroom.arena import Contest
from recsys_edu.classroom.store import Store, bump
from recsys_edu.errors import SettingsError

PER_MINUTE = 4  # submissions of a person
MOST_SUBMISSIONS = 300  # of a person in one challenge
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Row:
    """A person's place on the leaderboard. Equal scores share a rank; `final` is None until the challenge has ended."""

    rank: int
    person: int
    nickname: str
    public: float
    final: float | None
    tries: int
    at: float  # when the best one was sent, in seconds since 1970
    label: str


@dataclass(frozen=True)
class Sent:
    """One of a person's own submissions."""

    at: float
    label: str
    public: float


def open_contest(store: Store, base: str) -> Contest:
    """A new challenge takes the place of the one before, whose published data are deleted; its scores stay."""
    before = current(store)
    seed, data = secrets.randbelow(2**31), arena.PREFIX + secrets.token_hex(4)
    task, _truth = arena.made(base, seed)
    arena.publish(task, data)
    with store.change() as connection:
        connection.execute("UPDATE contests SET ended = coalesce(ended, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))")
        connection.execute(
            "INSERT INTO contests (base, seed, k, data) VALUES (?, ?, ?, ?)", (base, seed, arena.K, data)
        )
        bump(connection)
        bump(connection, "board")
    if before is not None:
        arena.withdraw(before.data)
    return current(store)


def current(store: Store) -> Contest | None:
    """The newest challenge, ended or not."""
    rows = store.read("SELECT id, base, seed, k, data, ended IS NOT NULL FROM contests ORDER BY id DESC LIMIT 1")
    return Contest(*rows[0][:-1], ended=bool(rows[0][-1])) if rows else None


def end(store: Store) -> None:
    """No more submissions; the final scores are told."""
    with store.change() as connection:
        connection.execute("UPDATE contests SET ended = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE ended IS NULL")
        bump(connection)
        bump(connection, "board")


def check_turn(store: Store, contest: Contest, person: int, now: float | None = None) -> None:
    """Raises SettingsError if the person may not send anything now."""
    now = time.time() if now is None else now
    if store.read("SELECT 1 FROM contests WHERE id = ? AND ended IS NOT NULL", contest.id):
        raise SettingsError("The challenge has ended. The final scores are on the board.")
    query = "SELECT count(*), count(CASE WHEN at > ? THEN 1 END) FROM submissions WHERE contest = ? AND person = ?"
    tries, recent = store.read(query, now - 60, contest.id, person)[0]
    if recent >= PER_MINUTE:
        raise SettingsError(f"{PER_MINUTE} submissions a minute are the most. Wait a moment, and think.")
    if tries >= MOST_SUBMISSIONS:
        raise SettingsError(f"{MOST_SUBMISSIONS} submissions are the most. The best of yours counts.")


def submit(
    store: Store, contest: Contest, person: int, lists: challenge.Submission, label: str, now: float | None = None
) -> float:
    """Score and keep a submission; returns its public score. It is on the disk then. Raises SettingsError."""
    now = time.time() if now is None else now
    task, truth = arena.made(contest.base, contest.seed, contest.k)
    _check(lists, task)
    score = challenge.score(lists, task, truth)
    row = (
        contest.id, person, now, label[:LONGEST_LABEL], lists.top.astype("<i4").tobytes(), score.public.ndcg,
        score.private.ndcg,
    )  # fmt: skip
    with store.change() as connection:
        check_turn(store, contest, person, now)
        connection.execute(
            "INSERT INTO submissions (contest, person, at, label, lists, public, private) VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        bump(connection, "board")
    return score.public.ndcg


def _check(lists: challenge.Submission, task: challenge.Task) -> None:
    """What a worker sends back is of the right kind. (A file was checked line by line when it was read.)"""
    top = lists.top
    if top.shape != (len(task.users), task.k) or top.min() < 0 or top.max() >= task.train.num_items:
        raise SettingsError("These lists do not answer this challenge. Train a run on its data, and send that.")


def leaderboard(store: Store, contest: Contest) -> list[Row]:
    """The best submission of each person, the best first: by the public score, after the end by the final one. Of equal
    ones of a person the earlier counts; people with equal scores share a rank, the earlier stands first."""
    best: dict[int, tuple] = {}
    tries: dict[int, int] = {}
    query = (
        "SELECT person, nickname, public, private, at, label FROM submissions JOIN people ON people.id = person "
        "WHERE contest = ? ORDER BY at, submissions.id"
    )
    for person, *rest in store.read(query, contest.id):
        tries[person] = tries.get(person, 0) + 1
        if person not in best or rest[1] > best[person][1]:
            best[person] = tuple(rest)
    place = 2 if contest.ended else 1
    ordered = sorted(best.items(), key=lambda entry: (-entry[1][place], entry[1][3]))
    rows: list[Row] = []
    for number, (person, (nickname, public, private, at, label)) in enumerate(ordered, start=1):
        shown = private if contest.ended else public
        tied = rows and shown == (rows[-1].final if contest.ended else rows[-1].public)
        rank = rows[-1].rank if tied else number
        final = private if contest.ended else None
        rows.append(Row(rank, person, nickname, public, final, tries[person], at, label))
    return rows


def sent_by(store: Store, contest: Contest, person: int) -> list[Sent]:
    """A person's own submissions, the newest first."""
    query = "SELECT at, label, public FROM submissions WHERE contest = ? AND person = ? ORDER BY id DESC"
    return [Sent(*row) for row in store.read(query, contest.id, person)]


def lists_of(blob: bytes, k: int) -> np.ndarray:
    """(n, k) item_index of a kept submission."""
    return np.frombuffer(blob, "<i4").reshape(-1, k)
