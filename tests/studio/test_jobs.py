"""The buttons do what they say, at once, and nothing is lost when a worker dies. Real workers, the planted
set."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from recsys_edu import training
from recsys_edu.data import random_split
from recsys_edu.errors import SettingsError
from recsys_edu.models import default_settings
from recsys_edu.studio import attic, renewal
from recsys_edu.studio.jobs import Jobs
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import alive, wait_for

SETTINGS = default_settings("mf", embedding_dim=8, batch_size=128, epochs=4)
SPEC = RunSpec("planted", "random", SETTINGS)
TRAIN_SIZE, STEPS = 9600, 75


@pytest.fixture
def run(workers):
    run = workers.open("a session", SPEC, TRAIN_SIZE, user_index=3)
    yield run
    workers.close(run)


def long_run(workers, epochs=5000, owner="a session"):
    settings = default_settings("mf", embedding_dim=8, batch_size=128, epochs=epochs)
    return workers.open(owner, RunSpec("planted", "random", settings), TRAIN_SIZE)


def done(run):
    return wait_for(lambda: not run.working)


def test_train_learns_what_the_trainer_learns(workers, run, planted):
    workers.train(run)
    done(run)
    assert (run.mode, run.step) == ("finished", 4 * STEPS)
    parts = random_split(planted, seed=0)
    heard = []
    alone = training.fit(SETTINGS, parts.train, parts.test, heard.append)
    np.testing.assert_allclose(run.item_vectors, alone.model.item_vectors(), atol=1e-3)
    np.testing.assert_allclose(run.scores, alone.model.scores(np.array([3]))[0], atol=1e-3)
    assert run.curve["validation_epoch"] == [1.0, 2.0, 3.0, 4.0]
    assert run.curve["validation"][-1] == pytest.approx(alone.validation_mse(), abs=1e-3)
    assert run.curve["train"][-1] < run.curve["train"][0]
    assert run.frames >= 2
    assert run.frame.positions.shape == (200, 2)


def test_one_batch_and_one_epoch_stop_where_they_say(workers, run):
    workers.one_batch(run)
    done(run)
    assert (run.mode, run.step) == ("paused", 1)
    workers.one_epoch(run)
    done(run)
    assert (run.mode, run.step) == ("paused", STEPS)
    workers.one_epoch(run)
    done(run)
    assert run.step == 2 * STEPS


def test_pause_stands_still_and_train_goes_on_to_the_same_end(workers, run):
    workers.train(run)
    wait_for(lambda: run.step > 0)
    workers.pause(run)
    step, points, mode = run.step, len(run.curve["train"]), run.mode
    other = workers.open("another", SPEC, TRAIN_SIZE)  # while a whole other run goes by ...
    workers.train(other)
    done(other)
    assert (run.step, len(run.curve["train"]), run.mode) == (step, points, mode)  # ... this one has not moved
    workers.train(run)
    done(run)
    np.testing.assert_array_equal(run.item_vectors, other.item_vectors)
    assert run.curve["train"][-1] == pytest.approx(other.curve["train"][-1], abs=0.2)
    workers.close(other)


def test_stop_keeps_the_screen_and_train_then_starts_from_the_beginning(workers):
    run = long_run(workers)
    workers.train(run)
    wait_for(lambda: run.epoch > 1)
    workers.stop(run)
    assert run.mode == "stopped"
    assert run.frame is not None
    assert len(run.curve["train"]) > 1
    workers.one_batch(run)
    done(run)
    assert run.step == 1
    workers.close(run)


def test_reset_forgets_all(workers, run):
    told = []
    workers.subscribe(run, told.append)
    workers.one_epoch(run)
    done(run)
    workers.reset(run)
    assert (run.mode, run.step, run.frame, run.scores) == ("ready", 0, None, None)
    assert run.curve["train"] == []
    assert {"type": "reset"} in told
    assert told[-1]["state"] == "ready"


def test_a_finished_run_can_be_trained_for_as_many_epochs_again(workers, run):
    workers.train(run)
    done(run)
    workers.train(run)
    wait_for(lambda: run.epoch > 4)
    workers.pause(run)
    workers.train(run)  # goes on to where it was going
    done(run)
    assert run.step == 8 * STEPS


def test_a_loss_that_explodes_ends_in_a_sentence(workers):
    wild = default_settings("mf", learning_rate=1e9, epochs=50)
    run = workers.open("a session", RunSpec("planted", "random", wild), TRAIN_SIZE)
    workers.train(run)
    done(run)
    assert run.mode == "failed"
    assert "The loss became" in run.sentence
    assert "learning rate ten times smaller" in run.sentence
    workers.close(run)


def test_a_data_set_that_is_gone_ends_in_a_sentence(workers):
    run = workers.open("a session", RunSpec("no_such.csv", "random", SETTINGS), TRAIN_SIZE)
    workers.train(run)
    done(run)
    assert run.mode == "failed"
    assert "no data set 'no_such.csv'" in run.sentence
    workers.close(run)


def test_another_user_is_scored_while_the_run_stands_still(workers, run):
    workers.one_epoch(run)
    done(run)
    before, vectors = run.scores, run.item_vectors
    workers.watch(run, 7)
    wait_for(lambda: run.scored_user == 7)
    assert not np.allclose(run.scores, before)
    np.testing.assert_array_equal(run.item_vectors, vectors)


def test_the_scores_are_those_of_the_user_they_are_said_to_be_of(workers, run):
    """The user changes while a slice is on its way."""
    workers.one_batch(run)
    workers.watch(run, 7)
    wait_for(lambda: run.scored_user == 7)
    other = workers.open("another", SPEC, TRAIN_SIZE, user_index=7)
    workers.one_batch(other)
    wait_for(lambda: other.scored_user == 7)
    np.testing.assert_array_equal(run.scores, other.scores)
    workers.close(other)


def test_two_runs_take_turns(workers):
    first, second, third = (long_run(workers, owner=name) for name in "abc")
    for run in (first, second, third):
        workers.train(run)
    wait_for(lambda: min(run.epoch for run in (first, second, third)) >= 1)
    assert all(run.working for run in (first, second, third))
    for run in (first, second, third):
        workers.close(run)


def test_leaving_pauses_and_then_frees(workers):
    run = long_run(workers, owner="gone")
    workers.train(run)
    wait_for(lambda: run.step > 0)
    workers.leave("gone", for_good=False)
    assert run.mode == "paused"
    assert "page was closed" in run.sentence
    workers.leave("gone", for_good=True)
    assert workers.get(run.token) is None
    assert "gone" not in workers.owners()


def test_a_waiting_run_says_how_many_come_before_it(workers):
    runs = [long_run(workers, owner=f"reader {k}") for k in range(16)]
    for run in runs:
        workers.train(run)
    waiting = wait_for(lambda: next((run for run in runs if "before you" in run.sentence), None))
    assert waiting.mode == "waiting"
    wait_for(lambda: workers.status()["waiting"] > 2)
    for run in runs:
        if run is not waiting:
            workers.close(run)
    wait_for(lambda: waiting.mode == "running" and "before you" not in waiting.sentence)
    workers.close(waiting)
    wait_for(lambda: workers.status()["waiting"] == 0)


def test_a_double_click_a_reset_and_a_closed_page_free_what_they_held(workers):
    """Counted where it would pile up: at the scheduler, in the line for a turn, among the runs."""
    runs = [long_run(workers, owner="gone") for _ in range(4)]
    for _click in range(5):
        for run in runs:
            workers.train(run)
    wait_for(lambda: runs[0].step > 0)
    assert held(workers) <= workers.status()["workers"]
    assert len(workers._tasks) >= 4
    workers.reset(runs[0])
    assert attic.bytes_of(runs[0]) == 0
    workers.close(runs[1])  # as a new run does that takes its place
    left = workers.submit(runs[2], time.sleep, 0.2)
    workers.leave("gone", for_good=True)
    with pytest.raises(SettingsError, match="ended on the server"):
        left.result(10)
    wait_for(lambda: held(workers) == 0)
    assert workers._turns.waiting == 0
    assert not any(run.token in kept for run in runs for kept in (workers._runs, workers._tasks, workers._errands))
    with pytest.raises(SettingsError, match="ended on the server"):
        workers.submit(runs[2], time.sleep, 0.0).result(10)


def held(workers):
    """How many slices the scheduler keeps for us."""
    client = workers._call(workers._cluster.connected())
    return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def test_a_run_that_was_put_away_goes_on_as_if_nothing_had_been(workers, run):
    straight = workers.open("another", SPEC, TRAIN_SIZE, user_index=3)
    workers.train(straight)
    workers.one_epoch(run)
    done(run)
    assert workers.attic.put(run)
    assert attic.bytes_of(run) == 0
    workers.train(run)
    done(run)
    done(straight)
    assert same(run, straight)
    assert [one.epoch for one in run.snapshots.all] == [0, 1, 2, 3, 4]
    workers.close(straight)


def same(one, other):
    """Whether two runs learnt the very same: curves, weights, scores, bit for bit."""
    weights = [{name: value for name, value in run.state.items() if name != "seconds"} for run in (one, other)]
    np.testing.assert_equal((one.curve, *weights[:1], one.scores), (other.curve, *weights[1:], other.scores))
    return one.step == other.step


def test_a_worker_that_grew_too_large_is_replaced_between_two_slices(workers):
    """Another one serves meanwhile; the run does not notice."""
    wait_for(lambda: len(worker_pids(workers)) == 2, 180)
    client = workers._call(workers._cluster.connected())
    before = client.run(os.getpid)
    large, pid = next(iter(before.items()))
    told, run = [], long_run(workers)
    workers.subscribe(run, told.append)
    workers.train(run)
    wait_for(lambda: run.epoch > 1)
    client.run(lambda: setattr(renewal, "most_mb", 1.0), workers=[large])
    wait_for(lambda: not alive(pid), 30)
    step = run.step
    wait_for(lambda: run.step > step)  # while a new one still loads TensorFlow
    assert len(worker_pids(workers)) == 1
    wait_for(lambda: len(worker_pids(workers)) == 2, 180)
    assert not any("stopped" in message.get("sentence", "") for message in told if is_text(message))
    assert run.curve["validation_epoch"] == [float(k) for k in range(1, len(run.curve["validation_epoch"]) + 1)]
    workers.close(run)


def test_killed_workers_cost_nothing_and_are_told(workers):
    """kill -9 on every worker process, one after the other in the middle of a run, and on one once more."""
    told, moments = [], np.random.default_rng(7).uniform(0, 2, 3)
    run, calm = long_run(workers), long_run(workers, owner="calm")
    workers.learn_to(calm, 20 * STEPS)
    done(calm)
    workers.subscribe(run, told.append)
    workers.learn_to(run, 12 * STEPS)
    for moment, pid in zip(moments, worker_pids(workers), strict=False):
        wait_for(lambda until=1 + run.epoch + moment: run.epoch > until or not run.working)
        psutil.Process(pid).kill()
    wait_for(lambda: run.notice, 30)
    assert "A worker process stopped. Nothing is lost" in run.notice
    notice = run.notice
    wait_for(lambda: not run.working, 180)
    workers.learn_to(run, 20 * STEPS)
    wait_for(lambda: run.epoch > 13 + moments[2])
    psutil.Process(worker_pids(workers)[0]).kill()
    wait_for(lambda: not run.working, 180)
    assert (run.mode, run.step) == ("paused", 20 * STEPS)
    assert run.curve["validation_epoch"] == [float(k) for k in range(1, 21)]
    assert same(run, calm)
    assert any(message["type"] == "state" and message["sentence"] == notice for message in told if is_text(message))
    workers.close(run)
    workers.close(calm)


def test_workers_that_are_killed_while_they_start_are_started_again(workers):
    before = set(worker_processes(workers))
    for process in before:
        process.kill()
    starting = wait_for(lambda: (found := set(worker_processes(workers)) - before) and len(found) == 2 and found)
    for process in starting:
        process.kill()
    wait_for(lambda: len(worker_pids(workers)) == 2 and not {p.pid for p in starting} & set(worker_pids(workers)), 120)
    run = workers.open("a session", SPEC, TRAIN_SIZE)
    workers.one_epoch(run)
    wait_for(lambda: not run.working)
    assert run.epoch == 1
    workers.close(run)


def worker_processes(workers):
    """Those that learn, or load what they need to learn."""
    found = []
    for one in psutil.Process(workers._cluster._process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            found += [one] if "spawn_main" in " ".join(one.cmdline()) else []
    return found


def is_text(message):
    return isinstance(message, dict)


def test_workers_have_no_memory_limit_that_a_laptop_would_make_too_small(workers):
    client = workers._call(workers._cluster.connected())
    limits = {worker["memory_limit"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()}
    assert limits <= {0, None}


def worker_pids(workers):
    client = workers._call(workers._cluster.connected())
    return list(client.run(os.getpid).values())


def test_the_workers_end_when_the_studio_is_killed():
    """Nothing is left behind, not even after kill -9."""
    code = (
        "import sys; from recsys_edu.studio import cluster; sidecar = cluster.start_sidecar();"
        "print(cluster.address_of(sidecar)); print(sidecar.pid, flush=True); sys.stdin.read()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "RECSYS_EDU_SCHEDULER"}
    root = Path(__file__).resolve().parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    parent.stdout.readline()
    sidecar = int(parent.stdout.readline())
    assert alive(sidecar)
    parent.kill()
    parent.communicate()
    wait_for(lambda: not alive(sidecar), 60)


def test_jobs_can_be_shut_down_and_started_again_in_one_process(workers, run, monkeypatch):
    """A second Jobs at the same scheduler, as a second studio would be."""
    monkeypatch.setenv("RECSYS_EDU_SCHEDULER", workers.address)
    second = Jobs()
    other = second.open("b", SPEC, TRAIN_SIZE)
    second.one_batch(other)
    done(other)
    assert other.step == 1
    second.shut_down()
    workers.one_batch(run)  # the first still has its workers
    done(run)
    assert run.step == 1
