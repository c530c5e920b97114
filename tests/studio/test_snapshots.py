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
    kept = Snapshots(most_bytes=20 * N * (2 * D + 8 + 6 + 6))
    vectors = wandering(1)[0]
    for epoch in range(151):
        kept.keep(epoch, vectors, None)
        assert kept.nbytes <= kept.most_bytes
        assert kept.at().epoch == epoch
    assert [one.epoch for one in kept.all] == [*range(0, 151, 8), 150]
    assert kept.at(33).epoch == 32


def held(kept):
    """What the arrays of the snapshots and of the film that is kept hold, counted one by one."""
    own = sum(one.small.nbytes + one.frame.positions.nbytes + one.space.nbytes for one in kept.all)
    return own + kept._film[-1].positions.nbytes


@pytest.mark.parametrize(("n", "d", "least", "epochs"), [(1682, 32, 13_000_000, 100), (9066, 64, 20_000_000, 25)])
def test_the_usual_runs_are_under_50_mb_in_3d_too(n, d, least, epochs):
    kept, vectors = Snapshots(), wandering(1, n=n, d=d)[0]
    frame, space = embedding_map.sketch(vectors), np.ones((n, 3), "int16")
    for epoch in range(100):
        kept.keep(epoch, vectors, frame)
        kept.keep_space(kept.at(), space)
    assert kept.film("umap", dims=3).positions.shape == (len(kept.all), n, 3)
    assert least < held(kept) <= kept.nbytes < 50_000_000
    assert len(kept.all) >= epochs


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


def test_pca_in_3d_is_the_three_directions_and_from_the_front_the_map_in_2d(twelve):
    kept, vectors = twelve
    film, flat = kept.film("pca", dims=3).positions.astype(float), kept.film("pca").positions.astype(float)
    x = unit(vectors[-1])
    directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:3]  # (3, d)
    for shown, each in zip(film, vectors, strict=True):
        places = (unit(each) - x.mean(axis=0)) @ directions.T  # (n, 3)
        distances, on_map = (np.linalg.norm(p[0] - p, axis=1) for p in (places, shown))
        np.testing.assert_allclose(on_map / on_map[1], distances / distances[1], rtol=0.02, atol=0.02)
    assert np.linalg.norm(film, axis=2).max() == pytest.approx(32767, abs=2)  # turned as one likes, in view
    np.testing.assert_allclose(film[..., :2] / film[-1, 0, 0], flat / flat[-1, 0, 0], atol=0.02)


def test_umap_draws_epoch_by_epoch_in_3d_the_newest_first_and_keeps_more_neighbours(twelve):
    kept, vectors = twelve
    assert kept.film("umap", dims=3).methods == ["pca"] * 12  # until UMAP has drawn
    for epoch in (11, 10):
        one, near = kept.next_in_space()
        assert (one.epoch, near is None) == (epoch, epoch == 11)
        kept.keep_space(one, map_work.umap_in_space(one.vectors, near, seed=0))
    film = kept.film("umap", dims=3)
    assert film.methods == ["pca"] * 10 + ["umap"] * 2
    moved = np.linalg.norm(film.positions[11].astype(float) - film.positions[10], axis=1)
    assert np.median(moved) < 0.35 * np.median(np.linalg.norm(film.positions[11].astype(float), axis=1))
    in_space, k = map_work.kept_by_point(vectors[11], film.positions[11])
    flat = embedding_map.next_frame(vectors[11], embedding_map.next_frame(vectors[11]), "umap")
    assert in_space.mean() / k > flat.kept + 0.05
    kept.keep(11, vectors[11], flat)  # drawn anew in 2-D: that in 3-D stays
    assert kept.film("umap", dims=3).methods[-1] == "umap"
    kept.keep(11, vectors[3], flat)  # another epoch 11: it does not
    assert kept.film("umap", dims=3).methods[-1] == "pca"


def test_what_is_drawn_in_3d_for_an_epoch_that_is_gone_is_forgotten(twelve):
    kept, vectors = twelve
    one, _near = kept.next_in_space()
    kept.keep(11, vectors[0], None)
    kept.keep_space(one, np.ones((N, 3), "int16"))
    assert kept.in_space == 0


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


@pytest.mark.parametrize(
    "asked",
    [("axis", 3, 3), ("axis", -1, 2), ("axis", 0, N), ("seed",), ("../x",), ("axis", 3, 4, 3), ("pca", -1, -1, 4)],
)
def test_what_cannot_be_drawn_is_a_sentence(twelve, asked):
    with pytest.raises(SettingsError, match=r"\.$"):
        twelve[0].film(*asked)
    with pytest.raises(SettingsError, match="Press Train"):
        Snapshots().film("pca")


def test_the_bytes_hold_what_the_browser_reads(twelve):
    film = twelve[0].film("umap")
    data = film.as_bytes()
    assert struct.unpack_from("<IIII", data) == (FILM_MAGIC, N, 12, 2)
    epoch, method, kept = struct.unpack_from("<fIf", data, 16 + 5 * 12)
    assert (epoch, method, kept) == (5, 0, pytest.approx(film.kept[5]))
    positions = np.frombuffer(data, "<i2", offset=16 + 12 * 12).reshape(12, N, 2)
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
