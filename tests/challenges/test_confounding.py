"""A world in which no film causes another: the log says otherwise, an experiment does not, adjustment helps."""

import numpy as np
import pytest

from recsys_edu import planted as planted_set
from recsys_edu.challenges import confounding
from recsys_edu.models.ease import EASE


@pytest.fixture(scope="module")
def truth():
    return planted_set.generate(num_users=600, num_items=120)[1]


@pytest.fixture(scope="module")
def world(truth):
    return confounding.promoted(truth)


def test_people_watch_what_their_campaign_shows_and_they_like(truth, world):
    same = world.user_campaign[:, None] == world.item_campaign
    assert world.watched[same].mean() / world.watched[~same].mean() == pytest.approx(0.8 / 0.1, rel=0.1)
    liked = truth.p @ truth.q.T > 1
    assert world.watched[same & liked].mean() > 2 * world.watched[same & ~liked].mean()
    np.testing.assert_array_equal(np.bincount(world.user_campaign), [150] * 4)


def test_together_is_ease(planted):
    X = planted.seen().astype("float64")
    np.testing.assert_allclose(confounding.together(X, l2=30.0), EASE(l2=30.0).fit(planted).B, atol=1e-5)


def test_the_reason_is_the_watched_film_with_the_largest_weight(world):
    W = confounding.together(world.watched.astype("float64"))
    rows = confounding.reasons(world, W, n=3)
    row = rows.iloc[100]
    mine = np.flatnonzero(world.watched[row.user_index])
    assert row.reason in mine
    assert row.item_index not in mine
    assert row.weight == W[mine, row.item_index].max()
    assert row.same_campaign == (world.item_campaign[row.reason] == world.item_campaign[row.item_index])


def test_adjusted_leaves_no_campaign_in_any_film(world):
    X = confounding.adjusted(world)
    for campaign in range(4):
        np.testing.assert_allclose(X[world.user_campaign == campaign].mean(axis=0), 0, atol=1e-12)


def test_adjustment_finds_taste_and_better_lists(truth, world):
    before = confounding.reasons(world, confounding.together(world.watched.astype("float64")))
    after = confounding.reasons(world, confounding.together(confounding.adjusted(world)))
    assert before.same_campaign.mean() > 0.9 > 0.7 > after.same_campaign.mean()
    liking = [truth.r[rows.user_index, rows.item_index].mean() for rows in (before, after)]
    assert liking[1] > liking[0] + 0.2


def test_an_experiment_sees_no_effect_where_the_log_sees_one(world):
    pairs = [(a, b) for a in range(0, 120, 7) for b in range(3, 120, 11)]
    alike = [(a, b) for a, b in pairs if world.item_campaign[a] == world.item_campaign[b] and a != b]
    log = np.mean([confounding.observed_lift(world, a, b) for a, b in alike])
    coin = np.mean([confounding.experiment(world, a, b) for a, b in alike])
    assert log > 0.1
    assert coin == pytest.approx(0, abs=0.01)


def test_an_experiment_sees_the_one_effect_that_is_there(world):
    a, b = world.sequel
    assert world.item_campaign[a] != world.item_campaign[b]
    expected = world.effect * (1 - world.probability[:, b].mean())  # those who would not have watched it anyway
    assert confounding.experiment(world, a, b) == pytest.approx(expected, abs=0.02)
    assert confounding.experiment(world, b, a) == pytest.approx(0, abs=0.02)  # the sequel does not sell the first
