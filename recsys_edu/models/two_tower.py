r"""Two towers: one network makes a vector of a user, another of an item; they meet in one product.

    user:  p_u = unit( W_2 ReLU(W_1 e_u + b_1) + b_2 )
    item:  q_i = unit( W_4 ReLU(W_3 e_i + b_3) + b_4 ),        s_ui = p_u · q_i / τ

unit(x) = x/‖x‖, τ is the temperature. Because the towers do not see each other, all q_i can be computed ahead and
searched, as a service with millions of items must. The items of the other pairs of a batch are the negatives, and their
scores are corrected for how often an item gets there (`losses.in_batch_softmax`): without it popular items are pushed
down. Source: Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations", RecSys 2019;
its streaming estimate of Q is not needed here, where the counts are known, nor does a user have more than an id. The
card's τ and epochs had the best NDCG@10 of those tried on the second-last item of MovieLens-100K (leave-last-out, seed
0): 0.071. A mean over the rated items instead of e_u, the pair's own item taken out, was tried there too: 0.066 after 4
epochs and falling from then on, for what is missing from the mean gives the answer away.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from keras.layers import Dense, Embedding

from recsys_edu import losses
from recsys_edu.data import Ratings
from recsys_edu.models.contract import RankingModel, near_zero
from recsys_edu.models.rows import check_rows


@keras.saving.register_keras_serializable(package="recsys_edu")
class TwoTower(RankingModel):
    """`temperature` = τ; `correct`: whether log Q is subtracted."""

    loss_name = "softmax"

    def __init__(
        self,
        num_users: int,
        num_items: int,
        embedding_dim: int,
        temperature: float = 0.2,
        correct: bool = True,
    ):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim = num_users, num_items, embedding_dim
        self.temperature, self.correct = temperature, correct
        self.user_embedding = Embedding(num_users, embedding_dim, embeddings_initializer=near_zero(0.1))  # e_u
        self.item_embedding = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero(0.1))  # e_i
        self.user_tower = [Dense(2 * embedding_dim, activation="relu"), Dense(embedding_dim)]
        self.item_tower = [Dense(2 * embedding_dim, activation="relu"), Dense(embedding_dim)]
        self.log_q = self.add_table("log_q", (num_items,))

    def start_from(self, train: Ratings) -> None:
        count = np.bincount(train.item_index, minlength=train.num_items)
        self.log_q.assign(np.log(np.maximum(count, 1) / len(train)))

    def call(self, inputs):
        p_u, q_i = self.user_vector(inputs[:, 0]), self.item_vector(inputs[:, 1])  # (batch, d)
        return ops.sum(p_u * q_i, axis=1, keepdims=True) / self.temperature  # (batch, 1)

    def user_vector(self, u):
        """p_u, (batch, d)."""
        return _climb(self.user_tower, self.user_embedding(u))

    def item_vector(self, i):
        """q_i, (batch, d)."""
        return _climb(self.item_tower, self.item_embedding(i))

    def batch_loss(self, pairs):
        u, i = pairs[:, 0], pairs[:, 1]  # (batch,)
        p_u, q_i = self.user_vector(u), self.item_vector(i)  # (batch, d)
        log_q = ops.take(self.log_q, i) if self.correct else ops.zeros_like(i, dtype="float32")
        return losses.in_batch_softmax(p_u / self.temperature, q_i, i, log_q)  # (batch,)

    def user_vectors(self) -> np.ndarray:
        """The user tower's p_u, (num_users, d)."""
        return np.asarray(self.user_vector(np.arange(self.num_users)))

    def item_vectors(self) -> np.ndarray:
        """The item tower's q_i, (num_items, d)."""
        return np.asarray(self.item_vector(np.arange(self.num_items)))

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        u = check_rows(user_index, self.num_users, "user_index")
        return np.asarray(self.user_vector(u)) @ self.item_vectors().T / self.temperature  # (k, num_items)

    def get_config(self) -> dict:
        return super().get_config() | {"temperature": self.temperature, "correct": self.correct}


def _climb(tower: list, x):
    """x through the layers of a tower, at length 1: (batch, d)."""
    for layer in tower:
        x = layer(x)
    return x / ops.maximum(ops.norm(x, axis=1, keepdims=True), 1e-12)
