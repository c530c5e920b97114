"""What the re-rankings must keep, and what they give and cost."""

from itertools import pairwise

import numpy as np
import pytest

from recsys_edu import beyond_accuracy as beyond
from recsys_edu import metrics
from recsys_edu.challenges import alternating, reranking
from recsys_edu.data import random_split
from recsys_edu.errors import SettingsError
from recsys_edu.recommend import top_n


@pytest.fixture(scope="module")
def parts(planted):
    return random_split(planted, seed=0)


@pytest.fixture(scope="module")
def scores(parts):
    factors = alternating.learn(parts.train, d=6, l2=3.0)
    return factors.scores(np.arange(parts.train.num_users))


def test_no_penalty_keeps_the_order_and_a_large_one_reverses_popularity(parts, scores):
    n, seen = beyond.popularity_of(parts.train), parts.train.seen()
    np.testing.assert_array_equal(top_n(reranking.penalised(scores, n, 0), seen), top_n(scores, seen))
    popularity = [n[top_n(reranking.penalised(scores, n, λ), seen)].mean() for λ in (0, 0.5, 1, 2, 100)]
    assert all(a > b for a, b in pairwise(popularity))


def test_a_quota_is_filled_by_the_best_of_each_part(parts, scores):
    seen, tail = parts.train.seen(), reranking.long_tail(parts.train)
    lists = reranking.quota(scores, seen, tail, m=3, k=10)
    assert tail[lists[:, 7:]].all()
    assert not tail[lists[:, :7]].any()
    assert not np.take_along_axis(seen, lists, axis=1).any()
    u = 17
    best = max(scores[u, i] for i in np.flatnonzero(tail & ~seen[u]))
    assert scores[u, lists[u, 7]] == best
    with pytest.raises(SettingsError):
        reranking.quota(scores, seen, tail, m=11)


def test_the_long_tail_is_four_fifths_with_fewest_ratings(parts):
    n, tail = beyond.popularity_of(parts.train), reranking.long_tail(parts.train)
    assert tail.mean() == pytest.approx(0.8, abs=0.005)
    assert n[tail].max() <= n[~tail].min()


def test_the_frontier_has_a_row_for_each_setting(parts, scores):
    rows = reranking.frontier(scores, parts.train, parts.test, strengths=(0, 1), reserved=(0, 5, 10))
    assert rows["way"].tolist() == ["penalty"] * 2 + ["quota"] * 3
    quota = rows[rows["way"] == "quota"]
    np.testing.assert_allclose(quota["tail"], [0, 0.5, 1])
    own = top_n(scores, parts.train.seen())
    assert rows.ndcg[0] == pytest.approx(metrics.ndcg(own, parts.test.seen()))
