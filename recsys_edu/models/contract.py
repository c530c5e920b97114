"""The contract that every Keras model of the kit keeps.

A rating model maps pairs (user_index, item_index), shape (batch, 2), to predicted ratings r̂_ui, shape (batch, 1).
Row k of the output depends on pair k alone. Its user and item vectors can be read, so that they can be compared
and drawn. It can be saved with `model.save("x.keras")` and loaded with `keras.models.load_model`.
"""

from __future__ import annotations

import keras
import numpy as np

from recsys_edu.errors import UnknownIdError


class RatingModel(keras.Model):
    """Base class: what `training`, `recommend` and the studio need to know of a model."""

    num_users: int
    num_items: int
    embedding_dim: int
    user_embedding: keras.layers.Embedding  # p_u, (num_users, d)
    item_embedding: keras.layers.Embedding  # q_i, (num_items, d)

    def start_at(self, mean: float) -> None:
        """Start from the mean rating of the training part, if the model has a place for it."""

    def user_vectors(self) -> np.ndarray:
        """P, (num_users, d)."""
        return np.asarray(self.user_embedding.embeddings)

    def item_vectors(self) -> np.ndarray:
        """Q, (num_items, d)."""
        return np.asarray(self.item_embedding.embeddings)

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        """r̂_ui for n pairs, (n,) float32. Raises UnknownIdError for a row that the model does not have."""
        user_index = check_rows(user_index, self.num_users, "user_index")
        item_index = check_rows(item_index, self.num_items, "item_index")
        pairs = np.stack([user_index, item_index], axis=1)  # (n, 2)
        if not len(pairs):
            return np.empty(0, dtype="float32")
        return np.asarray(self(pairs))[:, 0]

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        """r̂ of every item for each of k users, (k, num_items) float32."""
        user_index = check_rows(user_index, self.num_users, "user_index")
        items = np.arange(self.num_items, dtype="int32")
        rows = [self.predict_pairs(np.full(self.num_items, u, "int32"), items) for u in user_index]
        return np.stack(rows) if rows else np.empty((0, self.num_items), dtype="float32")

    def get_config(self) -> dict:
        return {
            "num_users": self.num_users,
            "num_items": self.num_items,
            "embedding_dim": self.embedding_dim,
        }

    @classmethod
    def from_config(cls, config: dict) -> RatingModel:
        return cls(**config)


def check_rows(index: np.ndarray, size: int, name: str) -> np.ndarray:
    """`index` as int32, (n,). Raises UnknownIdError where a row is outside 0 ... size-1."""
    index = np.atleast_1d(np.asarray(index))
    if index.ndim != 1 or (len(index) and not np.issubdtype(index.dtype, np.integer)):
        raise UnknownIdError(f"{name} must be whole row numbers, not {index.dtype} of shape {index.shape}.")
    wrong = index[(index < 0) | (index >= size)]
    if len(wrong):
        raise UnknownIdError(
            f"{name} {wrong[0]} is not in the model: it learnt rows 0 to {size - 1}. "
            f"Labels such as user_id 196 must first be turned into rows: ratings.user_row(196)."
        )
    return index.astype("int32")
