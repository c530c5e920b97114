"""Metrics as visible arithmetic, and the answers to the awkward questions."""

import numpy as np
import pytest

from recsys_edu import baselines, metrics
from recsys_edu.data import random_split


def test_rmse_and_mae():
    assert metrics.rmse([1, 2, 3], np.array([1, 4, 6])) == pytest.approx(np.sqrt((0 + 4 + 9) / 3))
    assert metrics.mae([1, 2, 3], np.array([1, 4, 6])) == pytest.approx((0 + 2 + 3) / 3)


def test_hit_rate_and_ndcg_by_hand():
    top = np.array([[4, 0, 2], [1, 3, -1], [0, 1, 2]])
    relevant = np.zeros((3, 5), bool)
    relevant[0, [0, 2, 3]] = True  # hits at places 2 and 3
    relevant[1, [0]] = True  # no hit
    # user 2 has nothing in the test part and does not count
    assert metrics.hit_rate(top, relevant) == pytest.approx(1 / 2)
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    assert metrics.ndcg(top, relevant) == pytest.approx((1 / np.log2(3) + 1 / 2) / ideal / 2)


def test_an_empty_place_is_no_hit_on_the_last_item():
    relevant = np.array([[False, True]])
    assert metrics.hit_rate(np.array([[0, -1]]), relevant) == 0.0


def test_nobody_to_judge_is_nan():
    nobody = np.zeros((2, 3), bool)
    assert np.isnan(metrics.ndcg(np.array([[0], [1]]), nobody))
    assert np.isnan(metrics.hit_rate(np.array([[0], [1]]), nobody))


def test_evaluate_clips_and_ranks_unseen_items_alone(planted):
    parts = random_split(planted, seed=0)

    class Oracle:
        """Knows the test ratings, adds 10 stars to all, and ranks the training items on top."""

        def predict_pairs(self, user_index, item_index):
            return np.full(len(user_index), 99.0)

        def scores(self, user_index):
            return (parts.test.seen() + 2.0 * parts.train.seen())[user_index]

    figures = metrics.evaluate(Oracle(), parts.train, parts.test)
    assert figures["hr@10"] == figures["ndcg@10"] == 1.0
    assert figures["test_rmse"] == pytest.approx(np.sqrt(np.mean((5.0 - parts.test.rating) ** 2)))


def test_popularity_ranks_better_than_chance_and_biases_predict_better_than_the_mean(movielens):
    parts = random_split(movielens, seed=0)
    popular = metrics.evaluate(baselines.Popularity().fit(parts.train), parts.train, parts.test)
    biases = metrics.evaluate(baselines.Biases().fit(parts.train), parts.train, parts.test)
    assert popular["ndcg@10"] > 0.15
    assert biases["test_rmse"] < 0.95 < popular["test_rmse"]
