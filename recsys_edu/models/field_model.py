r"""What the models over fields share: a vector e_f for each field f of a pair, a linear part and a deep part.

Each row j of each field (`recsys_edu.fields`) has a weight w_j and a vector v_j of d numbers. A pair (user, item) has
x_j of it: 1 for the user's user_id, 1/m for each of the m genres of the item, 0 for most rows.

    e_f = Σ_j∈f x_j v_j,        linear = Σ_j x_j w_j
    deep = w · h_2 + b,         h_k = ReLU(W_k h_{k-1} + b_k),   h_0 = [e_1 ; … ; e_F]

Linear, deep and what a model adds to them read the same e_f. The time of a pair is the week of the user's last training
rating, in training too: so the pair alone says all that the model reads. The loss adds
λ · mean over the batch of Σ_f [ ‖e_f‖² + (Σ_j∈f x_j w_j)² ].
"""

from __future__ import annotations

import numpy as np
from keras import ops
from keras.layers import Dense, Dropout, Embedding

from recsys_edu import fields
from recsys_edu.data import Ratings
from recsys_edu.models.contract import RatingModel, near_zero


class FieldModel(RatingModel):
    """`sizes` tells each field's name, what has it, its number of rows and its width; `of` finds them. The hidden
    layers have `units` and units / 2 neurons, and lose a share `dropout` of them in each training step."""

    pairs_at_once = 2**15  # a pair takes F vectors, or their products, of memory

    def __init__(self, num_users, num_items, embedding_dim, sizes, l2=0.0, dropout=0.0, units=64):
        super().__init__()
        self.num_users, self.num_items, self.embedding_dim, self.l2 = num_users, num_items, embedding_dim, l2
        self.sizes, self.dropout, self.units = tuple(map(tuple, sizes)), dropout, units
        num_rows = sum(size for _, _, size, _ in self.sizes)
        self.v = Embedding(num_rows, embedding_dim, embeddings_initializer=near_zero(0.05))
        self.w = Embedding(num_rows, 1, embeddings_initializer="zeros")
        places = {name: (num_items if of == "item" else num_users, width) for name, of, _, width in self.sizes}
        self.rows = {name: self.add_table(f"{name}_rows", shape, "int32") for name, shape in places.items()}
        self.x = {name: self.add_table(f"{name}_x", shape) for name, shape in places.items()}
        self.hidden = [Dense(units, activation="relu"), Dense(units // 2, activation="relu")]
        self.drops = [Dropout(dropout), Dropout(dropout)]  # of a shared one, a graph may draw in another order
        self.out = Dense(1)

    @classmethod
    def of(cls, train: Ratings, side: bool = True, time: bool = False, **arguments) -> FieldModel:
        """A model of the fields of these ratings: `side` features and `time`, where the data set has them."""
        sizes = [(f.name, f.of, f.size, f.width) for f in fields.describe(train, side, time)]
        return cls(train.num_users, train.num_items, sizes=sizes, **arguments)

    def start_at(self, mean: float) -> None:
        self.out.bias.assign([mean])

    def start_from(self, train: Ratings) -> None:
        super().start_from(train)
        described = [f for f in fields.describe(train, side=True, time=True) if f.name in self.rows]
        for field, (rows, x) in zip(described, fields.tables(described, train), strict=True):
            self.rows[field.name].assign(rows)
            self.x[field.name].assign(x)

    def read_fields(self, pairs):
        """e_f of every field, (batch, F, d), and the linear part, (batch, 1)."""
        pairs = ops.cast(pairs, "int32")  # Keras tries a model that it loads with floats
        vectors, weights = [], []
        for name, of, _, _ in self.sizes:
            index = pairs[:, 1] if of == "item" else pairs[:, 0]  # (batch,)
            rows = ops.take(self.rows[name], index, axis=0)  # (batch, width)
            x = ops.take(self.x[name], index, axis=0)[..., None]  # (batch, width, 1)
            vectors.append(ops.sum(x * self.v(rows), axis=1))  # (batch, d)
            weights.append(ops.sum(x * self.w(rows), axis=1))  # (batch, 1)
        e, w = ops.stack(vectors, axis=1), ops.concatenate(weights, axis=1)  # (batch, F, d), (batch, F)
        squares = ops.sum(ops.square(e), axis=(1, 2)) + ops.sum(ops.square(w), axis=1)  # (batch,)
        self.add_loss(self.l2 * ops.mean(squares))
        return e, ops.sum(w, axis=1, keepdims=True)

    def deep(self, e, training: bool = False):
        """(batch, F, d) -> (batch, 1)"""
        h = ops.reshape(e, (-1, len(self.sizes) * self.embedding_dim))  # (batch, F d)
        for layer, drop in zip(self.hidden, self.drops, strict=True):
            h = drop(layer(h), training=training)  # (batch, units)
        return self.out(h)

    def user_vectors(self) -> np.ndarray:
        """v of each user_id, (num_users, d)."""
        return self._vectors("user_id")

    def item_vectors(self) -> np.ndarray:
        """v of each item_id, (num_items, d)."""
        return self._vectors("item_id")

    def _vectors(self, name: str) -> np.ndarray:
        return np.asarray(self.v.embeddings)[np.asarray(self.rows[name])[:, 0]]

    def get_config(self) -> dict:
        own = {"sizes": self.sizes, "l2": self.l2, "dropout": self.dropout, "units": self.units}
        return super().get_config() | own
