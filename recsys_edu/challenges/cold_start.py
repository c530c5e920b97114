r"""Chapter 8, cold start: somebody new, and a film that nobody has rated yet.

A new user u. Everything that was learnt of the films is kept. Only u's own numbers are fitted, to the few ratings that
u gave, in closed form (the "fold-in"):

    b_u, p_u = argmin Σ_{i rated by u} (z_ui − b_u − p_u · q_i)² + λ (b_u² + ‖p_u‖²),    z_ui = r_ui − μ − b_i
             = (AᵀA + λI)⁻¹ Aᵀ z_u,    A = [1, Q_u]    (n_u, 1 + d)

A new film i has no rating, but genres and a year: x_i (f numbers). A ridge regression maps x_i to what matrix
factorisation learnt of the other films, each counted n_i times, since a film of two ratings has hardly a vector:

    W = argmin Σ_i n_i ‖[b_i, q_i] − x_i W‖² + λ ‖W‖²,    [b̂_i, q̂_i] = x_i W

Sources: Sarwar, Karypis, Konstan, Riedl, "Incremental Singular Value Decomposition Algorithms for Highly Scalable
Recommender Systems", ICCIT 2002; Gantner et al., "Learning Attribute-to-Feature Mappings for Cold-Start
Recommendations", ICDM 2010; for what to ask first: Rashid et al., "Getting to Know You", IUI 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings, Split, split_by_rows
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.metrics import rmse
from recsys_edu.models.content import counts

USER_L2 = 5.0  # λ of the fold-in: of 1 to 20 the best for the 150 people of seed 1, with 10 ratings each
ITEM_L2 = 100.0  # λ of the film's regression: 30 to 300 differ by less than 0.001 stars


@dataclass(frozen=True, eq=False)
class Factors:
    """What matrix factorisation learnt: μ, b_u (U,), b_i (I,), P (U, d), Q (I, d), as float64."""

    mu: float
    b_u: np.ndarray
    b_i: np.ndarray
    P: np.ndarray
    Q: np.ndarray

    @classmethod
    def of(cls, model) -> Factors:
        """From a `MatrixFactorization` that has learnt."""
        b_u, b_i = (np.asarray(layer.embeddings, "float64")[:, 0] for layer in (model.user_bias, model.item_bias))
        P, Q = model.user_vectors().astype("float64"), model.item_vectors().astype("float64")
        return cls(float(model.mean), b_u, b_i, P, Q)

    def without_vectors(self) -> Factors:
        """μ, b_u, b_i alone."""
        return replace(self, P=np.zeros_like(self.P), Q=np.zeros_like(self.Q))

    def error(self, test: Ratings) -> float:
        """RMSE of r̂_ui = μ + b_u + b_i + p_u · q_i on `test`, in stars."""
        return rmse(test.rating, np.clip(self.predict_pairs(test.user_index, test.item_index), *test.scale))

    def predict_pairs(self, u: np.ndarray, i: np.ndarray) -> np.ndarray:
        """r̂_ui of n pairs, (n,)."""
        return self.mu + self.b_u[u] + self.b_i[i] + np.einsum("nd,nd->n", self.P[u], self.Q[i])


@dataclass(frozen=True, eq=False)
class Newcomers:
    """`users`: people of whom `warm` holds no rating. Their ratings are in `given`, in a random order for each, and in
    `test`, some for each, on which they are judged."""

    users: np.ndarray  # (k,) user_index
    warm: Ratings
    given: Ratings
    test: Ratings
    test_rows: np.ndarray  # of `test` in the data set


def leave_users_out(ratings: Ratings, users: int = 150, least: int = 40, tests: int = 20, seed: int = 0) -> Newcomers:
    """`users` people (at most half of those who can be drawn), each with at least `least` ratings, of which `tests` are
    the test. Raises DataError if fewer than two have so many, SettingsError if nothing would be left to be given."""
    if not 0 < tests < least:
        raise SettingsError(f"With {tests} of at least {least} ratings as the test, nothing is left to be given.")
    rng = np.random.default_rng(seed)
    enough = np.flatnonzero(np.bincount(ratings.user_index, minlength=ratings.num_users) >= least)
    chosen = np.sort(rng.permutation(enough)[: min(users, len(enough) // 2)])
    if not len(chosen):
        raise DataError(f"Fewer than two people have {least} ratings. Ask for fewer ratings of each.")
    order = rng.permutation(len(ratings))
    order = order[np.isin(ratings.user_index[order], chosen)]
    order = order[np.argsort(ratings.user_index[order], kind="stable")]  # by user, at random within each
    place = np.arange(len(order)) - np.searchsorted(ratings.user_index[order], ratings.user_index[order])
    warm, given, test = (
        np.flatnonzero(~np.isin(ratings.user_index, chosen)),
        order[place >= tests],
        order[place < tests],
    )
    return Newcomers(chosen, ratings.take(warm), ratings.take(given), ratings.take(test), test)


def fold_in(
    factors: Factors, item_index: np.ndarray, rating: np.ndarray, l2: float = USER_L2
) -> tuple[float, np.ndarray]:
    """b_u and p_u (d,) of a new user from n ratings, both (n,). Without any they are 0: the prediction is μ + b_i."""
    A = np.hstack([np.ones((len(item_index), 1)), factors.Q[item_index]])  # (n, 1 + d)
    z = rating - factors.mu - factors.b_i[item_index]  # (n,)
    both = np.linalg.solve(A.T @ A + l2 * np.eye(A.shape[1]), A.T @ z)  # (1 + d,)
    return float(both[0]), both[1:]


def fold_in_all(factors: Factors, newcomers: Newcomers, given: Ratings, l2: float = USER_L2) -> Factors:
    """`factors`, with each newcomer's b_u and p_u from his or her part of `given`."""
    b_u, P = factors.b_u.copy(), factors.P.copy()
    for u in newcomers.users:
        rows = np.flatnonzero(given.user_index == u)
        b_u[u], P[u] = fold_in(factors, given.item_index[rows], given.rating[rows], l2)
    return replace(factors, b_u=b_u, P=P)


