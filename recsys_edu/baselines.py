r"""Chapter 1: what a model must beat. No vectors, no gradient steps.

Both keep the part of the model contract that evaluation needs: `predict_pairs` and `scores`.
"""

from __future__ import annotations

import numpy as np

from recsys_edu.data import Ratings


class Biases:
    r"""r̂_ui = μ + b_u + b_i: some users are generous, some items are good. Ridge estimates in turns:

        b_i = Σ_{u rated i} (r_ui − μ − b_u) / (λ_i + n_i),   b_u = Σ_{i rated by u} (r_ui − μ − b_i) / (λ_u + n_u)

    n_i, n_u: numbers of ratings. Source: Koren, "Factor in the Neighbors", TKDD 2010, section 2.1, with the two
    lines repeated until they settle.
    """

    def __init__(self, user_l2: float = 5.0, item_l2: float = 2.0, rounds: int = 10):
        self.user_l2, self.item_l2, self.rounds = user_l2, item_l2, rounds

    def fit(self, train: Ratings) -> Biases:
        u, i, r = train.user_index, train.item_index, train.rating.astype("float64")
        self.mean = r.mean()  # μ
        self.user_bias, self.item_bias = np.zeros(train.num_users), np.zeros(train.num_items)
        for _ in range(self.rounds):
            self.item_bias = _ridge_mean(r - self.mean - self.user_bias[u], i, train.num_items, self.item_l2)
            self.user_bias = _ridge_mean(r - self.mean - self.item_bias[i], u, train.num_users, self.user_l2)
        return self

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        return self.mean + self.user_bias[user_index] + self.item_bias[item_index]

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        return self.mean + self.user_bias[user_index][:, None] + self.item_bias  # (k, num_items)


class Popularity:
    """Ranks by number of ratings, the same for every user; predicts the mean rating for every pair."""

    def fit(self, train: Ratings) -> Popularity:
        self.mean = float(train.rating.mean())
        self.count = np.bincount(train.item_index, minlength=train.num_items)
        return self

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        return np.full(len(user_index), self.mean)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        return np.tile(self.count.astype("float64"), (len(user_index), 1))  # (k, num_items)


def _ridge_mean(values: np.ndarray, group: np.ndarray, groups: int, l2: float) -> np.ndarray:
    """Σ values of a group / (l2 + size of the group), (groups,)."""
    total = np.bincount(group, weights=values, minlength=groups)
    return total / (l2 + np.bincount(group, minlength=groups))
