r"""Lists that show other films, and what they cost.

    penalty    s'_ui = z(s_ui) − λ log(n_i + c)   z: less the user's mean, over the user's standard deviation
    quota      of k places, m for the best items of the long tail, k − m for the best of the rest

n_i: ratings of item i in the training part. c = 20 keeps the logarithm from lifting films that nearly nobody knows.
The long tail: the items outside the fifth that have most ratings.
Source: Abdollahpouri, Burke, Mobasher, "Managing Popularity Bias in Recommender Systems with Personalized Re-ranking",
FLAIRS 2019, whose re-ranking is another one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from recsys_edu import beyond_accuracy as beyond
from recsys_edu import metrics
from recsys_edu.data import Ratings
from recsys_edu.errors import SettingsError
from recsys_edu.recommend import top_n

SOFTENED = 20  # c


def long_tail(train: Ratings, head: float = 0.2) -> np.ndarray:
    """The items outside the share `head` that has most ratings, (I,) bool."""
    order = np.argsort(-beyond.popularity_of(train), kind="stable")
    tail = np.ones(train.num_items, dtype=bool)
    tail[order[: round(head * train.num_items)]] = False
    return tail


def penalised(scores: np.ndarray, n: np.ndarray, strength: float) -> np.ndarray:
    """z(s_ui) − λ log(n_i + c), (users, I). λ = 0 keeps everybody's order."""
    spread = scores.std(axis=1, keepdims=True)
    z = (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread == 0, 1, spread)
    return z - strength * np.log(n + SOFTENED)


def quota(scores: np.ndarray, seen: np.ndarray, tail: np.ndarray, m: int, k: int = 10) -> np.ndarray:
    """Lists of k, of which the last m places go to the best unseen items of the tail: (users, k) item_index.

    Raises SettingsError unless 0 ≤ m ≤ k."""
    if not 0 <= m <= k:
        raise SettingsError(f"{m} of {k} places are not possible. Reserve between 0 and {k} places for the long tail.")
    head_list = top_n(scores, seen | tail, k)[:, : k - m]
    return np.hstack([head_list, top_n(scores, seen | ~tail, k)[:, :m]])


def judge(top: np.ndarray, relevant: np.ndarray, tail: np.ndarray) -> dict[str, float]:
    """NDCG@k of the lists, and how their places are spread: gini, coverage, and the share that the long tail gets."""
    return {
        "ndcg": metrics.ndcg(top, relevant),
        "gini": beyond.gini(top, len(tail)),
        "coverage": beyond.coverage(top, len(tail)),
        "tail": float(tail[top[top >= 0]].mean()),
    }


def frontier(
    scores: np.ndarray,
    train: Ratings,
    test: Ratings,
    strengths: Iterable[float] = (0, 0.25, 0.5, 0.75, 1),
    reserved: Iterable[int] = range(6),
    k: int = 10,
) -> pd.DataFrame:
    """What each re-ranking of `scores` (U, I) gives and costs: one row a setting, `way` "penalty" or "quota"."""
    seen, relevant, tail, n = train.seen(), test.seen(), long_tail(train), beyond.popularity_of(train)
    rows = []
    for strength in strengths:
        top = top_n(penalised(scores, n, strength), seen, k)
        rows.append({"way": "penalty", "setting": strength} | judge(top, relevant, tail))
    for m in reserved:
        rows.append({"way": "quota", "setting": m} | judge(quota(scores, seen, tail, m, k), relevant, tail))
    return pd.DataFrame(rows)
