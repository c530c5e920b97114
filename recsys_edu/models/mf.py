r"""Matrix factorisation with biases.

    r̂_ui = μ + b_u + b_i + p_u · q_i

The product p_u · q_i is what the article's model lacks: an item can be good for one user and bad for another.
Loss on a batch B, a mean over its pairs:

    L = 1/|B| Σ_(u,i)∈B [ (r_ui − r̂_ui)² + λ w_u (‖p_u‖² + b_u²) + λ w_i (‖q_i‖² + b_i²) ],   w_u ∝ n_u^−α, w_i ∝ n_i^−α

n_u, n_i: numbers of ratings. With α = 0 the penalty is charged for each rating, so that it shrinks a film of two
ratings no more than one of five hundred; with α = 1 it is charged once a film, as in ridge regression.
The weights are scaled to a mean of 1 over the ratings, so that λ means the same for each α.
Source: Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems", IEEE Computer 2009, eq. 5,
for α = 0. d, η, λ, α and the number of epochs were chosen on a tenth of the training ratings.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from keras.layers import Embedding

from recsys_edu.data import Ratings
from recsys_edu.models.contract import RatingModel, near_zero
from recsys_edu.models.rows import check_rows


@keras.saving.register_keras_serializable(package="recsys_edu")
class MatrixFactorization(RatingModel):
    """μ + b_u + b_i + p_u · q_i, with L2 strength `l2` = λ, spread by `alpha` = α. Biases start at 0, vectors small and
    at random."""

    def __init__(self, num_users: int, num_items: int, embedding_dim: int, l2: float = 0.0, alpha: float = 0.5):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim = num_users, num_items, embedding_dim
        self.l2, self.alpha = l2, alpha
        self.user_embedding = Embedding(num_users, embedding_dim, embeddings_initializer=near_zero(0.05))
        self.item_embedding = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero(0.05))
        self.user_bias = Embedding(num_users, 1, embeddings_initializer="zeros")
        self.item_bias = Embedding(num_items, 1, embeddings_initializer="zeros")
        self.mean = self.add_weight(shape=(), initializer="zeros", trainable=False, name="mean")  # μ
        self.user_weight = self.add_table("user_weight", (num_users, 1), initializer="ones")  # w_u
        self.item_weight = self.add_table("item_weight", (num_items, 1), initializer="ones")  # w_i

    def start_at(self, mean: float) -> None:
        self.mean.assign(mean)

    def start_from(self, train: Ratings) -> None:
        super().start_from(train)
        for weight, index in ((self.user_weight, train.user_index), (self.item_weight, train.item_index)):
            n = np.maximum(np.bincount(index, minlength=weight.shape[0]), 1)
            w = n**-self.alpha
            weight.assign((w / w[index].mean())[:, None])

    def call(self, inputs):
        inputs = ops.cast(inputs, "int32")  # when a saved model is loaded, Keras tries it with floats
        u, i = inputs[:, 0], inputs[:, 1]  # (batch,)
        p_u, q_i = self.user_embedding(u), self.item_embedding(i)  # (batch, d)
        b_u, b_i = self.user_bias(u), self.item_bias(i)  # (batch, 1)
        w_u, w_i = ops.take(self.user_weight, u, axis=0), ops.take(self.item_weight, i, axis=0)  # (batch, 1)
        self.add_loss(self.l2 * ops.mean(w_u * squares(p_u, b_u) + w_i * squares(q_i, b_i)))
        return self.mean + b_u + b_i + ops.sum(p_u * q_i, axis=1, keepdims=True)  # (batch, 1)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        u = check_rows(user_index, self.num_users, "user_index")
        b_u = np.asarray(self.user_bias.embeddings)[u]  # (k, 1)
        b_i = np.asarray(self.item_bias.embeddings)[:, 0]  # (num_items,)
        return float(self.mean) + b_u + b_i + self.user_vectors()[u] @ self.item_vectors().T  # (k, num_items)

    def get_config(self) -> dict:
        return super().get_config() | {"l2": self.l2, "alpha": self.alpha}


def squares(*vectors):
    """The sum of ‖·‖² over the vectors of each row: (batch, any) each -> (batch, 1)."""
    return sum(ops.sum(ops.square(v), axis=1, keepdims=True) for v in vectors)
