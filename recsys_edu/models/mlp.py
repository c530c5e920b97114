r"""A multi-layer perceptron over the two vectors: the article's formula y = σ(Wx + b), taken seriously.

    h_0 = [p_u ; q_i],   h_k = σ(W_k h_{k-1} + b_k),   r̂_ui = w · h_K + b

σ is ReLU. With at least one hidden layer the user and the item meet inside σ, so that rankings differ by user.
The loss adds λ · mean over the batch of (‖p_u‖² + ‖q_i‖²).
Source: the article, chapter "math"; He et al., "Neural Collaborative Filtering", WWW 2017, section 3.3.
"""

from __future__ import annotations

import keras
from keras import ops
from keras.layers import Dense, Embedding

from recsys_edu.models.contract import RatingModel, near_zero


@keras.saving.register_keras_serializable(package="recsys_edu")
class MLP(RatingModel):
    """Hidden layers of `hidden_units` neurons over [p_u ; q_i], with L2 strength `l2` = λ on the vectors."""

    def __init__(self, num_users: int, num_items: int, embedding_dim: int, l2: float = 0.0, hidden_units=(64, 32)):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim, self.l2 = num_users, num_items, embedding_dim, l2
        self.hidden_units = tuple(hidden_units)
        self.user_embedding = Embedding(num_users, embedding_dim, embeddings_initializer=near_zero(0.1))
        self.item_embedding = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero(0.1))
        self.hidden = [Dense(units, activation="relu") for units in self.hidden_units]
        self.out = Dense(1)

    def start_at(self, mean: float) -> None:
        self.out.bias.assign([mean])

    def call(self, inputs):
        p_u = self.user_embedding(inputs[:, 0])  # (batch, d)
        q_i = self.item_embedding(inputs[:, 1])  # (batch, d)
        self.add_loss(self.l2 * ops.mean(ops.sum(ops.square(p_u) + ops.square(q_i), axis=1)))
        h = ops.concatenate([p_u, q_i], axis=1)  # (batch, 2d)
        for layer in self.hidden:
            h = layer(h)  # (batch, units)
        return self.out(h)  # (batch, 1)

    def get_config(self) -> dict:
        return super().get_config() | {"l2": self.l2, "hidden_units": self.hidden_units}
