"""What the Challenges page shows, computed by the labs of chapter 8 and kept by their settings. No streamlit here.

All factors come from alternating least squares, so that no page needs TensorFlow.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_edu import beyond_accuracy, planted
from recsys_edu.challenges import alternating, cold_start, fairness, federated, privacy_price, reranking
from recsys_edu.challenges.feedback_loop import World, simulate
from recsys_edu.data import Ratings
from recsys_edu.models.ease import EASE
from recsys_edu.recommend import best_unseen, top_n
from recsys_edu.studio import slices
from recsys_edu.studio.dials import Dial

DATA = ("movielens-100k", "planted")  # small enough for answers at once
TABS = ("cold_start", "rerank", "loop", "privacy")
NOISES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
WAYS = {"heart": federated.LEAKY, "modest": federated.Federation()}
ROUNDS = 10
MEASURES = ("satisfaction", "gini", "alike")
DIALS = {
    "tab": Dial(TABS, "cold_start"),
    "data": Dial(DATA, DATA[0]),
    "given": Dial(range(21), 5),
    "newcomer": Dial(range(1, 11), 1),
    "penalty": Dial((0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5), 0.0),
    "reserved": Dial(range(11), 2),
    "show": Dial(("ease", "popularity", "stars", "chance"), "ease"),
    "explore": Dial((0.0, 0.05, 0.1, 0.2, 0.3, 0.5), 0.2),
    "measure": Dial(MEASURES, "satisfaction"),
    "round": Dial(range(1, ROUNDS + 1), ROUNDS),
    "way": Dial(tuple(WAYS), "heart"),
    "z": Dial(NOISES, 4.0),
}
KNOWN = 50  # ratings that a film has which is recommended to a newcomer, or a quarter of the users of a small set


# --- Cold start -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Strangers:
    """People left out, and the factors of all others."""

    newcomers: cold_start.Newcomers
    factors: cold_start.Factors


@functools.lru_cache(maxsize=4)
def strangers(data: str) -> Strangers:
    newcomers = cold_start.leave_users_out(slices.ratings_of(data))
    als = alternating.learn(newcomers.warm)
    P, Q = als.users[:, :-1], als.items[:, :-1]
    return Strangers(newcomers, cold_start.Factors(als.mean, als.users[:, -1], als.items[:, -1], P, Q))


@functools.lru_cache(maxsize=4)
def error_by_given(data: str) -> pd.DataFrame:
    """RMSE on the newcomers' test after 0 … 20 ratings of each, and after all: `cold_start.error_by_number`."""
    who = strangers(data)
    return cold_start.error_by_number(who.factors, who.newcomers, [*DIALS["given"].values, None])


@dataclass(frozen=True, eq=False)
class List:
    """Ten films for a newcomer: item_index, r̂, and the stars that the newcomer gave some of them, unseen by the
    model."""

    items: np.ndarray
    predicted: np.ndarray
    stars: dict[int, float]
    given: Ratings  # what the newcomer has told


def list_of_newcomer(data: str, newcomer: int, number: int) -> List:
    """The best well-known films for the newcomer of this number, 1, 2, …, after so many ratings."""
    who = strangers(data)
    newcomers, factors = who.newcomers, who.factors
    u = newcomers.users[(newcomer - 1) % len(newcomers.users)]
    told = newcomers.given.take(np.flatnonzero(newcomers.given.user_index == u)[:number])
    b_u, p_u = cold_start.fold_in(factors, told.item_index, told.rating)
    r_hat = factors.mu + b_u + factors.b_i + factors.Q @ p_u  # (I,)
    n = beyond_accuracy.popularity_of(newcomers.warm)
    r_hat[n < min(KNOWN, newcomers.warm.num_users // 4)] = -np.inf
    items, predicted = best_unseen(r_hat, told, int(u))
    rest = newcomers.test.user_index == u
    stars = zip(newcomers.test.item_index[rest].tolist(), newcomers.test.rating[rest].tolist(), strict=True)
    return List(items, predicted, dict(stars), told)


# --- Fairness to films: re-ranking ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shown:
    """Lists after a re-ranking: `reranking.judge`, and `fairness.exposure_by_band`."""

    figures: dict[str, float]
    bands: pd.DataFrame


@functools.lru_cache(maxsize=4)
def _scored(data: str) -> tuple:
    parts = slices.split_of(data, "random", 0)
    scores = EASE().fit(parts.train).scores(np.arange(parts.train.num_users))  # (U, I)
    return parts, scores, alternating.learn(parts.train)


@functools.lru_cache(maxsize=256)
def reranked(data: str, penalty: float, reserved: int) -> Shown:
    """EASE's lists of ten with a penalty λ on popular films, and so many places reserved for the long tail. Where none
    is reserved, nobody looks at who is in the tail."""
    parts, scores, factors = _scored(data)
    seen, tail = parts.train.seen(), reranking.long_tail(parts.train)
    scores = reranking.penalised(scores, beyond_accuracy.popularity_of(parts.train), penalty)
    top = reranking.quota(scores, seen, tail, reserved) if reserved else top_n(scores, seen)
    figures = reranking.judge(top, parts.test.seen(), tail)
    return Shown(figures, fairness.exposure_by_band(factors, parts.train, parts.test, top))


# --- The feedback loop ----------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def loop(show: str, explore: float) -> pd.DataFrame:
    """Ten rounds in a planted world of ten ratings a user, the mean of three runs: a row a round."""
    start, truth = planted.generate(density=0.05)
    runs = [simulate(start, truth, show, World(rounds=ROUNDS, explore=explore, seed=seed)) for seed in (0, 1, 2)]
    return sum(runs) / len(runs)


# --- Privacy --------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def price(data: str, way: str, noise: float) -> dict[str, float]:
    """`privacy_price.run`: half of the users learn a table in this way, with noise z, and clip at C = 1."""
    parts = slices.split_of(data, "random", 0)
    members = privacy_price.half_of_users(parts.train)
    return privacy_price.run(parts.train, parts.test, replace(WAYS[way], clip=1.0, noise=noise), members)


def prices(data: str, way: str) -> list:
    """A step for each noise, as `background.Work` takes them."""
    return [functools.partial(price, data, way, noise) for noise in NOISES]
