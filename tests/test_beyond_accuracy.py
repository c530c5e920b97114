"""Coverage, exposure, novelty, diversity and popularity as visible arithmetic."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances

from recsys_edu import beyond_accuracy as beyond

TOP = np.array([[0, 1], [1, -1], [-1, -1]])


def test_coverage_and_gini_by_hand():
    assert beyond.coverage(TOP, 5) == 2 / 5
    # Exposures 0, 0, 0, 1, 2: (2j - 6) e_j for j = 4, 5.
    assert beyond.gini(TOP, 5) == pytest.approx(((8 - 6) * 1 + (10 - 6) * 2) / (5 * 3))


def test_gini_is_the_mean_absolute_difference_over_twice_the_mean():
    top = np.random.default_rng(0).integers(0, 30, size=(40, 5))
    e = beyond.exposure(top, 30)
    assert beyond.gini(top, 30) == pytest.approx(np.abs(e[:, None] - e).mean() / (2 * e.mean()))


def test_equal_exposure_is_0_and_one_item_takes_all_is_nearly_1():
    assert beyond.gini(np.arange(10)[:, None], 10) == 0
    assert beyond.gini(np.zeros((7, 1), int), 10) == pytest.approx(9 / 10)
    assert np.isnan(beyond.gini(np.full((2, 3), -1), 10))


def test_novelty_and_popularity_are_means_over_the_list():
    n = np.array([8, 4, 0])
    np.testing.assert_allclose(beyond.novelty_per_user(TOP, n, num_users=8), [(0 + 1) / 2, 1, np.nan])
    assert beyond.novelty_per_user(np.array([[2]]), n, num_users=8).tolist() == [3.0]  # as if rated once
    np.testing.assert_allclose(beyond.popularity_per_user(TOP, n), [6, 4, np.nan])


def test_profile_popularity_is_the_mean_over_what_a_user_rated(planted):
    n = beyond.popularity_of(planted)
    mine = planted.item_index[planted.user_index == 3]
    assert beyond.profile_popularity(planted, np.array([3])) == pytest.approx([n[mine].mean()])
    without_3 = planted.take(np.flatnonzero(planted.user_index != 3))
    assert np.isnan(beyond.profile_popularity(without_3, np.array([3]))).all()


def test_diversity_is_the_mean_cosine_distance_of_the_pairs():
    rng = np.random.default_rng(0)
    vectors, top = rng.normal(size=(20, 4)), np.array([[3, 7, 1, 12], [5, 6, -1, -1], [9, -1, -1, -1]])
    vectors[12] = 0  # nothing is known of it: left out
    three = cosine_distances(vectors[[3, 7, 1]])[np.triu_indices(3, 1)].mean()
    expected = [three, cosine_distances(vectors[[5, 6]])[0, 1]]
    np.testing.assert_allclose(beyond.diversity_per_user(top, vectors), [*expected, np.nan])


def test_genre_vectors_have_a_column_for_each_genre(planted):
    vectors = beyond.genre_vectors(planted)
    texts = ["|".join(sorted(text.split("|"))) for text in planted.items["genres"]]
    names = sorted({name for text in texts for name in text.split("|") if name})
    assert vectors.shape == (planted.num_items, len(names))
    back = ["|".join(name for name, has in zip(names, row, strict=True) if has) for row in vectors]
    assert back == texts
