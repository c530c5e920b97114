r"""Chapter 5: items that a user has not rated, drawn at random. A ranking model learns that they come after the rated.

Each of the |I| − |N(u)| items outside N(u), the user's items in the training part, is as likely as the other. No draw
is thrown away: draw a rank ρ from 0 ... |I| − |N(u)| − 1 and take the ρ-th item that is not in N(u). With
s_0 < s_1 < ... the items of N(u), there are s_k − k unrated items before s_k, so

    j = ρ + (the number of k with s_k − k ≤ ρ)

which a binary search finds.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from recsys_edu.data import Ratings


class UnratedItems:
    """Uniform draws from the items that a user has no rating of. Holds two numbers a rating and two a user."""

    def __init__(self, train: Ratings):
        self.num_items = train.num_items
        codes = np.unique(train.user_index.astype("int64") * self.num_items + train.item_index)  # by user, then item
        users, items = np.divmod(codes, self.num_items)
        counts = np.bincount(users, minlength=train.num_users)  # |N(u)|
        first = np.cumsum(counts) - counts  # where a user's items begin
        unrated_before = items - (np.arange(len(items)) - first[users])  # s_k − k
        self._keys = ops.convert_to_tensor(users * (self.num_items + 1) + unrated_before, dtype="int64")  # ascending
        self._first = ops.convert_to_tensor(first, dtype="int64")
        self._unrated = ops.convert_to_tensor(self.num_items - counts, dtype="int64")  # |I| − |N(u)|

    def draw(self, user_index, count: int, seed: keras.random.SeedGenerator):
        """`count` items for each user, with repetition: (batch,) -> (batch, count) int32. For a user who rated all
        items there is nothing to draw; the last item stands in. A count of 0 draws none."""
        if count == 0:
            return ops.zeros((ops.shape(user_index)[0], 0), "int32")
        user = ops.cast(user_index, "int64")[:, None]  # (batch, 1)
        unrated = ops.take(self._unrated, user)  # (batch, 1)
        share = keras.random.uniform((ops.shape(user)[0], count), seed=seed)  # of [0, 1)
        rank = ops.cast(share * ops.cast(unrated, "float32"), "int64")  # ρ, (batch, count)
        rank = ops.maximum(ops.minimum(rank, unrated - 1), 0)  # float32 may round up to the end
        found = ops.searchsorted(self._keys, ops.ravel(user * (self.num_items + 1) + rank), side="right")
        before = ops.reshape(ops.cast(found, "int64"), ops.shape(rank)) - ops.take(self._first, user)  # (batch, count)
        item = rank + before
        return ops.cast(ops.minimum(item, self.num_items - 1), "int32")
