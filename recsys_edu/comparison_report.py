"""What `compare` shows: a bar while models are fitted, then the table, as Markdown for people or as JSON."""

from __future__ import annotations

import json
import sys

from recsys_edu.comparison import Failure, Plan, Row, run
from recsys_edu.data import Ratings
from recsys_edu.events import EpochEvent, Event
from recsys_edu.models import MODELS
from recsys_edu.run_store import RunStore, StoredRun

COLUMNS = {
    "model": lambda row: MODELS[row.model].title,
    "RMSE": lambda row: _between(row, "test_rmse"),
    "NDCG@10": lambda row: _between(row, "ndcg@10"),
    "HR@10": lambda row: _figure(row, "hr@10"),
    "to the best": lambda row: _behind(row),
    "coverage": lambda row: _figure(row, "coverage@10", ".0%"),
    "novelty": lambda row: _figure(row, "novelty@10", ".1f"),
    "seconds": lambda row: f"{row.fit_seconds:.1f}",
    "parameters": lambda row: f"{row.parameters:,}",
}


def follow(
    ratings: Ratings, wanted: list[Plan], store: RunStore, as_json: bool
) -> tuple[list[StoredRun], list[Failure]]:
    """Run all plans behind a progress bar. Ctrl-C ends it early: what has ended is kept, and shown."""
    from tqdm import tqdm

    runs, failures = [], []
    bar = tqdm(total=len(wanted), unit="run", disable=None, leave=False)

    def on_event(plan: Plan, event: Event) -> None:
        if isinstance(event, EpochEvent):
            bar.set_description(f"{plan.settings.model} ({plan.how}) epoch {event.epoch:.0f}/{plan.settings.epochs}")

    try:
        for one in run(ratings, wanted, store, on_event):
            bar.update()
            (failures if isinstance(one, Failure) else runs).append(one)
            if isinstance(one, Failure):
                bar.write(f"recsys_edu: {one.plan.settings.model}: {one.reason}", file=sys.stderr)
            elif as_json:
                print(json.dumps(_run_line(one)), flush=True)
    except KeyboardInterrupt:
        bar.write(f"recsys_edu: stopped after {len(runs)} of {len(wanted)} runs, which are kept.", file=sys.stderr)
    bar.close()
    return runs, failures


def as_json(rows: list[Row]) -> str:
    return json.dumps({"event": "comparison", "rows": [_row_line(row) for row in rows]})


def as_markdown(rows: list[Row]) -> str:
    """A table to be read in a terminal and to be put into a page; [low, high] are 95 % intervals over users."""
    cells = [list(COLUMNS), *([show(row) for show in COLUMNS.values()] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(COLUMNS))]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(c, widths, strict=True)) + " |" for c in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _figure(row: Row, name: str, form: str = ".3f") -> str:
    value = row.figures[name]
    return "–" if value is None else format(value, form)


def _between(row: Row, name: str) -> str:
    bounds = row.intervals[name]
    return _figure(row, name) + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else "")


def _behind(row: Row) -> str:
    d = row.behind
    return "best" if d is None else f"{d.difference:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"


def _run_line(one: StoredRun) -> dict:
    names = ("data", "split", "model", "seed", "settings", "figures", "fit_seconds", "parameters")
    return {"event": "run"} | {name: getattr(one, name) for name in names}


def _row_line(row: Row) -> dict:
    behind = None if row.behind is None else vars(row.behind)
    return vars(row) | {"title": MODELS[row.model].title, "behind": behind}
