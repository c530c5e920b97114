"""The data of a Class Challenge: a training part that is published, and a hidden test that the server alone has.

The people get new numbers and the ratings a new order by a secret seed, so that nobody finds an answer by looking a
user up on another page of the studio. What is published lies as CSV files beside the fetched data sets, where workers
find it by name; the hidden part is made anew from base and seed when it is needed, and lies in no file. (Who has the
whole data set and patience can still recognise a user by the other ratings. A prize wants the planted base.)
"""

from __future__ import annotations

import functools
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_edu import challenge, planted, sources
from recsys_edu.data import Ratings, index_ratings, read_items
from recsys_edu.errors import DataError, SettingsError

PREFIX = "class-"  # of a published data set's name
BASES = ("movielens-100k", "planted")
K = 10


@dataclass(frozen=True)
class Contest:
    """`data` names what is published. `seed` stays on the server."""

    id: int
    base: str
    seed: int
    k: int
    data: str
    ended: bool


def bases() -> list[str]:
    """What a challenge can be made of here: without fetching anything."""
    return [source["name"] for source in sources.known() if source["name"] in BASES and source["ready"]]


@functools.lru_cache(maxsize=2)
def made(base: str, seed: int, k: int = K) -> tuple[challenge.Task, challenge.Truth]:
    """What is published, and what is hidden; half a second once, then at once."""
    if base not in BASES:
        raise SettingsError(f"A challenge is made of {' or '.join(BASES)}, not of {base[:40]!r}.")
    whole = planted.generate(seed=seed)[0] if base == "planted" else sources.load(base, progress=False)
    return challenge.make(_renumbered(whole, seed), seed, k)


def _renumbered(ratings: Ratings, seed: int) -> Ratings:
    """The same ratings with the users in an order drawn by the seed, numbered from 1, and sorted by time."""
    order = np.random.default_rng(seed).permutation(ratings.num_users)
    row_of = np.empty_like(order)
    row_of[order] = np.arange(len(order))
    users = ratings.users.iloc[order].reset_index(drop=True).drop(columns="zip_code", errors="ignore")
    users["user_id"] = np.arange(1, len(users) + 1)
    moved = replace(ratings, users=users, user_index=row_of[ratings.user_index].astype(np.int32))
    return moved.take(np.lexsort((moved.item_index, moved.user_index, moved.timestamp)))


def publish(task: challenge.Task, name: str) -> None:
    """Write the training part where `read` finds it. Raises DataError."""
    folder, train = _folder(name), task.train
    table = pd.DataFrame(
        {
            "user_id": train.users["user_id"].to_numpy()[train.user_index],
            "item_id": train.items["item_id"].to_numpy()[train.item_index],
            "rating": train.rating,
            "timestamp": train.timestamp,
        }
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, part in {"users": train.users, "items": train.items, "ratings": table}.items():
            part.to_csv(folder / f"{kind}.csv", index=False, encoding="utf-8", lineterminator="\n")
    except OSError as error:
        raise DataError(f"Cannot write to {folder}: {error.strerror or error}. Make room there.") from error


@functools.lru_cache(maxsize=2)
def read(name: str) -> Ratings:
    """The published training part. Raises DataError if it is not here."""
    folder = _folder(name)
    try:
        table, users = (pd.read_csv(folder / f"{kind}.csv") for kind in ("ratings", "users"))
        return index_ratings(table, users, read_items(folder / "items.csv"), name, (1.0, 5.0))
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"The data of this class's challenge are not here ({error}). Open a new challenge.") from error


def withdraw(name: str) -> None:
    """Delete what was published."""
    shutil.rmtree(_folder(name), ignore_errors=True)


def _folder(name: str) -> Path:
    tail = name.removeprefix(PREFIX)
    if not name.startswith(PREFIX) or not tail.isalnum():
        raise DataError(f"There is no data set {name[:40]!r}.")
    return sources.cache_folder() / name


def announce(contest: Contest) -> None:
    """From now on the studio offers what was published among its data sets."""
    if contest.data not in sources.SOURCES:
        known = sources.SOURCES[contest.base]
        description = "What may be learnt from in the Class Challenge; each person's latest rating is hidden."
        sources.SOURCES[contest.data] = sources.Source(
            contest.data, f"Class Challenge ({known.title})", description, known.licence, bundled=True
        )
