r"""What the models of sequences share: from the items that a user chose, in their order, to the item that comes next.

    s_ui = x_u · q_i + b_i

x_u is the model's state after the user's last `length` items; q_i is both what the model reads and what it predicts
(the embedding is tied to the output). The loss of a window is the mean over its steps t of the cross-entropy over the
whole catalogue:

    L = mean over t of −log ( e^{s_t,i(t+1)} / Σ_j e^{s_t,j} )
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from keras import ops
from keras.layers import Dropout, Embedding

from recsys_edu import losses, sequences
from recsys_edu.data import Ratings
from recsys_edu.models.contract import RankingModel, near_zero
from recsys_edu.models.rows import check_rows

USERS_AT_ONCE = 1024  # whose states are computed in one call, so that memory stays bounded


class NextItemModel(RankingModel):
    """A subclass gives `states`. A user without history has the state 0: the list follows b_i alone."""

    loss_name = "softmax"

    def __init__(self, num_users: int, num_items: int, embedding_dim: int, length: int, dropout: float):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim = num_users, num_items, embedding_dim
        self.length, self.dropout_rate = length, dropout
        self.item_embedding = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero(0.05))
        self.item_bias = Embedding(num_items, 1, embeddings_initializer="zeros")
        self.dropout = Dropout(dropout)
        self.histories = self.add_table("histories", (num_users, length), "int32")

    def states(self, items, training: bool = False):
        """x_t after each item: item_index (batch, length), PADDING at the right -> (batch, length, d). x_t follows from
        the items up to t alone."""
        raise NotImplementedError

    def start_from(self, train: Ratings) -> None:
        self.histories.assign(sequences.histories(train, self.length)[0])

    def examples(self, train: Ratings) -> tuple[np.ndarray, ...]:
        return sequences.windows(train, self.length)  # (n, length), (n, length)

    def batch_loss(self, items, targets):
        known = ops.cast(targets != sequences.PADDING, "float32")  # (batch, length)
        scores = self.catalogue(self.states(items, training=True))  # (batch, length, num_items)
        each = losses.softmax(scores, ops.maximum(targets, 0)) * known  # (batch, length)
        return ops.sum(each, axis=1) / ops.sum(known, axis=1)  # (batch,)

    def catalogue(self, x):
        """x · q_i + b_i for every item: (..., d) -> (..., num_items)."""
        return ops.matmul(x, ops.transpose(self.item_embedding.embeddings)) + self.item_bias.embeddings[:, 0]

    def last_state(self, u):
        """x_u, (batch, d), of the users u (batch,)."""
        items = ops.take(self.histories, u, axis=0)  # (batch, length)
        count = ops.sum(ops.cast(items != sequences.PADDING, "int32"), axis=1)  # (batch,)
        last = ops.maximum(count - 1, 0)[:, None, None]
        x = ops.take_along_axis(self.states(items), last, axis=1)[:, 0]  # (batch, d)
        return x * ops.cast(count > 0, x.dtype)[:, None]

    def call(self, inputs):
        inputs = ops.cast(inputs, "int32")  # when a saved model is loaded, Keras tries it with floats
        u, i = inputs[:, 0], inputs[:, 1]  # (batch,)
        x_u, q_i, b_i = self.last_state(u), self.item_embedding(i), self.item_bias(i)  # (batch, d), (batch, 1)
        return ops.sum(x_u * q_i, axis=1, keepdims=True) + b_i  # (batch, 1)

    def user_vectors(self) -> np.ndarray:
        """x_u of every user, (num_users, d)."""
        return self._last_states(np.arange(self.num_users, dtype="int32"))

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        u = check_rows(user_index, self.num_users, "user_index")
        i = check_rows(item_index, self.num_items, "item_index")
        users, place = np.unique(u, return_inverse=True)  # each user's history is read once
        x_u, b_i = self._last_states(users)[place], np.asarray(self.item_bias.embeddings)[i, 0]
        return np.sum(x_u * self.item_vectors()[i], axis=1) + b_i  # (n,)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        x_u = self._last_states(check_rows(user_index, self.num_users, "user_index"))  # (k, d)
        return x_u @ self.item_vectors().T + np.asarray(self.item_bias.embeddings)[:, 0]  # (k, num_items)

    def _last_states(self, users: np.ndarray) -> np.ndarray:
        blocks = [users[k : k + USERS_AT_ONCE] for k in range(0, len(users), USERS_AT_ONCE)]
        none = np.empty((0, self.embedding_dim), "float32")
        return np.concatenate([none, *(np.asarray(self._read(block)) for block in blocks)])  # (k, d)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def _read(self, users):
        """`last_state` as a graph: a recurrent network step by step outside of one takes a hundred times as long."""
        return self.last_state(users)

    def get_config(self) -> dict:
        return super().get_config() | {"length": self.length, "dropout": self.dropout_rate}
