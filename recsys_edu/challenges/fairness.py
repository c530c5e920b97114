r"""For whom is a recommender worse, what does it show, and would it help to learn from others.

Groups of users: gender, age, how much they rated. A figure of a group is Σ_u x_u / Σ_u w_u over its users, with a
bootstrap interval over users (`intervals`). Groups of items: how many ratings they have. What can be done about the
lists is in `reranking`.
Source: Ekstrand et al., "All The Cool Kids, How Do They Fit In?", FAT* 2018.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys_edu import beyond_accuracy as beyond
from recsys_edu import intervals, metrics
from recsys_edu.challenges import alternating
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError

AGES = (0, 25, 35, 45)  # each begins a group
BANDS = (0, 10, 50, 150)  # ratings of a film


def user_groups(train: Ratings) -> dict[str, np.ndarray]:
    """Name -> the group of each user, (U,) text: what the users' table has of gender and age, and activity, in quarters
    of the users by their number of ratings in `train`."""
    found = {}
    if "gender" in train.users:
        found["gender"] = train.users["gender"].astype(str).to_numpy()
    if "age" in train.users:
        found["age"] = _bands(train.users["age"].to_numpy(), AGES)
    count = np.bincount(train.user_index, minlength=train.num_users)
    quarter = np.argsort(np.argsort(count, kind="stable"), kind="stable") * 4 // len(count)
    found["activity"] = np.array(["least active", "less active", "more active", "most active"])[quarter]
    return found


def item_bands(train: Ratings) -> np.ndarray:
    """How many ratings an item has in `train`, as text: "0-9", ... "150+", (I,)."""
    return _bands(beyond.popularity_of(train), BANDS)


def by_group(x: np.ndarray, w: np.ndarray, group: np.ndarray, level: float = 0.95) -> pd.DataFrame:
    """Σ x / Σ w of each group of users, with its interval. x, w (U,): users with NaN in either do not count."""
    names, (x, w) = np.unique(group), _answered(x, w)
    inside = group[:, None] == names  # (U, groups)
    X, W = x[:, None] * inside, w[:, None] * inside
    low, high = intervals.percentile_interval(intervals.bootstrap_ratios(X, W), level)
    value = intervals.ratio(X.sum(axis=0), W.sum(axis=0))
    users = (inside & (w > 0)[:, None]).sum(axis=0)
    return pd.DataFrame({"group": names, "users": users, "value": value, "low": low, "high": high})


def gap(x: np.ndarray, w: np.ndarray, group: np.ndarray, one: str, other: str) -> tuple[float, float, float]:
    """√ of the figure of `one` minus √ of that of `other`, and its 95 % interval: for errors, in stars.

    Raises DataError for a group that nobody is in."""
    x, w = _answered(x, w)
    inside = group[:, None] == np.array([one, other])  # (U, 2)
    if not inside.any(axis=0).all():
        raise DataError(f"One of {one!r} and {other!r} has nobody in it. There are {', '.join(np.unique(group))}.")
    X, W = x[:, None] * inside, w[:, None] * inside
    samples = np.sqrt(intervals.bootstrap_ratios(X, W))  # (resamples, 2)
    low, high = intervals.percentile_interval((samples[:, 0] - samples[:, 1])[:, None])[:, 0]
    value = np.sqrt(X.sum(axis=0) / W.sum(axis=0))
    return float(value[0] - value[1]), float(low), float(high)


def squared_errors(model, test: Ratings) -> tuple[np.ndarray, np.ndarray]:
    """Σ (r_ui − r̂_ui)² over each user's test ratings and how many these are, (U,) each; predictions are clipped."""
    predicted = np.clip(model.predict_pairs(test.user_index, test.item_index), *test.scale)
    error = (test.rating - predicted.astype("float64")) ** 2
    count = np.bincount(test.user_index, minlength=test.num_users).astype("float64")
    return np.bincount(test.user_index, weights=error, minlength=test.num_users), count


def taught_by(teachers: np.ndarray, train: Ratings) -> alternating.Factors:
    """The item table learnt from the ratings of `teachers` (U,) bool alone; the vectors of all users, from their own
    ratings and this table. So it can be asked whether a group fares worse because few of it are among the teachers."""
    taught = alternating.learn(train.take(np.flatnonzero(teachers[train.user_index])))
    return replace(taught, users=alternating.user_rows(train, taught.items, taught.mean, taught.l2))


def equal_numbers(group: np.ndarray, seed: int = 0) -> np.ndarray:
    """As many of each group as its smallest has, drawn by chance: (U,) bool."""
    names, count = np.unique(group, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(group))
    return np.isin(
        np.arange(len(group)), np.concatenate([order[group[order] == name][: count.min()] for name in names])
    )


def exposure_by_band(model, train: Ratings, test: Ratings, top: np.ndarray) -> pd.DataFrame:
    """For films of few and of many ratings: their share of the films, of the ratings, and of the places of `top`; and
    `rmse`, in stars, of `model` on their test ratings."""
    band, labels = item_bands(train), [_label(BANDS, k) for k in range(len(BANDS))]
    n, e = beyond.popularity_of(train), beyond.exposure(top, train.num_items)
    predicted = np.clip(model.predict_pairs(test.user_index, test.item_index), *test.scale)
    rows = []
    for label in labels:
        here, tested = band == label, band[test.item_index] == label
        error = metrics.rmse(test.rating[tested], predicted[tested])
        rows.append((label, here.mean(), n[here].sum() / n.sum(), e[here].sum() / e.sum(), error))
    return pd.DataFrame(rows, columns=["ratings", "of films", "of ratings", "of places", "rmse"])


def _answered(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with 0 where either is NaN."""
    known = ~np.isnan(x) & ~np.isnan(w)
    return np.where(known, x, 0), np.where(known, w, 0)


def _bands(values: np.ndarray, starts: tuple[int, ...]) -> np.ndarray:
    """The label of each value's band, (n,) text."""
    labels = np.array([_label(starts, k) for k in range(len(starts))])
    return labels[np.searchsorted(starts, values, side="right") - 1]


def _label(starts: tuple[int, ...], k: int) -> str:
    return f"{starts[k]}-{starts[k + 1] - 1}" if k + 1 < len(starts) else f"{starts[k]}+"
