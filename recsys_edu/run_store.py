"""Where finished runs are kept: one SQLite file, written by `compare`, read by the studio's Compare page.

Each run is written when it ends, in one transaction, so nothing is lost when a later one is stopped. Per-user values
are kept as NumPy arrays (never pickled), so that two runs can still be compared user by user.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from recsys_edu.errors import DataError

DEFAULT = Path(__file__).resolve().parent.parent / "datasets" / "runs.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, finished TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    data TEXT NOT NULL, split TEXT NOT NULL, model TEXT NOT NULL, seed INTEGER NOT NULL, settings TEXT NOT NULL,
    figures TEXT NOT NULL, fit_seconds REAL NOT NULL, parameters INTEGER NOT NULL, per_user BLOB NOT NULL
)"""
COLUMNS = "data, split, model, seed, settings, figures, fit_seconds, parameters"


@dataclass(frozen=True)
class StoredRun:
    """One fit and what its test gave. `figures`: a mean for each metric, None where the model has no answer.
    `per_user`: arrays that share one order, `users` (user_index) first, then a metric's values by its name."""

    data: str
    split: str
    model: str
    seed: int
    settings: dict
    figures: dict[str, float | None]
    fit_seconds: float
    parameters: int
    per_user: dict[str, np.ndarray] = field(repr=False, compare=False)
    id: int | None = None
    finished: str | None = None  # UTC, ISO 8601


class RunStore:
    """The file at `path`; None: RECSYS_EDU_RUNS, or datasets/runs.sqlite. Made when the first run is kept."""

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path or os.environ.get("RECSYS_EDU_RUNS") or DEFAULT)

    def add(self, run: StoredRun) -> StoredRun:
        """Keep a run; returns it with its id and the time."""
        row = (
            run.data, run.split, run.model, run.seed, json.dumps(run.settings, sort_keys=True),
            json.dumps(run.figures), run.fit_seconds, run.parameters, _as_bytes(run.per_user),
        )  # fmt: skip
        with self._open() as connection:
            marks = ", ".join("?" * len(row))
            number = connection.execute(f"INSERT INTO runs ({COLUMNS}, per_user) VALUES ({marks})", row).lastrowid
            (finished,) = connection.execute("SELECT finished FROM runs WHERE id = ?", (number,)).fetchone()
        return replace(run, id=number, finished=finished)

    def runs(self, **equal: str | int) -> list[StoredRun]:
        """All runs whose columns equal these (data=, split=, model=, seed=), the oldest first."""
        return self._select(f"{COLUMNS}, per_user", equal)

    def latest(self, data: str, split: str) -> list[StoredRun]:
        """The newest run of each model, settings and seed, without the per-user values: a page that lists runs reads
        them at each click."""
        newest = {}
        for run in self._select(f"{COLUMNS}, NULL", {"data": data, "split": split}):
            newest[run.model, json.dumps(run.settings, sort_keys=True), run.seed] = run
        return list(newest.values())

    def _select(self, columns: str, equal: dict[str, str | int]) -> list[StoredRun]:
        if not self.path.exists():
            return []
        where = " AND ".join(f"{_column(name)} = ?" for name in equal) or "1"
        query = f"SELECT {columns}, id, finished FROM runs WHERE {where} ORDER BY id"
        with self._open() as connection:
            return [_from_row(row) for row in connection.execute(query, tuple(equal.values()))]

    def delete(self, number: int) -> None:
        with self._open() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (number,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction. Raises DataError if the file is no run store or cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=30)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                with connection:
                    connection.execute(SCHEMA)
                    yield connection
            finally:
                connection.close()
        except (OSError, ValueError, sqlite3.Error) as error:  # ValueError: bytes or text that are none of ours
            raise DataError(
                f"Cannot use the run store {self.path}: {error}. Move it away, or name another file by RECSYS_EDU_RUNS."
            ) from error


def _column(name: str) -> str:
    if name not in ("data", "split", "model", "seed"):
        raise TypeError(f"Runs cannot be chosen by {name!r}.")
    return name


def _as_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _from_bytes(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _from_row(row: tuple) -> StoredRun:
    data, split, model, seed, settings, figures, fit_seconds, parameters, per_user, number, finished = row
    kept = {} if per_user is None else _from_bytes(per_user)
    return StoredRun(
        data, split, model, seed, json.loads(settings), json.loads(figures), fit_seconds, parameters, kept, number,
        finished,
    )  # fmt: skip
