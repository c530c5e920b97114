"""The map: exact neighbours, an honest number for what 2-D loses, and frames that stay where they were."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from recsys_edu import embedding_map as em


@pytest.fixture(scope="module")
def clusters():
    """200 vectors in four well separated directions of 6-D, and which is which."""
    rng = np.random.default_rng(0)
    kind = np.arange(200) % 4
    return np.eye(6)[kind] + 0.1 * rng.normal(size=(200, 6)), kind


def test_true_neighbours_agree_with_a_tree():
    x = np.random.default_rng(1).normal(size=(300, 5))
    rows, distances = em.true_neighbours(x, k=7, rows_at_once=64)
    expected_distances, expected_rows = KDTree(x).query(x, k=8)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(distances[:, 1:], expected_distances[:, 1:], atol=1e-6)


def test_equal_points_still_come_first_in_their_own_list():
    rows, _ = em.true_neighbours(np.zeros((40, 3)), k=5)
    np.testing.assert_array_equal(rows[:, 0], np.arange(40))


def test_align_undoes_a_turn_and_a_mirror():
    points = np.random.default_rng(2).normal(size=(50, 2))
    turn = np.array([[0.6, -0.8], [-0.8, -0.6]])  # orthogonal, determinant -1
    np.testing.assert_allclose(em.align(points @ turn, points), points, atol=1e-12)


def test_kept_is_one_for_a_flat_truth_and_chance_for_noise():
    rng = np.random.default_rng(3)
    flat = rng.normal(size=(400, 2))
    neighbours, _ = em.true_neighbours(flat)
    assert em.kept_neighbours(neighbours, flat) == pytest.approx(1.0)
    assert em.kept_neighbours(neighbours, rng.normal(size=(400, 2))) == pytest.approx(15 / 399, abs=0.02)


@pytest.mark.parametrize("method", ["pca", "umap"])
def test_a_frame_keeps_its_promises(clusters, method):
    vectors, kind = clusters
    first = em.next_frame(vectors)
    frame = em.next_frame(vectors, first, method)
    assert frame.method == method
    assert frame.positions.shape == (200, 2)
    np.testing.assert_allclose(frame.positions.mean(axis=0), 0, atol=1e-4)
    assert np.sqrt((frame.positions**2).sum(axis=1).mean()) == pytest.approx(1, abs=1e-4)
    same = np.mean(
        [np.mean(kind[KDTree(frame.positions).query(p, 6)[1]] == k) for p, k in zip(frame.positions, kind, strict=True)]
    )
    assert same > 0.9  # the four groups are seen


def test_umap_goes_on_from_the_last_frame(clusters):
    """Two frames of slightly changed vectors lie close together; a cold map would not."""
    vectors, _ = clusters
    settled = em.next_frame(vectors)
    for _ in range(5):
        settled = em.next_frame(vectors, settled, "umap")
    changed = vectors + 0.01 * np.random.default_rng(5).normal(size=vectors.shape)
    after = em.next_frame(changed, settled, "umap")
    step = np.sqrt(((after.positions - settled.positions) ** 2).sum(axis=1).mean())
    assert step < 0.25
    assert after.kept > 0.3


def test_degenerate_vectors_still_give_a_frame():
    assert np.isfinite(em.next_frame(np.zeros((30, 4))).positions).all()
    assert em.next_frame(np.ones((5, 1))).positions.shape == (5, 2)


def test_moved_and_int16():
    vectors = np.ones((10, 3))
    assert em.moved(vectors, None)
    assert not em.moved(vectors * 1.0001, vectors)
    assert em.moved(vectors * 1.01, vectors)
    grid = em.as_int16(np.array([[0.0, em.REACH], [-99.0, 99.0]]))
    assert grid.tolist() == [[0, 32767], [-32767, 32767]]
