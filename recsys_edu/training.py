"""Chapter 5: fit one model, and tell about it. The notebook, the studio and the command line use this one trainer.

Plain `model.compile(optimizer="adam", loss="mse"); model.fit(train.pairs, train.rating)` minimises the same loss in
the same way. This trainer keeps the data in TensorFlow and runs many mini-batches inside one `tf.function`, which is
faster, and it can stop after any batch and go on later, in another process too: its state is the weights, the
optimizer's variables and the number of batches learnt. The order of the ratings in an epoch follows from the seed and
the epoch alone, so a run that was paused, moved or cut into single batches ends at the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from recsys_edu import models
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.events import BatchEvent, EpochEvent, Event, FailedEvent, FinishedEvent, SnapshotEvent

EXPLODED = 1e6  # a loss of more than this many times the ratings' variance will not come back
ADVICE = (
    "Try a learning rate ten times smaller, or a larger batch. If that does not help, look for ratings that are "
    "far outside the scale."
)


class Trainer:
    """Mini-batch gradient descent with Adam on L = mean (r_ui − r̂_ui)² + the model's own penalty."""

    def __init__(self, settings: models.Settings, train: Ratings, validation: Ratings | None = None):
        if not len(train):
            raise DataError("There is no rating to learn from: the training part is empty.")
        self.settings, self.train, self.validation = settings, train, validation
        self.model = models.build(settings, train.num_users, train.num_items)
        self.model.start_at(float(train.rating.mean()))
        self.optimizer = keras.optimizers.Adam(settings.learning_rate)
        self.optimizer.build(self.model.trainable_variables)
        self._pairs = tf.constant(train.pairs)  # (n, 2)
        self._rating = tf.constant(train.rating[:, None])  # (n, 1)
        self._shuffled: tuple[int, tf.Tensor] | None = None  # an epoch and its order
        self.step = 0  # batches learnt so far
        self.seconds = 0.0
        self.failure: FailedEvent | None = None
        self._squared_error = 0.0  # summed over the ratings of this epoch that are learnt so far

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.train) // self.settings.batch_size)

    @property
    def epoch(self) -> float:
        """Epochs done, in fractions."""
        return self.step / self.steps_per_epoch

    def run_batches(self, count: int) -> tuple[float, int]:
        """Learn the next `count` batches, at most to the end of the epoch. Returns Σ (r_ui − r̂_ui)² over their
        ratings, each error taken before its batch's update, and the number of these ratings."""
        epoch, first = divmod(self.step, self.steps_per_epoch)
        last = min(first + count, self.steps_per_epoch)
        start = time.perf_counter()
        squared_error = self._learn(self._order(epoch), tf.constant(first), tf.constant(last)).numpy()
        self.seconds += time.perf_counter() - start
        self.step += last - first
        size = self.settings.batch_size
        return float(squared_error), min(last * size, len(self.train)) - first * size

    def _order(self, epoch: int) -> tf.Tensor:
        """The rows of the training part in the order of this epoch, (n,)."""
        if self._shuffled is None or self._shuffled[0] != epoch:
            rows = np.random.default_rng([self.settings.seed, epoch]).permutation(len(self.train))
            self._shuffled = epoch, tf.constant(rows)
        return self._shuffled[1]

    @tf.function(reduce_retracing=True)
    def _learn(self, order, first, last):
        size = self.settings.batch_size
        squared_error = tf.constant(0.0)
        for k in tf.range(first, last):
            rows = order[k * size : (k + 1) * size]  # (batch,)
            pairs, rating = tf.gather(self._pairs, rows), tf.gather(self._rating, rows)  # (batch, 2), (batch, 1)
            with tf.GradientTape() as tape:
                error = rating - self.model(pairs, training=True)  # (batch, 1)
                batch_mse = tf.reduce_mean(tf.square(error))
                loss = batch_mse + tf.add_n([0.0, *self.model.losses])
            variables = self.model.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            squared_error += tf.reduce_sum(tf.square(error))
        return squared_error

    def validation_mse(self) -> float | None:
        """Mean of (r_ui − r̂_ui)² over the validation part; None if there is none."""
        if self.validation is None or not len(self.validation):
            return None
        predicted = self.model.predict_pairs(self.validation.user_index, self.validation.item_index)
        return float(np.mean((self.validation.rating - predicted) ** 2))

    def events(self, until_step: int | None = None, batches_at_once: int | None = None) -> Iterator[Event]:
        """Go on until `until_step` batches are learnt (None: all epochs) and yield what happens, an event for every
        `batches_at_once` (None: an epoch). Leaving the loop early pauses the run."""
        last_step = self.settings.epochs * self.steps_per_epoch if until_step is None else until_step
        chunk = batches_at_once or self.steps_per_epoch
        while self.step < last_step:
            before = self.step
            squared_error, ratings = self.run_batches(min(chunk, last_step - self.step))
            mse = squared_error / ratings
            self._squared_error += squared_error
            if np.isfinite(mse):
                yield BatchEvent(self.epoch, self.step, self.step - before, mse)
            if (reason := self._lost(mse)) is not None:
                self.failure = FailedEvent(self.epoch, reason, ADVICE)
                yield self.failure
                return
            if self.step % self.steps_per_epoch == 0:
                yield self._end_of_epoch()
                yield SnapshotEvent(self.epoch, self.model.item_vectors())
        yield FinishedEvent(self.epoch, self.seconds, self.model.count_params())

    def _lost(self, mse: float) -> str | None:
        """Why this run cannot go on, if it cannot: a loss that is no number or beyond all measure."""
        if mse <= EXPLODED * float(self.train.rating.var() + 1) and np.isfinite(self.model.item_vectors()).all():
            return None
        return f"The loss became {mse:.3g} in epoch {self.epoch:.1f}: the steps are too large."

    def _end_of_epoch(self) -> EpochEvent:
        mean, self._squared_error = self._squared_error / len(self.train), 0.0
        return EpochEvent(self.epoch, mean, self.validation_mse(), self.seconds)

    def state(self) -> dict[str, np.ndarray]:
        """All that is needed to go on elsewhere, as NumPy arrays."""
        variables = [*self.model.variables, *self.optimizer.variables]
        arrays = {f"variable_{k}": np.asarray(v) for k, v in enumerate(variables)}
        progress = {"step": np.int64(self.step), "seconds": np.float64(self.seconds)}
        return arrays | progress | {"squared_error": np.float64(self._squared_error)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a state that `state` gave, of a trainer with the same settings and data."""
        for k, variable in enumerate([*self.model.variables, *self.optimizer.variables]):
            variable.assign(state[f"variable_{k}"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self._squared_error = float(state["squared_error"])


def fit(
    settings: models.Settings,
    train: Ratings,
    validation: Ratings | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Trainer:
    """Fit one model to the end. `on_event` hears every event; the trainer holds the model, and `failure` if any."""
    trainer = Trainer(settings, train, validation)
    for event in trainer.events():
        if on_event:
            on_event(event)
    return trainer
