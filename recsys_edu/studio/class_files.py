"""The files of the Class Challenge, in memory: what a student sends, an example of it, and what may be learnt from."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_edu import challenge
from recsys_edu.challenge import Submission, Task
from recsys_edu.errors import DataError
from recsys_edu.recommend import top_n

MOST_BYTES = 2 * 2**20  # of a file; challenge.read_submission knows how much an honest one can have
TO_BE_PASSED_ON = ("planted",)  # bases whose licence lets everybody have a copy


def read(content: bytes, task: Task) -> Submission:
    """The submission in a file that was sent. Raises DataError, with the line, for anything else."""
    if len(content) > MOST_BYTES:
        raise DataError(f"The file has more than {MOST_BYTES:,} bytes. Send one line a user, with the item_ids alone.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent.csv"
        path.write_bytes(content)
        return challenge.read_submission(path, task)


@functools.lru_cache(maxsize=2)
def example(task: Task) -> bytes:
    """A file that would be accepted: the most popular films that a user has not rated."""
    counts = np.bincount(task.train.item_index, minlength=task.train.num_items).astype("float32")
    top = top_n(np.tile(counts, (len(task.users), 1)), task.train.seen()[task.users], task.k)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "example.csv"
        challenge.write_submission(path, Submission(top), task)
        return path.read_bytes()


@functools.lru_cache(maxsize=2)
def published(task: Task) -> bytes:
    """The ratings that may be learnt from, as a CSV."""
    train = task.train
    table = pd.DataFrame(
        {
            "user_id": train.users["user_id"].to_numpy()[train.user_index],
            "item_id": train.items["item_id"].to_numpy()[train.item_index],
            "rating": train.rating.astype(int),
            "timestamp": train.timestamp,
        }
    )
    return table.to_csv(index=False, lineterminator="\n").encode()
