"""Biases that move with time: without time they are the package's; with it they find what was planted."""

from dataclasses import replace

import numpy as np
import pytest

from recsys_edu.applications import netflix
from recsys_edu.applications.netflix import DAY, TimeBiases
from recsys_edu.data import random_split
from recsys_edu.errors import DataError, NotFittedError, UnknownIdError
from recsys_edu.metrics import rmse
from recsys_edu.models.biases import Biases
from tests.applications.small import log

DAYS, USERS, ITEMS = 200, 120, 30


def world(of, seed=0):
    """3.5 stars, some noise, and `of(u, i, day)` beside: each user rates every film, one a day of their own choice."""
    rng = np.random.default_rng(seed)
    u, i = (index.ravel() for index in np.indices((USERS, ITEMS)))
    day = rng.integers(DAYS, size=len(u))
    rating = 3.5 + of(u, i, day) + rng.normal(scale=0.3, size=len(u))
    return log(np.stack([u, i, rating, day * DAY], axis=1), USERS, ITEMS)


def error(ratings, **parts):
    cut = random_split(ratings, seed=1)
    model = TimeBiases(**parts).fit(cut.train)
    return rmse(cut.test.rating, model.predict(cut.test.user_index, cut.test.item_index, cut.test.timestamp))


def test_without_time_they_are_the_biases_of_the_package(movielens):
    cut = random_split(movielens)
    ours = TimeBiases().fit(cut.train).predict(cut.test.user_index, cut.test.item_index, cut.test.timestamp)
    theirs = Biases().fit(cut.train).predict_pairs(cut.test.user_index, cut.test.item_index)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("of", "parts"),
    [
        (lambda u, i, day: np.where(i % 2, 1, -1) * (day - DAYS / 2) / DAYS * 3, {"bins": 8, "bin_l2": 2.0}),
        (lambda u, i, day: np.where(u % 2, 1, -1) * np.sign(day - 100) * abs(day - 100) ** 0.4 / 6, {"drift": True}),
    ],
    ids=["a film that rises", "a user who drifts"],
)
def test_a_planted_drift_is_found_by_the_part_that_is_made_for_it(of, parts):
    ratings = world(of)
    assert error(ratings) > 0.55
    assert error(ratings, **parts) < 0.42  # 0.3 is the noise


def test_the_bins_say_what_was_planted():
    ratings = world(lambda u, i, day: (i == 7) * np.where(day < DAYS // 2, -1.0, 1.0))
    model = TimeBiases(bins=2, bin_l2=20.0).fit(ratings)
    item_bin = model.values["item_bin"].reshape(ITEMS, 2)
    assert item_bin[7, 0] < -0.6
    assert item_bin[7, 1] > 0.6
    assert np.abs(np.delete(item_bin, 7, axis=0)).max() < 0.25


def test_good_and_bad_days_are_found_and_an_unknown_day_adds_nothing():
    rng = np.random.default_rng(3)
    mood = rng.choice([-1.0, 1.0], size=(USERS, 4))
    u, i = (index.ravel() for index in np.indices((USERS, ITEMS)))
    day = rng.integers(4, size=len(u))
    rating = 3.5 + mood[u, day] + rng.normal(scale=0.3, size=len(u))
    ratings = log(np.stack([u, i, rating, day * DAY], axis=1), USERS, ITEMS)
    assert error(ratings) > 0.8
    assert error(ratings, day=True, day_l2=2) < 0.5
    model, plain = TimeBiases(day=True).fit(ratings), TimeBiases(day=True).fit(ratings)
    plain.values["day"] = plain.values["day"] * 0
    for when in (-3 * DAY, 50 * DAY):  # nobody rated there; no neighbour's day may answer instead
        args = np.array([1]), np.array([1]), np.array([when])
        np.testing.assert_allclose(model.predict(*args), plain.predict(*args))


def test_noise_has_nothing_to_be_found():
    ratings = world(lambda u, i, day: 0)
    assert error(ratings, bins=8, drift=True, day=True) < error(ratings) + 0.02


def test_each_number_is_a_ridge_slope():
    left, x, group = np.array([2.0, 4.0, -1.0]), np.array([1.0, 2.0, 3.0]), np.array([0, 0, 2])
    found = netflix.ridge(left, group, x, size=4, l2=5.0)
    np.testing.assert_allclose(found, [(2 + 8) / (5 + 5), 0, -3 / (5 + 9), 0])
    np.testing.assert_allclose(netflix.ridge(left, group, x, 4, l2=0.0), [2, 0, -1 / 3, 0])


def test_leftover_and_prediction_make_the_rating():
    ratings = world(lambda u, i, day: u % 3 - 1)
    model = TimeBiases(bins=3).fit(ratings)
    predicted = model.predict(ratings.user_index, ratings.item_index, ratings.timestamp)
    np.testing.assert_allclose(netflix.leftover(model, ratings).rating + predicted, ratings.rating, atol=1e-5)


def test_a_row_of_the_prediction_depends_on_its_pair_alone():
    ratings = world(lambda u, i, day: u % 3 - 1)
    model = TimeBiases(bins=3, drift=True, day=True).fit(ratings)
    u, i, t = ratings.user_index[:50], ratings.item_index[:50], ratings.timestamp[:50]
    alone = [model.predict(u[[k]], i[[k]], t[[k]])[0] for k in range(50)]
    np.testing.assert_allclose(model.predict(u, i, t), alone)


def test_the_ladder_ends_below_its_start(planted):
    cut = random_split(planted)
    steps = netflix.ladder(cut.train, cut.test, epochs=15)
    assert steps["mean"] > steps["biases"] > steps["biases + factors"]
    assert steps["biases + factors"] < 0.65  # the hidden truth: 0.41
    assert all(0.4 < value < 1 for value in steps.values())
    without = netflix.ladder(cut.train, cut.test, with_factors=False)
    assert without == {name: value for name, value in steps.items() if "factors" not in name}


def test_sentences():
    ratings = world(lambda u, i, day: 0)
    with pytest.raises(DataError, match="timestamps"):
        TimeBiases().fit(replace(ratings, timestamp=None))
    with pytest.raises(NotFittedError):
        TimeBiases().predict(np.array([0]), np.array([0]), np.array([0]))
    with pytest.raises(UnknownIdError):
        TimeBiases().fit(ratings).predict(np.array([999]), np.array([0]), np.array([0]))
