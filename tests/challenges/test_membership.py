"""Membership attacks: the figures by hand and against scikit-learn; they find what is learnt by heart, and no more."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from recsys_edu.challenges import alternating, membership
from recsys_edu.challenges.membership import Attack
from recsys_edu.data import random_split
from recsys_edu.errors import DataError


def test_auc_is_that_of_scikit_learn_with_ties():
    rng = np.random.default_rng(0)
    loss, member = rng.integers(0, 8, 300).astype(float), rng.random(300) < 0.4
    assert Attack(loss, member).auc == pytest.approx(roc_auc_score(member, -loss))


def test_caught_by_hand():
    loss = np.array([0.1, 0.2, 0.3, 0.4, 0.25, 0.5, 0.6, 0.7])
    member = np.repeat([True, False], 4)
    assert Attack(loss, member).caught(0.0) == 2 / 4  # those below the smallest loss of the others, 0.25
    assert Attack(loss, member).caught(0.25) == 1.0  # one other, of 0.25, is accused


def test_equal_losses_accuse_nobody():
    assert Attack(np.zeros(10), np.arange(10) < 5).caught(0.2) == 0
    assert Attack(np.zeros(10), np.arange(10) < 5).auc == 0.5


def test_the_curve_goes_from_nobody_to_everybody():
    attack = Attack(np.array([0.1, 0.4, 0.2, 0.3]), np.array([True, True, False, False]))
    alarms, caught = attack.curve()
    np.testing.assert_allclose(alarms, [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(caught, [0, 0.5, 0.5, 0.5, 1])


def test_without_members_there_is_nothing_to_judge():
    with pytest.raises(DataError):
        Attack(np.ones(3), np.ones(3, dtype=bool))


def test_what_is_learnt_by_heart_is_found(movielens):
    half = random_split(movielens, seed=0, test_share=0.5)
    by_heart = membership.on_ratings(alternating.learn(half.train, d=32, l2=0.1), half.train, half.test)
    modest = membership.on_ratings(alternating.learn(half.train), half.train, half.test)
    assert by_heart.auc > 0.9 > 0.6 > modest.auc > 0.5
    assert by_heart.caught(0.01) > 0.1


def test_a_model_that_has_seen_neither_half_betrays_nobody(movielens):
    half = random_split(movielens, seed=0, test_share=0.5)
    quarter = random_split(half.test, seed=1, test_share=0.5)
    stranger = alternating.learn(half.train, d=32, l2=0.1)
    assert membership.on_ratings(stranger, quarter.train, quarter.test).auc == pytest.approx(0.5, abs=0.01)
