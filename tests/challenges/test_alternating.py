"""Alternating least squares: each half step is the ridge regression that it says, and the labs can fold a user in."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from recsys_edu.challenges import alternating
from recsys_edu.data import random_split
from recsys_edu.errors import DataError, SettingsError, UnknownIdError
from recsys_edu.metrics import rmse
from recsys_edu.models.biases import Biases


def test_a_users_vector_is_a_ridge_regression(planted):
    items, l2 = np.random.default_rng(0).normal(size=(planted.num_items, 4)), 2.5
    users = alternating.user_rows(planted, items, mean=3.4, l2=l2)
    rows = np.flatnonzero(planted.user_index == 7)
    i = planted.item_index[rows]
    ridge = Ridge(alpha=l2, fit_intercept=False).fit(
        np.column_stack([items[i, :3], np.ones(len(i))]), planted.rating[rows] - 3.4 - items[i, 3]
    )
    np.testing.assert_allclose(users[7], ridge.coef_, atol=1e-6)


def test_scores_and_pairs_are_the_formula(planted):
    m = alternating.learn(planted, d=3, sweeps=2)
    r_hat = m.mean + m.users[5, -1] + m.items[:, -1] + m.items[:, :-1] @ m.users[5, :-1]
    np.testing.assert_allclose(m.scores(np.array([5]))[0], r_hat)
    np.testing.assert_allclose(m.predict_pairs(np.array([5, 5]), np.array([0, 9])), r_hat[[0, 9]])
    with pytest.raises(UnknownIdError):
        m.predict_pairs(np.array([planted.num_users]), np.array([0]))


def test_a_sweep_never_raises_the_loss(planted):
    def loss(m):
        error = planted.rating - m.predict_pairs(planted.user_index, planted.item_index)
        return (error**2).sum() + m.l2 * ((m.users**2).sum() + (m.items**2).sum())

    losses = [loss(alternating.learn(planted, d=4, l2=5.0, sweeps=sweeps)) for sweeps in (1, 2, 4, 8)]
    assert all(a >= b - 1e-6 for a, b in pairwise(losses))


def test_it_learns_the_planted_truth(planted):
    parts = random_split(planted, seed=0)
    u, i = parts.test.user_index, parts.test.item_index
    factors, biases = alternating.learn(parts.train, d=6, l2=3.0), Biases().fit(parts.train)
    assert rmse(parts.test.rating, factors.predict_pairs(u, i)) < 0.75 * rmse(
        parts.test.rating, biases.predict_pairs(u, i)
    )


def test_impossible_settings_are_refused(planted):
    with pytest.raises(SettingsError):
        alternating.learn(planted, l2=0.0)
    with pytest.raises(DataError):
        alternating.learn(planted.take(np.array([], dtype=int)))
