"""The sampled metric: right as arithmetic, wrong as advice, and it says so."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import hypergeom

from recsys_edu import data, evaluation, sampled_metrics
from recsys_edu.errors import DataError
from recsys_edu.sampled_metrics import SampledMetricWarning, places, sampled_hit_rate, sampled_ndcg


def _model(scores):
    return SimpleNamespace(scores=lambda user_index: scores[user_index], predicts_ratings=False)


def test_places_are_those_of_a_plain_sort(monkeypatch):
    monkeypatch.setattr(sampled_metrics, "PAIRS_AT_ONCE", 7)
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 5, size=(6, 30)).astype(float)  # many ties
    unseen = rng.random((6, 30)) < 0.6
    row, item = rng.integers(0, 6, 40), rng.integers(0, 30, 40)
    unseen[row, item] = False  # a test item is not its own rival
    g, n = places(scores, unseen, row, item)
    for t in range(40):
        rivals = np.flatnonzero(unseen[row[t]])
        order = sorted([*rivals, item[t]], key=lambda i: (-scores[row[t], i], i))
        assert (g[t], n[t]) == (order.index(item[t]), len(rivals))


@pytest.fixture(scope="module")
def parts(movielens):
    return data.leave_last_out(movielens, seed=0)


def _scores_that_place(parts, place):
    """Scores that put each user's test item at `place` (users,) of all that is unseen."""
    u, i = parts.test.user_index, parts.test.item_index
    scores = np.random.default_rng(0).random((parts.train.num_users, parts.train.num_items))
    unseen = ~(parts.train.seen() | parts.test.seen())
    ordered = -np.sort(-np.where(unseen[u], scores[u], -1), axis=1)
    padded = np.concatenate([np.full((len(u), 1), 2.0), ordered], axis=1)
    above, below = padded[np.arange(len(u)), place - 1], padded[np.arange(len(u)), place]
    scores[u, i] = (above + below) / 2
    return scores


def test_it_ranks_two_models_the_wrong_way_round(parts):
    """The example in the head of the page: 4 of 10 first and the rest anywhere, or all at place 101."""
    rng, n = np.random.default_rng(1), len(parts.test)
    unseen = parts.train.num_items - parts.train.seen().sum(axis=1)[parts.test.user_index]
    lucky = np.where(rng.random(n) < 0.4, 1, rng.integers(1, unseen))
    good, poor = (_model(_scores_that_place(parts, place)) for place in (lucky, np.full(n, 101)))
    assert evaluation.evaluate(good, parts.train, parts.test).figures()["hr@10"] == pytest.approx(0.41, abs=0.05)
    assert evaluation.evaluate(poor, parts.train, parts.test).figures()["hr@10"] == 0
    with pytest.warns(SampledMetricWarning, match="may rank models in another order"):
        flattered = sampled_hit_rate(poor, parts.train, parts.test)
    with pytest.warns(SampledMetricWarning):
        honest = sampled_hit_rate(good, parts.train, parts.test)
    assert honest == pytest.approx(0.46, abs=0.05)
    assert honest < flattered
    expected = hypergeom.cdf(9, unseen - 1, 100, 100).mean()
    assert flattered == pytest.approx(expected, abs=0.03)
    assert hypergeom.cdf(9, 1500, 100, 100) == pytest.approx(0.88, abs=0.005)


def test_sampled_ndcg_of_the_best_and_the_worst(parts):
    first = _model(_scores_that_place(parts, np.ones(len(parts.test), int)))
    with pytest.warns(SampledMetricWarning):
        assert sampled_ndcg(first, parts.train, parts.test) == 1.0
    last = _model(-first.scores(np.arange(parts.train.num_users)))
    with pytest.warns(SampledMetricWarning):
        assert sampled_ndcg(last, parts.train, parts.test) == 0.0


def test_the_same_seed_draws_the_same_items(parts):
    noise = _model(np.random.default_rng(0).random((parts.train.num_users, parts.train.num_items)))
    with pytest.warns(SampledMetricWarning):
        a, b, c = (sampled_hit_rate(noise, parts.train, parts.test, seed=s) for s in (0, 0, 1))
    assert a == b != c
    assert a == pytest.approx(10 / 101, abs=0.03)


@pytest.mark.filterwarnings("ignore::recsys_edu.sampled_metrics.SampledMetricWarning")
def test_it_refuses_what_the_full_metric_refuses(parts):
    noise = _model(np.zeros((parts.train.num_users, parts.train.num_items)))
    with pytest.raises(DataError, match="stand in the training part too"):
        sampled_hit_rate(noise, parts.train, parts.train)
    with pytest.raises(DataError, match="the test part is empty"):
        sampled_hit_rate(noise, parts.train, parts.test.take(np.array([], int)))
    broken = _model(np.full((parts.train.num_users, parts.train.num_items), np.nan))
    with pytest.raises(DataError, match="not a number"):
        sampled_ndcg(broken, parts.train, parts.test)
