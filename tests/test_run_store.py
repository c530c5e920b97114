"""The run store keeps what it was given, and survives what happens to files."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from recsys_edu.errors import DataError
from recsys_edu.run_store import RunStore, StoredRun


def a_run(**changes):
    run = {
        "data": "planted", "split": "random, seed 0", "model": "mf", "seed": 0, "settings": {"l2": 0.1},
        "figures": {"rmse": 0.9, "ndcg@10": None}, "fit_seconds": 1.5, "parameters": 7,
        "per_user": {"users": np.array([1, 4]), "ndcg@10": np.array([0.5, 0.0], dtype="float32")},
    }  # fmt: skip
    return StoredRun(**run | changes)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "new" / "runs.sqlite")


def test_a_kept_run_comes_back_whole(store):
    assert store.runs() == []
    kept = store.add(a_run())
    assert kept.id == 1
    assert kept.finished.endswith("Z")
    (again,) = RunStore(store.path).runs()
    assert again == kept
    np.testing.assert_array_equal(again.per_user["users"], [1, 4])
    assert again.per_user["ndcg@10"].tolist() == [0.5, 0.0]


def test_runs_are_chosen_by_their_columns_and_the_newest_counts(store):
    for model, seed, rmse in [("mf", 0, 0.95), ("mf", 1, 0.96), ("ease", 0, None), ("mf", 0, 0.91)]:
        store.add(a_run(model=model, seed=seed, figures={"rmse": rmse}))
    assert [run.id for run in store.runs(model="mf", seed=0)] == [1, 4]
    latest = {(run.model, run.seed): run.figures["rmse"] for run in store.latest("planted", "random, seed 0")}
    assert latest == {("mf", 0): 0.91, ("mf", 1): 0.96, ("ease", 0): None}
    assert store.latest("planted", "another") == []
    store.delete(4)
    assert [run.id for run in store.runs(model="mf", seed=0)] == [1]


def test_several_writers_lose_nothing(store):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda seed: RunStore(store.path).add(a_run(seed=seed)), range(20)))
    assert sorted(run.seed for run in store.runs()) == list(range(20))


def test_a_file_that_is_no_store_is_named_and_left_alone(store):
    store.path.parent.mkdir()
    store.path.write_text("my diary", encoding="utf-8")
    with pytest.raises(DataError, match=r"Cannot use the run store .*runs\.sqlite: file is not a database"):
        store.add(a_run())
    assert store.path.read_text(encoding="utf-8") == "my diary"


def test_nothing_in_the_file_is_ever_unpickled(store):
    store.add(a_run())
    hostile = RunStore(store.path)
    import io

    buffer = io.BytesIO()
    np.savez(buffer, users=np.array([{"a": 1}], dtype=object))
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE runs SET per_user = ?", (buffer.getvalue(),))
    with pytest.raises(DataError, match="Cannot use the run store"):
        hostile.runs()
