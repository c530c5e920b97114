r"""Popularity: everybody is offered what most have rated.

    s_ui = n_i     the number of ratings of item i in the training part

It knows nothing of the user and predicts no stars, yet its lists are hard to beat: what many have rated, many will.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_edu.data import Ratings
from recsys_edu.models.direct import DirectModel


@dataclass(eq=False)
class Popularity(DirectModel):
    """s_ui = n_i. Its item vectors are the counts, (I, 1)."""

    predicts_ratings = False
    arrays = ("count",)

    def learn(self, train: Ratings) -> None:
        self.count = np.bincount(train.item_index, minlength=train.num_items).astype("float32")  # n_i, (I,)

    def score_rows(self, u: np.ndarray) -> np.ndarray:
        return np.tile(self.count, (len(u), 1))  # (k, I)

    def item_vectors(self) -> np.ndarray:
        self.check_fitted()
        return self.count[:, None]
