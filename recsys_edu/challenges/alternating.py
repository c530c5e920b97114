r"""Factors by alternating least squares: no gradient steps, so that a lab can afford to fit anew.

    r̂_ui = μ + b_u + b_i + p_u · q_i,   L = Σ_(u,i) (r_ui − r̂_ui)² + λ Σ_u (‖p_u‖² + b_u²) + λ Σ_i (‖q_i‖² + b_i²)

With the items held, each user's x_u = [p_u ; b_u] is a ridge regression on the rows f_i = [q_i ; 1] of what u rated,
and the other way round:

    x_u = ( Σ_i f_i f_iᵀ + λ I )⁻¹ Σ_i f_i (r_ui − μ − b_i)

A user's vector is thus a closed form of the item table and of that user's own ratings. The labs lean on it: it can be
computed on the user's device, for a stranger, or without one of the ratings.
Source: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, here for stars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_edu.data import Ratings
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.models.direct import one_thread
from recsys_edu.models.rows import check_rows


@dataclass(frozen=True, eq=False)
class Factors:
    """x_u = [p_u ; b_u] in `users` (U, d + 1), [q_i ; b_i] in `items` (I, d + 1), μ, and the λ of the ridge."""

    mean: float
    users: np.ndarray
    items: np.ndarray
    l2: float

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        """r̂_ui of n pairs, (n,). Raises UnknownIdError."""
        x = self.users[check_rows(user_index, len(self.users), "user_index")]  # (n, d + 1)
        y = self.items[check_rows(item_index, len(self.items), "item_index")]
        return self.mean + x[:, -1] + y[:, -1] + (x[:, :-1] * y[:, :-1]).sum(axis=1)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        """r̂ of every item for k users, (k, I). Raises UnknownIdError."""
        x = self.users[check_rows(user_index, len(self.users), "user_index")]
        return self.mean + self.items[:, -1] + x @ with_one(self.items).T  # (k, d + 1) @ (d + 1, I)

    def item_vectors(self) -> np.ndarray:
        """Q, (I, d)."""
        return self.items[:, :-1]


def with_one(table: np.ndarray) -> np.ndarray:
    """[q ; b] -> f = [q ; 1], the features on which the other side is regressed. (n, d + 1)"""
    return np.hstack([table[:, :-1], np.ones((len(table), 1))])


def learn(train: Ratings, d: int = 8, l2: float = 10.0, sweeps: int = 8, seed: int = 0) -> Factors:
    """Items at random, then users and items by turns, `sweeps` times. Raises DataError, SettingsError."""
    if not len(train):
        raise DataError("There is no rating to learn from: the training part is empty.")
    if d < 1 or sweeps < 1 or not l2 > 0:
        raise SettingsError(f"d = {d}, {sweeps} sweeps, λ = {l2}: use at least 1, at least 1, and a number above 0.")
    items = np.random.default_rng(seed).normal(0, 0.1, (train.num_items, d + 1))
    items[:, -1] = 0
    mean = float(train.rating.mean(dtype="float64"))
    with one_thread():
        for _ in range(sweeps):
            users = user_rows(train, items, mean, l2)
            items = _ridge(train.item_index, train.user_index, train.rating - mean, users, l2, train.num_items)
        return Factors(mean, user_rows(train, items, mean, l2), items, l2)


def user_rows(ratings: Ratings, items: np.ndarray, mean: float, l2: float) -> np.ndarray:
    """x_u = [p_u ; b_u] of every user, given the item table: (U, d + 1); 0 for who has no rating here."""
    return _ridge(ratings.user_index, ratings.item_index, ratings.rating - mean, items, l2, ratings.num_users)


def _ridge(row: np.ndarray, column: np.ndarray, target: np.ndarray, other: np.ndarray, l2: float, n: int) -> np.ndarray:
    """For each of n rows the ridge regression of its targets, less the other side's bias, on the other side's f."""
    f, size = with_one(other), other.shape[1]
    shape = (n, len(other))
    seen = csr_array((np.ones(len(row)), (row, column)), shape)
    residual = csr_array((target - other[column, -1].astype("float64"), (row, column)), shape)
    j, k = np.triu_indices(size)
    A = np.empty((n, size, size))
    A[:, j, k] = A[:, k, j] = seen @ (f[:, j] * f[:, k])  # Σ f fᵀ, (n, d + 1, d + 1)
    return np.linalg.solve(A + l2 * np.eye(size), (residual @ f)[..., None])[..., 0]
