"""Seven mistakes that everybody makes once, and a model without one, each learnt on real ratings in seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys_edu import data, models, training
from recsys_edu.data import Ratings, Split
from recsys_edu.events import EpochEvent, FailedEvent


@dataclass(frozen=True, eq=False)
class Patient:
    """What the doctor may see: the model, what it learnt from and is judged on, its training loss by epoch (NaN at the
    end of a run that failed), and whether it orders items or predicts stars."""

    model: object
    parts: Split
    losses: list[float]
    ranks: bool


@dataclass(frozen=True)
class Mistake:
    """`code` is the line with the mistake, `cure` that line put right."""

    title: str
    code: str
    cure: str
    make: Callable[[Ratings], Patient]


def learnt(ratings: Ratings, how: str, name: str, **changes) -> Patient:
    """A model of the package, learnt as it is."""
    parts, losses = data.split(ratings, how, seed=0), []

    settings = models.default_settings(name, **changes)

    def listen(event) -> None:
        if isinstance(event, EpochEvent) and settings.card.by_gradient:
            losses.append(event.train_loss)
        elif isinstance(event, FailedEvent):
            losses.append(float("nan"))

    model = training.fit(settings, parts.train, on_event=listen).model
    return Patient(model, parts, losses, ranks=not settings.card.predicts_ratings)


def by_labels(ratings: Ratings) -> Patient:
    """Learnt on rows, asked by labels: a label that starts at 1 finds the row of the next user and the next film."""
    patient = learnt(ratings, "random", "mf")
    return Patient(_Shifted(patient.model), patient.parts, patient.losses, ranks=False)


def over_the_batch(ratings: Ratings) -> Patient:
    """A product that sums over the batch as well as over the dimensions: tensordot(P, Q, 2)."""
    import keras

    parts = data.random_split(ratings, seed=0)
    keras.utils.set_random_seed(0)
    model = _tensordot_class()(parts.train.num_users, parts.train.num_items, 16)
    model.start_at(float(parts.train.rating.mean()))
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mse"])
    history = model.fit(parts.train.pairs, parts.train.rating, batch_size=1000, epochs=5, verbose=0)
    return Patient(model, parts, history.history["mse"], ranks=False)


def _tensordot_class():
    """Made where it is needed: TensorFlow is not imported before."""
    from keras import ops

    from recsys_edu.models.mf import MatrixFactorization

    class Tensordot(MatrixFactorization):
        def call(self, inputs):
            u, i = inputs[:, 0], inputs[:, 1]
            product = ops.tensordot(self.user_embedding(u), self.item_embedding(i), 2)  # (batch, d) twice -> ()
            return self.mean + self.user_bias(u) + self.item_bias(i) + product

    return Tensordot


class _Shifted:
    """A model that is asked for the next row, as a label counted from 1 does."""

    def __init__(self, model):
        self.model = model

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        u, i = (
            np.minimum(user_index + 1, self.model.num_users - 1),
            np.minimum(item_index + 1, self.model.num_items - 1),
        )
        return self.model.predict_pairs(u, i)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        rows = self.model.scores(np.minimum(user_index + 1, self.model.num_users - 1))  # (k, I)
        return np.hstack([rows[:, 1:], rows[:, -1:]])


MISTAKES = {
    "learning_rate": Mistake(
        "A learning rate that is too high", "Adam(learning_rate=1000)", "Adam(learning_rate=0.007)",
        lambda ratings: learnt(ratings, "random", "mf", learning_rate=1000.0, epochs=3),
    ),
    "no_negatives": Mistake(
        "No negative examples", "negatives = 0  # learn from what was chosen, alone", "negatives = 4",
        lambda ratings: learnt(ratings, "last", "neumf", negatives=0, epochs=3),
    ),
    "labels": Mistake(
        "Labels in the place of rows", "model(user_id, item_id)", "model(user_index, item_index)", by_labels,
    ),
    "leak": Mistake(
        "Judged by a random split", 'split(ratings, "random")', 'split(ratings, "last")',
        lambda ratings: learnt(ratings, "random", "ease"),
    ),
    "popularity": Mistake(
        "Popularity alone", "score = count[item]", "score = model(user, item)",
        lambda ratings: learnt(ratings, "last", "popularity"),
    ),
    "additive": Mistake(
        "The article's model", "Dense(1)([p_u, q_i])", "sum(p_u * q_i)",
        lambda ratings: learnt(ratings, "random", "article", epochs=5),
    ),
    "tensordot": Mistake(
        "A product over the whole batch", "tensordot(P[u], Q[i], 2)", "sum(P[u] * Q[i], axis=1)", over_the_batch,
    ),
    "none": Mistake(
        "No mistake (a control)", "sum(p_u * q_i)", "sum(p_u * q_i)", lambda ratings: learnt(ratings, "random", "mf"),
    ),
}  # fmt: skip
