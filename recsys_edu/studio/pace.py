"""How fast a run of the Train page learns: at full speed, or in slow motion, so that a class sees each step.

The pace is no part of the run: cut into steps of any size, with pauses of any length, it learns the same. Never imports
streamlit.
"""

from __future__ import annotations

from dataclasses import dataclass

from recsys_edu.studio.i18n import _

PAUSE_SECONDS = 0.6  # between two steps


@dataclass(frozen=True)
class Pace:
    """`share` of an epoch that is learnt at a time, at least one mini-batch; None: no stops."""

    label: str
    share: float | None
    sentence: str  # while it learns

    def next_stop(self, step: int, steps_per_epoch: int, until_step: int) -> int:
        """Where to stand still next. Stops are counted from the epoch's begin, and its end is one."""
        if self.share is None:
            return until_step
        begin = step - step % steps_per_epoch
        size = self._size(steps_per_epoch)
        return min(begin + min(step - begin + size - (step - begin) % size, steps_per_epoch), until_step)

    def stands_at(self, step: int, steps_per_epoch: int) -> bool:
        """Whether `step` is a stop."""
        return self.share is not None and step % steps_per_epoch % self._size(steps_per_epoch) == 0

    def _size(self, steps_per_epoch: int) -> int:
        return max(1, round(self.share * steps_per_epoch))


PACES = {
    "full": Pace(_("Full"), None, ""),
    "tenth": Pace(_("Tenths"), 0.1, _("Slow motion: a tenth of an epoch at a time.")),
    "batch": Pace(_("Batches"), 0.0, _("Slow motion: one mini-batch at a time.")),
}
