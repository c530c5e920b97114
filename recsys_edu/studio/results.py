"""What finished runs are worth, as the tables and the charts of the Compare page take it. Never imports streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recsys_edu.models import MODELS, default_settings
from recsys_edu.run_store import StoredRun
from recsys_edu.studio.charts import Mark
from recsys_edu.studio.i18n import _


@dataclass(frozen=True)
class Column:
    """A figure of a run: `better` is 1 where large values are, -1 where small ones are."""

    name: str
    label: str
    better: int
    form: str
    help: str

    def of(self, run: StoredRun) -> float | None:
        own = {"seconds": run.fit_seconds, "parameters": run.parameters}
        return own[self.name] if self.name in own else run.figures.get(self.name)

    def text(self, value: float | None) -> str:
        return "–" if value is None else format(value, self.form)


COLUMNS = (
    Column("test_rmse", _("RMSE"), -1, ".4f", _("Root of the mean squared error on the held-out ratings, in stars.")),
    Column("test_mae", _("MAE"), -1, ".4f", _("Mean absolute error on the held-out ratings, in stars.")),
    Column("ndcg@10", _("NDCG@10"), 1, ".4f", _("How high the held-out films stand in the lists of ten.")),
    Column("hr@10", _("HR@10"), 1, ".3f", _("The share of users with a held-out film among their ten.")),
    Column("coverage@10", _("Coverage"), 1, ".1%", _("The share of all films that stand in anybody's list of ten.")),
    Column("novelty@10", _("Novelty"), 1, ".2f", _("How little known the recommended films are, in bits.")),
    Column("seconds", _("Seconds"), -1, ".2f", _("Seconds of training, without judging.")),
    Column("parameters", _("Parameters"), -1, ",d", _("How many numbers the model learnt.")),
)
BY_NAME = {column.name: column for column in COLUMNS}
METRIC_COLUMNS = {"rmse": BY_NAME["test_rmse"], "ndcg": BY_NAME["ndcg@10"]}
PARALLEL = [BY_NAME[name] for name in ("test_rmse", "ndcg@10", "coverage@10", "novelty@10")]


def title_of(model: str) -> str:
    """A model's title; a store may hold names that this studio does not know."""
    return MODELS[model].title if model in MODELS else model


def detail_of(run: StoredRun) -> str:
    """What tells runs of one model apart: the seed, what differs from the card's settings, when it ended."""
    usual = _flat(default_settings(run.model, seed=run.seed).as_dict()) if run.model in MODELS else {}
    changed = [f"{name} {_told(value)}" for name, value in _flat(run.settings).items() if usual.get(name) != value]
    when = (run.finished or "").replace("T", " ").removesuffix("Z")[:16]
    return " · ".join(filter(None, [_("seed {seed}").format(seed=run.seed), *changed, when and f"{when} UTC"]))


def _told(value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(settings: dict) -> dict:
    """A model's own options beside the fields that all have."""
    return {name: value for name, value in settings.items() if name != "options"} | dict(settings.get("options", ()))


def columns() -> list[dict]:
    return [{"label": column.label, "help": column.help} for column in COLUMNS]


def rows(runs: Sequence[tuple[Mark | None, StoredRun]], chosen: Sequence[int] = (), stars: bool = True) -> list[dict]:
    """The runs as `run_table` takes them; with `stars`, the best of each column where there is more than one."""
    best = {column.name: _best(column, [run for _mark, run in runs]) for column in COLUMNS} if stars else {}
    return [
        {
            "id": run.id, "title": title_of(run.model), "detail": detail_of(run), "chosen": run.id in chosen,
            "mark": mark and mark.as_dict(),
            "cells": [_cell(column, column.of(run), best.get(column.name)) for column in COLUMNS],
        }
        for mark, run in runs
    ]  # fmt: skip


def _cell(column: Column, value: float | None, best: float | None) -> dict:
    return {"text": column.text(value), "best": best is not None and value == best}


def _best(column: Column, runs: Sequence[StoredRun]) -> float | None:
    values = [value for run in runs if (value := column.of(run)) is not None]
    if len(values) < 2:
        return None
    return max(values) if column.better > 0 else min(values)


def newest_of_each_model(runs: Sequence[StoredRun]) -> list[StoredRun]:
    """`runs` stand from the oldest to the newest."""
    return list({run.model: run for run in runs}.values())
