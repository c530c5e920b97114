"""Chapter 3, steps 1 and 2 of the article: behaviour data, cleaned, indexed and split.

A data set has two index spaces. `user_id` and `item_id` are the data set's own labels; `user_index` and
`item_index` are 0-based rows of a matrix. `Ratings` is the one place where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_edu.errors import UnknownIdError


@dataclass(frozen=True, eq=False)
class Ratings:
    """n observed ratings r_ui: row k says that user `user_index[k]` gave item `item_index[k]` `rating[k]` stars.

    `users` and `items` are tables whose row number is the index: `users` has the column user_id and whatever is
    known of a user (age, gender, occupation); `items` has item_id, title, year (nullable Int64), genres
    ("Action|Comedy", "" if none). Both tables hold every user and item of the data set, also those without a
    rating here, so that a training part and a test part share their rows.
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


def _row(labels: pd.Series, label: object, kind: str, name: str) -> int:
    rows = np.flatnonzero(labels.astype(str).to_numpy() == str(label))
    if len(rows) == 0:
        shown = ", ".join(map(str, labels.iloc[:3]))
        raise UnknownIdError(
            f"{name} has no {kind} {label!r}. It has {len(labels):,} {kind}s: {shown}, ... {labels.iloc[-1]}."
        )
    return int(rows[0])
