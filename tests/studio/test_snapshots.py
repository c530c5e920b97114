"""The kept epochs of a run: as true as float16 allows, bounded, evenly thinned, and drawn on one basis."""

import struct
import subprocess
import sys

import numpy as np
import pytest

from recsys_edu import embedding_map
from recsys_edu.errors import SettingsError
from recsys_edu.recommend import similarity, unit
from recsys_edu.studio import map_work
from recsys_edu.studio.snapshots import FILM_MAGIC, Snapshot, Snapshots
from tests.studio.conftest import ROOT

N, D = 300, 8


def wandering(epochs, seed=0, n=N, d=D):
    """(epochs, n, d): vectors that go on from epoch to epoch."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + np.cumsum(0.2 * rng.normal(size=(epochs, n, d)), axis=0)


@pytest.fixture
def twelve():
    kept, vectors = Snapshots(), wandering(12)
    for epoch, each in enumerate(vectors):
        kept.keep(epoch, each, embedding_map.next_frame(each))
    return kept, vectors


def test_vectors_come_back_as_they_were_and_no_number_is_too_large(twelve):
    kept, vectors = twelve
    np.testing.assert_allclose(kept.at(5).vectors, vectors[5], rtol=6e-4, atol=1e-6)
    kept.keep(12, vectors[0] * 1e10, None)  # beyond what float16 holds
    np.testing.assert_allclose(kept.at().vectors, vectors[0] * 1e10, rtol=6e-4, atol=1e4)
    kept.keep(13, np.zeros((N, D)), None)
    assert not kept.at().vectors.any()


def test_a_run_stays_under_its_bytes_and_thins_out_evenly_and_keeps_the_last():
    kept = Snapshots(most_bytes=20 * N * (2 * D + 8 + 4))
    vectors = wandering(1)[0]
    for epoch in range(151):
        kept.keep(epoch, vectors, None)
        assert kept.nbytes <= kept.most_bytes
        assert kept.at().epoch == epoch
    assert [one.epoch for one in kept.all] == [*range(0, 151, 8), 150]
    assert kept.at(33).epoch == 32


def test_the_largest_usual_run_is_under_50_mb():
    kept, vectors = Snapshots(), wandering(1, n=9066, d=64)[0]
    frame = embedding_map.sketch(vectors)
    for epoch in range(100):
        kept.keep(epoch, vectors, frame)
    assert 20_000_000 < kept.nbytes < 50_000_000


def test_the_same_epoch_drawn_anew_replaces_itself(twelve):
    kept, vectors = twelve
    frame = embedding_map.Frame(np.ones((N, 2), "float32"), "umap", 0.5)
    kept.keep(11, vectors[11], frame)
    assert len(kept.all) == 12
    assert kept.film("umap").methods[-1] == "umap"
    assert kept.film("umap").kept[-1] == 0.5


def test_pca_shows_all_epochs_on_the_two_directions_of_the_last(twelve):
    kept, vectors = twelve
    film = kept.film("pca")
    assert film.epochs == list(range(12))
    x = unit(vectors[-1])
    directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:2]  # (2, d), another way to PCA
    for shown, each in zip(film.positions, vectors, strict=True):
        flat = (unit(each) - x.mean(axis=0)) @ directions.T  # (n, 2)
        distances = np.linalg.norm(flat[0] - flat, axis=1)  # a turn of the map changes none
        on_map = np.linalg.norm(shown[0].astype(float) - shown, axis=1)
        np.testing.assert_allclose(on_map / on_map[1], distances / distances[1], rtol=0.02, atol=0.02)
    assert np.abs(film.positions).max() == 32767  # in view, and as large as can be


def test_the_film_does_not_jump_where_the_vectors_do_not(twelve):
    kept, vectors = twelve
    kept.keep(12, vectors[11], None)
    for film in (kept.film("pca"), kept.film("axis", 3, 4)):
        np.testing.assert_array_equal(film.positions[11], film.positions[12])


def test_an_axis_leads_from_one_film_to_the_other_by_the_difference_of_their_vectors(twelve):
    kept, vectors = twelve
    x_of = kept.film("axis", 3, 4).positions[-1][:, 0].astype(float)
    x = unit(vectors[-1])
    expected = (x - (x[3] + x[4]) / 2) @ (x[4] - x[3])
    np.testing.assert_allclose(x_of / x_of[4], expected / expected[4], atol=5e-3)
    assert x_of[3] == pytest.approx(-x_of[4], abs=1)
    nearer_to_b = similarity(x, x[4][None])[:, 0] > similarity(x, x[3][None])[:, 0]
    clear = np.abs(x_of) > 100
    np.testing.assert_array_equal(x_of[clear] > 0, nearer_to_b[clear])


def test_cosines_by_epoch_are_those_of_the_vectors(twelve):
    kept, vectors = twelve
    epochs, cosines = kept.cosines(7, 9)
    assert epochs == list(range(12))
    np.testing.assert_allclose(cosines, [similarity(v[7], v[9])[0, 0] for v in vectors], atol=1e-3)


@pytest.mark.parametrize("asked", [("axis", 3, 3), ("axis", -1, 2), ("axis", 0, N), ("seed",), ("../secret",)])
def test_what_cannot_be_drawn_is_a_sentence(twelve, asked):
    with pytest.raises(SettingsError, match=r"\.$"):
        twelve[0].film(*asked)
    with pytest.raises(SettingsError, match="Press Train"):
        Snapshots().film("pca")


def test_the_bytes_hold_what_the_browser_reads(twelve):
    film = twelve[0].film("umap")
    data = film.as_bytes()
    assert struct.unpack_from("<III", data) == (FILM_MAGIC, N, 12)
    epoch, method, kept = struct.unpack_from("<fIf", data, 12 + 5 * 12)
    assert (epoch, method, kept) == (5, 0, pytest.approx(film.kept[5]))
    positions = np.frombuffer(data, "<i2", offset=12 + 12 * 12).reshape(12, N, 2)
    np.testing.assert_array_equal(positions, film.positions)


def test_honesty_of_a_point_is_its_true_neighbours_on_the_map(twelve):
    _, vectors = twelve
    frame = embedding_map.next_frame(vectors[-1])
    kept, k = map_work.kept_by_point(vectors[-1], frame.positions)
    assert k == 15
    assert kept.mean() / k == pytest.approx(frame.kept)
    cosines, flat = similarity(vectors[-1], vectors[-1]), similarity(frame.positions, frame.positions, "euclid")
    for i in (0, 17, N - 1):
        true, near = (set(np.argsort(-s[i])[:16]) - {i} for s in (cosines, flat))
        assert kept[i] == len(true & near)
    few, k = map_work.kept_by_point(vectors[0][:6], frame.positions[:6])
    assert (k, few.tolist()) == (5, [5] * 6)  # of so few, all are neighbours


def test_another_seed_is_another_map_of_the_same_neighbours(twelve):
    kept, vectors = twelve
    groups = np.eye(D)[np.arange(N) % 4] + 0.05 * vectors[0]
    near = embedding_map.next_frame(groups)
    first, same, other = (map_work.umap_of_seed(groups, seed, near) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.positions, same.positions)
    assert np.abs(first.positions - other.positions).max() > 0.1
    for frame in (first, other):
        centres = np.array([frame.positions[np.arange(N) % 4 == g].mean(axis=0) for g in range(4)])
        nearest = np.linalg.norm(frame.positions[:, None] - centres, axis=2).argmin(axis=1)
        assert (nearest == np.arange(N) % 4).mean() > 0.95
    last = kept.at()
    kept.other_seed = Snapshot(last.epoch, last.small, last.scale, other)
    film = kept.film("seed")
    assert (film.epochs, film.methods) == ([11], ["umap"])
    np.testing.assert_array_equal(film.positions[0], embedding_map.as_int16(other.positions))


def test_the_studios_own_process_imports_neither_umap_nor_tensorflow_nor_scipy_for_this():
    code = (
        "import sys, numpy as np; from recsys_edu.studio import snapshots, map_work; s = snapshots.Snapshots();"
        "s.keep(0, np.random.default_rng(0).normal(size=(50, 4)), None); s.film('pca'); s.film('umap');"
        "s.film('axis', 1, 2); sys.exit(any(m in sys.modules for m in ('umap', 'tensorflow', 'keras', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
