r"""NeuMF: a product of two vectors and a perceptron over two others, fused in the last layer.

    GMF:   φ^G = p^G_u ∘ q^G_i                                      (∘ element by element; d numbers)
    MLP:   z_0 = [p^M_u ; q^M_i],  z_k = ReLU(W_k z_{k-1} + b_k),  φ^M = z_2      (4d -> 2d -> d numbers)
    s_ui = h · [φ^G ; φ^M],   ŷ_ui = σ(s_ui)

The pair was rated (y = 1) or not (y = 0): each training pair comes with `negatives` items that its user has not rated,
drawn anew each time. Loss of an example, a mean over the pair and its negatives, plus λ (‖p_u‖² + ‖q_i‖²) of both kinds
of vectors:

    L = −1/(1+n) [ log σ(s_ui) + Σ_{j drawn} log(1 − σ(s_uj)) ]

The item vectors that are compared and drawn are q^G. Source: He et al., "Neural Collaborative Filtering", WWW 2017,
equations 11 and 12, here learnt from the start without pre-trained towers. The card's λ, rate and
epochs had the best NDCG@10 of a few tried on the second-last item of MovieLens-100K (leave-last-out, seed 0).
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
from recsys_edu.negatives import UnratedItems


@keras.saving.register_keras_serializable(package="recsys_edu")
class NeuMF(RankingModel):
    """h · [p^G ∘ q^G ; MLP(p^M, q^M)] with `negatives` drawn for each rated pair; d = embedding_dim, λ = `l2`."""

    loss_name = "bce"

    def __init__(self, num_users: int, num_items: int, embedding_dim: int, l2: float = 0.0, negatives: int = 4):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim = num_users, num_items, embedding_dim
        self.l2, self.negatives = l2, negatives
        self.user_embedding = Embedding(num_users, embedding_dim, embeddings_initializer=near_zero(0.1))  # p^G
        self.item_embedding = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero(0.1))  # q^G
        self.user_embedding_mlp = Embedding(num_users, 2 * embedding_dim, embeddings_initializer=near_zero(0.1))  # p^M
        self.item_embedding_mlp = Embedding(num_items, 2 * embedding_dim, embeddings_initializer=near_zero(0.1))  # q^M
        self.hidden = [Dense(2 * embedding_dim, activation="relu"), Dense(embedding_dim, activation="relu")]
        self.out = Dense(1, use_bias=False)  # h
        self.seed = keras.random.SeedGenerator()

    def start_from(self, train: Ratings) -> None:
        self.unrated = UnratedItems(train)

    def call(self, inputs):
        u, i = inputs[:, 0], inputs[:, 1]  # (batch,)
        p_g, q_g = self.user_embedding(u), self.item_embedding(i)  # (batch, d)
        p_m, q_m = self.user_embedding_mlp(u), self.item_embedding_mlp(i)  # (batch, 2d)
        self.add_loss(self.l2 * ops.mean(sum(ops.sum(ops.square(x), axis=1) for x in (p_g, q_g, p_m, q_m))))
        z = ops.concatenate([p_m, q_m], axis=1)  # (batch, 4d)
        for layer in self.hidden:
            z = layer(z)  # (batch, 2d), then (batch, d)
        return self.out(ops.concatenate([p_g * q_g, z], axis=1))  # (batch, 2d) -> (batch, 1)

    def batch_loss(self, pairs):
        u, i = pairs[:, :1], pairs[:, 1:]  # (batch, 1)
        j = self.unrated.draw(pairs[:, 0], self.negatives, self.seed)  # (batch, n)
        items = ops.concatenate([i, j], axis=1)  # (batch, 1 + n)
        users = ops.broadcast_to(u, ops.shape(items))
        s = self(ops.stack([ops.ravel(users), ops.ravel(items)], axis=1), training=True)  # (batch * (1 + n), 1)
        s = ops.reshape(s, ops.shape(items))  # (batch, 1 + n)
        y = ops.concatenate([ops.ones_like(i), ops.zeros_like(j)], axis=1)
        return ops.mean(losses.binary_cross_entropy(ops.cast(y, s.dtype), s), axis=1)  # (batch,)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        """As `call`, with W_1 [p^M_u ; q^M_i] = (left half of W_1) p^M_u + (right half) q^M_i, so that a half is
        computed once for a user, or once for an item, and not once for each pair."""
        u = check_rows(user_index, self.num_users, "user_index")
        (w_1, b_1), (w_2, b_2), (h,) = ([np.asarray(w) for w in layer.weights] for layer in [*self.hidden, self.out])
        half = 2 * self.embedding_dim
        of_users = np.asarray(self.user_embedding_mlp.embeddings)[u] @ w_1[:half] + b_1  # (k, 2d)
        of_items = np.asarray(self.item_embedding_mlp.embeddings) @ w_1[half:]  # (num_items, 2d)
        s = (self.user_vectors()[u] * h[: self.embedding_dim, 0]) @ self.item_vectors().T  # (k, num_items)
        for row, of_user in enumerate(of_users):
            z = np.maximum(np.maximum(of_user + of_items, 0) @ w_2 + b_2, 0)  # (num_items, d)
            s[row] += z @ h[self.embedding_dim :, 0]
        return s

    def get_config(self) -> dict:
        return super().get_config() | {"l2": self.l2, "negatives": self.negatives}
