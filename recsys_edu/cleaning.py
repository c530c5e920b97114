"""Chapter 3, step 2 of the article: an own CSV of ratings, checked, cleaned and reported.

The file comes from anywhere, so nothing in it is trusted: its size is bounded, its text is text (never
evaluated, control characters removed), and what cannot be understood is an error that names the line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings
from recsys_edu.errors import DataError

MAX_BYTES = 200 * 2**20
MAX_ROWS = 2_000_000
MAX_LABEL = 200  # characters of an id, a title, a list of genres; more is cut

ALIASES = {
    "user": {"user", "userid"},
    "item": {"item", "itemid", "movie", "movieid"},
    "rating": {"rating", "score", "stars"},
    "timestamp": {"timestamp", "time"},
    "title": {"title", "itemtitle", "movietitle"},
    "genres": {"genres", "genre"},
    "year": {"year"},
}
REQUIRED = ("user", "item", "rating")
MISSING = {"", "na", "n/a", "nan", "null", "none"}
DELIMITERS = ",\t;"
FIRST_LINES = 5  # of what was dropped for a reason, the report names so many lines

# Control characters, line and paragraph separators, and the marks that reverse the reading order.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_WHOLE_NUMBER = r"0|-?[1-9]\d{0,17}"  # no leading zeros: "007" is a name
_YEAR = r"[12][0-9]{3}"


@dataclass(frozen=True)
class Dropped:
    """Records that were dropped for one reason: how many, and where the first of them begin, counted from 1."""

    count: int = 0
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class CleaningReport:
    """What reading a CSV of ratings did to it, in numbers of its records.

    `dropped` has a reason each: ragged (another number of columns than the header), missing, no_number, out_of_range,
    duplicate, constant (of users whose ratings are all equal)."""

    read: int
    kept: int
    dropped: Mapping[str, Dropped]
    constant_users: int  # users with two ratings or more, all of them equal
    scale: tuple[float, float]
    scale_given: bool
    ignored_columns: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        return self._count("missing")

    @property
    def out_of_range(self) -> int:
        return self._count("out_of_range")

    @property
    def duplicates(self) -> int:
        return self._count("duplicate")

    @property
    def constant_dropped(self) -> int:
        return self._count("constant")

    def _count(self, reason: str) -> int:
        return self.dropped.get(reason, Dropped()).count

    def sentences(self) -> list[str]:
        """The report as sentences, only those that have something to say."""
        lowest, highest = self.scale
        origin = "as you said" if self.scale_given else "the lowest and the highest found"
        fate = f"their {self.constant_dropped:,} ratings were dropped" if self.constant_dropped else "kept"
        said = [
            (self.missing, f"{self.missing:,} dropped: user, item, rating or timestamp was missing."),
            (self.out_of_range, f"{self.out_of_range:,} dropped: the rating was out of range or infinite."),
            (self.duplicates, f"{self.duplicates:,} dropped: the same user rated the same item again later."),
            (self.constant_users, f"Users who always gave the same rating: {self.constant_users:,}; {fate}."),
            (self.ignored_columns, f"Columns that are not used: {', '.join(self.ignored_columns)}."),
        ]
        return [
            f"{self.read:,} ratings read, {self.kept:,} kept, in the file's order; rows count these from 0.",
            f"Ratings go from {lowest:g} to {highest:g} ({origin}).",
            *(sentence for happened, sentence in said if happened),
        ]


@dataclass(frozen=True)
class Manner:
    """How a file is read. `columns`: the position of the user's column, of the item's, …; None: by their names. What is
    `tolerant` drops and counts the lines that it cannot understand, where others end with an error."""

    columns: Mapping[str, int] | None = None
    tolerant: bool = False
    most_rows: int | None = None  # None: MAX_ROWS


@dataclass(frozen=True, eq=False)
class Records:
    """A file's lines as a table of clean strings, with `line`, where each record begins, and the table's columns in the
    file's own names; `lines` has for each reason the lines that were dropped so far."""

    where: str  # what errors call the file
    table: pd.DataFrame
    read: int
    ignored: tuple[str, ...] = ()
    lines: dict[str, list[int]] = field(default_factory=dict)

    def keep(self, table: pd.DataFrame, kept: pd.Series, reason: str) -> pd.DataFrame:
        """The records of `table` that are `kept`; the others are counted under this reason."""
        self.lines.setdefault(reason, []).extend(table.loc[~kept, "line"].tolist())
        return table[kept]

    def dropped(self) -> dict[str, Dropped]:
        """What was dropped so far."""
        return {
            reason: Dropped(len(lines), tuple(sorted(lines)[:FIRST_LINES]))
            for reason, lines in self.lines.items()
            if lines
        }


