"""Item-to-item: counts and cosines by hand, a table that only holds what was chosen together, and its cost."""

from itertools import permutations

import numpy as np
import pytest

from recsys_edu import evaluation
from recsys_edu.applications import amazon
from recsys_edu.data import leave_last_out
from recsys_edu.errors import NotFittedError, UnknownIdError
from recsys_edu.models.popularity import Popularity
from tests.applications.small import log
from tests.models.worlds import GROUPS, HITS, chains

# User 0 chose 0, 1, 2; user 1 chose 0, 1; user 2 chose 3 alone; user 3 nothing. Item 4 was never chosen.
ROWS = [(0, 0, 5, 1), (0, 1, 1, 2), (0, 2, 3, 3), (1, 1, 4, 2), (1, 0, 4, 1), (2, 3, 5, 1)]


@pytest.fixture
def shop():
    return log(ROWS, num_users=4, num_items=5)


def test_counts_by_hand(shop):
    together = amazon.co_occurrence(shop)
    expected = np.diag([2, 2, 1, 1, 0])
    expected[0, 1] = expected[1, 0] = 2
    expected[[0, 1, 2, 2], [2, 2, 0, 1]] = 1
    np.testing.assert_array_equal(together.toarray(), expected)
    assert together.nnz == 10  # a pair that nobody chose is not stored


def test_counts_are_those_of_the_papers_loop(planted):
    count = np.zeros((planted.num_items, planted.num_items))
    visited = 0
    for u in range(planted.num_users):
        for i, j in permutations(planted.item_index[planted.user_index == u], 2):
            count[i, j] += 1
            visited += 1
    together = amazon.co_occurrence(planted).toarray()
    np.fill_diagonal(together, 0)
    np.testing.assert_array_equal(together, count)
    assert amazon.visits(planted) == visited


def test_cosine_by_hand(shop):
    s = amazon.cosine(amazon.co_occurrence(shop)).toarray()
    np.testing.assert_allclose(s[0], [0, 1, 1 / np.sqrt(2), 0, 0])
    assert (s == s.T).all()
    assert not s[3:].any()
    shrunk = amazon.cosine(amazon.co_occurrence(shop), shrink=3).toarray()
    np.testing.assert_allclose(shrunk[0], [0, 2 / 5, 1 / (np.sqrt(2) + 3), 0, 0])


def test_the_table_holds_the_nearest_and_stays_empty_where_nothing_was_chosen_together(shop):
    model = amazon.SimilarItems(k=2).fit(shop)
    assert model.neighbour.tolist() == [[1, 2], [0, 2], [0, 1], [-1, -1], [-1, -1]]
    assert not model.similarity[3:].any()


def test_scores_add_what_the_table_says_of_each_chosen_item(shop):
    model = amazon.SimilarItems(k=1).fit(shop)  # T(0) = {1}, T(1) = {0}, T(2) = {0}
    scores = model.scores(np.arange(4))
    np.testing.assert_allclose(scores[1], [1, 1, 0, 0, 0])
    np.testing.assert_allclose(scores[0], [1 + 1 / np.sqrt(2), 1, 0, 0, 0], rtol=1e-6)
    assert not scores[2:].any()
    np.testing.assert_allclose(model.predict_pairs([0, 1], [0, 1]), [scores[0, 0], 1])


def test_latest_keeps_the_newest_of_each_user_and_bounds_the_visits(shop):
    kept = amazon.latest(shop, 2)
    assert sorted(zip(kept.user_index.tolist(), kept.item_index.tolist(), strict=True)) == [
        (0, 1), (0, 2), (1, 0), (1, 1), (2, 3)]  # fmt: skip
    assert amazon.visits(kept) == 4 < amazon.visits(shop) == 8
    assert len(amazon.latest(shop, 100)) == len(shop)


def test_also_chosen_names_the_films_and_how_often(shop):
    model = amazon.SimilarItems(k=3).fit(shop)
    table = amazon.also_chosen(model, shop, 0)
    assert table["title"].tolist() == ["film 1", "film 2"]
    assert table["together"].tolist() == [2, 1]
    assert len(amazon.also_chosen(model, shop, 4)) == 0
    with pytest.raises(UnknownIdError, match="no item 'x'"):
        amazon.also_chosen(model, shop, "x")


def test_finds_the_planted_tastes_and_beats_popularity():
    world = chains()
    parts = leave_last_out(world)
    model = amazon.SimilarItems(k=10).fit(parts.train)
    taste = (np.arange(world.num_items) - HITS) // ((world.num_items - HITS) // GROUPS)
    own = [(taste[model.neighbour[i, :4]] == taste[i]).mean() for i in range(HITS, world.num_items)]
    assert np.mean(own) > 0.6  # of four nearest; chance, without the hits: 0.23
    ours, popular = (
        evaluation.evaluate(m, parts.train, parts.test).figures()["ndcg@10"]
        for m in (model, Popularity().fit(parts.train))
    )
    assert ours > 2 * popular


def test_saves_and_loads_and_asks_to_be_fitted(shop, tmp_path):
    with pytest.raises(NotFittedError):
        amazon.SimilarItems().scores(np.array([0]))
    model = amazon.SimilarItems(k=2).fit(shop)
    model.save(tmp_path / "table.npz")
    again = amazon.SimilarItems.load(tmp_path / "table.npz")
    np.testing.assert_array_equal(again.scores(np.arange(4)), model.scores(np.arange(4)))
    assert model.item_vectors().shape[0] == 5
