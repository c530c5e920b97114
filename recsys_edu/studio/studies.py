"""A study: trials of a model's settings (`search`), learnt in slices on the workers like any run, several side by side.

Never imports streamlit, TensorFlow, or Optuna in the event loop. A study that is paused, or whose worker dies, loses no
more than the slices that were under way. When all trials are done, the best settings learn the whole training part and
are judged on the test, once, beside the model's usual settings; both results are kept in the run store.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import ClassVar

from recsys_edu import search
from recsys_edu.data import VALIDATION
from recsys_edu.errors import SettingsError
from recsys_edu.evaluation import Difference, paired
from recsys_edu.models import Settings
from recsys_edu.run_store import StoredRun
from recsys_edu.search import Generation, Trial
from recsys_edu.studio.i18n import _
from recsys_edu.studio.races import kept
from recsys_edu.studio.runs import Ask, BaseRun
from recsys_edu.studio.slices import RunSpec, judge_lane, run_lane

NO_END = sys.maxsize, math.inf  # neither steps nor seconds: a slice ends with its epoch at the latest


@dataclass(eq=False)
class Study(BaseRun):
    """`spec.settings` are the model's usual ones. An epoch, elsewhere a pass over the examples, is a trial here."""

    wanted: int = search.TRIALS  # trials in all
    at_once: int = search.AT_ONCE

    sentences: ClassVar[dict[str, str]] = BaseRun.sentences | {
        "ready": _("Ready. Press Search."),
        "running": _("The first settings learn."),
        "judging": _("The best settings and the usual ones learn the whole training part, to be judged on the test."),
        "paused": _("Paused. Go on searching takes it up again."),
        "stopped": _("Stopped before its end: the test was not asked. Search begins anew."),
        "finished": _("Finished."),
    }

    def clear(self) -> None:
        super().clear()
        self.state = {}  # what the trials under way have learnt, by their number as a text
        self.trials: list[Trial] = []  # the first `step` of them have ended
        self.result: StoredRun | None = None  # of the best settings, on the test
        self.usual: StoredRun | None = None  # of the model's usual ones
        self.difference: Difference | None = None  # of the two, user by user; None where they are the same

    @property
    def told(self) -> list[Trial]:
        return self.trials[: self.step]

    @property
    def under_way(self) -> list[Trial]:
        return self.trials[self.step :]

    @property
    def best(self) -> Trial | None:
        return search.best(self.trials)

    @property
    def last_epoch(self) -> int:
        return self.wanted

    @property
    def place(self) -> str:
        return _("trial {number}").format(number=self.step + 1)

    async def learn(self, ask: Ask) -> None:
        while self.step < self.wanted:
            await self._generation(ask)
        best = self.best
        if best is None:
            self.set_mode("failed", _("No trial reached its end. {reason}").format(reason=self.trials[-1].reason))
            return
        self.set_mode("judging")
        problem = await self._judge(ask, best.chosen)
        self.set_mode("finished", self._end(best) + problem)

    async def _generation(self, ask: Ask) -> None:
        """The next trials. Halted at any point, it is taken up again to the same end."""
        generation = await asyncio.to_thread(Generation, self.spec.settings, self.told)
        if not self.under_way:
            count = min(self.at_once, self.wanted - self.step)
            self.trials = self.told + await asyncio.to_thread(generation.ask, count)
        await _all_or_none([self._try(ask, generation, trial) for trial in self.under_way])
        self.step = len(self.trials)

    async def _try(self, ask: Ask, generation: Generation, trial: Trial) -> None:
        """The trial learns on the one part of the training ratings, and is judged on the other."""
        spec, name = replace(self.spec, how=self.spec.how + VALIDATION, settings=trial.settings), str(trial.number)
        while trial.state == "running":
            result = await ask(lambda: (run_lane, spec, self.state.get(name), *NO_END))
            generation.accept(trial, result.epochs, result.failure)
            self.state[name] = result.state
            self.set_mode("running", f"{self.notice} {self._so_far()}".strip())
        self.state.pop(name, None)

    async def _judge(self, ask: Ask, chosen: Settings) -> str:
        """What the test says; and what to say if that cannot be kept."""
        usual = self.spec.settings
        wanted = [chosen] if chosen == usual else [usual, chosen]  # the newest of the store is the better one
        found = [await kept(run) for run in await _all_or_none([self._judged(ask, one) for one in wanted])]
        runs = [run for run, _problem in found]
        if len(runs) == 2:
            self.difference = await asyncio.to_thread(_difference, *reversed(runs))
        self.usual, self.result = runs[0], runs[-1]
        return found[-1][1]

    async def _judged(self, ask: Ask, settings: Settings) -> StoredRun:
        """These settings, learnt on the whole training part to their last epoch, and judged."""
        spec, state, epochs = replace(self.spec, settings=settings), None, 0
        while epochs < settings.epochs:
            result = await ask(lambda state=state: (run_lane, spec, state, *NO_END))
            if result.failure is not None:
                raise SettingsError(f"{result.failure.reason} {result.failure.advice}")
            state, epochs = result.state, epochs + len(result.epochs)
        return await ask(lambda: (judge_lane, spec, state))

    def _so_far(self) -> str:
        numbers = ", ".join(str(trial.number + 1) for trial in self.under_way if trial.state == "running")
        sentence = _("Learning: trial {numbers} of {of}.").format(numbers=numbers, of=self.wanted) if numbers else ""
        if (best := self.best) is None:
            return sentence
        told = _("Best so far: trial {number}, {goal} {value:.4f} on the validation part.")
        return f"{sentence} " + told.format(number=best.number + 1, goal=best.goal.name, value=best.value)

    def _end(self, best: Trial) -> str:
        seconds = sum(trial.seconds for trial in self.trials)
        told = _("All {n} trials are done, with {seconds:.1f} s of training; trial {best} is the best.")
        return told.format(n=self.wanted, seconds=seconds, best=best.number + 1)


def make_study(owner: str, spec: RunSpec, wanted: int, at_once: int = search.AT_ONCE) -> Study:
    """A study around the settings of `spec`, ready to be trained. Raises SettingsError if the model has nothing to be
    searched, or for a number that makes no sense."""
    search.space(spec.settings.model)
    if not 1 <= wanted <= search.MOST_TRIALS:
        raise SettingsError(f"A study has 1 to {search.MOST_TRIALS} trials, not {wanted}.")
    if not 1 <= at_once <= wanted:
        raise SettingsError(f"At once learn 1 to {wanted} trials, as many as there are, not {at_once}.")
    return Study(owner, spec, examples=1, wanted=wanted, at_once=at_once)


def _difference(a: StoredRun, b: StoredRun) -> Difference:
    """a less b, in the figure that trials of the model are judged by."""
    goal = search.goal_of(a.model)
    names = ("users", "ratings", goal.per_user)
    return paired(*({name: run.per_user[name] for name in names} for run in (a, b)))[goal.figure]


async def _all_or_none(coroutines: list[Coroutine]) -> list:
    """What they give, run side by side; the first that fails, or a halt, ends the others."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
