"""Chapter 3, step 1 of the article, in a class: ratings of one's own, sent to the studio as a file.

What comes is hostile until it is read: it is bounded, decoded, parsed and cleaned (cleaning.py), and what is kept is
written anew from the cleaned ratings, under a name that follows from its content. Who does not have the file, or a link
to a run that learnt from it, cannot guess that name. Nothing is unpickled, and nothing in it names a path.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_edu import cleaning, sources
from recsys_edu.cleaning import CleaningReport, Manner
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError

MOST_BYTES = 20 * 2**20
MOST_ROWS = 500_000
MOST_USERS, MOST_ITEMS = 20_000, 10_000  # a menu of the users, a map of the items: both go to every browser
MOST_PAIRS = 20_000_000  # users × items: a score for each of them takes 80 MB
FEW = 5
FEWEST_RATINGS = 20  # a fifth of them is held out
MOST_FILES = 40  # the oldest give way
MOST_COLUMNS = 100
NAME = re.compile(r"upload-[0-9a-f]{32}")
COLUMNS = ("user", "item", "rating", "timestamp", "title", "genres", "year")
_MARKDOWN = re.compile(r"[*`\[\]!#$&:~|\\]+")  # what would make a title more than text, in a caption of the studio


@dataclass(frozen=True)
class Upload:
    """A file that was read: `name` is its data set, as `sources.load` takes it."""

    name: str
    title: str
    users: int
    items: int
    users_with_few: int  # ratings, fewer than FEW
    items_with_few: int
    report: CleaningReport


def folder() -> Path:
    """Where uploads lie: $RECSYS_EDU_UPLOADS, or beside the fetched data."""
    return Path(os.environ.get("RECSYS_EDU_UPLOADS") or sources.cache_folder() / "uploads").expanduser()


def header_of(data: bytes) -> list[str]:
    """The first line's cells, as one printable line each. Raises DataError."""
    _check_size(data)
    text = cleaning.decode(data, "The file")
    _line, header = next(cleaning.records_of(text, "The file"))
    if len(header) > MOST_COLUMNS:
        raise DataError(f"The file has {len(header):,} columns; {MOST_COLUMNS} are allowed. Keep those that matter.")
    return [cleaning.clean_text(name) for name in header]


def guess(header: list[str]) -> dict[str, int]:
    """Which position of the header seems to hold the user, the item, …"""
    names = [cleaning.plain_name(name) for name in header]
    found = {column: [k for k, name in enumerate(names) if name in cleaning.ALIASES[column]] for column in COLUMNS}
    return {column: positions[0] for column, positions in found.items() if positions}


def check_columns(columns: Mapping[str, int], header: list[str]) -> None:
    """Raises DataError for columns that are missing, not there, or chosen twice."""
    missing = [name for name in cleaning.REQUIRED if name not in columns]
    if missing:
        raise DataError(f"Say which column holds the {' and the '.join(missing)}.")
    if any(name not in COLUMNS or not 0 <= k < len(header) for name, k in columns.items()):
        raise DataError("A column was chosen that the file does not have. Choose the columns again.")
    if len(set(columns.values())) < len(columns):
        raise DataError("One column was chosen for two things. Choose another for one of them.")


class GoneError(DataError):
    """An upload is not on this machine."""

    def __init__(self, name: str):
        super().__init__("The uploaded ratings are no longer on this server. Upload the file again.")
        self.name = name

    def __reduce__(self):  # it travels from a worker to the studio
        return type(self), (self.name,)


def read(data: bytes, title: str, columns: Mapping[str, int]) -> tuple[Upload, bytes]:
    """A file, cleaned, and what is to be kept of it. `columns`: the position of the user's column, of the item's, …
    Raises DataError."""
    header = header_of(data)
    check_columns(columns, header)
    manner = Manner(columns=dict(columns), tolerant=True, most_rows=MOST_ROWS)
    records = cleaning.parse(cleaning.decode(data, "The file"), "The file", manner)
    ratings, report = cleaning.clean(records, title_of(title), manner=manner)
    _check_shape(ratings)
    text = _as_csv(ratings)
    name = f"upload-{hashlib.sha256(text).hexdigest()[:32]}"
    few = [int((np.bincount(index) < FEW).sum()) for index in (ratings.user_index, ratings.item_index)]
    return Upload(name, ratings.name, ratings.num_users, ratings.num_items, *few, report), text


def title_of(file_name: str) -> str:
    """A file's name as a data set's title: plain words."""
    return cleaning.clean_text(_MARKDOWN.sub(" ", file_name)) or "My ratings"


