"""Chapter 5: fit one model, and tell about it. The notebook, the studio and the command line use this one `fit`.

A model learnt in steps goes to `gradient_descent`; one without steps is computed here, `OneGo`. Both tell the same
events, can be left after any batch, and go on later, in another process too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from recsys_edu import models
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.events import BatchEvent, EpochEvent, Event, FailedEvent, FinishedEvent, SnapshotEvent

EXPLODED = 1e6  # a loss of more than this many times the ratings' variance will not come back
JUDGED_USERS = 256  # whose lists are judged after an epoch, at most
ADVICE = (
    "Try a learning rate ten times smaller, or a larger batch. If that does not help, look for ratings that are "
    "far outside the scale."
)


class Trainer:
    """What both ways of fitting share: where the run is, and the events that it tells."""

    judge_lists = False  # whether a model that predicts stars is judged by its lists as well, at each epoch's end

    def __init__(self, settings: models.Settings, train: Ratings, validation: Ratings | None = None):
        if not len(train):
            raise DataError("There is no rating to learn from: the training part is empty.")
        self.settings, self.train, self.validation = settings, train, validation
        self.model = models.build(settings, train)
        self.step = 0  # batches learnt so far
        self.seconds = 0.0
        self.failure: FailedEvent | None = None
        self._loss = 0.0  # summed over the examples of this epoch that are learnt so far, batch by batch
        self._judged: tuple | None = None

    steps_per_epoch: int

    def run_batches(self, count: int) -> tuple[float, int]:
        """Learn the next `count` batches, at most to the end of the epoch. Returns the sum of their examples' losses,
        each taken before its batch's update, and the number of these examples."""
        raise NotImplementedError

    def state(self) -> dict[str, np.ndarray]:
        """All that is needed to go on elsewhere, as NumPy arrays."""
        progress = {"step": np.int64(self.step), "seconds": np.float64(self.seconds), "loss": np.float64(self._loss)}
        return self._learnt() | progress

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a state that `state` gave, of a trainer with the same settings and data."""
        self._take_up(state)
        self.step, self.seconds, self._loss = int(state["step"]), float(state["seconds"]), float(state["loss"])

    @property
    def epoch(self) -> float:
        """Epochs done, in fractions."""
        return self.step / self.steps_per_epoch

    @property
    def last_step(self) -> int:
        """Where the run is complete."""
        return self.settings.epochs * self.steps_per_epoch

    def events(self, until_step: int | None = None, batches_at_once: int | None = None) -> Iterator[Event]:
        """Go on until `until_step` batches are learnt (None: all epochs) and yield what happens, an event for every
        `batches_at_once` of an epoch (None: an epoch), counted from its begin, wherever the run was cut. Leaving the
        loop early pauses the run."""
        last_step = self.last_step if until_step is None else until_step
        chunk = batches_at_once or self.steps_per_epoch
        while self.step < last_step:
            before = self.step
            rest = chunk - before % self.steps_per_epoch % chunk
            total, examples = self.run_batches(min(rest, last_step - before))
            loss = total / examples
            if np.isfinite(loss):
                yield BatchEvent(self.epoch, self.step, self.step - before, loss)
            if (reason := self._lost(loss)) is not None:
                self.failure = FailedEvent(self.epoch, reason, ADVICE)
                yield self.failure
                return
            if self.step % self.steps_per_epoch == 0:
                yield self._end_of_epoch()
                yield SnapshotEvent(self.epoch, self.model.item_vectors())
        yield FinishedEvent(self.epoch, self.seconds, self.parameters)

    @property
    def parameters(self) -> int:
        """How many numbers the model learns."""
        raise NotImplementedError

    def _lost(self, loss: float) -> str | None:
        """Why this run cannot go on, if it cannot."""

    def _end_of_epoch(self) -> EpochEvent:
        return self.judged(self._loss / self._examples_per_epoch)

    def judged(self, train_loss: float) -> EpochEvent:
        """What the held-out part says of the model as it is now."""
        ndcg, recall = self.validation_lists()
        of_lists = {"validation_ndcg": ndcg, "validation_recall": recall}
        return EpochEvent(
            self.epoch, self.model.loss_name, train_loss, self.validation_mse(), seconds=self.seconds, **of_lists
        )

    def validation_mse(self) -> float | None:
        """Mean of (r_ui − r̂_ui)² over the held-out part; None without one, or for a model that predicts no stars."""
        if not self.validation or not self.model.predicts_ratings:
            return None
        predicted = self.model.predict_pairs(self.validation.user_index, self.validation.item_index)
        return float(np.mean((self.validation.rating - predicted) ** 2))

    def validation_lists(self, k: int = 10) -> tuple[float | None, float | None]:
        """NDCG@k and Recall@k of lists on the held-out part, of at most JUDGED_USERS users, always the same. None
        for a model that predicts stars, unless `judge_lists`."""
        from recsys_edu.metrics import ndcg, recall
        from recsys_edu.recommend import top_n

        if not self.validation or (self.model.predicts_ratings and not self.judge_lists):
            return None, None
        users, seen, relevant = self._judge()
        top = top_n(self.model.scores(users), seen, k)
        return ndcg(top, relevant), recall(top, relevant)

    def _judge(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self._judged is None:
            users = np.unique(self.validation.user_index)
            chosen = np.random.default_rng(self.settings.seed).permutation(len(users))[:JUDGED_USERS]
            users = np.sort(users[chosen])
            self._judged = users, self.train.seen()[users], self.validation.seen()[users]
        return self._judged


class OneGo(Trainer):
    """A model that is computed from the training part at once: a run of one epoch with one batch."""

    steps_per_epoch = _examples_per_epoch = last_step = 1

    def run_batches(self, count: int) -> tuple[float, int]:
        start = time.perf_counter()
        self.model.fit(self.train)
        self.seconds += time.perf_counter() - start
        self.step += 1
        if not self.model.predicts_ratings:
            self._loss = float("nan")
        else:
            predicted = self.model.predict_pairs(self.train.user_index, self.train.item_index)
            self._loss = float(np.mean((self.train.rating - predicted) ** 2))
        return self._loss, 1

    @property
    def parameters(self) -> int:
        return self.model.count_params()

    def _learnt(self) -> dict[str, np.ndarray]:
        return self.model.state() if self.step else {}

    def _take_up(self, state: dict[str, np.ndarray]) -> None:
        if int(state["step"]):
            self.model.restore(state)


def trainer(settings: models.Settings, train: Ratings, validation: Ratings | None = None) -> Trainer:
    """What fits this model: by gradient steps (then TensorFlow is imported), or in one go."""
    if not settings.card.by_gradient:
        return OneGo(settings, train, validation)
    from recsys_edu.gradient_descent import GradientDescent

    return GradientDescent(settings, train, validation)


def fit(
    settings: models.Settings,
    train: Ratings,
    validation: Ratings | None = None,
    on_event: Callable[[Event], None] | None = None,
    judge_lists: bool = False,
) -> Trainer:
    """Fit one model to the end. `on_event` hears every event; the trainer holds the model, and `failure` if any. With
    `judge_lists` a model that predicts stars is judged by its lists as well, after each epoch."""
    run = trainer(settings, train, validation)
    run.judge_lists = judge_lists
    for event in run.events():
        if on_event:
            on_event(event)
    return run
