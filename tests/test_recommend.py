"""Similarity and top-N lists against scikit-style hand arithmetic, and against a plain sort."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from recsys_edu import recommend
from recsys_edu.errors import SettingsError, UnknownIdError


class Fixed:
    """A model whose scores are known."""

    def __init__(self, scores):
        self.table = np.asarray(scores, dtype=float)

    def scores(self, user_index):
        return self.table[user_index]


@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_similarities_agree_with_scipy(m, n, d, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(m, d)), rng.normal(size=(n, d))
    np.testing.assert_allclose(recommend.similarity(a, b, "cosine"), 1 - cdist(a, b, "cosine"), atol=1e-9)
    np.testing.assert_allclose(recommend.similarity(a, b, "euclid"), -cdist(a, b), atol=1e-6)
    np.testing.assert_allclose(recommend.similarity(a, b, "dot"), [[x @ y for y in b] for x in a], atol=1e-9)


def test_a_vector_of_length_zero_is_near_nothing():
    assert recommend.similarity([[0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]]).tolist() == [[0.0, 0.0]]


def test_nearest_leaves_itself_out_and_sorts():
    vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [-1.0, 0.0]])
    rows, values = recommend.nearest(vectors, 0, k=2)
    assert rows.tolist() == [1, 2]
    assert values[0] == pytest.approx(0.9 / np.hypot(0.9, 0.1))
    assert recommend.nearest(vectors, 0, k=10)[0].tolist() == [1, 2, 3]


def test_questions_without_an_answer_are_refused():
    with pytest.raises(SettingsError, match="no similarity 'jaccard'"):
        recommend.similarity([[1.0]], [[1.0]], "jaccard")
    with pytest.raises(UnknownIdError, match="no row 4: the rows are 0 to 3"):
        recommend.nearest(np.eye(4), 4)
    with pytest.raises(SettingsError, match="at least one place, not 0"):
        recommend.top_n(np.ones((1, 3)), np.zeros((1, 3), bool), 0)


@given(st.integers(1, 5), st.integers(1, 12), st.integers(1, 15), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=100)
def test_top_n_is_a_stable_sort_without_what_was_seen(users, items, n, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, size=(users, items)).astype(float)  # many ties
    seen = rng.random((users, items)) < 0.4
    top = recommend.top_n(scores, seen, n)
    for u in range(users):
        expected = sorted((i for i in range(items) if not seen[u, i]), key=lambda i: (-scores[u, i], i))[:n]
        assert top[u].tolist() == expected + [-1] * (n - len(expected))


def test_recommend_names_the_best_unseen_films(planted):
    scores = np.zeros((planted.num_users, planted.num_items))
    scores[0, [5, 9]] = [3.0, 99.0]
    scores[0, planted.item_index[planted.user_index == 0]] = 1000.0  # all seen: must not come back
    unseen = [i for i in (9, 5) if i not in planted.item_index[planted.user_index == 0]]
    table = recommend.recommend(Fixed(scores), planted, planted.users["user_id"].iloc[0], n=10)
    assert table["title"].tolist()[: len(unseen)] == [planted.items["title"].iloc[i] for i in unseen]
    assert len(table) == 10
    assert table["predicted"].max() <= 5.0


def test_items_of_few_ratings_can_be_left_out(planted):
    scores = np.arange(planted.num_items, dtype=float)
    counts = np.bincount(planted.item_index, minlength=planted.num_items)
    best, _ = recommend.best_unseen(scores, planted, 0, n=200, at_least=60)
    seen = set(planted.item_index[planted.user_index == 0])
    assert best.tolist() == [i for i in range(199, -1, -1) if counts[i] >= 60 and i not in seen]
    assert 0 < len(best) < 150


def test_all_users_at_once_get_what_each_alone_gets(planted):
    scores = np.random.default_rng(0).normal(size=(planted.num_users, planted.num_items))
    together = recommend.recommend_all(Fixed(scores), planted, n=5)
    for u in (0, 17, 299):
        alone = recommend.recommend(Fixed(scores), planted, planted.users["user_id"].iloc[u], n=5)
        assert planted.items["item_id"].iloc[together[u]].tolist() == alone["item_id"].tolist()


def test_liked_is_best_first_then_latest_first(planted):
    u = 0
    table = recommend.liked(planted, planted.users["user_id"].iloc[u], n=500)
    assert len(table) == (planted.user_index == u).sum()
    assert table["rating"].is_monotonic_decreasing
