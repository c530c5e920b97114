"""The contract that every model learnt by gradient steps keeps.

A model maps pairs (user_index, item_index), shape (batch, 2), to one number a pair, shape (batch, 1): a rating r̂_ui, or
a score s_ui that only orders the items of a user. Row k of the output depends on pair k alone. Its item vectors can be
read, so that they can be compared and drawn. It says what its training examples are and what their loss is; the
trainer does the rest. It can be saved with `model.save("x.keras")` and loaded with `keras.models.load_model`.
"""

from __future__ import annotations

import keras
import numpy as np

from recsys_edu import losses
from recsys_edu.data import Ratings
from recsys_edu.models.rows import check_rows


class GradientModel(keras.Model):
    """What `training`, `recommend` and the studio need to know of a model."""

    predicts_ratings: bool = True
    loss_name: str = "mse"
    pairs_at_once: int = 2**18  # scored in one call, so that memory stays bounded
    num_users: int
    num_items: int
    embedding_dim: int
    user_embedding: keras.layers.Embedding  # p_u, (num_users, d)
    item_embedding: keras.layers.Embedding  # q_i, (num_items, d)

    @classmethod
    def of(cls, train: Ratings, **arguments) -> GradientModel:
        """A model of the size of these ratings."""
        return cls(train.num_users, train.num_items, **arguments)

    def start_from(self, train: Ratings) -> None:
        """Take over what is known before the first step, and is not learnt: the mean, the histories."""

    def examples(self, train: Ratings) -> tuple[np.ndarray, ...]:
        """Arrays with one row a training example."""
        raise NotImplementedError

    def batch_loss(self, *batch):
        """The loss of each example of a batch, (batch,). `batch`: rows of what `examples` gave, as tensors."""
        raise NotImplementedError

    def add_table(self, name: str, shape: tuple[int, ...], dtype: str = "float32", initializer: str = "zeros"):
        """A place for what is taken over from the data: saved with the model, never learnt."""
        table = self.add_weight(name=name, shape=shape, dtype=dtype, initializer=initializer, trainable=False)
        self.tables = [*getattr(self, "tables", []), table]
        return table

    def user_vectors(self) -> np.ndarray:
        """P, (num_users, d)."""
        return np.asarray(self.user_embedding.embeddings)

    def item_vectors(self) -> np.ndarray:
        """Q, (num_items, d)."""
        return np.asarray(self.item_embedding.embeddings)

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        """r̂_ui or s_ui of n pairs, (n,) float32. Raises UnknownIdError for a row that the model does not have."""
        user_index = check_rows(user_index, self.num_users, "user_index")
        item_index = check_rows(item_index, self.num_items, "item_index")
        pairs = np.stack([user_index, item_index], axis=1)  # (n, 2)
        blocks = [pairs[k : k + self.pairs_at_once] for k in range(0, len(pairs), self.pairs_at_once)]
        return np.concatenate([np.empty(0, "float32"), *(np.asarray(self(block))[:, 0] for block in blocks)])

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        """r̂ or s of every item for each of k users, (k, num_items) float32."""
        user_index = check_rows(user_index, self.num_users, "user_index")
        users = np.repeat(user_index, self.num_items)  # (k * num_items,)
        items = np.tile(np.arange(self.num_items, dtype="int32"), len(user_index))
        return self.predict_pairs(users, items).reshape(len(user_index), self.num_items)

    def get_config(self) -> dict:
        return {
            "num_users": self.num_users,
            "num_items": self.num_items,
            "embedding_dim": self.embedding_dim,
        }

    @classmethod
    def from_config(cls, config: dict) -> GradientModel:
        return cls(**config)


class RatingModel(GradientModel):
    """Predicts stars, and learns from each rating by the squared error."""

    def start_at(self, mean: float) -> None:
        """Start from the mean rating of the training part, if the model has a place for it."""

    def start_from(self, train: Ratings) -> None:
        self.start_at(float(train.rating.mean()))

    def examples(self, train: Ratings) -> tuple[np.ndarray, ...]:
        return train.pairs, train.rating[:, None]  # (n, 2), (n, 1)

    def batch_loss(self, pairs, rating):
        return losses.mse(rating, self(pairs, training=True))


class RankingModel(GradientModel):
    """Orders items. A pair that was rated, whatever the stars, is a pair that was chosen."""

    predicts_ratings = False

    def examples(self, train: Ratings) -> tuple[np.ndarray, ...]:
        return (train.pairs,)  # (n, 2)


def near_zero(stddev: float) -> keras.initializers.Initializer:
    """Numbers from N(0, stddev²), for a table to start with. Each table needs one of its own: an initializer draws its
    seed when it is made and gives the same numbers at every call, so that of a shared one user_index k and item_index
    k would start as one vector."""
    return keras.initializers.RandomNormal(stddev=stddev)
