r"""Chapter 3: what a data set says of its users and items beside the ratings, in one description.

A field is one thing that is known: who the user is, the user's age, the film's genres, the week. Each field has a
vocabulary, and its values become rows of a table of weights: row 0 stands for an unknown or empty value, row 1 + k for
the k-th word of the vocabulary. A number becomes the bucket in which it lies. A row with m genres has m entries in the
field, each with x = 1/m, so that Σ x v is the mean of their vectors; whatever has one value has x = 1.

`describe` finds the fields of a data set, `encode` turns values of one field into rows and x, `tables` does so for
every user and item. No model knows a field by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings

SIDE = (  # of, column, kind
    ("user", "age", "buckets"),
    ("user", "gender", "category"),
    ("user", "occupation", "category"),
    ("item", "year", "buckets"),
    ("item", "genres", "categories"),
)
MOST_BUCKETS = 10  # of an age or a year: each holds about as many users or items
WEEK = 7 * 24 * 3600  # seconds
MOST_WEEKS = 52  # buckets of time: one a week, or one for several weeks where there are more


@dataclass(frozen=True)
class Field:
    """`of`: what has the field, "user", "item" or "time". `kind`: "category" (one value a row), "categories" (several,
    written "Action|Comedy") or "buckets" (a number). `vocabulary`: the values in order; for buckets the lowest number
    of each. `width`: the most values that a row has."""

    name: str
    of: str
    kind: str
    vocabulary: tuple
    width: int = 1

    @property
    def size(self) -> int:
        """Rows of the field: one for each word, and row 0 for what is unknown."""
        return len(self.vocabulary) + 1


def describe(ratings: Ratings, side: bool = True, time: bool = False) -> list[Field]:
    """The fields of a data set: user_id and item_id always come first. With `side`: age, gender, occupation, year and
    genres where the tables have them and they tell rows apart. With `time`, and where the ratings have timestamps:
    buckets of whole weeks since the first rating. On MovieLens-100K that hardly changes the error: three quarters of
    the people rate within one week, which their user_id knows already."""
    tables = {"user": ratings.users, "item": ratings.items}
    fields = [Field(f"{of}_id", of, "category", tuple(table[f"{of}_id"].tolist())) for of, table in tables.items()]
    if side:
        found = [_field(of, name, kind, tables[of][name]) for of, name, kind in SIDE if name in tables[of]]
        fields += [field for field in found if len(field.vocabulary) > 1]
    if time and ratings.timestamp is not None:
        fields.append(Field("time", "time", "buckets", tuple(_weeks(ratings.timestamp))))
    return fields


def encode(field: Field, values: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the field and x for n values, both (n, width): int32 and float32. Places that a value does not need have
    row 0 and x = 0; a value that is not in the vocabulary, or empty, has row 0 and x = 1."""
    if field.kind == "buckets":
        return _column(_bucket(field, values))
    row_of = {word: 1 + k for k, word in enumerate(field.vocabulary)}
    if field.kind == "category":
        return _column([row_of.get(value, 0) for value in values])
    rows, x = np.zeros((len(values), field.width), "int32"), np.zeros((len(values), field.width), "float32")
    for n, text in enumerate(values):
        known = [row_of[word] for word in _words(text) if word in row_of][: field.width] or [0]
        rows[n, : len(known)], x[n, : len(known)] = known, 1 / len(known)
    return rows, x


def tables(described: Sequence[Field], train: Ratings) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows and x of every user (or item), field after field: each (num_users or num_items, width). The rows count on
    from field to field, so that all fields share one table of weights. The time of a user is the latest rating in
    `train`: the most that is known when a list is made now; for a user without a rating it is the end of `train`."""
    values = {"user": train.users, "item": train.items, "time": {"time": _last_time(train)}}
    first, found = 0, []
    for field in described:
        rows, x = encode(field, values[field.of][field.name])
        found.append((rows + np.int32(first), x))
        first += field.size
    return found


def _last_time(train: Ratings) -> np.ndarray | None:
    """Seconds since 1970 of each user's latest rating, (num_users,); None where the ratings have no timestamps."""
    if train.timestamp is None:
        return None
    last = np.full(train.num_users, np.iinfo(np.int64).min)
    np.maximum.at(last, train.user_index, train.timestamp)
    return np.where(last < train.timestamp.min(), train.timestamp.max(), last)


def _field(of: str, name: str, kind: str, values: pd.Series) -> Field:
    if kind == "buckets":
        return Field(name, of, kind, tuple(_even_edges(values)))
    words = [_words(text) if kind == "categories" else [text] * _is_known(text) for text in values]
    width = max(map(len, words), default=1)
    return Field(name, of, kind, tuple(sorted({word for row in words for word in row})), max(width, 1))


def _even_edges(values: pd.Series) -> list[float]:
    """The lowest number of each of at most MOST_BUCKETS buckets of about equal content."""
    known = pd.to_numeric(values, errors="coerce").dropna().to_numpy("float64")
    if not len(known):
        return []
    shares = np.arange(MOST_BUCKETS) / MOST_BUCKETS
    return np.unique(np.quantile(known, shares, method="inverted_cdf")).tolist()


def _weeks(timestamp: np.ndarray) -> list[int]:
    first, last = int(timestamp.min()), int(timestamp.max())
    weeks = 1 + (last - first) // WEEK
    return list(range(first, last + 1, WEEK * -(-weeks // MOST_WEEKS)))


def _bucket(field: Field, values: Sequence) -> np.ndarray:
    """1 + the bucket of each number, (n,): the first for all that is lower, 0 for what is no number."""
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy("float64", na_value=np.nan)
    bucket = np.maximum(np.searchsorted(field.vocabulary, numbers, side="right"), 1)
    return np.where(np.isnan(numbers), 0, bucket)


def _column(rows: Sequence) -> tuple[np.ndarray, np.ndarray]:
    rows = np.asarray(rows, "int32").reshape(-1, 1)  # (n, 1)
    return rows, np.ones(rows.shape, "float32")


def _words(text: object) -> list[str]:
    """The distinct words of "Action|Comedy"."""
    return list(dict.fromkeys(word for word in str(text).split("|") if word)) if _is_known(text) else []


def _is_known(value: object) -> bool:
    return not pd.isna(value) and value != ""