def answer(data: bytes, title: str, columns: Mapping[str, int]) -> tuple[Upload, bytes] | str:
    """What `read` gives, or its sentence: a worker is asked for this, so that its log keeps no readers' slips."""
    try:
        return read(data, title, columns)
    except DataError as error:
        return str(error)


def find(name: str) -> bool:
    """Whether there is such an upload; one that there is can be chosen from now on."""
    there = NAME.fullmatch(name) is not None and (folder() / f"{name}.csv").is_file()
    if there and name not in sources.SOURCES:
        announce(name, "My ratings")
    return there


def is_gone(name: str) -> bool:
    """Whether this is the name of an upload that is no longer here."""
    return NAME.fullmatch(name) is not None and not find(name)


def announce(name: str, title: str) -> None:
    """Have the data set known to this process by a title, but in no list."""
    about = "Ratings that a reader has uploaded."
    sources.SOURCES[name] = sources.Source(name, title, about, "The reader's own.", bundled=True, listed=False)


def load(name: str) -> Ratings:
    """The ratings of an upload. Raises DataError for one that is gone."""
    if not find(name):
        raise GoneError(name)
    # It was cleaned before it was kept, so pandas reads it in a go: the studio's own process does so too.
    texts = dict.fromkeys(("user", "item", "title", "genres", "year"), str)
    return cleaning.index(pd.read_csv(folder() / f"{name}.csv", dtype=texts, keep_default_na=False), name, name)


def forget(name: str) -> None:
    """Remove an upload, if there is such a one."""
    if NAME.fullmatch(name):
        (folder() / f"{name}.csv").unlink(missing_ok=True)


def _check_size(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise DataError(f"The file is larger than {MOST_BYTES // 2**20} MB. Keep a part of its lines and try again.")


def _check_shape(ratings: Ratings) -> None:
    for number, most, kind in ((ratings.num_users, MOST_USERS, "users"), (ratings.num_items, MOST_ITEMS, "items")):
        if number > most:
            raise DataError(f"There are {number:,} {kind}; this studio takes {most:,}. Keep those with most ratings.")
    pairs = ratings.num_users * ratings.num_items
    if pairs > MOST_PAIRS:
        raise DataError(
            f"{ratings.num_users:,} users times {ratings.num_items:,} items are {pairs:,} predictions; this studio "
            f"takes {MOST_PAIRS:,}. Keep the users or the items with most ratings."
        )
    if len(ratings.rating) < FEWEST_RATINGS:
        raise DataError(f"{len(ratings.rating)} ratings are left after cleaning; learning needs {FEWEST_RATINGS}.")


def _as_csv(ratings: Ratings) -> bytes:
    """The cleaned ratings as a file that `read_ratings_csv` reads as the same ratings. What an item is called stands
    with its first rating alone, so that the file is hardly larger than what was sent."""
    items = ratings.items
    described = list(zip(items["item_id"], items["title"], items["genres"], items["year"].astype(object), strict=True))
    users = ratings.users["user_id"].tolist()
    times = [] if ratings.timestamp is None else ratings.timestamp.tolist()
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["user", "item", "rating", "title", "genres", "year", *(["timestamp"] if times else [])])
    rows = zip(ratings.user_index.tolist(), ratings.item_index.tolist(), ratings.rating.tolist(), strict=True)
    told = set()
    for k, (u, i, rating) in enumerate(rows):
        item_id, title, genres, year = described[i]
        about = ("", "", "") if i in told else (title, genres, year if isinstance(year, int) else "")
        told.add(i)
        table.writerow([users[u], item_id, repr(rating), *about, *times[k : k + 1]])
    return text.getvalue().encode()


def text_of(name: str) -> bytes:
    """What is kept of an upload, for a worker on another machine. Raises GoneError."""
    if not find(name):
        raise GoneError(name)
    return (folder() / f"{name}.csv").read_bytes()


def keep(name: str, text: bytes) -> None:
    """Have an upload on this machine, in the place of the oldest where there are many."""
    if name != f"upload-{hashlib.sha256(text).hexdigest()[:32]}":
        raise DataError("The uploaded ratings are not what their name says. Upload the file again.")
    place = folder()
    part = place / f"{name}.{secrets.token_hex(8)}.part"
    try:
        place.mkdir(parents=True, exist_ok=True)
        part.write_bytes(text)
        part.replace(place / f"{name}.csv")
        oldest_last = sorted(place.glob("upload-*.csv"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in oldest_last[MOST_FILES:]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"The ratings cannot be kept in {place}: {error.strerror or error}. Make room there, or set "
            "RECSYS_EDU_UPLOADS to a folder that can be written."
        ) from error
