"""What a training run tells while it runs. The notebook, the studio and the command line read the same events."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field

import numpy as np


@dataclass(frozen=True)
class Event:
    """Base of all events. `epoch` counts in fractions: 2.5 is the middle of the third epoch."""

    epoch: float

    def as_dict(self) -> dict:
        """A JSON-ready dict: {"event": "epoch", "epoch": 3.0, ...}. Arrays stay out; NaN and infinity become None."""
        kind = type(self).__name__.removesuffix("Event").lower()
        fields = {name: value for name, value in asdict(self).items() if not isinstance(value, np.ndarray)}
        return {"event": kind} | {name: finite(value) for name, value in fields.items()}


def finite(value):
    """None for NaN and infinity, which JSON does not know; anything else as it is."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class BatchEvent(Event):
    """`batches` mini-batches were learnt, `step` in all; `train_loss` is the mean loss of their examples, each taken
    before its batch's update and without the penalty. For a model of ratings that is the mean of (r_ui − r̂_ui)²."""

    step: int
    batches: int
    train_loss: float


@dataclass(frozen=True)
class EpochEvent(Event):
    """One pass over the training examples is complete; `train_loss` is a mean over all of them, and `loss` its name.
    On the held-out part a model of ratings is judged by the mean of (r_ui − r̂_ui)², `validation_mse`; a list by
    NDCG@10, `validation_ndcg`, and Recall@10, `validation_recall`. What was not judged is None. `seconds` is training
    time alone, since the run began."""

    loss: str
    train_loss: float
    validation_mse: float | None
    validation_ndcg: float | None
    seconds: float
    validation_recall: float | None = None


@dataclass(frozen=True)
class SnapshotEvent(Event):
    """The item vectors as they are now, (num_items, d) float32."""

    item_vectors: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class FinishedEvent(Event):
    """All that was asked for is learnt. `parameters`: how many numbers the model learnt."""

    seconds: float
    parameters: int


@dataclass(frozen=True)
class FailedEvent(Event):
    """The run ended early: `reason` says why, `advice` what to try."""

    reason: str
    advice: str
