"""What a promise of privacy costs: half of the users learn a table, all use it, an attacker asks who took part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from recsys_edu.challenges import accountant, federated, membership
from recsys_edu.data import Ratings
from recsys_edu.metrics import rmse

DELTA = 1e-4  # δ must lie well below 1/U: with δ = 1/U a mechanism may publish one user, drawn by chance


def half_of_users(ratings: Ratings, seed: int = 0) -> np.ndarray:
    """Who takes part: a random half, (U,) bool."""
    order = np.random.default_rng(seed).permutation(ratings.num_users)
    return np.isin(np.arange(ratings.num_users), order[: ratings.num_users // 2])


def run(train: Ratings, test: Ratings, f: federated.Federation, members: np.ndarray) -> dict[str, float]:
    """Let `members` (U,) bool learn a table, give it to everybody, attack it. One row of `price`."""
    table = federated.learn(train.take(np.flatnonzero(members[train.user_index])), f)
    factors = federated.personal(train, table, f)
    attack = membership.on_users(factors, train, members)
    predicted = np.clip(factors.predict_pairs(test.user_index, test.item_index), *train.scale)
    full = f.share == 1
    return {
        "noise": f.noise,
        "epsilon": accountant.epsilon(f.noise, f.rounds, DELTA, f.share),
        "rmse": rmse(test.rating, predicted),
        "auc": attack.auc,
        "caught": attack.caught(0.05),
        "ceiling": accountant.highest_auc(f.noise, f.rounds) if full else float("nan"),
    }


def price(
    train: Ratings,
    test: Ratings,
    f: federated.Federation,
    noises: Iterable[float],
    seed: int = 0,
    on_step: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """A row for each z: ε at δ = 10⁻⁴, test RMSE of all users, AUC and `caught` of the attack on the members, and the
    ceiling that no attack on this noise can exceed (for share 1)."""
    members, rows = half_of_users(train, seed), []
    for k, noise in enumerate(noises, start=1):
        rows.append(run(train, test, replace(f, noise=noise), members))
        if on_step:
            on_step(k)
    return pd.DataFrame(rows)
