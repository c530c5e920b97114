"""Groups, gaps and exposure as visible arithmetic; who teaches leaves traces, and nobody else does."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from recsys_edu import beyond_accuracy as beyond
from recsys_edu import metrics
from recsys_edu.challenges import alternating, fairness
from recsys_edu.data import random_split
from recsys_edu.errors import DataError
from recsys_edu.models.biases import Biases
from recsys_edu.recommend import top_n


@pytest.fixture(scope="module")
def parts(planted):
    return random_split(planted, seed=0)


@pytest.fixture(scope="module")
def scores(parts):
    factors = alternating.learn(parts.train, d=6, l2=3.0)
    return factors.scores(np.arange(parts.train.num_users))


def test_a_group_is_the_ratio_of_its_sums():
    x, w = np.array([2.0, 4.0, np.nan, 9.0]), np.array([1.0, 1.0, 1.0, 3.0])
    found = fairness.by_group(x, w, np.array(["a", "a", "a", "b"])).set_index("group")
    assert found.value.to_dict() == {"a": 3.0, "b": 3.0}
    assert found.users.to_dict() == {"a": 2, "b": 1}  # who has no answer does not count
    assert found.low["a"] == 2.0
    assert found.high["a"] == 4.0


def test_the_groups_errors_are_the_whole_error(parts):
    biases = Biases().fit(parts.train)
    squared, count = fairness.squared_errors(biases, parts.test)
    predicted = np.clip(biases.predict_pairs(parts.test.user_index, parts.test.item_index), 1, 5)
    assert np.sqrt(squared.sum() / count.sum()) == pytest.approx(metrics.rmse(parts.test.rating, predicted))
    for group in fairness.user_groups(parts.train).values():
        found = fairness.by_group(squared, count, group)
        assert found.users.sum() == np.count_nonzero(count)
        assert ((found.low <= found.value) & (found.value <= found.high)).all()


def test_a_gap_that_is_there_is_found_and_one_that_is_not_is_not():
    rng = np.random.default_rng(0)
    group, count = np.repeat(["a", "b"], 200), np.full(400, 10.0)
    error = rng.gamma(5, 2, 400)  # sums of squares: a mean of 1 a rating
    value, low, high = fairness.gap(error * np.where(group == "a", 1.44, 1), count, group, "a", "b")
    assert low < 0.2 < high
    assert low > 0
    assert value == pytest.approx(0.2, abs=0.06)
    _, low, high = fairness.gap(error, count, group, "a", "b")
    assert low < 0 < high
    with pytest.raises(DataError, match="nobody"):
        fairness.gap(error, count, group, "a", "c")


def test_activity_puts_a_quarter_of_the_users_into_each_group(parts):
    activity = fairness.user_groups(parts.train)["activity"]
    count = np.bincount(parts.train.user_index, minlength=parts.train.num_users)
    names = ["least active", "less active", "more active", "most active"]
    assert [np.count_nonzero(activity == name) for name in names] == [75] * 4
    ends = [(count[activity == name].min(), count[activity == name].max()) for name in names]
    assert all(before[1] <= after[0] for before, after in pairwise(ends))


def test_bands_are_cut_where_they_say(planted):
    n = beyond.popularity_of(planted)
    band = fairness.item_bands(planted)
    assert set(band) <= {"0-9", "10-49", "50-149", "150+"}
    assert (band[(n >= 50) & (n < 150)] == "50-149").all()
    assert (band[n >= 150] == "150+").all()


def test_shares_of_the_bands_sum_to_one(parts, scores):
    top = top_n(scores, parts.train.seen(), 10)
    found = fairness.exposure_by_band(alternating.learn(parts.train), parts.train, parts.test, top)
    np.testing.assert_allclose(found[["of films", "of ratings", "of places"]].sum(), 1)


def test_equal_numbers_takes_all_of_the_smallest_group():
    group = np.array(["a"] * 20 + ["b"] * 7 + ["c"] * 30)
    chosen = fairness.equal_numbers(group, seed=1)
    assert [np.count_nonzero(chosen & (group == name)) for name in "abc"] == [7, 7, 7]
    assert (fairness.equal_numbers(group, seed=2) != chosen).any()


def test_who_does_not_teach_leaves_no_trace_in_the_items(parts):
    teachers = np.arange(parts.train.num_users) % 2 == 0
    taught = fairness.taught_by(teachers, parts.train)
    others = parts.train.take(np.flatnonzero(~teachers[parts.train.user_index]))
    scrambled = np.where(teachers[parts.train.user_index], parts.train.rating, 6 - parts.train.rating)
    again = fairness.taught_by(teachers, replace(parts.train, rating=scrambled))
    np.testing.assert_array_equal(taught.items, again.items)
    own = alternating.user_rows(others, taught.items, taught.mean, taught.l2)
    np.testing.assert_allclose(taught.users[~teachers], own[~teachers])  # and yet they have vectors
