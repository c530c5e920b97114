r"""When an explanation is not a cause: "because you watched A", where A and B were merely shown to the same people.

The world is planted. Each item belongs to one campaign, drawn by chance, and so does each user. Who watches what:

    P(u is shown i) = `inside` if campaign(u) = campaign(i), else `outside`
    P(u watches i | shown) = σ(2 (p_u · q_i − 0.5))          taste: r_ui without μ and biases

One film is the sequel of another, from another campaign: who has watched the first watches the sequel too with the
further probability `effect`. Else nothing that anybody watches changes what anybody watches next: no other A is the
cause of a B. The campaign is a common cause (a confounder) of both, and so is taste. A model of what is watched
together, as EASE,

    s_u = x_u W,   W = argmin ‖X − X W‖² + λ ‖W‖²,   diag(W) = 0

finds both and cannot tell them apart. `adjusted` takes the campaign out before: x_ui less the share of u's campaign
that watched i. It can be done since the campaign was written down; a confounder that nobody noted stays in.
`experiment` asks the world itself: a coin decides who watches A.
Sources: Pearl, "Causality", 2nd edition, Cambridge University Press 2009, chapter 3; for W, Steck, WWW 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from recsys_edu.models.direct import one_thread
from recsys_edu.models.ease import closed_form
from recsys_edu.planted import Truth
from recsys_edu.recommend import top_n


@dataclass(frozen=True, eq=False)
class Promoted:
    """`watched` X (U, I) bool; the campaign of each user (U,) and item (I,); the main taste of each item (I,)."""

    watched: np.ndarray
    user_campaign: np.ndarray
    item_campaign: np.ndarray
    item_taste: np.ndarray
    probability: np.ndarray  # that u watches i unless moved by another film, (U, I)
    sequel: tuple[int, int]  # the first film, and its sequel
    effect: float

    def caused(self, a: int, b: int) -> float:
        """The probability that watching a makes somebody watch b who would not: the truth that nobody sees."""
        return self.effect if (a, b) == self.sequel else 0.0


def promoted(
    truth: Truth, campaigns: int = 4, inside: float = 0.8, outside: float = 0.1, effect: float = 0.3, seed: int = 0
) -> Promoted:
    """What the people of this truth watch, once items have been promoted to some of them."""
    rng = np.random.default_rng(seed)
    users, items = (rng.permutation(np.arange(n) % campaigns) for n in (len(truth.p), len(truth.q)))
    shown = np.where(users[:, None] == items, inside, outside)
    probability = shown * expit(2 * (truth.p @ truth.q.T - 0.5))  # (U, I)
    watched = rng.random(probability.shape) < probability
    a, b = (int(np.flatnonzero(items == campaign)[0]) for campaign in (0, 1))
    watched[:, b] |= watched[:, a] & (rng.random(len(users)) < effect)
    return Promoted(watched, users, items, truth.q.argmax(axis=1), probability, (a, b), effect)


def together(X: np.ndarray, l2: float = 50.0) -> np.ndarray:
    """W (I, I): how much watching row j speaks for watching column i."""
    G = X.T @ X + l2 * np.eye(X.shape[1])
    with one_thread():
        return closed_form(G)


def adjusted(world: Promoted) -> np.ndarray:
    """X less the share of the user's campaign that watched the item, (U, I)."""
    X = world.watched.astype("float64")
    for campaign in np.unique(world.user_campaign):
        here = world.user_campaign == campaign
        X[here] -= X[here].mean(axis=0)
    return X


def reasons(world: Promoted, W: np.ndarray, n: int = 10) -> pd.DataFrame:
    """For each user and each item of the user's list of n: the watched item that speaks loudest for it, its weight, and
    whether the two share the campaign, and the taste."""
    X = world.watched
    lists = top_n(X.astype("float64") @ W, X, n)  # (U, n)
    users, items = np.repeat(np.arange(len(X)), n), lists.ravel()
    users, items = users[items >= 0], items[items >= 0]
    weight = np.where(X[users], W[:, items].T, -np.inf)  # (places, I)
    reason = weight.argmax(axis=1)
    return pd.DataFrame(
        {
            "user_index": users,
            "item_index": items,
            "reason": reason,
            "weight": weight[np.arange(len(reason)), reason],
            "same_campaign": world.item_campaign[reason] == world.item_campaign[items],
            "same_taste": world.item_taste[reason] == world.item_taste[items],
        }
    )


def observed_lift(world: Promoted, a: int, b: int) -> float:
    """P(watched b | watched a) − P(watched b | not a): what the log shows."""
    A, B = world.watched[:, a], world.watched[:, b]
    return float(B[A].mean() - B[~A].mean())


def experiment(world: Promoted, a: int, b: int, repeats: int = 20, seed: int = 0) -> float:
    """The same difference where a coin, not the campaign or taste, decides who watches a. Everybody's other evenings go
    as this world has it, drawn anew `repeats` times."""
    rng = np.random.default_rng(seed)
    shape = (repeats, len(world.watched))
    coin = rng.random(shape) < 0.5
    B = rng.random(shape) < world.probability[:, b]
    B |= coin & (rng.random(shape) < world.caused(a, b))
    return float(B[coin].mean() - B[~coin].mean())
