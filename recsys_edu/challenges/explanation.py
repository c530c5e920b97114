r"""Explanations of one prediction of a factor model, and how far they agree.

A factor model (`alternating`) with the item table held fixed is, for one user, a ridge regression. With f_i = [q_i ; 1]
and z_uj = r_uj − μ − b_j,

    r̂_ui = μ + b_i + f_i · x_u,   x_u = A⁻¹ Σ_j f_j z_uj,   A = Σ_j f_j f_jᵀ + λ I     (j: what u rated)

So four things can be said of r̂_ui:

    by parts        μ + b_i + b_u + Σ_k p_uk q_ik                   exact; single k mean nothing (`rotated`)
    by ratings      μ + b_i + Σ_j w_ij z_uj,  w_ij = f_iᵀ A⁻¹ f_j    exact; what each rating of u contributes
    nearest liked   cos(q_i, q_j) over the j that u liked            a likeness, not a part of r̂_ui
    without one     r̂_ui − r̂_ui^(−j)                                exact; what happens if rating j had not been given

The second and the last are not the same: without rating j the others speak louder, since A shrinks too.
Sources: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, section 5 (by
ratings); Cook, "Detection of Influential Observation in Linear Regression", Technometrics 1977 (without one).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_edu import recommend
from recsys_edu.challenges.alternating import Factors, with_one
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError

WAYS = ("by ratings", "nearest liked", "without one")


@dataclass(frozen=True, eq=False)
class Profile:
    """What a user rated, as the ridge sees it: `items` (n_u,) item_index, f (n_u, d + 1), z (n_u,), A of d + 1 rows,
    and x (d + 1,), the vector that follows from them."""

    user_index: int
    items: np.ndarray
    rating: np.ndarray
    f: np.ndarray
    z: np.ndarray
    A: np.ndarray
    x: np.ndarray


def profile(factors: Factors, train: Ratings, user_index: int) -> Profile:
    """Raises DataError for a user without a rating in `train`."""
    rows = np.flatnonzero(train.user_index == user_index)
    if not len(rows):
        raise DataError(f"User {user_index} has no rating here, so nothing explains a prediction but the item itself.")
    items, rating = train.item_index[rows], train.rating[rows].astype("float64")
    f = with_one(factors.items)[items]  # (n_u, d + 1)
    A = f.T @ f + factors.l2 * np.eye(f.shape[1])
    z = rating - factors.mean - factors.items[items, -1]
    return Profile(user_index, items, rating, f, z, A, np.linalg.solve(A, f.T @ z))


def by_parts(factors: Factors, user_index: int, item_index: int) -> pd.Series:
    """μ, b_u, b_i and p_uk q_ik: their sum is r̂_ui."""
    x, y = factors.users[user_index], factors.items[item_index]
    names = [f"factor {k}" for k in range(1, len(x))]
    return pd.Series([factors.mean, x[-1], y[-1], *(x[:-1] * y[:-1])], ["mean", "user bias", "item bias", *names])


def rotated(factors: Factors, seed: int = 0) -> Factors:
    """The same model, every r̂ alike, in turned axes: (R p) · (R q) = p · q for an orthogonal R."""
    d = factors.items.shape[1] - 1
    R = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    turned = [np.hstack([table[:, :-1] @ R.T, table[:, -1:]]) for table in (factors.users, factors.items)]
    return replace(factors, users=turned[0], items=turned[1])


def by_ratings(factors: Factors, who: Profile, item_index: int) -> np.ndarray:
    """w_ij z_uj of each rating, (n_u,): with μ + b_i their sum is r̂_ui."""
    f_i = with_one(factors.items[[item_index]])[0]  # (d + 1,)
    return who.f @ np.linalg.solve(who.A, f_i) * who.z


def without_one(factors: Factors, who: Profile, item_index: int) -> np.ndarray:
    """r̂_ui^(−j), the prediction after the user's vector was computed anew without rating j: for each j, (n_u,)."""
    return predicted(factors, vectors_without(who), item_index)


