"""Where a class is kept: one SQLite file in WAL mode.

A change is on the disk when `change` ends (synchronous=FULL), so what was acknowledged survives a kill and a power cut;
`light` changes, who was seen where, survive a kill. `class.version` counts what students' pages show, `class.board` the
submissions: a page that polls reads these two numbers, by primary key, and the rest only when they moved.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys_edu.classroom import keys
from recsys_edu.classroom.words import one_line
from recsys_edu.errors import DataError

DEFAULT = Path(__file__).resolve().parents[2] / "datasets" / "class.sqlite"
LONGEST_NAME = 40  # characters, of a class
TABLES = ("class", "teachers", "people", "votes", "answers", "contests", "submissions")
SCHEMA = """
CREATE TABLE IF NOT EXISTS class (
    id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, code TEXT NOT NULL, secret TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), version INTEGER NOT NULL DEFAULT 0,
    board INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0, solutions INTEGER NOT NULL DEFAULT 1,
    link TEXT, link_number INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS teachers (token TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
    id INTEGER PRIMARY KEY, nickname TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, token TEXT UNIQUE,
    joined TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), page TEXT NOT NULL DEFAULT '',
    doing TEXT NOT NULL DEFAULT '', seen REAL NOT NULL DEFAULT 0, followed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS votes (
    id INTEGER PRIMARY KEY, question TEXT NOT NULL, options TEXT, open INTEGER NOT NULL DEFAULT 1,
    shown INTEGER NOT NULL DEFAULT 0, asked TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
CREATE TABLE IF NOT EXISTS answers (
    vote INTEGER NOT NULL REFERENCES votes, person INTEGER NOT NULL REFERENCES people, answer REAL NOT NULL,
    PRIMARY KEY (vote, person)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contests (
    id INTEGER PRIMARY KEY, base TEXT NOT NULL, seed INTEGER NOT NULL, k INTEGER NOT NULL, data TEXT NOT NULL,
    opened TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), ended TEXT);
CREATE TABLE IF NOT EXISTS submissions (
    id INTEGER PRIMARY KEY, contest INTEGER NOT NULL REFERENCES contests, person INTEGER NOT NULL REFERENCES people,
    at REAL NOT NULL, label TEXT NOT NULL, lists BLOB NOT NULL, public REAL NOT NULL, private REAL NOT NULL);
CREATE INDEX IF NOT EXISTS submissions_of ON submissions (contest, person, at);
"""


class Store:
    """The file at `path`; None: RECSYS_EDU_CLASS, or datasets/class.sqlite. One connection, for all threads."""

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path or os.environ.get("RECSYS_EDU_CLASS") or DEFAULT)
        self._lock = threading.RLock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA foreign_keys=ON")
            self._connection.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def read(self, query: str, *values) -> list[tuple]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    @contextmanager
    def change(self, light: bool = False) -> Iterator[sqlite3.Connection]:
        """The connection, in one transaction: all of it is kept, or, after an error, nothing."""
        with self._lock:
            try:
                self._connection.execute(f"PRAGMA synchronous={'NORMAL' if light else 'FULL'}")
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                    raise self._unusable(error) from error
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _unusable(self, error: Exception) -> DataError:
        return DataError(
            f"Cannot use the class file {self.path}: {error}. Make room, or move it away, or name another file by "
            "RECSYS_EDU_CLASS."
        )


def open_class(store: Store, name: str | None = None) -> tuple[str, str]:
    """The class in the file, made if there is none; `name` renames it. Returns its join code, and a secret for the
    teacher that is new each time: the file holds its hash alone. Who came in as teacher before stays in."""
    secret = keys.new_token()
    name = None if name is None else one_line(name, "name of a class", LONGEST_NAME)
    with store.change() as connection:
        connection.execute(
            "INSERT INTO class (id, name, code, secret) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "secret = excluded.secret, name = coalesce(?, name), version = version + 1",
            (name or "Class", keys.new_code(), keys.digest(secret), name),
        )
    return store.read("SELECT code FROM class")[0][0], secret


def bump(connection: sqlite3.Connection, counter: str = "version") -> None:
    """All pages shall look again: at what the teacher leads (version), or at the leaderboard (board)."""
    connection.execute(f"UPDATE class SET {counter} = {counter} + 1")
