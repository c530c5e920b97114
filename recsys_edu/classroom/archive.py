"""All that is kept of a class: written to a folder as JSON and CSV, and erased."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

from recsys_edu.classroom import arena, board
from recsys_edu.classroom.store import TABLES, Store
from recsys_edu.errors import DataError

SECRETS = {"secret", "token", "name_key"}  # hashes, and a name once more: nobody needs them
TOO_LONG_FOR_A_CELL = {"lists"}  # in the JSON only
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a formula may begin


def export(store: Store, folder: Path) -> list[Path]:
    """class.json with everything, and a CSV file for each table. Returns what was written. Raises DataError."""
    tables = {name: _rows(store, name) for name in TABLES if name != "teachers"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / "class.json"
        whole.write_text(json.dumps(tables, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return [whole, *(_write_csv(folder / f"{name}.csv", rows) for name, rows in tables.items() if rows)]
    except OSError as error:
        raise DataError(f"Cannot write to {folder}: {error.strerror or error}. Name another folder.") from error


def _rows(store: Store, table: str) -> list[dict]:
    columns = [row[1] for row in store.read(f"PRAGMA table_info({table})")]
    kept = [name for name in columns if name not in SECRETS]
    rows = [dict(zip(kept, row, strict=True)) for row in store.read(f"SELECT {', '.join(kept)} FROM {table}")]
    if table == "submissions":
        k = dict(store.read("SELECT id, k FROM contests"))
        rows = [row | {"lists": board.lists_of(row["lists"], k[row["contest"]]).tolist()} for row in rows]
    return rows


def _write_csv(path: Path, rows: list[dict]) -> Path:
    names = [name for name in rows[0] if name not in TOO_LONG_FOR_A_CELL]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([_as_text(row[name]) for name in names] for row in rows)
    return path


def _as_text(value):
    """Words that begin like a formula are none for a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def erase(store: Store) -> bool:
    """Nothing of the class is left, nor in the log beside the file. Whether the file itself is gone as well: it is not
    while a studio has it open. Raises DataError."""
    for (data,) in store.read("SELECT data FROM contests"):
        arena.withdraw(data)
    connection = sqlite3.connect(store.path, timeout=30, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("BEGIN IMMEDIATE")
        for table in reversed(TABLES):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("COMMIT")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
        alone = _is_alone(connection)
    except sqlite3.Error as error:
        raise DataError(
            f"The class in {store.path} could not be erased: {error}. Stop the studio, then again."
        ) from error
    finally:
        connection.close()
    if alone:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{store.path}{suffix}").unlink(missing_ok=True)
    return alone


def _is_alone(connection: sqlite3.Connection) -> bool:
    """Whether no other process has the file open: only then it can leave the WAL mode."""
    try:
        connection.execute("PRAGMA busy_timeout=200")
        return connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] == "delete"
    except sqlite3.OperationalError:
        return False