def predicted(factors: Factors, x: np.ndarray, item_index: int) -> np.ndarray:
    """r̂ of one item for a vector x (d + 1,), or for several (k, d + 1): (k,)."""
    y = factors.items[item_index]  # [q_i ; b_i]
    return factors.mean + y[-1] + x @ np.append(y[:-1], 1)


def vectors_without(who: Profile) -> np.ndarray:
    """x_u computed anew without rating j, one row for each j: (n_u, d + 1)."""
    A = who.A - who.f[:, :, None] * who.f[:, None, :]  # (n_u, d + 1, d + 1)
    right = who.f.T @ who.z - who.f * who.z[:, None]  # (n_u, d + 1)
    return np.linalg.solve(A, right[..., None])[..., 0]


def nearest_liked(factors: Factors, who: Profile, item_index: int) -> np.ndarray:
    """cos(q_i, q_j) of each rated item j that the user liked (r_uj at least the user's mean), (n_u,); −1 for others."""
    cosine = recommend.similarity(factors.item_vectors()[[item_index]], factors.item_vectors()[who.items])[0]
    return np.where(who.rating >= who.rating.mean(), cosine, -1)


def strength(factors: Factors, who: Profile, item_index: int, way: str) -> np.ndarray:
    """How strongly each rating speaks for the item, in one of the WAYS: (n_u,), the largest is 'the reason'."""
    if way == "by ratings":
        return by_ratings(factors, who, item_index)
    if way == "nearest liked":
        return nearest_liked(factors, who, item_index)
    return predicted(factors, who.x, item_index) - without_one(factors, who, item_index)


def reasons(factors: Factors, train: Ratings, user_index: int, item_index: int, k: int = 5) -> pd.DataFrame:
    """The k ratings that contribute most to r̂_ui, with what the other ways say of them."""
    who = profile(factors, train, user_index)
    table = train.items.loc[who.items, ["title"]].reset_index(drop=True).assign(rating=who.rating)
    for way in WAYS:
        table[way] = strength(factors, who, item_index, way)
    return table.sort_values("by ratings", key=np.abs, ascending=False).head(k).reset_index(drop=True)


def removal_test(factors: Factors, train: Ratings, users: np.ndarray, n: int = 10, at_least: int = 20) -> pd.DataFrame:
    """Take each user's list of n (items with at least `at_least` ratings), and for each item of it 'the reason' by each
    way, and by chance. Remove the reason's rating, compute the user's vector anew and make the list anew. A row for
    each (user, item, way): the reason's place in the profile, `fall` of r̂_ui in stars, and whether the item `stays`."""
    rare = np.bincount(train.item_index, minlength=train.num_items) < at_least
    rng, rows = np.random.default_rng(0), []
    for u in users.tolist():
        who = profile(factors, train, u)
        barred = rare.copy()
        barred[who.items] = True
        top, again = _lists(factors, who, barred, n)
        for i in top[top >= 0].tolist():
            fall = predicted(factors, who.x, i) - without_one(factors, who, i)  # (n_u,)
            for way in (*WAYS, "chance"):
                j = rng.integers(len(fall)) if way == "chance" else strength(factors, who, i, way).argmax()
                rows.append((u, i, way, int(j), fall[j], i in again[j]))
    return pd.DataFrame(rows, columns=["user_index", "item_index", "way", "reason", "fall", "stays"])


def _lists(factors: Factors, who: Profile, barred: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The list (n,), and the lists without each rating (n_u, n). What was rated stays barred."""
    x = np.vstack([who.x, vectors_without(who)])  # (1 + n_u, d + 1)
    scores = factors.mean + factors.items[:, -1] + x @ with_one(factors.items).T  # (1 + n_u, I)
    lists = recommend.top_n(scores, np.tile(barred, (len(x), 1)), n)
    return lists[0], lists[1:]
