r"""Caser: a user's last L items, one vector below the other, are an image E of L × d; convolutions look for patterns.

    o_k  = max over t of σ( Σ (F_k ⊙ E[t : t + h]) + b_k )    horizontal: h items in a row, wherever they stand
    õ_k  = F̃_k · E                                            vertical: a weighted sum of the L items, (d,)
    z    = σ( W [o ; õ] + b )                                 what the user did last, (d,)
    s_ui = (z + p_u) · q_i + b_i                              and what the user likes in general

The rows of E are vectors of their own, not the q_i of the output. The heights h run from 1 to L, with `filters`
horizontal filters of each; `columns` is the number of vertical ones; σ is ReLU. Two departures from the paper: it joins
[z ; p_u] and gives q_i 2d numbers, and its loss is binary with drawn negatives; here it is the cross-entropy over the
whole catalogue.
Source: Tang, Wang, "Personalized Top-N Sequential Recommendation via Convolutional Sequence Embedding", WSDM 2018,
equations 3 to 10.
Defaults: the best of six tried on MovieLens-100K by NDCG@10 on each user's last item but one, seed 0.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from keras.layers import Conv1D, Dense, Embedding

from recsys_edu import losses, sequences
from recsys_edu.data import Ratings
from recsys_edu.models.next_item import NextItemModel


@keras.saving.register_keras_serializable(package="recsys_edu")
class Caser(NextItemModel):
    """Learns from every rating: its item is predicted from the at most `length` = L items before it."""

    def __init__(self, num_users, num_items, embedding_dim, length=5, filters=16, columns=4, dropout=0.3):
        super().__init__(num_users, num_items, embedding_dim, length, dropout)
        self.filters, self.columns = filters, columns
        self.user_embedding = Embedding(num_users, embedding_dim)  # p_u
        self.image_embedding = Embedding(num_items, embedding_dim)  # the rows of E
        self.horizontal = [Conv1D(filters, h, activation="relu") for h in range(1, length + 1)]
        self.vertical = Dense(columns, use_bias=False)  # F̃, (L, columns)
        self.hidden = Dense(embedding_dim, activation="relu")

    def examples(self, train: Ratings) -> tuple[np.ndarray, ...]:
        return sequences.pasts(train, self.length)  # (n,), (n, L), (n,)

    def batch_loss(self, u, items, target):
        x = self.state(u, items, training=True)  # (batch, d)
        return losses.softmax(self.catalogue(x), target)  # (batch,)

    def last_state(self, u):
        return self.state(u, ops.take(self.histories, u, axis=0))  # (batch, d)

    def state(self, u, items, training: bool = False):
        """z + p_u: user_index (batch,), item_index (batch, L) -> (batch, d)."""
        z = self.hidden(self.dropout(self.features(self.image(items)), training=training))
        return self.dropout(z + self.user_embedding(u), training=training)

    def image(self, items):
        """E, (batch, L, d): a row of 0 where there is PADDING."""
        known = ops.cast(items != sequences.PADDING, "float32")  # (batch, L)
        return self.image_embedding(ops.maximum(items, 0)) * known[..., None]

    def features(self, E):
        """[o ; õ], (batch, L · filters + columns · d)."""
        o = [ops.max(convolution(E), axis=1) for convolution in self.horizontal]  # L × (batch, filters)
        o_vertical = self.vertical(ops.swapaxes(E, 1, 2))  # (batch, d, columns)
        return ops.concatenate([*o, ops.reshape(o_vertical, (-1, self.embedding_dim * self.columns))], axis=1)

    def get_config(self) -> dict:
        return super().get_config() | {"filters": self.filters, "columns": self.columns}
