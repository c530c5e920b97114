"""Chapter 3, steps 1 and 2 of the article: behaviour data, cleaned, indexed and split.

A data set has two index spaces. `user_id` and `item_id` are the data set's own labels; `user_index` and
`item_index` are 0-based rows of a matrix. `Ratings` is the one place where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from recsys_edu.errors import SettingsError, UnknownIdError


@dataclass(frozen=True, eq=False, repr=False)
class Ratings:
    """n observed ratings r_ui: in row k user `user_index[k]` gave item `item_index[k]` `rating[k]` stars.

    `users` and `items` are tables whose row number is the index: `users` has the column user_id and whatever
    is known of a user (age, gender, occupation); `items` has item_id, title, year (nullable Int64), genres
    ("Action|Comedy", "" if none). Both tables hold every user and item of the data set, also those without a
    rating here, so that a training part and a test part share their rows.

    The ratings stand in the order of the file they came from (for an own CSV: the order that is left after
    cleaning), so row k can be named in a file of test rows and means the same thing tomorrow.
    """

    user_index: np.ndarray  # (n,) int32
    item_index: np.ndarray  # (n,) int32
    rating: np.ndarray  # (n,) float32
    timestamp: np.ndarray | None  # (n,) int64, seconds since 1970
    users: pd.DataFrame
    items: pd.DataFrame
    name: str
    scale: tuple[float, float]  # lowest and highest possible rating

    def __len__(self) -> int:
        return len(self.rating)

    def __repr__(self) -> str:
        return f"Ratings({self.name}: {len(self):,} ratings, {self.num_users:,} users, {self.num_items:,} items)"

    @property
    def num_users(self) -> int:
        return len(self.users)

    @property
    def num_items(self) -> int:
        return len(self.items)

    @property
    def density(self) -> float:
        """Share of the cells of U × I that hold a rating: n / (|U| |I|)."""
        return len(self) / (self.num_users * self.num_items)

    @property
    def pairs(self) -> np.ndarray:
        """(n, 2) int32: user_index, item_index. What the Keras models take as input."""
        return np.stack([self.user_index, self.item_index], axis=1)

    def take(self, rows: np.ndarray) -> Ratings:
        """The ratings of these rows, in this order, with the same users and items."""
        return replace(
            self,
            user_index=self.user_index[rows],
            item_index=self.item_index[rows],
            rating=self.rating[rows],
            timestamp=None if self.timestamp is None else self.timestamp[rows],
        )

    def user_row(self, user_id: object) -> int:
        """user_id -> user_index. Raises UnknownIdError."""
        return _row(self.users["user_id"], user_id, "user", self.name)

    def item_row(self, item_id: object) -> int:
        """item_id -> item_index. Raises UnknownIdError."""
        return _row(self.items["item_id"], item_id, "item", self.name)

    def seen(self) -> np.ndarray:
        """(num_users, num_items) bool: which cells of U × I hold a rating."""
        mask = np.zeros((self.num_users, self.num_items), dtype=bool)
        mask[self.user_index, self.item_index] = True
        return mask


def index_ratings(
    table: pd.DataFrame, users: pd.DataFrame, items: pd.DataFrame, name: str, scale: tuple[float, float]
) -> Ratings:
    """A table of user_id, item_id, rating, timestamp as Ratings. `users`, `items`: sorted by their ids."""
    return Ratings(
        user_index=np.searchsorted(users["user_id"], table["user_id"]).astype(np.int32),
        item_index=np.searchsorted(items["item_id"], table["item_id"]).astype(np.int32),
        rating=table["rating"].to_numpy(np.float32),
        timestamp=table["timestamp"].to_numpy(np.int64),
        users=users,
        items=items,
        name=name,
        scale=scale,
    )


def read_items(file: Path | BinaryIO) -> pd.DataFrame:
    """The items' table of a cached or bundled set. A film titled "None" or "NA" keeps its title."""
    return pd.read_csv(file, dtype={"year": "Int64"}, keep_default_na=False, na_values={"year": [""]})