def read_ratings_csv(
    path: str | Path,
    scale: tuple[float, float] | None = None,
    drop_constant_users: bool = False,
    to_learn_from: bool = True,
) -> tuple[Ratings, CleaningReport]:
    """Ratings from a text file with a header and the columns user, item, rating and, if known, timestamp.

    Columns may have their usual other names (user_id, movieId, ...) and any order; `title` and `genres`
    ("Action|Comedy") describe the item. Comma, tab or semicolon; UTF-8. Dropped and counted in the report:
    lines with a missing value, ratings outside `scale` (lowest, highest) or infinite, and all but the latest
    rating of the same user and item (the last in the file where the time is equal or unknown). Users whose
    ratings are all equal tell nothing of taste but something of the items' popularity: they are kept unless
    `drop_constant_users`. A file that is not `to_learn_from`, but to be tested on, may hold a single user, item or
    value.

    Raises DataError, with the line where there is one, for anything that is not such a file.
    """
    path = Path(path)
    records = parse(_read_text(path), str(path))
    return clean(records, path.stem, scale, drop_constant_users, to_learn_from)


def clean(
    records: Records,
    name: str,
    scale: tuple[float, float] | None = None,
    drop_constant_users: bool = False,
    to_learn_from: bool = True,
    manner: Manner | None = None,
) -> tuple[Ratings, CleaningReport]:
    """The records as Ratings of this name, cleaned as `read_ratings_csv` says. Raises DataError."""
    manner = manner or Manner()
    where, table = records.where, records.table
    table = records.keep(table, _complete(table), "missing")
    table = _to_numbers(records, table, manner.tolerant)
    table = records.keep(table, _in_range(table["rating"], scale), "out_of_range")
    table = records.keep(table, _latest_of_each_pair(table), "duplicate")
    constant = _constant_users(table)
    if drop_constant_users:
        table = records.keep(table, ~table["user"].isin(constant), "constant")
    if to_learn_from:
        _check_variety(table, where)
    ratings = index(table, where, name, scale)
    report = CleaningReport(
        read=records.read,
        kept=len(table),
        dropped=records.dropped(),
        constant_users=len(constant),
        scale=ratings.scale,
        scale_given=scale is not None,
        ignored_columns=records.ignored,
    )
    return ratings, report


