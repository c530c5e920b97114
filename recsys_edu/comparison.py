"""Chapter 9: models side by side, on equal terms: the same ratings to learn from, the same ones to be judged by.

Ratings are judged on a split at random, lists on each user's last rating: no list is praised for what a model could
only know from the future. The split is that of seed 0; the seeds of a comparison are those of the models' starts, so
a model that draws nothing by chance is fitted once. Every run is kept in the run store as soon as it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recsys_edu import models, training
from recsys_edu.data import Ratings, Split, split
from recsys_edu.errors import RecsysEduError
from recsys_edu.evaluation import Difference, Evaluation, evaluate, paired
from recsys_edu.events import Event
from recsys_edu.run_store import RunStore, StoredRun

RATINGS_BY, LISTS_BY = "random", "last"  # the split that judges each
TOLD_AS = {"random": "random", "last": "leave-last-out"}  # how `Split.how` begins
CATALOGUE = ("coverage", "gini", "tied")


@dataclass(frozen=True)
class Plan:
    """One run of a comparison: what is fitted, on which split."""

    settings: models.Settings
    how: str


@dataclass(frozen=True)
class Failure:
    """A run that gave nothing, and why, in a sentence. The others go on."""

    plan: Plan
    reason: str


@dataclass(frozen=True)
class Row:
    """A model in the table: its figures over `runs` fits, a mean over their seeds, and 95 % intervals over users.
    `behind`: NDCG less that of the best model of the table, on the same users; None for the best one."""

    model: str
    runs: int
    figures: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None]
    fit_seconds: float
    parameters: int
    behind: Difference | None = None


def plans(names: list[str], seeds: int = 1, splits: tuple[str, ...] = (RATINGS_BY, LISTS_BY)) -> list[Plan]:
    """Each model on each split, once a seed; once in all if it draws nothing by chance. A model that predicts no stars
    has no answer on a split that serves to judge ratings alone."""
    wanted = []
    for name in dict.fromkeys(names):
        card = models.card_of(name)
        for how in splits:
            if how == RATINGS_BY and len(splits) > 1 and not card.predicts_ratings:
                continue
            for seed in range(seeds if card.by_chance else 1):
                wanted.append(Plan(models.default_settings(name, seed=seed), how))
    return wanted


def run(
    ratings: Ratings, wanted: list[Plan], store: RunStore, on_event: Callable[[Plan, Event], None] | None = None
) -> Iterator[StoredRun | Failure]:
    """Fit and judge one plan after the other, and keep each. Leaving the loop early loses nothing that was yielded."""
    parts = {how: split(ratings, how, seed=0) for how in {plan.how for plan in wanted}}
    for plan in wanted:
        listen = (lambda event, plan=plan: on_event(plan, event)) if on_event else None
        try:
            trainer = training.fit(plan.settings, parts[plan.how].train, None, listen)
            if trainer.failure is not None:
                yield Failure(plan, f"{trainer.failure.reason} {trainer.failure.advice}")
            else:
                yield store.add(judge(trainer, parts[plan.how]))
        except RecsysEduError as error:
            yield Failure(plan, str(error))


def judge(trainer: training.Trainer, parts: Split, k: int = 10) -> StoredRun:
    """A fitted model on the test part, as the store keeps it."""
    found = evaluate(trainer.model, parts.train, parts.test, k)
    per_user = {
        name: values.astype("int32" if name == "users" else "float32") for name, values in found.per_user.items()
    }
    return StoredRun(
        data=parts.train.name,
        split=parts.how,
        model=trainer.settings.model,
        seed=trainer.settings.seed,
        settings=trainer.settings.as_dict(),
        figures=found.figures(),
        fit_seconds=trainer.seconds,
        parameters=trainer.parameters,
        per_user=per_user,
    )


def table(runs: list[StoredRun], k: int = 10) -> list[Row]:
    """A row for each model, best lists first; of models without lists, the smallest error first. Errors are those on
    the random split where there is one, lists those on each user's last rating."""
    by_model: dict[str, list[StoredRun]] = {}
    for one in runs:
        by_model.setdefault(one.model, []).append(one)
    merged = {name: _Merged(own, k) for name, own in by_model.items()}
    best = max(merged.values(), key=lambda m: m.ndcg, default=None)
    rows = [merged[name].row(name, best) for name in merged]
    return sorted(rows, key=lambda row: (-(row.figures[f"ndcg@{k}"] or 0), row.figures["test_rmse"] or np.inf))


class _Merged:
    """The runs of one model: those that judge its ratings, those that judge its lists."""

    def __init__(self, runs: list[StoredRun], k: int):
        self.k, self.runs = k, runs
        self.errors = [r for r in runs if r.split.startswith(TOLD_AS[RATINGS_BY])] or runs
        self.lists = [r for r in runs if r.split.startswith(TOLD_AS[LISTS_BY])] or runs
        self.of_errors, self.of_lists = _over_seeds(self.errors, k), _over_seeds(self.lists, k)
        self.ndcg = self.of_lists.figures()[f"ndcg@{k}"] or 0.0

    def row(self, name: str, best: _Merged) -> Row:
        figures, intervals = self.of_lists.figures(), self.of_lists.intervals()
        of_errors = self.of_errors.figures(), self.of_errors.intervals()
        for error in ("test_rmse", "test_mae"):
            figures[error], intervals[error] = (found[error] for found in of_errors)
        return Row(
            name, len(self.lists), figures, intervals,
            fit_seconds=float(np.mean([r.fit_seconds for r in self.runs])),
            parameters=self.runs[-1].parameters,
            behind=None if self is best else self._behind(best),
        )  # fmt: skip

    def _behind(self, best: _Merged) -> Difference | None:
        same = self.lists[0].split == best.lists[0].split and self.lists[0].data == best.lists[0].data
        return paired(self.of_lists.per_user, best.of_lists.per_user, self.k)[f"ndcg@{self.k}"] if same else None


def _over_seeds(runs: list[StoredRun], k: int) -> Evaluation:
    """The mean of several runs, user by user."""
    names = runs[0].per_user
    per_user = {name: np.mean([r.per_user[name].astype("float64") for r in runs], axis=0) for name in names}
    catalogue = {f"{name}@{k}": _mean([r.figures[f"{name}@{k}"] for r in runs]) for name in CATALOGUE}
    return Evaluation(k, per_user, catalogue)


def _mean(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")
