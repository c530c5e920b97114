"""Chapter 9: what was measured of every model on MovieLens-100K: means, intervals, seconds and sizes.

measured.json is made by `python -m recsys_edu.measuring`; the README's table is a part of it. Three tasks:

    stars   RMSE on ratings kept aside at random
    list    NDCG@10: which films did a user rate among those kept aside at random, in whatever order
    next    NDCG@10: which film did a user rate last of all

[low, high] are 95 % intervals over users. `measuring` says how the ratings were thinned out, and which films are new.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path

from recsys_edu.comparison import LISTS_BY, RATINGS_BY, Row
from recsys_edu.errors import SettingsError
from recsys_edu.evaluation import Difference

FILE = Path(__file__).resolve().parent / "measured.json"


@dataclass(frozen=True)
class Task:
    """A task, by the figure that judges it and the split that this is measured on."""

    figure: str
    split: str
    best: int  # 1 where a larger figure is better, -1 where a smaller one is


TASKS = {
    "stars": Task("test_rmse", RATINGS_BY, -1),
    "list": Task("ndcg@10", RATINGS_BY, 1),
    "next": Task("ndcg@10", LISTS_BY, 1),
}


@dataclass(frozen=True)
class Estimate:
    """A figure, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Level:
    """One figure of all models that were judged alike, best first. `ratings_per_user`: those that were learnt from.
    `pairs`: for models a, b, with a before b, the 95 % interval of the figure of a less that of b."""

    ratings_per_user: float
    models: dict[str, Estimate]
    pairs: dict[tuple[str, str], tuple[float, float]]

    def difference(self, a: str, b: str) -> tuple[float, float]:
        """The 95 % interval of the figure of a less that of b, user by user. Two models may have intervals that
        overlap and still differ for certain: what is hard for the one is hard for the other."""
        if a == b:
            return 0.0, 0.0
        if (a, b) in self.pairs:
            return self.pairs[a, b]
        low, high = self.pairs[b, a]
        return -high, -low

    def alike(self, a: str, b: str) -> bool:
        """Whether the two cannot be told apart: 0 is in the interval of their difference."""
        low, high = self.difference(a, b)
        return low <= 0 <= high


@dataclass(frozen=True)
class Measured:
    """The whole file. `table`: the rows of the README. `curves`: for each task a Level for each share of the ratings,
    the smallest first. `new_items`: by figure, on films that had no rating to learn from. `list_seconds`: for one
    user's ten best. `settings`: what the models were fitted with."""

    data: str
    table: list[Row]
    curves: dict[str, list[Level]]
    new_items: dict[str, Level]
    list_seconds: dict[str, float]
    settings: dict[str, dict]

    def row(self, model: str) -> Row:
        """Raises SettingsError for a model that was not measured."""
        for row in self.table:
            if row.model == model:
                return row
        raise SettingsError(f"{model!r} was not measured. There are: {', '.join(row.model for row in self.table)}.")

    def level(self, task: str, ratings_per_user: float) -> Level:
        """The one whose users had most nearly so many ratings, as a ratio: 20 is as far from 10 as from 40."""
        return min(self.curves[task], key=lambda one: abs(log(one.ratings_per_user / ratings_per_user)))

    def curve(self, task: str, model: str) -> list[tuple[float, Estimate]]:
        """A learning curve: ratings per user, and the figure there."""
        return [(level.ratings_per_user, level.models[model]) for level in self.curves[task] if model in level.models]


@cache
def read() -> Measured:
    """What measured.json holds."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return Measured(
        data=content["data"],
        table=[_row(line) for line in content["table"]],
        curves={task: [_level(one) for one in levels] for task, levels in content["curves"].items()},
        new_items={figure: _level(one) for figure, one in content["new_items"].items()},
        list_seconds=content["list_seconds"],
        settings=content["settings"],
    )


def _row(line: dict) -> Row:
    intervals = {name: None if bounds is None else tuple(bounds) for name, bounds in line["intervals"].items()}
    behind = None if line["behind"] is None else Difference(**line["behind"])
    kept = {name: line[name] for name in ("model", "runs", "figures", "fit_seconds", "parameters")}
    return Row(**kept, intervals=intervals, behind=behind)


def _level(content: dict) -> Level:
    models = {name: Estimate(*three) for name, three in content["models"].items()}
    pairs = {tuple(names.split(",")): tuple(bounds) for names, bounds in content["pairs"].items()}
    return Level(content["ratings_per_user"], models, pairs)
