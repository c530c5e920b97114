r"""Chapter 8, temporal drift: what was rated last year, and what will be rated next week.

An old rating may count for less. With the half-life h, a rating at time t has at time T the weight

    w(t) = 2^(−(T − t) / h)

h = ∞: all count alike. Weights go into anything that is a sum over ratings. Popularity: n_i = Σ w. Item biases:
b_i = Σ w (r_ui − μ) / (λ + Σ w). Co-occurrence, as in EASE, where each user counts by his or her last rating:

    B = argmin Σ_u w_u ‖x_u − x_u B‖² + λ w̄ ‖B‖²  with diag(B) = 0,   w̄ = mean of the w_u

Everything is judged on ratings that came later than all that was learnt from.
Sources: Ding, Li, "Time Weight Collaborative Filtering", CIKM 2005; Koren, "Collaborative Filtering with Temporal
Dynamics", KDD 2009; for what a random split hides: Ji, Sun, Zhang, Li, "A Critical Study on Data Leakage in Recommender
System Offline Evaluation", TOIS 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings, Split, split_by_rows
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.metrics import ndcg, rmse
from recsys_edu.models.direct import check_square, one_thread, user_item_matrix
from recsys_edu.models.ease import closed_form
from recsys_edu.recommend import top_n

DAY = 24 * 3600  # seconds


def decay(timestamp: np.ndarray, now: int, half_life: float) -> np.ndarray:
    """w(t) of ratings at `timestamp` (n,), seen from `now`, both in seconds; `half_life` in days, inf for none."""
    if not half_life > 0:
        raise SettingsError(f"The half-life is {half_life} days. Use a number above 0, or inf for no decay.")
    return 0.5 ** ((now - timestamp) / DAY / half_life)


def days_active(ratings: Ratings) -> np.ndarray:
    """Days between a user's first and last rating, (users with a rating,)."""
    time = pd.Series(require_time(ratings)).groupby(ratings.user_index)
    return ((time.max() - time.min()) / DAY).to_numpy()


def require_time(ratings: Ratings) -> np.ndarray:
    """The timestamps. Raises DataError if there are none."""
    if ratings.timestamp is None:
        raise DataError(f"{ratings.name} has no timestamps: nothing in it is earlier or later. Add a timestamp column.")
    return ratings.timestamp


def popularity(train: Ratings, now: int, half_life: float = inf) -> np.ndarray:
    """n_i = Σ w(t) over the ratings of item i, (I,)."""
    w = decay(require_time(train), now, half_life)
    return np.bincount(train.item_index, weights=w, minlength=train.num_items)


def popularity_by_week(ratings: Ratings, half_lives: Sequence[float], first: int = 6) -> pd.DataFrame:
    """Week after week, from week `first` on: lists of the ten most popular items of the past, unseen by the user, and
    their NDCG@10 in that week. A row for each week with ratings, a column for each half-life, and one with the users of
    that week. Weeks are counted from the first rating."""
    time = require_time(ratings)
    start, week = time.min(), (time - time.min()) // (7 * DAY)
    rows = {}
    for k in np.unique(week[week >= first]):
        past, now = ratings.take(np.flatnonzero(week < k)), ratings.take(np.flatnonzero(week == k))
        users = np.unique(now.user_index)
        seen, relevant = past.seen()[users], now.seen()[users]
        relevant &= ~seen
        counts = (popularity(past, start + k * 7 * DAY, half_life) for half_life in half_lives)
        rows[int(k)] = [len(users), *(ndcg(_lists(n, seen), relevant) for n in counts)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["users", *half_lives]).rename_axis("week")


def mean_over_users(by_week: pd.DataFrame) -> pd.Series:
    """The mean of each column of `popularity_by_week`, every user of every week counting alike."""
    return by_week.drop(columns="users").mul(by_week["users"], axis=0).sum() / by_week["users"].sum()


def newcomers(parts: Split) -> np.ndarray:
    """Which test ratings are by users of whom the training part knows nothing, (n_test,) bool."""
    return ~np.isin(parts.test.user_index, parts.train.user_index)


def strangers_split(ratings: Ratings, users: int, seed: int = 0) -> Split:
    """All ratings of so many users, drawn at random, are the test: newcomers, but no news."""
    chosen = np.random.default_rng(seed).permutation(np.unique(ratings.user_index))[:users]
    return split_by_rows(ratings, np.flatnonzero(np.isin(ratings.user_index, chosen)))


def decay_for_newcomers(parts: Split, half_lives: Sequence[float]) -> pd.DataFrame:
    """What each half-life does to three models, judged on the test's newcomers: a row for each half-life; columns
    `popularity` (NDCG@10), `item biases` (RMSE of μ + b_i), `co-occurrence` (NDCG@10 on the later half of what each
    newcomer rated; the earlier half is known)."""
    new = parts.test.take(np.flatnonzero(newcomers(parts)))
    users, now = np.unique(new.user_index), int(require_time(parts.train).max())
    relevant, nothing = new.seen()[users], np.zeros((len(users), new.num_items), dtype=bool)
    given, later = (half.seen()[users] for half in _halves(new))
    rows = {}
    for half_life in half_lives:
        n = popularity(parts.train, now, half_life)
        mu, b_i = item_biases(parts.train, now, half_life)
        B = co_occurrence(parts.train, now, half_life)  # (I, I)
        ten = top_n(given @ B, given)
        error = rmse(new.rating, np.clip(mu + b_i[new.item_index], *new.scale))
        rows[half_life] = [ndcg(_lists(n, nothing), relevant), error, ndcg(ten, later)]
    columns = ["popularity", "item biases", "co-occurrence"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("half-life")


def item_biases(train: Ratings, now: int, half_life: float = inf, l2: float = 2.0) -> tuple[float, np.ndarray]:
    """μ and b_i (I,) of decayed ratings."""
    w = decay(require_time(train), now, half_life)
    mu = float(np.average(train.rating, weights=w))
    total = np.bincount(train.item_index, weights=w * (train.rating - mu), minlength=train.num_items)
    return mu, total / (l2 + np.bincount(train.item_index, weights=w, minlength=train.num_items))


def co_occurrence(train: Ratings, now: int, half_life: float = inf, l2: float = 100.0) -> np.ndarray:
    """B (I, I), in closed form as in `models.ease`, which it is for a half-life without end."""
    check_square(train.num_items, "items")
    last = np.zeros(train.num_users, "int64")
    np.maximum.at(last, train.user_index, require_time(train))
    w = decay(last, now, half_life)  # (U,); 0 or nearly for who has no rating, and no row in X
    X = user_item_matrix(train, np.sqrt(w[train.user_index]))  # (U, I)
    G = (X.T @ X).toarray()  # (I, I)
    G[np.diag_indices_from(G)] += l2 * w[np.unique(train.user_index)].mean()
    with one_thread():
        return closed_form(G)


def _lists(n: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The ten items of the highest n (I,) that each user has not seen, (users, 10)."""
    return top_n(np.broadcast_to(n, seen.shape), seen)


def _halves(ratings: Ratings) -> tuple[Ratings, Ratings]:
    """The earlier and the later half of what each user rated."""
    order = np.lexsort((ratings.timestamp, ratings.user_index))
    u = ratings.user_index[order]
    place, n = np.arange(len(u)) - np.searchsorted(u, u), np.bincount(u)[u]
    return ratings.take(order[place < n / 2]), ratings.take(order[place >= n / 2])
