"""What the labs with a Keras model share: plain `compile` and `fit`, an epoch at a time, with new negatives in each."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
from keras import ops

from recsys_edu import losses
from recsys_edu.errors import SettingsError
from recsys_edu.events import EpochEvent, Event, FinishedEvent


def fit_epochs(
    model: keras.Model,
    draw: Callable[[int], tuple],
    loss: Callable,
    loss_name: str,
    epochs: int,
    batch_size: int = 1024,
    learning_rate: float = 0.005,
    on_event: Callable[[Event], None] | None = None,
) -> None:
    """Minimise the mean of `loss(y, scores)` (batch,) with Adam. `draw(epoch)` gives x and y of that epoch. `on_event`
    hears what `training.fit` tells: each epoch and the end. Raises SettingsError for less than one epoch."""
    if epochs < 1:
        raise SettingsError(f"{epochs} epochs teach nothing. Ask for at least 1.")
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=loss, steps_per_execution=16)
    seconds = 0.0
    for epoch in range(epochs):
        x, y = draw(epoch)
        start = time.perf_counter()
        mean = model.fit(x, y, batch_size=batch_size, verbose=0).history["loss"][0]
        seconds += time.perf_counter() - start
        if on_event:
            on_event(EpochEvent(epoch + 1, loss_name, mean, None, None, seconds))
    if on_event:
        on_event(FinishedEvent(epochs, seconds, model.count_params()))


def first_is_right(y, scores):
    """Softmax over the columns of `scores` (batch, 1 + N): column y holds what was chosen. (batch,)"""
    return losses.softmax(scores, ops.cast(ops.reshape(y, (-1,)), "int32"))


def one_against_noise(y, scores):
    """Σ over the columns of the binary cross-entropy: y (batch, 1 + N) is 1 for the real one, 0 for noise. (batch,)"""
    return ops.sum(losses.binary_cross_entropy(y, scores), axis=1)
