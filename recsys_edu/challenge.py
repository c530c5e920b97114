r"""Chapter 7: a recommendation challenge in small, after the RecSys Challenge: hidden test, submission file, scorer.

`make` cuts a data set in two. The `Task` is published: ratings to learn from, and the users to answer for. The `Truth`
stays with the scorer: what each of these users chose last. A team sends a CSV file with k films a user, best first;
`read_submission` checks it line by line, `score` judges it:

    NDCG@k = 1/|H| Σ_u∈H NDCG@k(u)     over a half H of the users

The public half is what a leaderboard shows while the challenge runs, the private half decides when it is over. Who
sends many files and keeps the one with the best public score has fitted the public half; only the private one is a
test. (The test is hidden from models, not from people: MovieLens can be looked up. A prize needs data that cannot.)

Source: Blum, Hardt, "The Ladder: A Reliable Leaderboard for Machine Learning Competitions", ICML 2015.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from recsys_edu import intervals, metrics
from recsys_edu.cleaning import clean_text
from recsys_edu.data import Ratings, leave_last_out
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.recommend import top_n

SHOWN = 40  # characters of a wrong cell that a message repeats


@dataclass(frozen=True, eq=False)
class Task:
    """What is published: `train`, the `users` to answer for, (n,) user_index ascending, and k, the length of a list."""

    train: Ratings
    users: np.ndarray
    k: int

    @property
    def header(self) -> list[str]:
        """The first line of a submission: user_id, then k places, best first."""
        return ["user_id", *(f"item_id_{place}" for place in range(1, self.k + 1))]


@dataclass(frozen=True, eq=False)
class Truth:
    """What the scorer alone has: the `hidden` ratings, and which of the task's users are in the public half, (n,)."""

    hidden: Ratings
    is_public: np.ndarray


@dataclass(frozen=True, eq=False)
class Submission:
    """The answer to a task: `top` (n, k) item_index, best first, in the order of the task's users."""

    top: np.ndarray


@dataclass(frozen=True, eq=False)
class HalfScore:
    """NDCG@k over one half of the users, and the bootstrap interval (95 %) over them, which is computed when asked for:
    a team that sends a hundred files needs one interval. `per_user` (users,) stays with the scorer."""

    per_user: np.ndarray = field(repr=False)

    @property
    def users(self) -> int:
        return len(self.per_user)

    @property
    def ndcg(self) -> float:
        return float(self.per_user.mean())

    @cached_property
    def interval(self) -> tuple[float, float]:
        """(low, high)."""
        samples = intervals.bootstrap_ratios(self.per_user[:, None], np.ones((self.users, 1)))  # (resamples, 1)
        low, high = intervals.percentile_interval(samples)[:, 0].tolist()
        return low, high


@dataclass(frozen=True, eq=False)
class Score:
    """A leaderboard shows `public` while the challenge runs; `private` is for its end."""

    public: HalfScore
    private: HalfScore


