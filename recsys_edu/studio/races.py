"""A lane of a race: one model that learns beside others for the same seconds of training, and is judged at the end.

Never imports streamlit or TensorFlow. What a lane gave is kept in the run store, beside what the command line's
`compare` left there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar

from recsys_edu.errors import DataError
from recsys_edu.events import finite
from recsys_edu.run_store import RunStore, StoredRun
from recsys_edu.studio.i18n import _
from recsys_edu.studio.runs import Ask, BaseRun
from recsys_edu.studio.slices import LaneSlice, judge_lane, run_lane

MOST_LANES = 4
SECONDS_AT_MOST = "seconds at most"  # stands in the settings of a result that its budget cut short


@dataclass(eq=False)
class Lane(BaseRun):
    """`budget`: seconds of training that it may use."""

    budget: float = 10.0

    sentences: ClassVar[dict[str, str]] = BaseRun.sentences | {
        "ready": _("Ready. Press Race."),
        "paused": _("Paused. Go on takes it up again."),
        "stopped": _("Stopped before its end, so it is not judged."),
        "finished": _("Finished."),
    }

    def clear(self) -> None:
        super().clear()
        self.seconds = 0.0  # of training
        self.result: StoredRun | None = None  # what it is worth, once it was judged
        self.curve = {name: [] for name in ("validation_epoch", "validation", "ndcg", "seconds")}

    @property
    def cut_short(self) -> bool:
        """Whether the budget ended before the epochs did."""
        return self.seconds >= self.budget and self.epoch < self.last_epoch

    async def learn(self, ask: Ask) -> None:
        if self.state is None and self.mode == "running":
            self.set_mode("waiting", _("The model is being built."))
        while self.step < self.until_step and not self.cut_short:
            result = await ask(lambda: (run_lane, self.spec, self.state, self.until_step, self.budget))
            self.accept(result)
            if result.failure is not None:
                self.set_mode("failed", f"{result.failure.reason} {result.failure.advice}")
                return
            self.set_mode("running", self.notice)
        self.set_mode("judging")
        result = await ask(lambda: (judge_lane, self.spec, self.state))
        self.result = self._told(result)
        self.result, problem = await kept(self.result)
        self.set_mode("finished", self._end() + problem)

    def accept(self, result: LaneSlice) -> None:
        """Take in what a slice gave, and tell the screens."""
        self.state, self.step, self.seconds = result.state, result.step, result.seconds
        ends = result.epochs
        new = {
            "epoch": [e.epoch for e in ends], "seconds": [e.seconds for e in ends],
            "validation": [finite(e.validation_mse) for e in ends], "ndcg": [finite(e.validation_ndcg) for e in ends],
        }  # fmt: skip
        for name, values in new.items():
            self.curve["validation_epoch" if name == "epoch" else name] += values
        if ends:
            self.publish({"type": "validation"} | new)

    def _told(self, result: StoredRun) -> StoredRun:
        """A run that its budget cut short is not to be taken for one that learnt all its epochs."""
        if not self.cut_short:
            return result
        return replace(result, settings=result.settings | {SECONDS_AT_MOST: self.budget})

    def _end(self) -> str:
        if self.cut_short:
            return _("Its {budget:g} seconds are used up, in epoch {epoch:.1f}.").format(
                budget=self.budget, epoch=self.epoch
            )
        if not self.spec.settings.card.by_gradient:
            return _("Computed in one go, in {seconds:.2f} s.").format(seconds=self.seconds)
        return _("All its epochs are learnt, in {seconds:.1f} s.").format(seconds=self.seconds)


async def kept(result: StoredRun) -> tuple[StoredRun, str]:
    """The result as the run store keeps it, and what to say if that cannot be done."""
    try:
        return await asyncio.to_thread(RunStore().add, result), ""
    except DataError as error:
        return result, " " + _("The result could not be kept. {reason}").format(reason=error)
