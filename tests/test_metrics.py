"""Metrics as visible arithmetic, against scikit-learn, and the answers to the awkward questions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, mean_absolute_error, ndcg_score, root_mean_squared_error

from recsys_edu import metrics
from recsys_edu.recommend import top_n


def test_rmse_and_mae():
    assert metrics.rmse([1, 2, 3], np.array([1, 4, 6])) == pytest.approx(np.sqrt((0 + 4 + 9) / 3))
    assert metrics.mae([1, 2, 3], np.array([1, 4, 6])) == pytest.approx((0 + 2 + 3) / 3)
    assert np.isnan(metrics.rmse([], np.array([])))
    assert np.isnan(metrics.mae([], np.array([])))


def test_errors_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    r, predicted = rng.integers(1, 6, 500).astype("float32"), rng.normal(3, 1, 500)
    assert metrics.rmse(r, predicted) == pytest.approx(root_mean_squared_error(r, predicted), abs=1e-9)
    assert metrics.mae(r, predicted) == pytest.approx(mean_absolute_error(r, predicted), abs=1e-9)


TOP = np.array([[4, 0, 2], [1, 3, -1], [0, 1, 2]])
RELEVANT = np.zeros((3, 5), bool)
RELEVANT[0, [0, 1, 2, 3]] = True  # hits at places 2 and 3
RELEVANT[1, [0]] = True  # no hit
# User 2 has nothing in the test part and does not count.


@pytest.mark.parametrize(
    ("name", "mean", "first"),
    [
        ("hr", metrics.hit_rate, 1),
        ("recall", metrics.recall, 2 / 4),
        ("precision", metrics.precision, 2 / 3),
        ("ndcg", metrics.ndcg, (1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3) + 1 / 2)),
        ("mrr", metrics.mrr, 1 / 2),
        ("map", metrics.mean_average_precision, (1 / 2 + 2 / 3) / 4),
    ],
)
def test_lists_by_hand(name, mean, first):
    np.testing.assert_allclose(metrics.PER_USER[name](TOP, RELEVANT), [first, 0, np.nan])
    assert mean(TOP, RELEVANT) == pytest.approx(first / 2)
    assert np.isnan(mean(TOP, np.zeros((3, 5), bool)))  # nobody to judge


@given(st.integers(1, 12), st.integers(2, 40), st.integers(1, 50), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_lists_agree_with_scikit_learn_and_a_plain_loop(users, items, k, seed):
    rng = np.random.default_rng(seed)
    scores = rng.permuted(np.tile(np.arange(items, dtype=float), (users, 1)), axis=1)  # no ties: sklearn averages them
    relevant = rng.random((users, items)) < 0.2
    relevant[:, 0] = True
    top = top_n(scores, np.zeros_like(relevant), k)
    ours = {name: metric(top, relevant) for name, metric in metrics.PER_USER.items()}
    for u in range(users):
        assert ours["ndcg"][u] == pytest.approx(ndcg_score(relevant[[u]], scores[[u]], k=k), abs=1e-9)
        if k >= items:
            assert ours["map"][u] == pytest.approx(average_precision_score(relevant[u], scores[u]), abs=1e-9)
        best = sorted(range(items), key=lambda i: -scores[u, i])[:k]
        places = [p for p, i in enumerate(best, start=1) if relevant[u, i]]
        assert ours["hr"][u] == (len(places) > 0)
        assert ours["recall"][u] == pytest.approx(len(places) / relevant[u].sum())
        assert ours["precision"][u] == pytest.approx(len(places) / k)
        assert ours["mrr"][u] == pytest.approx(1 / places[0] if places else 0)
        expected = sum(found / p for found, p in enumerate(places, start=1)) / relevant[u].sum()
        assert ours["map"][u] == pytest.approx(expected)


def test_an_empty_place_is_no_hit_on_the_last_item():
    relevant = np.array([[False, True]])
    for metric in metrics.PER_USER.values():
        assert metric(np.array([[0, -1]]), relevant).tolist() == [0.0]


def test_a_perfect_list_is_1_with_fewer_and_with_more_relevant_items_than_places():
    relevant = np.array([[True, False, False, False], [True, True, True, True]])
    top = np.array([[0, 1, 2], [3, 2, 1]])
    assert metrics.ndcg_per_user(top, relevant).tolist() == [1.0, 1.0]
    assert metrics.recall_per_user(top, relevant).tolist() == [1.0, 3 / 4]
    assert metrics.average_precision(top, relevant).tolist() == [1.0, 3 / 4]
