r"""AutoRec: an autoencoder that squeezes an item's column of ratings through few numbers and fills its gaps.

    q_i = ReLU(V x_i + μ),   r̂_ui = b_ui + w_u · q_i + c_u,   x_ui = r_ui − b_ui where u rated i, else 0

b_ui = mean + user's bias + item's bias are ridge estimates (`models.biases`), so that a gap, 0, means "as expected".
V (d, |U|) encodes, the rows w_u of W (|U|, d) decode. Loss of an item, over the users who rated it, alone:

    L_i = |I|/n Σ_{u rated i} (r_ui − r̂_ui)²       plus for each step λ (‖V‖² + ‖W‖²)

A sum, not a mean, over the item's ratings: each rating of the n weighs the same, and |I|/n makes the mean over items
the mean squared error over ratings. As in the paper, an item's column holds the rating that is to be rebuilt;
`dropout` hides a share of the column at each step, so that copying it is not enough. At prediction the column holds the
ratings of the training part. Source: Sedhain et al., "AutoRec", WWW 2015, item-based, equations 2 and 3; the biases,
ReLU and the dropout are not from the paper. Each had a smaller error than its rival (the item's mean, the sigmoid or
ELU, no dropout) on a tenth of the training rows (random split, seed 0), which chose the card's numbers too.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from keras.layers import Dense, Dropout

from recsys_edu.data import Ratings
from recsys_edu.models.biases import Biases
from recsys_edu.models.contract import RatingModel
from recsys_edu.models.rows import check_rows


@keras.saving.register_keras_serializable(package="recsys_edu")
class AutoRec(RatingModel):
    """One hidden layer of d = embedding_dim neurons, L2 strength `l2` = λ, and `dropout` of the input."""

    def __init__(self, num_users: int, num_items: int, embedding_dim: int, l2: float = 0.0, dropout: float = 0.5):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim = num_users, num_items, embedding_dim
        self.l2, self.dropout = l2, dropout
        self.hide = Dropout(dropout)
        self.encoder = Dense(embedding_dim, activation="relu", kernel_regularizer=keras.regularizers.L2(l2))  # V, μ
        self.decoder = Dense(num_users, kernel_regularizer=keras.regularizers.L2(l2))  # W, c
        self.columns = self.add_table("columns", (num_items, num_users))  # x_i, a row an item
        self.rated = self.add_table("rated", (num_items, num_users), "bool")
        self.mean = self.add_table("mean", ())
        self.user_bias = self.add_table("user_bias", (num_users,))
        self.item_bias = self.add_table("item_bias", (num_items,))
        self.weight = self.add_table("weight", ())  # |I|/n

    def start_from(self, train: Ratings) -> None:
        biases = Biases().fit(train)
        self.mean.assign(biases.mean)
        self.user_bias.assign(biases.user_bias)
        self.item_bias.assign(biases.item_bias)
        columns = np.zeros((train.num_items, train.num_users), "float32")
        expected = biases.predict_pairs(train.user_index, train.item_index)  # b_ui
        columns[train.item_index, train.user_index] = train.rating - expected
        self.columns.assign(columns)
        self.rated.assign(train.seen().T)
        self.weight.assign(train.num_items / len(train))

    def examples(self, train: Ratings) -> tuple[np.ndarray, ...]:
        return (np.arange(train.num_items, dtype="int32"),)  # (num_items,)

    def batch_loss(self, items):
        x = ops.take(self.columns, items, axis=0)  # (batch, num_users)
        rebuilt = self.decoder(self.encoder(self.hide(x, training=True)))  # (batch, d) -> (batch, num_users)
        error = ops.where(ops.take(self.rated, items, axis=0), x - rebuilt, 0.0)
        return self.weight * ops.sum(ops.square(error), axis=1)  # (batch,)

    def call(self, inputs):
        u, i = inputs[:, 0], inputs[:, 1]  # (batch,)
        q_i = ops.take(self.encoder(self.columns), i, axis=0)  # (num_items, d) -> (batch, d)
        w_u = ops.take(ops.transpose(self.decoder.kernel), u, axis=0)  # (batch, d)
        expected = self.mean + ops.take(self.user_bias, u) + ops.take(self.item_bias, i)  # (batch,)
        return (expected + ops.sum(w_u * q_i, axis=1) + ops.take(self.decoder.bias, u))[:, None]  # (batch, 1)

    def build(self, input_shape) -> None:
        self.encoder.build((None, self.num_users))
        self.decoder.build((None, self.embedding_dim))
        self.built = True

    def user_vectors(self) -> np.ndarray:
        """The decoder's rows w_u, (num_users, d)."""
        return np.asarray(self.decoder.kernel).T

    def item_vectors(self) -> np.ndarray:
        """What each item's column is squeezed to, q_i, (num_items, d)."""
        return np.asarray(self.encoder(self.columns))

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        u = check_rows(user_index, self.num_users, "user_index")
        expected = float(self.mean) + np.asarray(self.user_bias)[u][:, None] + np.asarray(self.item_bias)
        rebuilt = self.user_vectors()[u] @ self.item_vectors().T  # (k, num_items)
        return expected + rebuilt + np.asarray(self.decoder.bias)[u][:, None]

    def get_config(self) -> dict:
        return super().get_config() | {"l2": self.l2, "dropout": self.dropout}