def error_by_number(factors: Factors, newcomers: Newcomers, numbers: Sequence[int | None]) -> pd.DataFrame:
    """RMSE on the newcomers' test after so many ratings of each (None: all that they gave). Columns: b_u (a newcomer is
    generous or strict) and "b_u, p_u" (and has a taste). With no rating both are the error of μ + b_i."""
    given = newcomers.given
    place = np.arange(len(given)) - np.searchsorted(given.user_index, given.user_index)  # 0, 1, ... of each user
    rows = {}
    for number in numbers:
        first = given.take(np.flatnonzero(place < (len(given) if number is None else number)))
        folded = [fold_in_all(f, newcomers, first) for f in (factors.without_vectors(), factors)]
        rows["all" if number is None else str(number)] = [f.error(newcomers.test) for f in folded]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["b_u", "b_u, p_u"]).rename_axis("ratings given")


def questions(train: Ratings, seed: int = 0) -> dict[str, np.ndarray]:
    """All items, (I,), in four orders in which a newcomer could be asked about them: at random, best rated first, most
    disputed first (standard deviation of the ratings, at least 20 of them), best known first."""
    i, r, n = train.item_index, train.rating.astype("float64"), np.bincount(train.item_index, minlength=train.num_items)
    total, squares = (np.bincount(i, weights=w, minlength=train.num_items) for w in (r - r.mean(), (r - r.mean()) ** 2))
    mean = total / np.maximum(n, 1)
    spread = np.where(n >= 20, squares / np.maximum(n, 1) - mean**2, -1)  # variance
    orders = {"best rated": -total / (n + 5), "most disputed": -spread, "best known": -n}
    at_random = {"at random": np.random.default_rng(seed).permutation(train.num_items)}
    return at_random | {name: np.argsort(key, kind="stable") for name, key in orders.items()}


def error_by_question(
    factors: Factors, newcomers: Newcomers, orders: dict[str, np.ndarray], asked: int = 20
) -> pd.DataFrame:
    """Every newcomer is asked about the first `asked` items of an order, and answers where they have seen the item: it
    is among the ratings that they gave. `answers`: the mean number of answers; `rmse`: after the fold-in."""
    rows = {}
    for name, order in orders.items():
        answered = newcomers.given.take(np.flatnonzero(np.isin(newcomers.given.item_index, order[:asked])))
        folded = fold_in_all(factors, newcomers, answered)
        rows[name] = [len(answered) / len(newcomers.users), folded.error(newcomers.test)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["answers", "rmse"])


def leave_items_out(ratings: Ratings, share: float = 0.2, seed: int = 0) -> Split:
    """A random share of the items is new: all their ratings are the test. Raises SettingsError if a part is empty."""
    items = np.random.default_rng(seed).permutation(ratings.num_items)[: round(share * ratings.num_items)]
    return split_by_rows(ratings, np.flatnonzero(np.isin(ratings.item_index, items)))


def item_table(items: pd.DataFrame) -> np.ndarray:
    """x_i in rows, (I, f): a constant 1, the genres, the decade; 1 where it applies, else 0."""
    genres = [[name for name in text.split("|") if name] for text in items["genres"].fillna("")]
    decades = [[] if pd.isna(year) else [int(year) // 10] for year in items["year"]]
    return np.hstack([np.ones((len(items), 1)), counts(genres), counts(decades)])


def new_items(factors: Factors, train: Ratings, l2: float = ITEM_L2) -> dict[str, Factors]:
    """`factors` with three opinions of the items without a rating in `train`: each is average (b_i = 0, q_i = 0); its
    content tells b̂_i; its content tells b̂_i and q̂_i."""
    X, target = item_table(train.items), np.column_stack([factors.b_i, factors.Q])  # (I, f), (I, 1 + d)
    n = np.bincount(train.item_index, minlength=train.num_items)[:, None]
    λI = l2 * np.eye(X.shape[1])
    λI[0, 0] = 1e-9  # the constant is free
    W = np.linalg.solve(X.T @ (n * X) + λI, X.T @ (n * target))  # (f, 1 + d)
    average, known = np.where(n == 0, 0, target), np.where(n == 0, X @ W, target)
    return {
        "average item": replace(factors, b_i=average[:, 0], Q=average[:, 1:]),
        "content: b_i": replace(factors, b_i=known[:, 0], Q=average[:, 1:]),
        "content: b_i, q_i": replace(factors, b_i=known[:, 0], Q=known[:, 1:]),
    }


def pairs_in_order(factors: Factors, test: Ratings) -> float:
    """Of all pairs of items to which one user gave different stars, the share that r̂ puts in that order; a tie counts
    half. Every user counts alike. 0.5 is guessing."""
    r_hat, shares = factors.predict_pairs(test.user_index, test.item_index), []
    for u in np.unique(test.user_index):
        rows = test.user_index == u
        better = test.rating[rows][:, None] > test.rating[rows]  # (n_u, n_u)
        ahead = np.sign(r_hat[rows][:, None] - r_hat[rows])
        if better.any():
            shares.append((ahead[better].mean() + 1) / 2)
    return float(np.mean(shares))