def _row(labels: pd.Series, label: object, kind: str, name: str) -> int:
    rows = np.flatnonzero(labels.astype(str).to_numpy() == str(label))
    if len(rows) == 0:
        shown = ", ".join(map(str, labels.iloc[:3]))
        raise UnknownIdError(
            f"{name} has no {kind} {label!r}. It has {len(labels):,} {kind}s: {shown}, ... {labels.iloc[-1]}."
        )
    return int(rows[0])


@dataclass(frozen=True, eq=False)
class Split:
    """Ratings to learn from and ratings to be tested on, without a common row and without a lost one.

    `train` and `test` keep the order of the file; `test_rows` are the 0-based rows of the test, ascending,
    and `how` says in words where the line was drawn. (One for validation leaves the test of another split out.)
    """

    train: Ratings
    test: Ratings
    how: str
    test_rows: np.ndarray  # (n_test,) int64


def random_split(ratings: Ratings, seed: int = 0, test_share: float = 0.2) -> Split:
    """A random share of all ratings is the test.

    Exactly: with `order = numpy.random.default_rng(seed).permutation(n)` over the file's rows, the last
    `round(n * test_share)` entries of `order` are the test. For MovieLens-100K: the last 20,000.
    Raises SettingsError if a part would be empty or the seed is negative.
    """
    order = _generator(seed).permutation(len(ratings))
    return _cut(ratings, order, test_share, f"random, {test_share:.0%} of the ratings, seed {seed}")


def split_by_time(ratings: Ratings, test_share: float = 0.2, seed: int = 0) -> Split:
    """The latest share of all ratings is the test: learn from the past, predict the future.

    Ratings of the same second at the border are drawn by the seed. Users and items that appear only after the
    border are unknown to the training part. Raises SettingsError without timestamps, or if a part is empty.
    """
    order = _by_time(ratings, seed)
    return _cut(ratings, order, test_share, f"by time, the latest {test_share:.0%} of the ratings, seed {seed}")


def leave_last_out(ratings: Ratings, seed: int = 0) -> Split:
    """Each user's latest rating is the test; a user's only rating stays in the training part.

    Of a user's ratings in the same second the seed picks one (in MovieLens many users rated a page of films
    at once). Raises SettingsError without timestamps, or if no user has two ratings.
    """
    order = _by_time(ratings, seed)
    order = order[np.argsort(ratings.user_index[order], kind="stable")]  # user by user, each from old to new
    users = ratings.user_index[order]
    is_last = np.append(users[1:] != users[:-1], True)
    has_two = np.bincount(users, minlength=ratings.num_users)[users] >= 2
    rows = order[is_last & has_two]
    if len(rows) == 0:
        raise SettingsError(
            f"In {ratings.name} no user has two ratings, so none can be left out. Use the random split."
        )
    return _split(ratings, rows, f"leave-last-out, the latest rating of each of {len(rows):,} users, seed {seed}")


def split_by_rows(ratings: Ratings, rows: np.ndarray) -> Split:
    """The test is the ratings with these 0-based row numbers.

    Raises SettingsError if there are none, if one is out of range or named twice, or if they are all the
    ratings.
    """
    rows, n = np.asarray(rows), len(ratings)
    if rows.ndim != 1 or len(rows) == 0 or not np.issubdtype(rows.dtype, np.integer):
        raise SettingsError("The rows of the test must be a non-empty list of whole numbers, counted from 0.")
    outside = rows[(rows < 0) | (rows >= n)]
    if len(outside):
        raise SettingsError(
            f"Row {outside[0]} does not exist: {ratings.name} has {n:,} ratings, rows 0 to {n - 1}. Mend the rows."
        )
    values, counts = np.unique(rows, return_counts=True)
    if len(values) < len(rows):
        raise SettingsError(f"Row {values[counts > 1][0]} is named twice. Name each row of the test once.")
    if len(values) == n:
        raise SettingsError("These rows are all the ratings: nothing is left to learn from. Name fewer rows.")
    return _split(ratings, rows, f"{len(rows):,} rows named one by one")


