r"""Federated averaging of the item table, and the same with differential privacy for each user.

Each user's p_u, b_u and ratings stay on the user's device. In a round the server sends the item table (q_i, b_i). The
device computes its x_u = [p_u ; b_u] in closed form (`alternating`), takes a few gradient steps on its own copy of the
rows that it has ratings of, and sends back only by how much they moved:

    Δ_u,i ← Δ_u,i + η e_ui [p_u ; 1],   e_ui = r_ui − r̂_ui,   0 where u has no rating of i

The server averages over the m users, with a momentum β, and clips and adds noise if it is to be private:

    V ← β V + 1/m ( Σ_u Δ_u min(1, C / ‖Δ_u‖) + N(0, (zC)²) ),   table ← table + s V

‖Δ_u‖ is the length of all that u sends, so all ratings of u together move the sum by at most C: what is protected is
the user, not only one rating. μ is a constant that everybody knows, not learnt. The noise belongs to the sum: somebody
must add it who is trusted, or the sum must be computed so that nobody sees its parts (Bonawitz et al., "Practical
Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017).

Sources: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017;
Ammad-ud-din et al., "Federated Collaborative Filtering for Privacy-Preserving Personalized Recommendation System",
2019; McMahan et al., "Learning Differentially Private Recurrent Language Models", ICLR 2018, for the user as the unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_edu.challenges.alternating import Factors, user_rows, with_one
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.models.direct import one_thread


@dataclass(frozen=True)
class Federation:
    """d numbers a vector, λ of the devices, η and number of their steps; s, β of the server; C; z; share q of the users
    in a round. The defaults were chosen for a small error with noise; `LEAKY` learns by heart."""

    d: int = 4
    l2: float = 10.0
    rounds: int = 20
    local_steps: int = 1
    local_rate: float = 1.0
    server_rate: float = 2.0
    momentum: float = 0.9
    clip: float = float("inf")
    noise: float = 0.0
    share: float = 1.0
    mean: float = 3.5
    seed: int = 0

    def __post_init__(self):
        if not (self.clip > 0 and self.noise >= 0 and 0 < self.share <= 1 and self.l2 > 0):
            raise SettingsError(
                f"C = {self.clip}, z = {self.noise}, share {self.share}, λ = {self.l2}: use C and λ above 0, z of at "
                "least 0, and a share above 0, up to 1."
            )
        if self.noise and not np.isfinite(self.clip):
            raise SettingsError("Noise protects nobody whose update may be of any size. Set `clip` too.")


LEAKY = Federation(d=16, l2=3.0, rounds=40, server_rate=5.0)


def device_updates(ratings: Ratings, table: np.ndarray, f: Federation) -> tuple[np.ndarray, np.ndarray]:
    """What the devices compute: Δ of each rating's row (n, d + 1), and ‖Δ_u‖ (U,). Row k belongs to rating k: each
    device works on its own copy of the table, and knows no other's."""
    users = user_rows(ratings, table, f.mean, f.l2)  # [p_u ; b_u], (U, d + 1)
    x, b_u = with_one(users)[ratings.user_index], users[ratings.user_index, -1]  # [p_u ; 1], (n, d + 1); (n,)
    copy = table[ratings.item_index]  # (n, d + 1)
    for _ in range(f.local_steps):
        e = ratings.rating - f.mean - b_u - (x * copy).sum(axis=1)  # (n,)
        copy = copy + f.local_rate * e[:, None] * x
    moved = copy - table[ratings.item_index]
    squares = np.bincount(ratings.user_index, weights=(moved**2).sum(axis=1), minlength=ratings.num_users)
    return moved, np.sqrt(squares)


def learn(train: Ratings, f: Federation, on_round: Callable[[int], None] | None = None) -> np.ndarray:
    """The item table [q ; b], (I, d + 1), learnt from the users who have ratings in `train`. Raises DataError."""
    members = np.unique(train.user_index)
    if not len(members):
        raise DataError("There is no rating to learn from: the training part is empty.")
    rng = np.random.default_rng(f.seed)
    table = np.hstack([rng.normal(0, 0.1, (train.num_items, f.d)), np.zeros((train.num_items, 1))])
    velocity = np.zeros_like(table)
    with one_thread():
        for number in range(1, f.rounds + 1):
            present = train if f.share == 1 else _sample(train, f.share, rng)
            total = clipped_sum(present, *device_updates(present, table, f), f.clip)
            if f.noise:
                total = total + rng.normal(0, f.noise * f.clip, total.shape)
            velocity = f.momentum * velocity + total / (f.share * len(members))
            table = table + f.server_rate * velocity
            if on_round:
                on_round(number)
    return table


def clipped_sum(ratings: Ratings, moved: np.ndarray, length: np.ndarray, clip: float) -> np.ndarray:
    """Σ_u Δ_u min(1, C / ‖Δ_u‖), (I, d + 1)."""
    scale = np.minimum(1, clip / np.maximum(length, 1e-12))[ratings.user_index]  # (n,)
    shape = (ratings.num_items, len(ratings))
    return csr_array((scale, (ratings.item_index, np.arange(len(ratings)))), shape) @ moved


def read_update(update: np.ndarray, table: np.ndarray, f: Federation) -> tuple[np.ndarray, np.ndarray]:
    """What a curious server learns from one device's Δ_u (I, d + 1), sent plain after one local step: item_index of
    what u has rated, and the stars.

    Δ_u,i = η e_ui [p_u ; 1]: the last number over η is e_ui, the others over the last are p_u. The device's ridge
    leaves Σ_i e_ui = λ b_u, which gives b_u. So r_ui = μ + b_u + b_i + p_u · q_i + e_ui."""
    rated = np.flatnonzero(update.any(axis=1))
    e = update[rated, -1] / f.local_rate  # (n_u,)
    surest = np.abs(e).argmax()
    p_u = update[rated[surest], :-1] / update[rated[surest], -1]  # (d,)
    b_u = e.sum() / f.l2
    return rated, f.mean + b_u + table[rated, -1] + table[rated, :-1] @ p_u + e


def personal(known: Ratings, table: np.ndarray, f: Federation) -> Factors:
    """The published table, with the vectors that a device, or an attacker who knows its ratings, computes from it."""
    return Factors(f.mean, user_rows(known, table, f.mean, f.l2), table, f.l2)


def _sample(train: Ratings, share: float, rng: np.random.Generator) -> Ratings:
    """The ratings of the users who take part this time: each with probability `share`, by a coin of its own."""
    present = rng.random(train.num_users) < share
    return train.take(np.flatnonzero(present[train.user_index]))
