"""What is put away comes back bit for bit, in memory and on the disk no more is kept than was said. No workers."""

import os
import time

import numpy as np
import pytest

from recsys_edu.embedding_map import Frame
from recsys_edu.models import default_settings
from recsys_edu.studio import attic
from recsys_edu.studio.attic import Attic
from recsys_edu.studio.races import Lane
from recsys_edu.studio.runs import Run
from recsys_edu.studio.slices import RunSpec
from recsys_edu.studio.snapshots import Snapshot

SPEC = RunSpec("planted", "random", default_settings("mf", epochs=4))


def run_of(seed, epochs=3, n=50):
    """A run that stands, with everything in it that a run may hold."""
    random = np.random.default_rng(seed)
    run = Run("owner", SPEC, 9600)
    run.state = {
        "variable_0": random.normal(size=(n, 8)).astype("float32"),
        "step": np.int64(12),
        "x": random.random(3),
    }
    run.item_vectors = run.frame_vectors = random.normal(size=(n, 8)).astype("float32")
    run.frame = Frame(random.normal(size=(n, 2)), "umap", 0.1 + 0.2)
    run.scores = random.normal(size=n)
    for epoch in range(epochs):
        run.snapshots.keep(epoch, random.normal(size=(n, 8)), run.frame if epoch % 2 else None)
    run.snapshots.keep_space(run.snapshots.at(), random.integers(-9, 9, (n, 3)).astype("int16"))
    last = run.snapshots.at()
    run.snapshots.other_seed = Snapshot(last.epoch, last.small, last.scale, Frame(np.ones((n, 2)), "pca", float("nan")))
    run.step, run.mode, run.touched = 12, "finished", 0.0
    return run


def picture(run):
    """All that a run holds, as something that can be compared."""
    shots = [(s.epoch, s.small, s.scale, s.frame.positions, s.frame.method, s.frame.kept, s.space) for s in shown(run)]
    frame = (run.frame.positions, run.frame.method, run.frame.kept)
    return run.state, run.item_vectors, run.frame_vectors, frame, run.scores, run.snapshots.stride, shots


def shown(run):
    return (*run.snapshots.all, run.snapshots.other_seed)


@pytest.fixture
def small():
    """An attic that keeps a tenth of a megabyte in memory."""
    small = Attic(most_mb=0.1)
    yield small
    small.close()


def test_it_comes_back_bit_for_bit_when_it_is_read(small):
    run = run_of(1)
    before = picture(run)
    assert small.put(run)
    assert run.__dict__["state"] is None
    assert run.__dict__["snapshots"] is None
    assert attic.bytes_of(run) == 0
    assert small.disk_bytes > 1000
    np.testing.assert_equal(picture(run), before)
    assert run.item_vectors is run.frame_vectors  # as it was: one array, not two
    assert run.state["variable_0"].dtype == "float32"
    assert type(run.state["step"]) is np.int64
    assert run.away is None
    assert small.disk_bytes == 0


def test_the_screen_says_that_it_comes_back(small):
    run, told = run_of(1), []
    small.put(run)
    run.subscribers.append(told.append)
    assert run.scores is not None
    assert [message["sentence"] for message in told] == [attic.COMING_BACK, run.sentences["finished"]]


def test_what_is_set_while_it_is_away_is_not_lost(small):
    run = run_of(1)
    small.put(run)
    run.scores = np.zeros(50)
    assert not run.scores.any()
    assert run.item_vectors.shape == (50, 8)
    small.put(run)
    run.clear()
    assert run.state is None
    assert run.snapshots.all == ()


def test_the_longest_untouched_standing_runs_go_first_until_the_others_fit(small):
    runs = [run_of(seed) for seed in range(20)]
    working = runs[0]
    working.mode = "running"
    for age, run in enumerate(runs):
        run.touched = float(age)
    runs[19].touched = time.monotonic()  # a page has just read it
    small.tidy(runs)
    away = [run.away is not None for run in runs]
    assert away[0] is False
    assert away[19] is False
    count = sum(away)
    assert away[1 : 1 + count] == [True] * count
    assert 0 < sum(attic.bytes_of(run) for run in runs) <= 100_000
    assert small.bytes <= 100_000
    assert sum(attic.bytes_of(run) for run in (*runs, runs[count])) > 100_000 - attic.bytes_of(runs[19])


def test_a_lane_of_a_race_is_put_away_as_well(small):
    lane = Lane("owner", SPEC, 9600, budget=5.0)
    lane.state = {"variable_0": np.arange(20_000.0), "step": np.int64(3)}
    lane.mode, lane.touched = "finished", 0.0
    small.tidy([lane])
    assert lane.away is not None
    np.testing.assert_array_equal(lane.state["variable_0"], np.arange(20_000.0))


def test_the_disk_is_bounded_and_a_run_that_is_gone_says_so():
    run, *others = (run_of(seed) for seed in range(4))
    with_room_for_one = Attic(most_mb=0.1, most_disk_mb=0.03)
    told = []
    run.subscribers.append(told.append)
    for one in (run, *others):
        with_room_for_one.put(one)
    assert with_room_for_one.disk_bytes <= max(30_000, others[-1].away.size)
    assert run.state is None
    assert (run.step, run.mode, run.sentence) == (0, "ready", attic.GONE)
    assert {"type": "reset"} in told
    assert others[-1].state is not None
    with_room_for_one.close()


def test_a_closed_run_leaves_no_file_and_the_end_of_the_server_no_folder(small):
    first, second = run_of(1), run_of(2)
    small.put(first)
    small.put(second)
    folder = second.away.path.parent
    small.drop(first.token)
    assert [path.name for path in folder.iterdir()] == [second.away.path.name]
    small.close()
    assert not folder.exists()


def test_a_server_that_was_killed_leaves_its_files_to_the_next_to_remove(small, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, alive = tmp_path / f"{attic.FOLDERS}999999999-x", tmp_path / f"{attic.FOLDERS}{os.getpid()}-x"
    for folder in (dead, alive):
        folder.mkdir()
        (folder / "run.npz").write_bytes(b"0")
    small.put(run_of(1))
    assert not dead.exists()
    assert alive.exists()


def test_what_cannot_be_written_stays_in_memory(small, monkeypatch, tmp_path, caplog):
    run = run_of(1)
    monkeypatch.setattr(small, "_path", lambda token: tmp_path / "no such folder" / token)
    assert not small.put(run)
    assert run.state is not None
    assert "could not be put away" in caplog.text


def test_a_run_of_tens_of_megabytes_is_back_in_a_fraction_of_a_second(small):
    run = run_of(1, epochs=150, n=9066)
    small.put(run)
    start = time.perf_counter()
    assert run.snapshots.all
    seconds = time.perf_counter() - start
    print(f"{attic.bytes_of(run) / 1e6:.0f} MB in {seconds:.3f} s")
    assert seconds < 2