def clean_text(text: str) -> str:
    """One printable line, at most MAX_LABEL long; control characters and white space become a space."""
    text = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def _read_text(path: Path) -> str:
    """The file as text. Raises DataError for what is no UTF-8 text or too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    if len(data) > MAX_BYTES:
        raise DataError(f"{path} is larger than {MAX_BYTES // 2**20} MiB. Keep a part of its lines and try again.")
    return decode(data, str(path))


def decode(data: bytes, where: str) -> str:
    """The text of a file that errors call `where`. Its content says what it is, not its name. Raises DataError."""
    if data.startswith((b"PK\x03\x04", b"\x1f\x8b", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise DataError(f"{where} is a spreadsheet, an archive or a PDF, not text. Export or unpack it as CSV first.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{where} is UTF-16, not UTF-8. Save it again as 'CSV UTF-8'.")
    nul = data.find(b"\0")
    if nul >= 0:
        raise DataError(
            f"{where}, line {_line_at(data, nul)}: there is a NUL byte, so this is no text. Export the file as CSV."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_at(data, error.start)
        raise DataError(f"{where}, line {line}: this is not UTF-8. Save the file again as 'CSV UTF-8'.") from error
    if not text.strip():
        raise DataError(f"{where} is empty. Its first line must name the columns: user,item,rating[,timestamp].")
    return text


def _line_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def parse(text: str, where: str, manner: Manner | None = None) -> Records:
    """The records of a text. Raises DataError, with the line, where the manner is not tolerant of it."""
    manner = manner or Manner()
    found = records_of(text, where)
    top, header = next(found)
    columns = _columns(header, top, where) if manner.columns is None else dict(manner.columns)
    wanted = itemgetter(*columns.values())
    lines, values, ragged = [], [], []
    most = MAX_ROWS if manner.most_rows is None else manner.most_rows
    for line, record in found:
        if len(lines) + len(ragged) == most:
            raise DataError(f"{where} has more than {most:,} ratings. Keep a part of them and try again.")
        if len(record) == len(header):
            lines.append(line)
            values.append(wanted(record))
        elif manner.tolerant:
            ragged.append(line)
        else:
            counts = f"{len(record)} columns where the header names {len(header)}"
            raise DataError(f"{where}, line {line}: {counts}. Mend or remove it.")
    if not values:
        raise DataError(f"{where} has a header and no ratings. Add one line for each rating.")
    texts = {name: _clean_column(column) for name, column in zip(columns, zip(*values, strict=True), strict=True)}
    ignored = tuple(clean_text(name) for k, name in enumerate(header) if k not in columns.values())
    table = pd.DataFrame(texts | {"line": lines})
    return Records(where, table, len(lines) + len(ragged), ignored, {"ragged": ragged})


def records_of(text: str, where: str):
    """(line, record) for each record of a text that is not blank; the delimiter is what its first line has most of."""
    first_line = next(line for line in io.StringIO(text, newline="") if line.strip())
    # The csv module, not pandas: it knows on which line a record stands, also after quoted line breaks.
    delimiter = max(DELIMITERS, key=first_line.count)
    return _records(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), where)


def _records(reader, where: str):
    """(line, record) for each record that is not blank; line, from 1, is where the record begins."""
    begin = 1
    try:
        for record in reader:
            if len(record) > 1 or "".join(record).strip():
                yield begin, record
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{where}, line {begin}: the quotes of the record that begins here do not match ({error}). Mend the line."
        ) from error


def _columns(header: list[str], line: int, where: str) -> dict[str, int]:
    """Which position of the header holds the user, the item, ..."""
    names = [plain_name(name) for name in header]
    columns = {}
    for column, aliases in ALIASES.items():
        found = [position for position, name in enumerate(names) if name in aliases]
        if len(found) > 1:
            shown = " and ".join(repr(header[position]) for position in found)
            raise DataError(
                f"{where}, line {line}: the columns {shown} both say what the {column} is. Rename one of them."
            )
        if found:
            columns[column] = found[0]
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        shown = clean_text(", ".join(header))
        raise DataError(
            f"{where}, line {line}: no column for the {' and the '.join(missing)} among: {shown}. The first "
            "line must name the columns: user,item,rating[,timestamp]."
        )
    return columns


def plain_name(name: str) -> str:
    """A column's name as ALIASES has it: Movie_ID -> movieid."""
    return re.sub(r"[\s_-]", "", name).lower()


def _clean_column(column: tuple[str, ...]) -> list[str]:
    cleaned = {value: clean_text(value) for value in set(column)}
    return [cleaned[value] for value in column]


def _complete(table: pd.DataFrame) -> pd.Series:
    """Which records miss nothing. A timestamp column that is empty from top to bottom does not count."""
    complete = pd.Series(True, index=table.index)
    for column in ("user", "item"):  # here a name like "null" is a name
        complete &= table[column] != ""
    complete &= ~table["rating"].str.lower().isin(MISSING)
    if "timestamp" in table:
        has_time = ~table["timestamp"].str.lower().isin(MISSING)
        complete &= has_time | (not has_time.any())
    return complete


def _to_numbers(records: Records, table: pd.DataFrame, tolerant: bool) -> pd.DataFrame:
    """rating as float64, timestamp as int64; no timestamp column if it was empty."""
    table = _number(records, table, "rating", tolerant)
    if "timestamp" not in table:
        return table
    if table["timestamp"].str.lower().isin(MISSING).all():
        return table.drop(columns="timestamp")
    table = _number(records, table, "timestamp", tolerant, limit=2**62)
    return table.assign(timestamp=table["timestamp"].astype(np.int64))


def _number(records: Records, table: pd.DataFrame, column: str, tolerant: bool, limit: float = np.inf) -> pd.DataFrame:
    """The table with this column as float64. What is no number is an error, or dropped where one is `tolerant`."""
    numbers = pd.to_numeric(table[column], errors="coerce").astype(np.float64)
    if tolerant and column == "timestamp":
        numbers = numbers.fillna(_seconds_of_dates(table[column].where(numbers.isna())))
    wrong = numbers.isna() | (numbers.abs() > limit)
    if wrong.any() and not tolerant:
        line, value = table.loc[wrong, ["line", column]].iloc[0]
        unit = " of seconds since 1970" if column == "timestamp" else ", with a point for decimals"
        raise DataError(
            f"{records.where}, line {line}: the {column} {value[:40]!r} is not a number{unit}. Mend or remove it."
        )
    return records.keep(table.assign(**{column: numbers}), ~wrong, "no_number")


