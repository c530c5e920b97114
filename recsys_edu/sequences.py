"""Chapter 5: the order in which a user chose items, cut into what a sequence model learns from.

A user's items stand from the oldest to the newest, by timestamp. In MovieLens many ratings share a second, because a
user rated a page of films at once: those stand in the order of the file, which knows nothing of what comes later.
Where a data set has no timestamps, the order of the file is the order of time.

All arrays are left-aligned: the oldest item is in column 0, and a row that is not full ends in PADDING. Nothing real
stands to the right of padding, so a model that only looks to the left never meets it.
"""

from __future__ import annotations

import numpy as np

from recsys_edu.data import Ratings
from recsys_edu.errors import DataError

PADDING = -1  # no item_index is negative; `recommend.top_n` fills its empty places with the same number


def histories(train: Ratings, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The last `length` items of every user and how many there are: item_index (num_users, length) int32, and
    (num_users,) int32. A user without ratings has a row of PADDING and 0 items."""
    items, first, count = _by_user(train)
    kept = np.minimum(count, length)
    return _rows(items, first + count - kept, kept, length), kept.astype("int32")


def windows(train: Ratings, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets, both item_index (n, length) int32: after the items in columns 0 ... k of an input, the user
    chose the item in column k of the target.

    The steps from one item to the next are cut from the newest to the oldest, `length` at a time, so a user's last
    window is full, as the history is that a prediction is made from. Every step is in one window. Raises DataError if
    no user has two ratings, so that nothing comes after anything."""
    items, first, count = _by_user(train)
    steps = np.maximum(count - 1, 0)
    if not steps.any():
        raise DataError("No user has two ratings here, so there is no next item to learn from. Choose another model.")
    per_user = -(-steps // length)
    user = np.repeat(np.arange(train.num_users), per_user)  # (n,): whose window this is
    from_end = np.arange(len(user)) - np.repeat(np.cumsum(per_user) - per_user, per_user)  # 0 for the newest
    end = first[user] + steps[user] - from_end * length  # one past the window's last input
    start = np.maximum(end - length, first[user])
    return _rows(items, start, end - start, length), _rows(items, start + 1, end - start, length)


def num_windows(train: Ratings, length: int) -> int:
    """How many rows `windows` gives."""
    count = np.bincount(train.user_index, minlength=train.num_users)
    return int((-(-np.maximum(count - 1, 0) // length)).sum())


def pasts(train: Ratings, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every rating of `train`, user by user: the user, the at most `length` items that the user chose right before,
    and the item that was rated. user_index (n,), item_index (n, length) and (n,), all int32. A user's first rating has
    a past of PADDING alone."""
    items, first, count = _by_user(train)
    user = np.repeat(np.arange(train.num_users, dtype="int32"), count)  # (n,)
    row = np.arange(len(items))
    kept = np.minimum(row - first[user], length)
    return user, _rows(items, row - kept, kept, length), items


def _by_user(train: Ratings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All item_index user by user, oldest first, (n,); where each user's begin and how many they are, (num_users,)."""
    time = np.zeros(len(train)) if train.timestamp is None else train.timestamp
    order = np.lexsort((time, train.user_index))  # stable: what is equal stays in the order of the file
    count = np.bincount(train.user_index, minlength=train.num_users)
    return train.item_index[order].astype("int32"), np.cumsum(count) - count, count


def _rows(items: np.ndarray, start: np.ndarray, count: np.ndarray, length: int) -> np.ndarray:
    """Row k holds items[start[k] : start[k] + count[k]], then PADDING: (n, length) int32."""
    column = np.arange(length)
    inside = column < count[:, None]  # (n, length)
    rows = np.full(inside.shape, PADDING, dtype="int32")
    rows[inside] = items[(start[:, None] + column)[inside]]
    return rows
