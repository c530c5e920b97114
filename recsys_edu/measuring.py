"""Chapter 9: `python -m recsys_edu.measuring` makes measured.json anew, from the runs in the run store.

Each model is fitted on a share of the training ratings, from 5 % to all of them, and judged on the same test: stars and
lists on the random split, what comes next on each user's last rating. Then some films lose all their ratings, and the
models are asked about those. Lists leave out all that the user has rated, also what was not learnt from, so that all
shares rank the same films. A run that the store has is not made again: what `compare` found is used as it is. All of it
takes half an hour on two cores; a stop with Ctrl-C loses nothing.

measured.json holds means, intervals, seconds and sizes: nothing of a single user.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recsys_edu import comparison, comparison_report, intervals, models, training
from recsys_edu.data import Ratings, Split, split
from recsys_edu.errors import RecsysEduError
from recsys_edu.evaluation import evaluate
from recsys_edu.measured import FILE, TASKS
from recsys_edu.models import MODELS
from recsys_edu.recommend import top_n
from recsys_edu.run_store import RunStore, StoredRun
from recsys_edu.sources import load

SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)  # of the training ratings
STARTS = 3  # of a model that starts by chance, on all ratings; one start on a part of them
NEW = 0.1  # share of the films that lose their ratings
FIGURES = {"test_rmse": ("squared_error", "ratings", np.sqrt), "ndcg@10": ("ndcg", None, np.asarray)}


@dataclass(frozen=True)
class Wanted:
    """A run that the file needs: fitted on `learnt`, judged on `parts`, whose `how` is its name in the store."""

    settings: models.Settings
    learnt: Ratings
    parts: Split
    tie_seed: int | None = None

    def found(self, store: RunStore) -> StoredRun | None:
        """The newest run in the store with these settings."""
        known = self.settings.as_dict() | {"options": [list(option) for option in self.settings.options]}
        name = {"data": self.learnt.name, "split": self.parts.how, "model": self.settings.model}
        same = [run for run in store.runs(**name, seed=self.settings.seed) if run.settings == known]
        return same[-1] if same else None

    def made(self) -> StoredRun:
        """The run, fitted and judged now."""
        trainer = training.fit(self.settings, self.learnt)
        run = comparison.judge(trainer, self.parts)
        if self.tie_seed is None:
            return run
        found = evaluate(trainer.model, self.parts.train, self.parts.test, tie_seed=self.tie_seed)
        return replace(run, figures=found.figures(), per_user=found.per_user)


def thinned(train: Ratings, share: float, seed: int = 0) -> Ratings:
    """A share of the ratings, drawn at random, in their order. A smaller share is a part of a larger one."""
    order = np.random.default_rng(seed).permutation(len(train))
    return train.take(np.sort(order[: round(share * len(train))]))


def without_ratings(ratings: Ratings, share: float = NEW, seed: int = 0) -> tuple[Ratings, Split]:
    """Some films lose all their ratings: what is left to learn from, and a Split to judge by. Its test holds the lost
    ratings; its train calls every other film seen by everybody, so that lists are of new films alone."""
    order = np.random.default_rng(seed).permutation(ratings.num_items)
    is_new = np.isin(np.arange(ratings.num_items), order[: round(share * ratings.num_items)])
    lost = is_new[ratings.item_index]
    users, items = np.meshgrid(np.arange(ratings.num_users), np.flatnonzero(~is_new), indexing="ij")
    blocked = replace(
        ratings, user_index=users.ravel().astype("int32"), item_index=items.ravel().astype("int32"),
        rating=np.full(users.size, ratings.rating.mean(), "float32"), timestamp=None,
    )  # fmt: skip
    rows = np.flatnonzero(lost)
    how = f"new items, all ratings of {is_new.sum()} of them, seed {seed}"
    return ratings.take(np.flatnonzero(~lost)), Split(blocked, ratings.take(rows), how, rows)


def wanted(ratings: Ratings) -> Iterator[Wanted]:
    """All runs: of each split those on all ratings first, which `compare` makes too; then those on new films."""
    for how in ("random", "last"):
        parts = split(ratings, how, seed=0)
        for share in reversed(SHARES):
            name = parts.how if share == 1 else f"{parts.how}; learnt from {share:.0%} of the others"
            for settings in _settings(how, STARTS if share == 1 else 1):
                yield Wanted(settings, thinned(parts.train, share), replace(parts, how=name))
    learnt, parts = without_ratings(ratings)
    for settings in _settings("random", 1):
        yield Wanted(settings, learnt, parts, tie_seed=0)


def _settings(how: str, starts: int) -> Iterator[models.Settings]:
    """Of all models; without those of sequences where the test is not what came next."""
    for name, card in MODELS.items():
        if how == "last" or card.family != "sequence":
            for seed in range(starts if card.by_chance else 1):
                yield models.default_settings(name, seed=seed)


def level(runs: list[StoredRun], figure: str) -> dict:
    """What these runs, all judged on the same users, say of one figure: for each model its mean over the starts and
    the 95 % interval over users, best first; for each pair "a,b", a before b, the interval of a less b.

    One set of draws serves all models, so that two can be subtracted draw by draw (`evaluation.paired`)."""
    column, weight, finish = FIGURES[figure]
    by_model: dict[str, list[StoredRun]] = {}
    for run in runs:
        if column in run.per_user:
            by_model.setdefault(run.model, []).append(run)
    x = np.stack(
        [np.mean([run.per_user[column] for run in own], axis=0) for own in by_model.values()], axis=1
    )  # (n, m)
    one = runs[0].per_user[weight].astype("float64") if weight else np.ones(len(x))
    w = np.broadcast_to(one[:, None], x.shape)
    samples = finish(intervals.bootstrap_ratios(x.astype("float64"), w))  # (resamples, m)
    value, (low, high) = finish(x.sum(axis=0) / w.sum(axis=0)), intervals.percentile_interval(samples)
    order = np.argsort(value if figure == "test_rmse" else -value, kind="stable")
    names = np.array(list(by_model))[order].tolist()
    ranked = samples[:, order]
    pairs = {}
    for k, a in enumerate(names):
        bounds = intervals.percentile_interval(ranked[:, [k]] - ranked[:, k + 1 :]).T.tolist()  # (m − k − 1, 2)
        pairs |= {f"{a},{b}": both for b, both in zip(names[k + 1 :], bounds, strict=True)}
    found = zip(value[order].tolist(), low[order].tolist(), high[order].tolist(), strict=True)
    return {"models": dict(zip(names, map(list, found), strict=True)), "pairs": pairs}


def seconds_per_list(settings: models.Settings, train: Ratings, users: int = 21) -> float:
    """The median time in which one user's ten best films are found: it depends on a model's form, not on what it has
    learnt, so that a model learnt in steps need not be trained, nor a Bayesian one sample for long."""
    if settings.model == "bpmf":
        settings = models.default_settings("bpmf", sweeps=2, burn_in=1)
    model = models.build(settings, train)
    if not settings.card.by_gradient:
        model.fit(train)
    seen, seconds = train.seen(), []
    for u in np.arange(users + 1):  # the first one warms up
        start = time.perf_counter()
        top_n(model.scores(np.array([u])), seen[[u]])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:]))


def collect(ratings: Ratings, found: list[tuple[Wanted, StoredRun]], list_seconds: dict[str, float]) -> dict:
    """The content of measured.json."""
    by_split: dict[str, list[StoredRun]] = {}
    for want, run in found:
        by_split.setdefault(want.parts.how, []).append(run)
    learnt = {want.parts.how: len(want.learnt) for want, _ in found}

    def levels(begins: str, figure: str) -> list[dict]:
        own = sorted((n, how) for how, n in learnt.items() if how.startswith(begins))
        return [{"ratings_per_user": n / ratings.num_users} | level(by_split[how], figure) for n, how in own]

    return {
        "data": ratings.name,
        "table": json.loads(comparison_report.as_json(comparison.table(_of_readme(by_split))))["rows"],
        "list_seconds": list_seconds,
        "settings": {run.model: run.settings for _, run in found if run.seed == 0},
        "curves": {name: levels(comparison.TOLD_AS[task.split], task.figure) for name, task in TASKS.items()},
        "new_items": {figure: levels("new items", figure)[0] for figure in FIGURES},
    }


def _of_readme(by_split: dict[str, list[StoredRun]]) -> list[StoredRun]:
    """The runs of `compare --models all --seeds 3`: a model that predicts no stars has none on the random split."""
    full = [run for how, runs in by_split.items() if "learnt" not in how and "new" not in how for run in runs]
    by_ratings = comparison.TOLD_AS[comparison.RATINGS_BY]
    return [run for run in full if MODELS[run.model].predicts_ratings or not run.split.startswith(by_ratings)]


def write(content: dict, file: Path = FILE) -> None:
    """Six digits, and a line for each small part, so that two versions can be compared."""
    file.write_text(_lines(_rounded(content), depth=3) + "\n", encoding="utf-8")


def _lines(part: object, depth: int, indent: str = "\n") -> str:
    if depth == 0 or not isinstance(part, dict | list):
        return json.dumps(part)
    inner = indent + " "
    if isinstance(part, list):
        return "[" + ",".join(inner + _lines(one, depth - 1, inner) for one in part) + indent + "]"
    lines = [f"{inner}{json.dumps(name)}: {_lines(one, depth - 1, inner)}" for name, one in part.items()]
    return "{" + ",".join(lines) + indent + "}"


def _rounded(part: object) -> object:
    if isinstance(part, dict):
        return {name: _rounded(one) for name, one in part.items()}
    if isinstance(part, list | tuple):
        return [_rounded(one) for one in part]
    return float(f"{part:.6g}") if isinstance(part, float) else part


def main() -> None:
    from tqdm import tqdm

    ratings, store, found = load("movielens-100k"), RunStore(), []
    todo = list(wanted(ratings))
    for want in (bar := tqdm(todo, unit="run", disable=None)):
        bar.set_description(f"{want.settings.model} ({want.parts.how})")
        found.append((want, want.found(store) or store.add(want.made())))
    train = split(ratings, "random", seed=0).train
    list_seconds = {name: seconds_per_list(models.default_settings(name), train) for name in MODELS}
    write(collect(ratings, found, list_seconds))
    print(f"{FILE} is made from {len(found)} runs.")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up messages, once it is imported
    try:
        main()
    except RecsysEduError as error:
        sys.exit(f"recsys_edu: {error}")
    except KeyboardInterrupt:
        sys.exit("recsys_edu: stopped. The runs that have ended are kept; the same command goes on.")
