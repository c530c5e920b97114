r"""Chapter 3, steps 4 and 5 of the article: similarity, predicted ratings, the top-N list.

Similarities of two vectors a and b (d numbers each), larger is nearer:

    dot:     a · b
    cosine:  a · b / (‖a‖ ‖b‖)          direction alone; 0 for a vector of length 0
    euclid:  −‖a − b‖                    minus the distance, so that larger is nearer here too
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings
from recsys_edu.errors import DataError, SettingsError, UnknownIdError


def similarity(a: np.ndarray, b: np.ndarray, kind: str = "cosine") -> np.ndarray:
    """Similarity of each row of a (m, d) with each row of b (n, d): (m, n). kind: cosine, dot or euclid."""
    a, b = np.atleast_2d(a).astype("float64"), np.atleast_2d(b).astype("float64")
    if kind == "cosine":
        a, b = unit(a), unit(b)
    elif kind == "euclid":
        squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T  # (m, n)
        return -np.sqrt(np.maximum(squares, 0))
    elif kind != "dot":
        raise SettingsError(f"There is no similarity {kind!r}. Choose cosine, dot or euclid.")
    return a @ b.T


def nearest(vectors: np.ndarray, index: int, k: int = 10, kind: str = "cosine") -> tuple[np.ndarray, np.ndarray]:
    """The k rows of `vectors` most similar to row `index`, itself left out: their rows and similarities, both (k,)."""
    if not 0 <= index < len(vectors):
        raise UnknownIdError(f"There is no row {index}: the rows are 0 to {len(vectors) - 1}.")
    scores = similarity(vectors[index], vectors, kind)  # (1, n)
    itself = np.zeros_like(scores, dtype=bool)
    itself[0, index] = True
    rows = top_n(scores, itself, k)[0]
    rows = rows[rows >= 0]
    return rows, scores[0, rows]


def top_n(scores: np.ndarray, seen: np.ndarray, n: int = 10) -> np.ndarray:
    """The n best unseen items of each user, best first: (users, n) item_index, ties to the lower item_index.

    scores (users, num_items); seen (users, num_items) bool. -1 fills the places of a user who has fewer than n
    unseen items. Raises SettingsError for n < 1, DataError for an unseen item's score that is not a number."""
    if n < 1:
        raise SettingsError(f"A list needs at least one place, not {n}.")
    users, num_items = scores.shape
    masked = np.where(seen, -np.inf, scores)  # (users, num_items)
    cell = np.flatnonzero((masked >= _lower_bound(masked, min(n, num_items))) & ~seen)  # a few more than n a user
    row = cell // num_items
    cell = cell[np.lexsort((-masked.ravel()[cell], row))]  # user by user, best first; stable, so ties keep their order
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(users))[row]  # 0, 1, ... within each user
    kept = place < n
    top = np.full((users, n), -1)
    top[row[kept], place[kept]] = cell[kept] % num_items
    return top


def _lower_bound(masked: np.ndarray, n: int) -> np.ndarray:
    """For each user a score that at least n items reach, and few more: (users, 1).

    The items are dealt into 4n groups like cards; the n-th best of the groups' best scores is reached by n items. That
    costs one look at each score, a tenth of what a partition of the whole row costs. A NaN survives each maximum."""
    groups = min(4 * n, masked.shape[1])
    best = masked[:, :groups].copy()  # (users, groups)
    for start in range(groups, masked.shape[1], groups):
        more = masked[:, start : start + groups]
        np.maximum(best[:, : more.shape[1]], more, out=best[:, : more.shape[1]])
    if np.isnan(best).any():
        raise DataError(
            f"Row {np.isnan(best).any(axis=1).argmax()} of the scores holds one that is not a number, so nothing "
            "can be ranked. Did the training diverge? Try a learning rate ten times smaller."
        )
    best.partition(groups - n, axis=1)
    return best[:, groups - n : groups - n + 1]


def best_unseen(
    scores: np.ndarray, train: Ratings, user_index: int, n: int = 10, at_least: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """One user's top-N list: the n item_index with the highest `scores` (num_items,) that the user has not rated in
    `train`, and their scores as ratings, clipped to the scale. Items with fewer than `at_least` ratings in `train` are
    left out: a model that saw an item three times says of it what three people said."""
    left_out = np.bincount(train.item_index, minlength=len(scores)) < at_least
    left_out[train.item_index[train.user_index == user_index]] = True
    best = top_n(scores[None], left_out[None], n)[0]
    best = best[best >= 0]
    return best, np.clip(scores[best], *train.scale)


def recommend(model, train: Ratings, user_id: object, n: int = 10, at_least: int = 0) -> pd.DataFrame:
    """The top-N list of one user: item_id, title, year, genres and predicted rating, best first, without what the user
    has rated in `train` and without items of fewer than `at_least` ratings. Raises UnknownIdError."""
    u = train.user_row(user_id)
    best, predicted = best_unseen(model.scores(np.array([u]))[0], train, u, n, at_least)
    return train.items.iloc[best].reset_index(drop=True).assign(predicted=predicted)


def recommend_all(model, train: Ratings, n: int = 10) -> np.ndarray:
    """The top-N lists of all users: (num_users, n) item_index, -1 in empty places."""
    return top_n(model.scores(np.arange(train.num_users)), train.seen(), n)


def liked(ratings: Ratings, user_id: object, n: int = 10) -> pd.DataFrame:
    """The n items that a user rated highest, the latest first among equals, with the rating. Raises UnknownIdError."""
    items, rating = liked_rows(ratings, ratings.user_row(user_id), n)
    return ratings.items.iloc[items].reset_index(drop=True).assign(rating=rating)


def liked_rows(ratings: Ratings, user_index: int, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """item_index and ratings of the n items that a user rated highest, the latest first among equals."""
    rows = np.flatnonzero(ratings.user_index == user_index)
    time = np.zeros(len(rows)) if ratings.timestamp is None else ratings.timestamp[rows]
    rows = rows[np.lexsort((-time, -ratings.rating[rows]))][:n]
    return ratings.item_index[rows], ratings.rating[rows]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each row divided by its length; a row of length 0 stays 0."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length == 0, 1, length)
