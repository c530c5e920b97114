"""A recorded run as the studio plays it: a run like others, whose slices come out of a file and not from a worker.

Never imports streamlit or TensorFlow. Train plays, Pause, One epoch, Stop and Reset do what they always do.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys_edu import sources
from recsys_edu.errors import DataError
from recsys_edu.events import finite
from recsys_edu.recording import Recorded
from recsys_edu.studio import slices
from recsys_edu.studio.i18n import _
from recsys_edu.studio.runs import Ask, Run
from recsys_edu.studio.slices import RunSpec

SPEEDS = (0.25, 0.5, 1.0, 2.0)  # seconds an epoch
USUAL_SPEED = 0.5


@dataclass(eq=False)
class Recording(Run):
    """`recorded` is what it plays, `seconds` an epoch. It has no weights: what needs them trains a run of its own."""

    recorded: Recorded | None = None
    seconds: float = USUAL_SPEED

    by_workers: ClassVar[bool] = False
    sentences: ClassVar[dict[str, str]] = Run.sentences | {
        "ready": _("A recording. Train plays it from the beginning."),
        "running": _("Playing a recording: nothing is trained now."),
        "paused": _("Paused. Train plays on from here."),
        "stopped": _("Stopped. Train plays it again from the beginning."),
        "finished": _("The recording ends here. Reset, then Train, plays it again."),
    }

    def clear(self) -> None:
        super().clear()
        self._place = -1  # of the frame that is shown

    @property
    def last_epoch(self) -> int:
        return self.spec.settings.epochs

    async def learn(self, ask: Ask) -> None:
        """Play up to the goal; nothing is asked of a worker."""
        self.set_mode("running")
        until = min(self.until_step, self.recorded.last_step)
        if self._place < 0:
            self._show(0)
        while self.step < until:
            step = self._next(until)
            await asyncio.sleep((step - self.step) / self.steps_per_epoch * self.seconds)
            self._show(step)
        self.set_mode("finished" if self.step >= self.recorded.last_step else "paused")

    def watch(self, user_index: int) -> None:
        self.user_index = user_index
        scores = None if self._place < 0 else self.recorded.scores(self._place, user_index)
        self.scores, self.scored_user = scores, None if scores is None else user_index

    def _next(self, until: int) -> int:
        """Where something happens next: a point of a curve, or a map."""
        a = self.recorded.arrays
        later = [steps[np.searchsorted(steps, self.step, side="right") :] for steps in (a["step"], a["frame_step"])]
        return min([until, *(int(steps[0]) for steps in later if len(steps))])

    def _show(self, step: int) -> None:
        """All that the recording has after the present step, up to and with this one."""
        before, self.step, self.loss = self.step, step, self.recorded.loss
        self._add("points", "train", *self._between("step", "train", before))
        self._add("validation", "validation", *self._between("end_step", "validation", before))
        place = int(np.searchsorted(self.recorded.arrays["frame_step"], step, side="right")) - 1
        if place > self._place:
            self._draw(place)
        self.set_mode("running")

    def _between(self, steps: str, values: str, before: int) -> tuple[list[float], list]:
        a = self.recorded.arrays
        new = (a[steps] > before) & (a[steps] <= self.step)
        epochs = [float(step) / self.steps_per_epoch for step in a[steps][new]]
        return epochs, [finite(float(value)) for value in a[values][new]]

    def _add(self, kind: str, name: str, epochs: list[float], values: list) -> None:
        if not epochs:
            return
        self.curve["epoch" if name == "train" else "validation_epoch"] += epochs
        self.curve[name] += values
        more = {"recall": [None] * len(epochs)} if name == "validation" else {}
        for key, nothing in more.items():
            self.curve[key] += nothing
        self.publish({"type": kind, "epoch": epochs, name: values} | more)

    def _draw(self, place: int) -> None:
        self._place = place
        self.item_vectors = self.frame_vectors = self.recorded.vectors(place)
        self.frame, self.frames = self.recorded.frame(place), self.frames + 1
        epoch = int(self.recorded.arrays["frame_step"][place]) // self.steps_per_epoch
        self.snapshots.keep(epoch, self.item_vectors, self.frame)
        self.watch(self.user_index)
        self.publish(self.frame_message())


def made_of(owner: str, recorded: Recorded, user_index: int = 0) -> Recording:
    """A recording, ready to be played. Raises DataError if its data set is not here or is another one."""
    if not any(source["ready"] for source in sources.known() if source["name"] == recorded.data):
        said = _("This recording is of {data}, which is not here yet. Choose it under Data, and fetch it.")
        raise DataError(said.format(data=sources.SOURCES[recorded.data].title))
    spec = RunSpec(recorded.data, recorded.how, recorded.settings)
    n = slices.ratings_of(recorded.data).num_items
    if recorded.arrays["vectors"].shape[1] != n:
        raise DataError(_("This recording is of another version of its data set. Record it anew."))
    return Recording(owner, spec, recorded.examples, user_index=user_index, recorded=recorded)
