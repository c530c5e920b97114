"""Bayesian matrix factorisation: its draws follow the distributions of its page."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys_edu import models
from recsys_edu.data import random_split
from recsys_edu.metrics import rmse
from recsys_edu.models.bpmf import Side, side_matrix
from recsys_edu.training import fit


def test_a_row_is_drawn_from_its_normal_distribution():
    """With Λ, m and B held, V has precision Λ + α Σ q qᵀ and mean (Λ + α Σ q qᵀ)⁻¹ (α Σ q y + Λ (m + Bᵀx))."""
    rng = np.random.default_rng(0)
    side, other = (Side(np.eye(n), 2, rng) for n in (1, 4))
    side._draw_prior = lambda: None
    side.precision, side.prior_mean = np.array([[2.0, 0.3, 0], [0.3, 1.0, 0], [0, 0, 3.0]]), np.array([[0.5, -1, 0.2]])
    other.V = rng.normal(size=(4, 3))
    seen, y, alpha = np.array([[1, 1, 0, 1]], dtype="float32"), np.array([1.0, -2.0, 0.5]), 1.7
    residual = csr_array((y, ([0, 0, 0], [0, 1, 3])), (1, 4))
    draws = []
    for _ in range(20_000):
        side.draw(seen, residual, other, alpha)
        draws.append(side.V[0])
    Q = np.hstack([other.V[[0, 1, 3], :2], np.ones((3, 1))])
    precision = side.precision + alpha * Q.T @ Q
    mean = np.linalg.solve(precision, alpha * Q.T @ y + side.precision @ side.prior_mean[0])
    np.testing.assert_allclose(np.mean(draws, axis=0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(np.transpose(draws)), np.linalg.inv(precision), atol=0.02)


def test_side_information_is_of_the_training_part_and_of_the_tables(planted):
    parts = random_split(planted, seed=0)
    x = side_matrix(parts.train.users, parts.train.seen(), "user", parts.train)
    rated = parts.train.seen().sum(axis=1)
    np.testing.assert_allclose((x[:, :200] ** 2).sum(axis=1), rated > 0)  # |N(u)| entries of |N(u)|^-½
    hidden = parts.test.user_index[0], parts.test.item_index[0]
    assert x[hidden] == 0
    assert x.shape[1] > 200


def test_the_mean_of_many_draws_is_better_than_one(planted):
    parts = random_split(planted, seed=0)

    def error(**options):
        model = fit(models.default_settings("bpmf", embedding_dim=6, **options), parts.train).model
        return rmse(parts.test.rating, model.predict_pairs(parts.test.user_index, parts.test.item_index))

    assert error(sweeps=80, burn_in=30) < error(sweeps=31, burn_in=30) - 0.01


@pytest.mark.parametrize("seed", [1])
def test_the_seed_decides_the_draws(planted, seed):
    first, second, other = (
        fit(models.default_settings("bpmf", embedding_dim=2, sweeps=3, seed=s), planted).model.rating
        for s in (seed, seed, seed + 1)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 1e-3
