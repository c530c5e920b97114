"""What a trained matrix factorisation makes of somebody new, the visitor of the page You.

The films' numbers are frozen. Only the visitor's own x = [p ; b_u] is computed, from a few ratings, in closed form
(challenges/cold_start.py, the fold-in); what is said of a prediction follows from it (challenges/explanation.py, which
has the formulas). That is NumPy alone and takes milliseconds, so it runs in the page's own process; only `learnt` runs
in a worker. Never imports streamlit, nor TensorFlow; SciPy, which takes half a second, when it is first needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recsys_edu import recommend
from recsys_edu.data import Ratings
from recsys_edu.studio import slices

if TYPE_CHECKING:
    from recsys_edu.challenges.alternating import Factors
    from recsys_edu.challenges.explanation import Profile

WORKS_WITH = ("mf",)  # models with r̂_ui = μ + b_u + b_i + p_u · q_i
NEAR = 8  # films between which the visitor's point lies


@dataclass(frozen=True)
class Reason:
    """What one of the visitor's ratings has to do with r̂ of a film."""

    item_index: int  # the rated film
    rating: float
    adds: float  # w_ij z_uj, in stars: with μ + b_i their sum is r̂
    cosine: float  # of the two films
    liked: bool  # at least the visitor's mean and the middle of the scale
    without: float  # r̂ if this rating had not been given
    place: int | None  # of the film in that list; None: it is rated, or too rare to be listed


@dataclass(frozen=True, eq=False)
class Visit:
    """The visitor as the model sees him or her now. `order` and `before` hold item_index, best first."""

    factors: Factors
    who: Profile
    rare: np.ndarray  # (I,) bool: too few ratings for a list
    barred: np.ndarray  # (I,) bool: what no list shows, these and what the visitor rated
    r_hat: np.ndarray  # (I,)
    order: np.ndarray
    before: np.ndarray  # with a rating left out: the order of all ratings; else that before the last rating


def visit(
    factors: Factors, train: Ratings, rated: Mapping[int, float], without: int | None = None, at_least: int = 0
) -> Visit:
    """From the ratings, item_index -> stars, the last one last; `without`: one that is left out, if any."""
    few = np.bincount(train.item_index, minlength=train.num_items) < at_least
    who = profile(factors, train, {i: stars for i, stars in rated.items() if i != without})
    r_hat, barred = scores(factors, who.x), _barred(few, rated)
    earlier = rated if without in rated else dict(list(rated.items())[:-1])
    before = ranking(scores(factors, profile(factors, train, earlier).x), _barred(few, earlier))
    return Visit(factors, who, few, barred, r_hat, ranking(r_hat, barred), before)


def learnt(spec: slices.RunSpec, state: dict[str, np.ndarray]) -> Factors:
    """μ and [q_i ; b_i] of every film, as a run has learnt them; no user. A worker's task: it needs TensorFlow."""
    from recsys_edu.challenges import alternating, cold_start

    trainer, _start = slices.trainer_of(spec)
    trainer.restore(state)
    found = cold_start.Factors.of(trainer.model)
    items = np.column_stack([found.Q, found.b_i])  # (I, d + 1)
    return alternating.Factors(found.mu, np.empty((0, items.shape[1])), items, cold_start.USER_L2)


def profile(factors: Factors, train: Ratings, rated: Mapping[int, float]) -> Profile:
    """The ridge regression of the visitor's ratings, item_index -> stars, and x. Without a rating x is 0."""
    from recsys_edu.challenges import explanation

    items, stars = np.array(list(rated), "int32"), np.array(list(rated.values()), "float32")
    if not len(items):
        width = factors.items.shape[1]
        A = factors.l2 * np.eye(width)
        return explanation.Profile(0, items, stars, np.empty((0, width)), np.empty(0), A, np.zeros(width))
    own = replace(train, user_index=np.zeros_like(items), item_index=items, rating=stars, timestamp=None)
    return explanation.profile(factors, own, 0)


def scores(factors: Factors, x: np.ndarray) -> np.ndarray:
    """r̂ of every film for x (d + 1,): (I,). For several, (k, d + 1): (k, I)."""
    return factors.mean + factors.items[:, -1] + x @ np.vstack([factors.items[:, :-1].T, np.ones(len(factors.items))])


def _barred(few: np.ndarray, rated: Mapping[int, float]) -> np.ndarray:
    both = few.copy()
    both[list(rated)] = True
    return both


def ranking(r_hat: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """item_index of all films that are not left out, best first, ties to the lower item_index."""
    order = np.argsort(-r_hat, kind="stable")
    return order[~left_out[order]]


def gained(now: np.ndarray, before: np.ndarray) -> list[int | None]:
    """Places that each film of the list `now` has gained against the ranking `before`; None: it was not in it."""
    place = {i: k for k, i in enumerate(before.tolist())}
    return [place[i] - k if i in place else None for k, i in enumerate(now.tolist())]


def near(visit: Visit) -> tuple[np.ndarray, np.ndarray]:
    """The films (none of the rare ones) whose q_i points most nearly where p does, by cosine, and how much each counts
    for the visitor's point on a map: in proportion to the cosine, 1 in all. None as long as p is 0."""
    cosine = recommend.similarity(visit.who.x[None, :-1], visit.factors.item_vectors())  # (1, I)
    rows = recommend.top_n(cosine, visit.rare[None], NEAR)[0]
    rows = rows[rows >= 0]
    rows = rows[cosine[0, rows] > 0]
    weights = cosine[0, rows]
    return rows, weights / weights.sum()


def parts(visit: Visit, item_index: int) -> dict[str, float]:
    """μ, b_u, b_i and p_k q_k, by name: their sum is r̂."""
    from recsys_edu.challenges import explanation

    return explanation.by_parts(replace(visit.factors, users=visit.who.x[None]), 0, item_index).to_dict()


def reasons(visit: Visit, item_index: int, scale: tuple[float, float]) -> list[Reason]:
    """Each of the visitor's ratings, what adds or takes most first."""
    from recsys_edu.challenges import explanation

    factors, who, barred = visit.factors, visit.who, visit.barred
    if not len(who.items):
        return []
    adds = explanation.by_ratings(factors, who, item_index)  # (n,)
    cosine = recommend.similarity(factors.item_vectors()[[item_index]], factors.item_vectors()[who.items])[0]  # (n,)
    liked = (explanation.nearest_liked(factors, who, item_index) == cosine) & (who.rating >= sum(scale) / 2)
    without = scores(factors, explanation.vectors_without(who))  # (n, I)
    own = without[:, [item_index]]  # (n, 1)
    ahead = (without > own) & ~barred
    places = [None] * len(own) if barred[item_index] else (1 + ahead.sum(axis=1)).tolist()
    columns = (who.items, who.rating, adds, cosine, liked, own[:, 0])
    rows = zip(*(column.tolist() for column in columns), places, strict=True)
    return sorted((Reason(*row) for row in rows), key=lambda reason: -abs(reason.adds))


def nearest_liked(reasons: list[Reason], item_index: int, k: int = 3) -> list[Reason]:
    """Of `reasons` for a film the k other films that the visitor liked whose vectors are nearest to its own, and point
    its way."""
    liked = (reason for reason in reasons if reason.liked and reason.cosine > 0 and reason.item_index != item_index)
    return sorted(liked, key=lambda reason: -reason.cosine)[:k]