def make(ratings: Ratings, seed: int = 0, k: int = 10) -> tuple[Task, Truth]:
    """Hide the latest rating of each user (`data.leave_last_out`), and put half of the users, drawn by the seed, into
    the public half.

    Raises SettingsError for data without timestamps, with fewer than two users who have two ratings, for k < 1, or if
    a user has fewer than k films left to be offered."""
    parts = leave_last_out(ratings, seed)
    users = np.unique(parts.test.user_index)
    if len(users) < 2:
        raise SettingsError(f"A challenge needs two users with two ratings or more; {ratings.name} has {len(users)}.")
    unseen = ratings.num_items - np.bincount(parts.train.user_index, minlength=ratings.num_users)[users].max()
    if not 1 <= k <= unseen:
        raise SettingsError(f"A list of {k} films cannot be asked of everybody. Choose k between 1 and {unseen}.")
    is_public = np.zeros(len(users), dtype=bool)
    is_public[np.random.default_rng(seed).permutation(len(users))[: len(users) // 2]] = True
    return Task(parts.train, users, k), Truth(parts.test, is_public)


def submission_of(model, task: Task) -> Submission:
    """The k best films of a model for each user of the task, without what the user has rated."""
    return Submission(top_n(model.scores(task.users), task.train.seen()[task.users], task.k))


def write_submission(path: str | Path, submission: Submission, task: Task) -> None:
    """The submission as the CSV file that `read_submission` reads: a header, and a line a user."""
    user_id = task.train.users["user_id"].to_numpy()[task.users]
    item_id = task.train.items["item_id"].to_numpy()[submission.top]  # (n, k)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(task.header)
        writer.writerows([user, *items] for user, items in zip(user_id, item_id, strict=True))


def score(submission: Submission, task: Task, truth: Truth) -> Score:
    """NDCG@k on the public and on the private half."""
    ndcg = metrics.ndcg_per_user(submission.top, truth.hidden.seen()[task.users])  # (n,)
    return Score(HalfScore(ndcg[truth.is_public]), HalfScore(ndcg[~truth.is_public]))


def read_submission(path: str | Path, task: Task) -> Submission:
    """The submission in a CSV file with the task's header and a line a user, in any order.

    Raises DataError, with the line, for anything else: a file that is larger than an honest one can be, is no UTF-8 or
    no CSV; another header; a user who is unknown, not asked for, missing or there twice; too few or too many films; a
    film that is unknown, there twice, or one that the user has rated in the training part."""
    text = _read_text(Path(path), _most_bytes(task))
    lines = _lines(text)
    _check_header(next(lines, (1, [])), task)
    place_of = {str(task.train.users["user_id"].iloc[u]): n for n, u in enumerate(task.users)}
    known_users = set(map(str, task.train.users["user_id"]))
    item_of = {str(item_id): i for i, item_id in enumerate(task.train.items["item_id"])}
    top, line_of = np.full((len(task.users), task.k), -1), {}
    for line, (user, *films) in lines:
        n = _place(line, user, place_of, known_users)
        if n in line_of:
            raise DataError(f"Line {line}: user {user} has a list in line {line_of[n]} already. Keep one of the two.")
        top[n], line_of[n] = _items(line, films, item_of, task), line
    _check_complete(line_of, task)
    _check_unseen(top, line_of, task)
    return Submission(top)


def _most_bytes(task: Task) -> int:
    """More than an honest file can have: every cell as long as the longest label, in quotes."""
    user, item = (
        max(len(str(label).encode()) for label in table)
        for table in (task.train.users["user_id"], task.train.items["item_id"])
    )
    return 2 * len(",".join(task.header)) + 2 * len(task.users) * (user + task.k * item + 3 * (task.k + 1)) + 1024


def _read_text(path: Path, most_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    if len(content) > most_bytes:
        raise DataError(
            f"The file has more than {most_bytes:,} bytes, and no right answer is that large. "
            "Send one line a user, with the item_ids alone."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"Line {line}: this is no UTF-8 text. Save the table as 'CSV UTF-8' and send that.") from error


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each record that is not blank; line, from 1, is where the record begins."""
    reader, begin = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"Line {begin}: this is no CSV ({error}). Are the quotes closed?") from error


def _check_header(first: tuple[int, list[str]], task: Task) -> None:
    line, cells = first
    if cells != task.header:
        found = f"It is: {_shown(','.join(cells))}." if cells else "The file is empty."
        raise DataError(
            f"Line {line}: the first line must be {','.join(task.header)}, with commas. {found} "
            "`write_submission` writes it so."
        )


def _place(line: int, user: str, place_of: dict[str, int], known_users: set[str]) -> int:
    """The row of the user's list."""
    if user in place_of:
        return place_of[user]
    if user in known_users:
        raise DataError(f"Line {line}: no list is asked for user {_shown(user)}. Remove the line.")
    raise DataError(f"Line {line}: there is no user {_shown(user)}. {_advice(user, place_of, 'user')}")


def _items(line: int, films: list[str], item_of: dict[str, int], task: Task) -> list[int]:
    """The item_index of k different films."""
    if len(films) != task.k:
        much = "few" if len(films) < task.k else "many"
        raise DataError(f"Line {line}: too {much} films, {len(films)}. Give {task.k} after the user_id, best first.")
    for place, film in enumerate(films, start=1):
        if film not in item_of:
            raise DataError(f"Line {line}, place {place}: no film {_shown(film)}. {_advice(film, item_of, 'item')}")
        if film in films[: place - 1]:
            raise DataError(f"Line {line}: film {film} is there twice. Give {task.k} different ones.")
    return [item_of[film] for film in films]


def _advice(label: str, known: dict[str, int], kind: str) -> str:
    """What to do about a label that does not exist."""
    if label.lower() in {"", "nan", "none", "null"}:
        return "The cell is empty: fill the list up, for example with popular films."
    if label.removesuffix(".0") in known:
        return f"Write {label.removesuffix('.0')}: a table with gaps turns whole numbers into decimals."
    if label[0] in "=+@":
        return f"A formula is not computed here: write the {kind}_id itself."
    return f"Write the {kind}_id of the data set (a label), not a row number or a title."


def _check_complete(line_of: dict[int, int], task: Task) -> None:
    missing = [n for n in range(len(task.users)) if n not in line_of]
    if missing:
        user_id = task.train.users["user_id"].iloc[task.users[missing[0]]]
        raise DataError(
            f"{len(missing):,} of {len(task.users):,} users have no list; the first is user {user_id}. "
            "Add a line for each user of the task."
        )


def _check_unseen(top: np.ndarray, line_of: dict[int, int], task: Task) -> None:
    rated = np.argwhere(task.train.seen()[task.users[:, None], top])  # pairs of row and place
    if len(rated):
        n, place = min(rated.tolist(), key=lambda cell: line_of[cell[0]])
        user_id = task.train.users["user_id"].iloc[task.users[n]]
        item_id = task.train.items["item_id"].iloc[top[n, place]]
        raise DataError(
            f"Line {line_of[n]}, place {place + 1}: user {user_id} has rated film {item_id} already. "
            "Leave out what a user has rated in the training part."
        )


def _shown(text: str) -> str:
    text = clean_text(text)
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
