r"""Matrix factorisation with biases.

    r̂_ui = μ + b_u + b_i + p_u · q_i

The product p_u · q_i is what the article's model lacks: an item can be good for one user and bad for another.
Loss on a batch B, a mean over its pairs:

    L = 1/|B| Σ_(u,i)∈B [ (r_ui − r̂_ui)² + λ (‖p_u‖² + ‖q_i‖² + b_u² + b_i²) ]

Source: Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems", IEEE Computer 2009, eq. 5.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from keras.layers import Embedding

from recsys_edu.models.contract import RatingModel, check_rows


@keras.saving.register_keras_serializable(package="recsys_edu")
class MatrixFactorization(RatingModel):
    """μ + b_u + b_i + p_u · q_i, with L2 strength `l2` = λ. Biases start at 0, vectors small and at random."""

    def __init__(self, num_users: int, num_items: int, embedding_dim: int, l2: float = 0.0):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim, self.l2 = num_users, num_items, embedding_dim, l2
        near_zero = keras.initializers.RandomNormal(stddev=0.05)
        self.user_embedding = Embedding(num_users, embedding_dim, embeddings_initializer=near_zero)
        self.item_embedding = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero)
        self.user_bias = Embedding(num_users, 1, embeddings_initializer="zeros")
        self.item_bias = Embedding(num_items, 1, embeddings_initializer="zeros")
        self.mean = self.add_weight(shape=(), initializer="zeros", trainable=False, name="mean")  # μ

    def start_at(self, mean: float) -> None:
        self.mean.assign(mean)

    def call(self, inputs):
        u, i = inputs[:, 0], inputs[:, 1]  # (batch,)
        p_u, q_i = self.user_embedding(u), self.item_embedding(i)  # (batch, d)
        b_u, b_i = self.user_bias(u), self.item_bias(i)  # (batch, 1)
        squares = [ops.sum(ops.square(x), axis=1) for x in (p_u, q_i, b_u, b_i)]  # 4 × (batch,)
        self.add_loss(self.l2 * ops.mean(sum(squares)))
        return self.mean + b_u + b_i + ops.sum(p_u * q_i, axis=1, keepdims=True)  # (batch, 1)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        u = check_rows(user_index, self.num_users, "user_index")
        b_u = np.asarray(self.user_bias.embeddings)[u]  # (k, 1)
        b_i = np.asarray(self.item_bias.embeddings)[:, 0]  # (num_items,)
        return float(self.mean) + b_u + b_i + self.user_vectors()[u] @ self.item_vectors().T  # (k, num_items)

    def get_config(self) -> dict:
        return super().get_config() | {"l2": self.l2}
