"""One training run as the studio keeps it: what it learns, how far it is, what the screen shows of it.

Never imports streamlit or TensorFlow. A run is changed by `jobs` alone, in its event loop; others read. `BaseRun` is
what any run is; `Run` is that of the Train page, with a map and lists; races.py has the lane of a race.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from recsys_edu.embedding_map import Frame, as_int16
from recsys_edu.events import finite
from recsys_edu.studio.attic import Box, Kept
from recsys_edu.studio.i18n import _
from recsys_edu.studio.pace import PACES, PAUSE_SECONDS
from recsys_edu.studio.slices import RunSpec, Slice, run_slice
from recsys_edu.studio.snapshots import Snapshots

FRAME_SECONDS_IN_A_CROWD = 3.0
FRAME_MAGIC = 0x50414D46  # "FMAP"
METHODS = {"pca": 0, "umap": 1}
Send = Callable[[dict | bytes], None]
SENTENCES = {
    "ready": _("Ready. Press Train."),
    "waiting": _("Waiting for a turn."),
    "running": _("Training."),
    "judging": _("Judging it on the held-out ratings."),
    "paused": _("Paused. Train goes on from here."),
    "stopped": _("Stopped. Train starts again from the beginning."),
    "finished": _("Finished. Train goes on for as many epochs again."),
    "failed": _("Failed."),
}
Ask = Callable[[Callable[[], tuple]], Awaitable]  # gets what a worker made of (function, *arguments), on its turn


@dataclass(eq=False)
class BaseRun:
    """`mode` is ready, waiting, running, judging, paused, stopped, finished or failed."""

    owner: str
    spec: RunSpec
    examples: int  # of an epoch
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    mode: str = "ready"
    sentence: str = ""
    notice: str = ""  # stays on the screen until the next command
    until_step: int = 0
    goal_epochs: int = 0  # where Train goes; 0: not asked yet
    subscribers: list[Send] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)  # of what is kept
    away: Box | None = None  # where that is, if it was put away
    touched: float = 0.0  # when it was last read

    state = Kept()
    sentences: ClassVar[dict[str, str]] = SENTENCES  # for each mode

    def __post_init__(self):
        self.clear()

    def clear(self) -> None:
        """Back to the start: nothing learnt, nothing drawn."""
        self.state: dict | None = None
        self.step = self.goal_epochs = 0
        self.curve: dict[str, list] = {}

    async def learn(self, ask: Ask) -> None:
        """Slice after slice up to the goal. Ends in the mode finished, paused or failed."""
        raise NotImplementedError

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.examples // self.spec.settings.batch_size)

    @property
    def epoch(self) -> float:
        return self.step / self.steps_per_epoch

    @property
    def place(self) -> str:
        """How far it is, in words."""
        return _("epoch {epoch:.1f}").format(epoch=self.epoch)

    @property
    def last_epoch(self) -> int:
        """Where the run is finished: after the epochs of its settings, or those that Train was pressed for again."""
        return max(self.spec.settings.epochs, self.goal_epochs)

    @property
    def working(self) -> bool:
        return self.mode in ("running", "waiting", "judging")

    @property
    def busy(self) -> bool:
        """Whether something new is to be expected."""
        return self.working

    def set_mode(self, mode: str, sentence: str = "") -> None:
        self.mode, self.sentence = mode, sentence
        self.publish(self.state_message())

    def publish(self, message: dict | bytes) -> None:
        for send in list(self.subscribers):
            send(message)

    def state_message(self) -> dict:
        return {
            "type": "state", "state": self.mode, "sentence": self.sentence or self.sentences[self.mode],
            "epoch": self.epoch, "of": self.last_epoch,
        }  # fmt: skip

    def hello(self) -> list[dict | bytes]:
        """What a screen that connects now must know."""
        history = {name: list(values) for name, values in self.curve.items()}
        first = {"type": "hello", "run": self.token, "state": self.mode, "history": history, "frames": 0}
        return [first, self.state_message()]


@dataclass(eq=False)
class Run(BaseRun):
    """The run of the Train page: its vectors are drawn as a map, all items are scored for one user.

    `pace` and `judge_lists` may change at any time; what is learnt does not depend on them."""

    user_index: int = 0
    pace: str = "full"
    judge_lists: bool = False  # whether Recall@10 is found after each epoch, of a model that predicts stars too
    crowded: bool = False  # whether many others wait for the workers
    _drawn_at: float = 0.0
    _pace_changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    by_workers: ClassVar[bool] = True  # whether workers score users for it; see playback.py for one that has none
    frame, frame_vectors, item_vectors, snapshots, scores = Kept(), Kept(), Kept(), Kept(), Kept()

    def clear(self) -> None:
        super().clear()
        self.frame: Frame | None = None
        self.frame_vectors: np.ndarray | None = None  # what the frame was drawn from
        self.frames = 0
        self.item_vectors: np.ndarray | None = None
        self.snapshots = Snapshots()  # the epochs, for the Map page's time machine
        self.scores: np.ndarray | None = None  # (num_items,) for user scored_user
        self.scored_user: int | None = None
        self.asked_user: int | None = None  # whose scores were asked for since the last slice
        self.failed_user: int | None = None  # whose scores could not be had
        self.loss: str | None = None  # its name; not known before the first slice
        self.curve = {"epoch": [], "train": [], "validation_epoch": [], "validation": [], "recall": []}

    @property
    def busy(self) -> bool:
        """Whether something new is to be expected: the run learns, or another user's scores are on their way."""
        return self.working or (self.state is not None and self.user_index not in (self.scored_user, self.failed_user))

    async def learn(self, ask: Ask) -> None:
        while self.step < self.until_step:
            result = await ask(lambda: self.task(self._next_stop()))
            self.accept(result)
            if result.failure is not None:
                self.set_mode("failed", f"{result.failure.reason} {result.failure.advice}")
                return
            self.set_mode("running", self.notice or PACES[self.pace].sentence)
            if self.step < self.until_step and PACES[self.pace].stands_at(self.step, self.steps_per_epoch):
                await self._rest()
        self.set_mode("finished" if self.epoch >= self.last_epoch else "paused")

    def watch(self, user_index: int) -> None:
        """Show this user's list from now on."""
        self.user_index = user_index

    def _next_stop(self) -> int:
        return PACES[self.pace].next_stop(self.step, self.steps_per_epoch, self.until_step)

    async def _rest(self) -> None:
        """Between two steps of slow motion: no worker's turn is held. Ends early when another pace is chosen; Pause,
        Stop and Reset cancel it."""
        self._pace_changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._pace_changed.wait(), PAUSE_SECONDS)

    def adjust(self, pace: str | None, judge_lists: bool | None) -> None:
        """From the next slice on; None: as it is."""
        if judge_lists is not None:
            self.judge_lists = judge_lists
        if pace is not None and pace != self.pace:
            self.pace = pace
            self._pace_changed.set()
            if self.mode == "running":
                self.set_mode("running", self.notice or PACES[pace].sentence)

    def task(self, until_step: int) -> tuple:
        """The next slice, as a worker takes it. With `until_step` 0 nothing is learnt."""
        shown = self.user_index, self.frame, self.frame_vectors
        how = self.judge_lists, self.pace != "full", self._wants_frame()
        return run_slice, self.spec, self.state, until_step, *shown, *how

    def _wants_frame(self) -> bool:
        """A frame takes a worker as long as an epoch of a small model: in a crowd, each run gets one now and then."""
        drawn_lately = self.frame is not None and time.monotonic() - self._drawn_at < FRAME_SECONDS_IN_A_CROWD
        return not self.crowded or self.pace != "full" or not drawn_lately

    def accept(self, result: Slice) -> None:
        """Take in what a slice gave, and tell the screens."""
        self._accept_points(result)
        if result.failure is not None:  # what it would draw and recommend is nonsense
            return
        self.state, self.step, self.loss = result.state, result.step, result.loss
        self.item_vectors, self.scores, self.scored_user = result.item_vectors, result.scores, result.user_index
        self.asked_user = None
        if result.frame is not None:
            self.frame, self.frame_vectors, self.frames = result.frame, result.item_vectors, self.frames + 1
            self._drawn_at = time.monotonic()
        self._keep_epoch(result)
        if result.frame is not None:
            self.publish(self.frame_message())

    def _keep_epoch(self, result: Slice) -> None:
        """A slice that ends an epoch leaves a snapshot, the first one also of how all began."""
        if result.start_vectors is not None:
            self.snapshots.keep(0, result.start_vectors, None)
        if self.step and self.step % self.steps_per_epoch == 0:
            frame = self.frame if result.frame is not None or not self.crowded else None  # else of other vectors
            self.snapshots.keep(self.step // self.steps_per_epoch, result.item_vectors, frame)

    def _accept_points(self, result: Slice) -> None:
        train = {"epoch": [e.epoch for e in result.batches], "train": [finite(e.train_loss) for e in result.batches]}
        # What a model predicts no stars for, its lists are judged by.
        judged = [(e, e.validation_ndcg if e.validation_mse is None else e.validation_mse) for e in result.epochs]
        ends = [(e, value) for e, value in judged if value is not None]
        held_out = {
            "epoch": [e.epoch for e, _value in ends], "validation": [finite(value) for _e, value in ends],
            "recall": [finite(e.validation_recall) for e, _value in ends],
        }  # fmt: skip
        self.curve["epoch"] += train["epoch"]
        self.curve["train"] += train["train"]
        self.curve["validation_epoch"] += held_out["epoch"]
        self.curve["validation"] += held_out["validation"]
        self.curve["recall"] += held_out["recall"]
        if train["epoch"]:
            self.publish({"type": "points"} | train)
        if ends:
            self.publish({"type": "validation"} | held_out)

    def hello(self) -> list[dict | bytes]:
        first, state = super().hello()
        frames = [self.frame_message()] if self.frame is not None else []
        return [first | {"frames": self.frames}, state, *frames]

    def frame_message(self) -> bytes:
        """The map as bytes: magic, n, epoch, method, kept share, then n pairs of int16; little endian."""
        positions = as_int16(self.frame.positions)
        head = struct.pack(
            "<IIfIf", FRAME_MAGIC, len(positions), self.epoch, METHODS[self.frame.method], self.frame.kept
        )
        return head + positions.tobytes()
