r"""Biases: some users are generous, some items are good. No vectors, no gradient steps.

    r̂_ui = μ + b_u + b_i

μ is the mean rating of the training part. The biases minimise the sum

    Σ_(u,i) (r_ui − μ − b_u − b_i)² + λ_u Σ_u b_u² + λ_i Σ_i b_i²

by turns: with one kind held, the best values of the other are ridge means,

    b_i = Σ_{u rated i} (r_ui − μ − b_u) / (λ_i + n_i),   b_u = Σ_{i rated by u} (r_ui − μ − b_i) / (λ_u + n_u)

n_i, n_u: numbers of ratings. Who has none keeps the bias 0.
Source: Koren, "Factor in the Neighbors", TKDD 2010, section 2.1, with the two lines repeated until they settle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys_edu.data import Ratings
from recsys_edu.models.direct import DirectModel


@dataclass(eq=False)
class Biases(DirectModel):
    """μ + b_u + b_i, with user_l2 = λ_u and item_l2 = λ_i. Its item vectors are the b_i, (I, 1)."""

    user_l2: float = 5.0
    item_l2: float = 2.0
    rounds: int = 10

    arrays = ("mean", "user_bias", "item_bias")
    lowest: ClassVar = {"rounds": 1}

    def learn(self, train: Ratings) -> None:
        u, i, r = train.user_index, train.item_index, train.rating.astype("float64")
        self.mean = r.mean()  # μ
        self.user_bias, self.item_bias = np.zeros(train.num_users), np.zeros(train.num_items)
        for _ in range(self.rounds):
            self.item_bias = _ridge_mean(r - self.mean - self.user_bias[u], i, train.num_items, self.item_l2)
            self.user_bias = _ridge_mean(r - self.mean - self.item_bias[i], u, train.num_users, self.user_l2)

    def score_rows(self, u: np.ndarray) -> np.ndarray:
        return self.mean + self.user_bias[u][:, None] + self.item_bias  # (k, I)

    def residuals(self, train: Ratings) -> np.ndarray:
        """z_ui = r_ui − μ − b_u − b_i, what the biases leave to explain, (n,) float64."""
        return train.rating - self.mean - self.user_bias[train.user_index] - self.item_bias[train.item_index]

    def item_vectors(self) -> np.ndarray:
        self.check_fitted()
        return self.item_bias[:, None].astype("float32")


def _ridge_mean(values: np.ndarray, group: np.ndarray, groups: int, l2: float) -> np.ndarray:
    """Σ values of a group / (l2 + size of the group), (groups,); 0 for a group without values."""
    total, size = np.bincount(group, weights=values, minlength=groups), np.bincount(group, minlength=groups)
    return np.divide(total, l2 + size, out=np.zeros(groups), where=size > 0)