def read_rows(path: str | Path) -> np.ndarray:
    """The row numbers in a text file with one whole number a line; empty lines are skipped. (n,) int64.

    Raises SettingsError, with the line, for anything else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"Cannot read the rows of the test from {path}: {error}.") from error
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        label = line.strip()
        if label and not (label.isascii() and label.isdigit() and len(label) <= 18):
            raise SettingsError(
                f"{path}, line {number}: {label[:40]!r} is not a row number. Write one whole number a line."
            )
        if label:
            rows.append(int(label))
    if not rows:
        raise SettingsError(f"{path} names no row. Write the 0-based row numbers of the test, one a line.")
    return np.array(rows, dtype=np.int64)


NAMED = {"random": random_split, "last": leave_last_out, "time": split_by_time}
VALIDATION = "-validation"


def split(ratings: Ratings, how: str | Path, seed: int = 0) -> Split:
    """`how` is "random", "last" (leave-last-out), "time", one of them with "-validation" (`validation_split`), or the
    path of a file of the test's row numbers."""
    name = str(how).removesuffix(VALIDATION)
    if name in NAMED:
        return NAMED[name](ratings, seed=seed) if name == str(how) else validation_split(ratings, name, seed)
    if not Path(how).is_file():
        raise SettingsError(
            f"There is no split {str(how)!r}. Use random, last or time, or the path of a text file with row numbers."
        )
    return split_by_rows(ratings, read_rows(how))


def validation_split(ratings: Ratings, how: str, seed: int = 0) -> Split:
    """The training part of the split `how` ("random", "last" or "time"), split once more in the same way.

    Who chooses settings by what they give on the test has the test choose them, and its figure is then too good. This
    split's `test` serves to choose instead: the ratings that the split `how` tests on are in neither part. `test_rows`
    are rows of `ratings`. Raises SettingsError where either split does.
    """
    outer = NAMED[how](ratings, seed=seed)
    inner = NAMED[how](outer.train, seed=seed)
    left = np.setdiff1d(np.arange(len(ratings)), outer.test_rows)  # outer.train's rows of `ratings`
    told = f"for validation, within the training part of the split {how!r}: {inner.how}"
    return replace(inner, how=told, test_rows=left[inner.test_rows])


def _generator(seed: int) -> np.random.Generator:
    if seed < 0:
        raise SettingsError(f"The seed is {seed}. Use a whole number from 0 up.")
    return np.random.default_rng(seed)


def _by_time(ratings: Ratings, seed: int) -> np.ndarray:
    """All rows from the earliest to the latest; rows of the same second in an order drawn by the seed."""
    if ratings.timestamp is None:
        raise SettingsError(
            f"{ratings.name} has no timestamps, so nothing is its latest rating. Use the random split, or "
            "add a timestamp column."
        )
    return np.lexsort((_generator(seed).random(len(ratings)), ratings.timestamp))


def _cut(ratings: Ratings, order: np.ndarray, test_share: float, how: str) -> Split:
    """The last `test_share` of `order` is the test."""
    n_test = round(len(order) * test_share)
    if not 0 < n_test < len(order):
        raise SettingsError(
            f"A test share of {test_share:g} of {len(order):,} ratings leaves a part empty. Use one between 0 and 1."
        )
    return _split(ratings, order[-n_test:], how)


def _split(ratings: Ratings, test_rows: np.ndarray, how: str) -> Split:
    is_test = np.zeros(len(ratings), dtype=bool)
    is_test[test_rows] = True
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    return Split(ratings.take(train), ratings.take(test), how, test)
