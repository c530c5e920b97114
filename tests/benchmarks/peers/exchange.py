"""What a peer is given and what it gives back. NumPy alone, so that it runs beside any library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

SEED = 0  # of every peer that draws at random


@dataclass(frozen=True, eq=False)
class Task:
    """n ratings to learn from, and what is asked for: predictions of the m test pairs, or a score for every cell of
    U × I. The test's ratings are not in here: nobody can learn them."""

    user: np.ndarray  # (n,) user_index
    item: np.ndarray  # (n,) item_index
    rating: np.ndarray  # (n,)
    time: np.ndarray  # (n,) the rank of each rating in time: 0 is the earliest
    num_users: int
    num_items: int
    scale: tuple[float, float]
    test_user: np.ndarray  # (m,)
    test_item: np.ndarray  # (m,)


class Prepared(NamedTuple):
    """A library's data and model, made and not fitted yet. `fit` alone is timed. `answer` gives predictions (m,) or
    scores (num_users, num_items), NaN where the library has none."""

    fit: Callable[[], object]
    answer: Callable[[], np.ndarray]
