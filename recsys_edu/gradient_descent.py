"""Chapter 5: mini-batch gradient descent with Adam, the trainer's loop.

Plain `model.compile(optimizer="adam", loss="mse"); model.fit(train.pairs, train.rating)` minimises the same loss in
the same way. This loop keeps the data in TensorFlow and runs many mini-batches inside one `tf.function`, which is
faster. Its state is the weights, the optimizer's variables and the number of batches learnt. The order of the examples
in an epoch follows from the seed and the epoch alone, and their losses are summed batch after batch, so a run that was
paused, moved or cut into single batches ends at the same weights and tells the same loss, bit for bit.

What an example is and what its loss is, the model says (`models.contract`): a rating and its squared error, or a user's
history and the item that came next.
"""

from __future__ import annotations

import time

import keras
import numpy as np
import tensorflow as tf

from recsys_edu import models
from recsys_edu.data import Ratings
from recsys_edu.training import EXPLODED, Trainer


class GradientDescent(Trainer):
    """Minimises L = mean over the batch of the model's loss of an example + the model's own penalty."""

    def __init__(self, settings: models.Settings, train: Ratings, validation: Ratings | None = None):
        super().__init__(settings, train, validation)
        self.optimizer = keras.optimizers.Adam(settings.learning_rate)
        self.optimizer.build(self.model.trainable_variables)
        self._examples = [tf.constant(array) for array in self.model.examples(train)]  # each (n, ...)
        self._examples_per_epoch = len(self._examples[0])
        self._shuffled: tuple[int, tf.Tensor] | None = None  # an epoch and its order

    @property
    def steps_per_epoch(self) -> int:
        return -(-self._examples_per_epoch // self.settings.batch_size)

    @property
    def parameters(self) -> int:
        return sum(int(np.prod(weight.shape)) for weight in self.model.trainable_variables)

    def run_batches(self, count: int) -> tuple[float, int]:
        epoch, first = divmod(self.step, self.steps_per_epoch)
        last = min(first + count, self.steps_per_epoch)
        start = time.perf_counter()
        before = self._loss if first else 0.0  # a sum that is begun anew with the epoch
        total = tf.constant(before, "float64")
        self._loss = float(self._learn(self._order(epoch), tf.constant(first), tf.constant(last), total))
        self.seconds += time.perf_counter() - start
        self.step += last - first
        size = self.settings.batch_size
        return self._loss - before, min(last * size, self._examples_per_epoch) - first * size

    def _order(self, epoch: int) -> tf.Tensor:
        """The rows of the examples in the order of this epoch, (n,)."""
        if self._shuffled is None or self._shuffled[0] != epoch:
            rows = np.random.default_rng([self.settings.seed, epoch]).permutation(self._examples_per_epoch)
            self._shuffled = epoch, tf.constant(rows)
        return self._shuffled[1]

    @tf.function(reduce_retracing=True)
    def _learn(self, order, first, last, total):
        size = self.settings.batch_size
        for k in tf.range(first, last):
            rows = order[k * size : (k + 1) * size]  # (batch,)
            batch = [tf.gather(array, rows) for array in self._examples]  # each (batch, ...)
            with tf.GradientTape() as tape:
                losses = self.model.batch_loss(*batch)  # (batch,)
                loss = tf.reduce_mean(losses) + tf.add_n([0.0, *self.model.losses])
            variables = self.model.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += tf.cast(tf.reduce_sum(losses), "float64")
        return total

    def _lost(self, loss: float) -> str | None:
        """Why this run cannot go on: a loss that is no number or beyond all measure, or weights that are none."""
        weights = self.model.trainable_variables
        if loss <= EXPLODED * float(self.train.rating.var() + 1) and all(np.isfinite(w.numpy()).all() for w in weights):
            return None
        return f"The loss became {loss:.3g} in epoch {self.epoch:.1f}: the steps are too large."

    def _variables(self) -> list:
        """All that a step changes: weights, the optimizer's memory, the counters of dropout and of drawn negatives."""
        tables = {id(table) for table in getattr(self.model, "tables", [])}  # these come from the data
        return [*(v for v in self.model.variables if id(v) not in tables), *self.optimizer.variables]

    def _learnt(self) -> dict[str, np.ndarray]:
        return {f"variable_{k}": np.asarray(v) for k, v in enumerate(self._variables())}

    def _take_up(self, state: dict[str, np.ndarray]) -> None:
        for k, variable in enumerate(self._variables()):
            variable.assign(state[f"variable_{k}"])
