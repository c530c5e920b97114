r"""Chapter 3, step 5, the other half: lists that hit can still be all alike, all popular, all from one shelf.

`top` is (users, k) item_index, best first, -1 for an empty place. `popularity` is (num_items,): n_i, the number of
ratings of item i in the training part. Functions that give (users,) have NaN for a user without an answer.
"""

from __future__ import annotations

import numpy as np

from recsys_edu.data import Ratings
from recsys_edu.intervals import ratio
from recsys_edu.recommend import unit


def popularity_of(train: Ratings) -> np.ndarray:
    """n_i, (num_items,) int64."""
    return np.bincount(train.item_index, minlength=train.num_items)


def coverage(top: np.ndarray, num_items: int) -> float:
    """Catalogue coverage: the share of the catalogue that stands in at least one list.

    It grows with the number of lists. Source: Ge, Delgado-Battenfeld, Jannach, "Beyond Accuracy", RecSys 2010."""
    return float(np.count_nonzero(exposure(top, num_items)) / num_items)


def gini(top: np.ndarray, num_items: int) -> float:
    r"""Gini coefficient of exposure, e_i = the number of lists that hold item i, whatever the place:

        G = Σ_{j=1..n} (2j − n − 1) e_(j) / (n Σ_i e_i),   e_(1) ≤ ... ≤ e_(n), n = num_items

    0: all items are shown equally often; (n − 1)/n: one item takes it all. NaN without a list.
    Source: Fleder, Hosanagar, "Blockbuster Culture's Next Rise or Fall", Management Science 2009."""
    e = np.sort(exposure(top, num_items))
    if not e.any():
        return float("nan")
    j = np.arange(1, num_items + 1)
    return float(((2 * j - num_items - 1) * e).sum() / (num_items * e.sum()))


def exposure(top: np.ndarray, num_items: int) -> np.ndarray:
    """e_i: how many lists hold item i, (num_items,)."""
    return np.bincount(top[top >= 0], minlength=num_items)


def novelty_per_user(top: np.ndarray, popularity: np.ndarray, num_users: int) -> np.ndarray:
    r"""Mean self-information of a list, in bits: the mean of −log₂(n_i / |U|). An item that nobody rated counts as
    rated once.

    Source: Zhou et al., "Solving the Apparent Diversity-Accuracy Dilemma of Recommender Systems", PNAS 2010."""
    return _mean_of_list(-np.log2(np.maximum(popularity, 1) / num_users), top)


def popularity_per_user(top: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """Mean n_i of a list. Its mean over users is the average recommendation popularity (ARP).

    Source: Yin et al., "Challenging the Long Tail Recommendation", VLDB 2012."""
    return _mean_of_list(popularity, top)


def profile_popularity(train: Ratings, user_index: np.ndarray) -> np.ndarray:
    """Mean n_i of what each of these users rated, (len(user_index),); NaN without a rating."""
    n = popularity_of(train)[train.item_index]  # (ratings,)
    total = np.bincount(train.user_index, weights=n, minlength=train.num_users)
    count = np.bincount(train.user_index, minlength=train.num_users)
    return ratio(total, count)[user_index]


def diversity_per_user(top: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    r"""Intra-list diversity: the mean of 1 − cos(v_i, v_j) over the pairs i ≠ j of a list.

    With x_i = v_i / ‖v_i‖ and m items in the list, Σ_{i≠j} x_i · x_j = ‖Σ x_i‖² − m: no pair need be formed.
    `vectors` (num_items, d): `genre_vectors`, or a model's q_i (then models cannot be compared: each has its own
    yardstick). Items whose vector is 0, so that nothing is known of them, are left out; NaN with fewer than two left.
    Source: Ziegler et al., "Improving Recommendation Lists Through Topic Diversification", WWW 2005 (its negative)."""
    x = unit(np.asarray(vectors, "float64"))[np.maximum(top, 0)]  # (users, k, d)
    x[top < 0] = 0
    m = x.any(axis=2).sum(axis=1)  # (users,)
    pairs = m * (m - 1)
    similarity = (x.sum(axis=1) ** 2).sum(axis=1) - m  # (users,)
    return 1 - ratio(similarity, pairs)


def genre_vectors(train: Ratings) -> np.ndarray:
    """1 where an item has a genre, else 0: (num_items, number of genres). One column of 0 if no genre is known."""
    genres = train.items.get("genres", [])
    kinds = [set(filter(None, str(text).split("|"))) for text in genres]
    names = sorted(set().union(*kinds)) or [""]
    return np.array([[name in kind for name in names] for kind in kinds or [set()] * train.num_items], float)


def _mean_of_list(values: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Mean of values (num_items,) over the items of each list, (users,); NaN for an empty list."""
    filled = top >= 0
    total = np.where(filled, values[np.maximum(top, 0)], 0).sum(axis=1)
    count = filled.sum(axis=1)
    return ratio(total, count)
