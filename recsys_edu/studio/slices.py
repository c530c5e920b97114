"""What a worker process does for the studio: learn one slice of a run.

A slice is a pure function of the run's state: if its worker dies, the same slice is asked for again and nothing is
lost. The studio's own process imports this page too, to name `run_slice`; TensorFlow and UMAP are imported by the
workers alone, inside the functions.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from recsys_edu import embedding_map, models
from recsys_edu.events import BatchEvent, EpochEvent, FailedEvent
from recsys_edu.run_store import StoredRun

SLICE_SECONDS = 0.15  # training time of a slice, so that turns are short and Pause is quick
POINTS_PER_EPOCH = 8  # points on the training curve

_umap_is_loaded = threading.Event()


@dataclass(frozen=True)
class RunSpec:
    """What a run learns: a data set (a known name or a CSV file), how it is split, and the settings. With
    `judge_lists` a model that predicts stars is judged by its lists as well, after each epoch."""

    data: str
    how: str
    settings: models.Settings
    judge_lists: bool = False


@dataclass(frozen=True)
class Slice:
    """What one slice gave. `state` is where the next one starts."""

    state: dict[str, np.ndarray] = field(repr=False)
    step: int
    batches: list[BatchEvent]
    epochs: list[EpochEvent]
    failure: FailedEvent | None
    loss: str  # its name
    item_vectors: np.ndarray = field(repr=False)
    frame: embedding_map.Frame | None = field(repr=False)  # None: the vectors have not moved
    user_index: int  # the watched user
    scores: np.ndarray = field(repr=False)  # (num_items,) r̂ or s of this user for every item
    start_vectors: np.ndarray | None = field(default=None, repr=False)  # of the first slice: before it learnt


@dataclass(frozen=True)
class LaneSlice:
    """What one slice of a race gave. The last of `epochs` is not a whole one where the budget ended within it."""

    state: dict[str, np.ndarray] = field(repr=False)
    step: int
    seconds: float  # of training, since the run began
    epochs: list[EpochEvent]
    failure: FailedEvent | None


def run_slice(
    spec: RunSpec,
    state: dict | None,
    until_step: int,
    user_index: int,
    frame: embedding_map.Frame | None,
    frame_vectors: np.ndarray | None,
    judge_lists: bool = False,
    each_step: bool = False,
    draw: bool = True,
) -> Slice:
    """Learn from `state` (None: the start) for at most SLICE_SECONDS, an epoch, or up to `until_step`; then draw the
    next frame of the map and score all items for `user_index`. With `until_step` 0 nothing is learnt. `judge_lists`: of
    a model that predicts stars too, after an epoch. `each_step`: the map shows the smallest move. Without `draw` there
    is no frame but the one at `until_step`."""
    trainer, start = trainer_of(spec)
    trainer.restore(start if state is None else state)
    trainer.judge_lists = spec.judge_lists or judge_lists
    start_vectors = trainer.model.item_vectors() if state is None else None
    batches, epochs, failure = _learn(trainer, until_step)
    vectors = trainer.model.item_vectors()
    # The first frame is PCA: it is there at once. A better map is drawn as soon as UMAP is loaded.
    method = "umap" if frame is not None and _umap_is_loaded.is_set() else "pca"
    better = frame is not None and frame.method != method
    moved = embedding_map.moved(vectors, frame_vectors) or (each_step and not np.array_equal(vectors, frame_vectors))
    if failure is None and (draw or trainer.step >= until_step) and (better or moved):
        frame = embedding_map.next_frame(vectors, frame, method, spec.settings.seed)
    else:
        frame = None
    scores = trainer.model.scores(np.array([user_index]))[0]
    return Slice(
        state=trainer.state(),
        step=trainer.step,
        batches=batches,
        epochs=epochs,
        failure=failure,
        loss=trainer.model.loss_name,
        item_vectors=vectors,
        frame=frame,
        user_index=user_index,
        scores=scores,
        start_vectors=start_vectors,
    )


def run_lane(spec: RunSpec, state: dict | None, until_step: int, budget: float) -> LaneSlice:
    """A slice of a race: no map, no list. When `budget` seconds of training are used up, the model is judged as it is,
    in the middle of an epoch too."""
    trainer, start = trainer_of(spec)
    trainer.restore(start if state is None else state)
    trainer.judge_lists = spec.judge_lists
    batches, epochs, failure = _learn(trainer, until_step, min(SLICE_SECONDS, budget - trainer.seconds))
    if failure is None and not epochs and trainer.seconds >= budget:
        epochs = [trainer.judged(batches[-1].train_loss)]
    return LaneSlice(trainer.state(), trainer.step, trainer.seconds, epochs, failure)


def judge_lane(spec: RunSpec, state: dict) -> StoredRun:
    """What a run that stands at `state` is worth on the held-out part, all figures of them."""
    from recsys_edu import comparison

    trainer, _ = trainer_of(spec)
    trainer.restore(state)
    return comparison.judge(trainer, split_of(spec.data, spec.how, spec.settings.seed))


def _learn(trainer, until_step: int, seconds: float = SLICE_SECONDS):
    batches, epochs, failure = [], [], None
    chunk = max(1, trainer.steps_per_epoch // POINTS_PER_EPOCH)
    deadline = time.perf_counter() + seconds
    for event in trainer.events(until_step, chunk):
        if isinstance(event, BatchEvent):
            batches.append(event)
        elif isinstance(event, EpochEvent):
            epochs.append(event)
            break
        elif isinstance(event, FailedEvent):
            failure = event
        if time.perf_counter() > deadline and trainer.step % trainer.steps_per_epoch:
            break
    return batches, epochs, failure


@functools.lru_cache(maxsize=64)  # more than the runs of a class: a miss costs half a second, and some memory for good
def trainer_of(spec: RunSpec):
    """The trainer of a configuration and the state that it starts from; kept, since one takes half a second to make.
    TensorFlow compiles the step here, so that no run's seconds count that, whichever worker it comes to."""
    from recsys_edu.training import trainer

    parts = split_of(spec.data, spec.how, spec.settings.seed)
    run = trainer(spec.settings, parts.train, parts.test)
    start = run.state()
    if spec.settings.card.by_gradient:
        run.run_batches(1)
        run.restore(start)
    return run, start


@functools.lru_cache(maxsize=16)
def split_of(data: str, how: str, seed: int):
    """The two parts of a data set. The studio's process uses this as well, for titles and for what a user has seen."""
    from recsys_edu.data import split

    return split(ratings_of(data), how, seed)


@functools.lru_cache(maxsize=4)
def ratings_of(data: str):
    from recsys_edu import sources

    return sources.load(data, progress=False)


def default_data() -> str:
    """The data set that a new page shows: MovieLens where it has been fetched, else the bundled one."""
    from recsys_edu import sources

    return next(source["name"] for source in sources.known() if source["ready"])


def load_umap_behind() -> None:
    """Load UMAP and compile it (about 20 s) in a thread of low priority; until then the map is drawn by PCA."""
    threading.Thread(target=_load_umap, daemon=True, name="load-umap").start()


def _load_umap() -> None:
    with contextlib.suppress(AttributeError, OSError):  # not every system knows the priority of a thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    vectors = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    first = embedding_map.next_frame(vectors)
    embedding_map.next_frame(vectors, first, "umap")
    _umap_is_loaded.set()
