"""Do intervals hold what they promise, and does a p-value say nothing where there is nothing."""

from itertools import product

import numpy as np
import pytest

from recsys_edu import intervals


def test_the_bootstrap_agrees_with_the_standard_error_of_a_mean():
    x = np.random.default_rng(0).normal(5, 2, size=(400, 1))
    samples = intervals.bootstrap_ratios(x, np.ones_like(x), resamples=4000)
    assert samples.mean() == pytest.approx(x.mean(), abs=0.01)
    assert samples.std() == pytest.approx(x.std() / 20, rel=0.05)
    low, high = intervals.percentile_interval(samples)[:, 0]
    assert (high - low) / 2 == pytest.approx(1.96 * x.std() / 20, rel=0.07)


def test_an_interval_of_95_percent_covers_the_truth_about_that_often():
    rng = np.random.default_rng(1)
    x = rng.exponential(1.0, size=(100, 300))  # 300 experiments of 100 users, each with the true mean 1
    low, high = intervals.percentile_interval(intervals.bootstrap_ratios(x, np.ones_like(x)))
    assert 0.89 <= ((low <= 1) & (high >= 1)).mean() <= 0.98


def test_users_are_drawn_with_all_their_ratings():
    """10 users whose 100 ratings are all alike say as little as 10 ratings."""
    error, count = np.arange(10.0)[:, None], np.full((10, 1), 100.0)
    by_user = intervals.bootstrap_ratios(error * count, count)
    assert by_user.std() == pytest.approx(np.std(np.arange(10)) / np.sqrt(10), rel=0.1)


def test_blocks_and_seeds_do_not_depend_on_the_figures(monkeypatch):
    x = np.random.default_rng(0).random((50, 2))
    both = intervals.bootstrap_ratios(x, np.ones_like(x), seed=3)
    np.testing.assert_allclose(both[:, [1]], intervals.bootstrap_ratios(x[:, [1]], np.ones((50, 1)), seed=3))
    monkeypatch.setattr(intervals, "CELLS_AT_ONCE", 333)
    np.testing.assert_allclose(intervals.bootstrap_ratios(x, np.ones_like(x), seed=3), both)


def test_sign_flips_agree_with_all_flips_written_out():
    d = np.array([[0.3], [-0.1], [0.4], [0.2], [0.0], [0.5]])
    sums = np.abs([np.dot(sign, d[:, 0]) for sign in product([-1, 1], repeat=6)])
    exact = (sums >= abs(d.sum()) - 1e-12).mean()
    assert intervals.sign_flip_p(d, flips=50_000)[0] == pytest.approx(exact, abs=0.005)


def test_p_is_uniform_without_a_difference_and_small_with_one():
    d = np.random.default_rng(0).normal(size=(200, 400))
    p = intervals.sign_flip_p(d, flips=1000)
    assert 0.02 <= (p < 0.05).mean() <= 0.09
    assert 0.4 <= (p < 0.5).mean() <= 0.6
    assert intervals.sign_flip_p(d[:, :1] + 1, flips=1000)[0] == pytest.approx(1 / 1001)
    assert intervals.sign_flip_p(np.zeros((5, 1)), flips=100)[0] == 1.0