def _seconds_of_dates(column: pd.Series) -> pd.Series:
    """Dates as ISO 8601 has them (2026-03-01 or 2026-03-01T12:30:00Z), in seconds since 1970; NaN for anything else."""
    dates = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True).dt.as_unit("s")
    return (dates - pd.Timestamp(0, tz="UTC").as_unit("s")).dt.total_seconds()


def _in_range(rating: pd.Series, scale: tuple[float, float] | None) -> pd.Series:
    """Finite in the precision they are kept in (float32), and within the scale if there is one."""
    finite = rating.abs() <= np.finfo(np.float32).max
    return finite if scale is None else finite & rating.between(*scale)


def _latest_of_each_pair(table: pd.DataFrame) -> pd.Series:
    """Which records are the latest of their user and item, else the last."""
    in_time = table.sort_values("timestamp", kind="stable") if "timestamp" in table else table
    return ~in_time.duplicated(["user", "item"], keep="last").sort_index()


def _constant_users(table: pd.DataFrame) -> pd.Index:
    ratings = table.groupby("user")["rating"].agg(["size", "nunique"])
    return ratings.index[(ratings["size"] >= 2) & (ratings["nunique"] == 1)]


def _check_variety(table: pd.DataFrame, where: str) -> None:
    """Raises DataError for ratings of which nothing can be learnt: of one user, of one item, or all equal."""
    for kind in ("user", "item"):
        if table[kind].nunique() == 1:
            only = table[kind].iloc[0]
            raise DataError(f"{where} has ratings of one {kind} only ({only}). Learning taste needs two or more.")
    if table["rating"].nunique() == 1:
        value = table["rating"].iloc[0]
        raise DataError(f"All ratings of {where} are {value:g}: there is nothing to tell apart. Add other ratings.")


def index(table: pd.DataFrame, where: str, name: str, scale: tuple[float, float] | None = None) -> Ratings:
    """A cleaned table as Ratings: labels sorted, their rank is the index. Raises DataError for an empty one."""
    if len(table) == 0:
        raise DataError(f"No rating of {where} is left after cleaning. Check its ratings, its scale and empty cells.")
    users, user_index = _labels(table["user"])
    items, item_index = _labels(table["item"])
    lowest, highest = scale or (float(table["rating"].min()), float(table["rating"].max()))
    return Ratings(
        user_index=user_index.astype(np.int32),
        item_index=item_index.astype(np.int32),
        rating=table["rating"].to_numpy(np.float32),
        timestamp=table["timestamp"].to_numpy(np.int64) if "timestamp" in table else None,
        users=pd.DataFrame({"user_id": users}),
        items=_items(table, items, item_index),
        name=name,
        scale=(lowest, highest),
    )


def _labels(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The sorted distinct labels, and the rank of each record's label. Integers where all of them are."""
    if column.str.fullmatch(_WHOLE_NUMBER).all():
        return np.unique(column.to_numpy(np.int64), return_inverse=True)
    return np.unique(column.to_numpy(object), return_inverse=True)


def _items(table: pd.DataFrame, items: np.ndarray, item_index: np.ndarray) -> pd.DataFrame:
    """The items' table: the first title and genres that the file gives each, else its item_id and ""."""
    described = {"title": pd.Series(items).astype(str), "genres": pd.Series("", index=range(len(items)))}
    described["year"] = described["genres"].copy()
    for column, text in described.items():
        if column in table:
            named = pd.Series(table[column].to_numpy(), index=item_index)
            named = named[named != ""]
            first = named[~named.index.duplicated()]
            text.loc[first.index] = first
    genres = ["|".join(filter(None, map(str.strip, text.split("|")))) for text in described["genres"]]
    year = pd.array([int(text) if re.fullmatch(_YEAR, text) else pd.NA for text in described["year"]], dtype="Int64")
    return pd.DataFrame({"item_id": items, "title": described["title"], "year": year, "genres": genres})
