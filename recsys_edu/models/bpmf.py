r"""Bayesian matrix factorisation with side information: no best numbers, but how likely each is, drawn and averaged.

    r_ui ~ N(r̂_ui, 1/α),   r̂_ui = μ + b_u + b_i + p_u · q_i
    [p_u ; b_u] ~ N(m_U + B_Uᵀ x_u, Λ_U⁻¹),   [q_i ; b_i] ~ N(m_I + B_Iᵀ x_i, Λ_I⁻¹)
    rows of B ~ N(0, (λ_B Λ)⁻¹),   (m, Λ) ~ Normal-Wishart,   λ_B, α ~ Gamma

x_u, x_i are what is known beside the stars, from the training part alone: which items the user rated (|N(u)|^−½
each, as in SVD++) and the user's fields; which users rated the item, and its fields. So a user of few ratings starts
from what similar people like, not from zero.

Nothing is minimised, and λ is no setting. Each sweep of the Gibbs sampler draws every unknown from its distribution
given all the others; r̂_ui is a mean over the sweeps after the first `burn_in`. That mean over many models is why it
overfits so little. d and the number of sweeps were chosen on two tenths of the training ratings.

An item without a rating is taken for an item like others, and most items are rated little and low: the mean over films
is 3.0 stars, that over ratings 3.5. Judged by ratings, of which the well known films have most, it is thus 0.6 too low.

Sources: Salakhutdinov, Mnih, "Bayesian Probabilistic Matrix Factorization using Markov Chain Monte Carlo", ICML 2008;
Simm et al., "Macau: Scalable Bayesian Factorization with High-Dimensional Side Information Using MCMC", MLSP 2017 (B);
Koren, KDD 2008 (implicit feedback).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array
from scipy.stats import wishart

from recsys_edu.data import Ratings
from recsys_edu.fields import describe, encode
from recsys_edu.models.direct import DirectModel, check_square

FIELDS_WEIGHT = 0.5  # of age, genres, ... beside the 1 of what was rated


@dataclass(eq=False)
class BayesianMF(DirectModel):
    """embedding_dim = d; the first `burn_in` of `sweeps` are thrown away. `rating` (U, I) holds the averaged r̂_ui."""

    embedding_dim: int = 16
    sweeps: int = 250
    burn_in: int = 50
    seed: int = 0

    arrays: ClassVar = ("mean", "user_factors", "item_factors")
    memory: ClassVar = ("rating",)
    lowest: ClassVar = {"embedding_dim": 1, "sweeps": 1}

    def learn(self, train: Ratings) -> None:
        check_square(max(train.num_users, train.num_items), "users with all items")
        rng = np.random.default_rng(self.seed)
        u, i, r = train.user_index, train.item_index, train.rating.astype("float64")
        seen = train.seen().astype("float32")  # (U, I)
        users = Side(side_matrix(train.users, seen, "user", train), self.embedding_dim, rng)
        items = Side(side_matrix(train.items, seen.T, "item", train), self.embedding_dim, rng)
        mu, alpha = r.mean(), 1.0
        total, counted = np.zeros(seen.shape), 0
        for sweep in range(self.sweeps):
            users.draw(seen, csr_array((r - mu - items.V[i, -1], (u, i)), seen.shape), items, alpha)
            items.draw(seen.T, csr_array((r - mu - users.V[u, -1], (i, u)), seen.T.shape), users, alpha)
            predicted = users.with_one(-1) @ items.with_one(-2).T  # (U, I): p·q + b_u + b_i
            rest = r - predicted[u, i]  # (n,)
            mu = rest.mean() + rng.normal() / np.sqrt(alpha * len(r))
            alpha = rng.gamma((len(r) + 1) / 2, 2 / (np.sum((rest - mu) ** 2) + 1))
            if sweep >= min(self.burn_in, self.sweeps - 1):
                total, counted = total + mu + predicted, counted + 1
        self.rating = (total / counted).astype("float32")
        self.mean, self.user_factors, self.item_factors = np.float64(mu), users.V, items.V

    def score_rows(self, u: np.ndarray) -> np.ndarray:
        return self.rating[u]

    def item_vectors(self) -> np.ndarray:
        """q_i of the last sweep, (I, d)."""
        self.check_fitted()
        return self.item_factors[:, :-1].astype("float32")


class Side:
    """The users or the items: V = [p ; b] (n, d + 1), its prior N(m + Bᵀx, Λ⁻¹), and how each is drawn."""

    def __init__(self, X: np.ndarray, d: int, rng: np.random.Generator):
        self.rng, self.n, self.size = rng, len(X), d + 1
        W, s, _ = np.linalg.svd(X, full_matrices=False)
        self.X, self.s2 = W * s, s**2  # rotated, it is the same model, and XᵀX is diagonal: (n, f), (f,)
        self.V = rng.normal(0, 0.1, (self.n, self.size))  # (n, d + 1)
        self.V[:, -1] = 0
        self.B, self.lambda_B = np.zeros((len(s), self.size)), 1.0  # (f, d + 1)

    def with_one(self, place: int) -> np.ndarray:
        """[p ; b ; 1] for place -1, [q ; 1 ; b] for place -2: their products are p·q + b_u + b_i. (n, d + 2)"""
        ones, b = np.ones((self.n, 1)), self.V[:, -1:]
        return np.hstack([self.V[:, :-1], *([b, ones] if place == -1 else [ones, b])])

    def draw(self, seen: np.ndarray, residual: csr_array, other: Side, alpha: float) -> None:
        """A new V, given the other side's [q ; 1] and the residuals r − μ − b of the other side, (n, m)."""
        self._draw_prior()
        Q = np.hstack([other.V[:, :-1], np.ones((other.n, 1))])  # (m, d + 1)
        row, column = np.triu_indices(self.size)
        products = (Q[:, row] * Q[:, column]).astype("float32")  # (m, (d + 1)(d + 2) / 2)
        A = np.empty((self.n, self.size, self.size))
        A[:, row, column] = A[:, column, row] = alpha * (seen @ products)
        root = np.linalg.cholesky(A + self.precision)  # (n, d + 1, d + 1)
        b = alpha * (residual @ Q) + self.prior_mean @ self.precision  # (n, d + 1)
        y = np.linalg.solve(root, b[..., None]) + self.rng.normal(size=(self.n, self.size, 1))
        self.V = np.linalg.solve(root.swapaxes(1, 2), y)[..., 0]

    def _draw_prior(self) -> None:
        """m, Λ, B and λ_B, given V. The Normal-Wishart has β_0 = 2 and ν_0 = d + 1, W_0 the identity."""
        n, size, rng = self.n, self.size, self.rng
        rest = self.V - self.X @ self.B  # (n, d + 1)
        mean = rest.mean(axis=0)
        scatter = (rest - mean).T @ (rest - mean) + self.lambda_B * self.B.T @ self.B
        W = np.linalg.inv(np.eye(size) + scatter + n * 2 / (n + 2) * np.outer(mean, mean))
        self.precision = np.atleast_2d(wishart.rvs(size + n + len(self.B), (W + W.T) / 2, random_state=rng))  # Λ
        m = n * mean / (n + 2) + self._noise(1)[0] / np.sqrt(n + 2)
        target = self.X.T @ (self.V - m + self._noise(n)) + np.sqrt(self.lambda_B) * self._noise(
            len(self.B)
        )  # (f, d + 1)
        self.B = target / (self.s2 + self.lambda_B)[:, None]
        squares = np.sum((self.B @ self.precision) * self.B)
        self.lambda_B = rng.gamma((self.B.size + 1) / 2, 2 / (squares + 1))
        self.prior_mean = m + self.X @ self.B  # (n, d + 1)

    def _noise(self, rows: int) -> np.ndarray:
        """Rows of N(0, Λ⁻¹), (rows, d + 1)."""
        root = np.linalg.cholesky(self.precision)
        return solve_triangular(root.T, self.rng.normal(size=(self.size, rows))).T


def side_matrix(table: pd.DataFrame, seen: np.ndarray, of: str, train: Ratings) -> np.ndarray:
    """x_u or x_i in rows, (n, f): what was rated, |N|^−½ each, and what the table knows."""
    blocks = [seen / np.sqrt(np.maximum(seen.sum(axis=1, keepdims=True), 1))]
    for field in describe(train):
        if field.of == of and field.name != f"{of}_id":
            rows, x = encode(field, table[field.name])  # (n, width)
            block = np.zeros((len(table), field.size))
            np.add.at(block, (np.arange(len(table))[:, None], rows), FIELDS_WEIGHT * x)
            blocks.append(block)
    return np.hstack(blocks).astype("float64")
