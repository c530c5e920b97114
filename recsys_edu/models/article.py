r"""The article's model, kept as printed: one Dense(1) over the two embeddings, side by side.

    r̂_ui = w · [p_u ; q_i] + b = w_1 · p_u + w_2 · q_i + b = a(u) + b(i) + c

w = [w_1 ; w_2] is the kernel of the Dense layer. There is no hidden layer and no σ, so the sum falls apart into a
number for the user and a number for the item: every user gets the same ranking, and the error cannot beat a model
of biases alone. `Flatten` does nothing here, since (batch, d) is flat. Source: the article, "code example".
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras.layers import Dense, Embedding, Flatten

from recsys_edu.models.contract import RatingModel


@keras.saving.register_keras_serializable(package="recsys_edu")
class Recommender(RatingModel):
    """r̂_ui = Dense(1)([p_u ; q_i]). `call` takes one (batch, 2) array; the article's `fit([users, items], ...)`
    hands it a list, on which `inputs[:, 0]` raises TypeError."""

    def __init__(self, num_users: int, num_items: int, embedding_dim: int):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim = num_users, num_items, embedding_dim
        self.user_embedding = Embedding(num_users, embedding_dim)
        self.item_embedding = Embedding(num_items, embedding_dim)
        self.flatten = Flatten()
        self.dense = Dense(1)

    def call(self, inputs):
        user_vector = self.flatten(self.user_embedding(inputs[:, 0]))  # (batch, d)
        item_vector = self.flatten(self.item_embedding(inputs[:, 1]))  # (batch, d)
        return self.dense(tf.concat([user_vector, item_vector], axis=1))  # (batch, 2d) -> (batch, 1)
