"""The studio on a Dask cluster: real processes, versions that differ, what listens where."""

import os
import socket
import subprocess
import sys

import psutil
import pytest

from recsys_edu.models import default_settings
from recsys_edu.studio import cluster as cluster_module
from recsys_edu.studio import versions
from recsys_edu.studio.jobs import Jobs
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import ROOT, wait_for

SPEC = RunSpec("planted", "random", default_settings("mf", embedding_dim=8, batch_size=128, epochs=2))
TRAIN_SIZE, STEPS = 9600, 75


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and one worker, each started by its own command, as README.md says; the worker has a folder of data
    of its own, and no way to fetch any."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "RECSYS_EDU_DATA": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_INDEX": "1",
        "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
    }  # fmt: skip
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", address.rsplit(":", 1)[1], "--no-dashboard"]
    worker = ["worker", address, "--preload", "recsys_edu.studio.preload", "--nthreads", "1", "--memory-limit", "0"]
    worker += ["--no-dashboard", "--host", "127.0.0.1", "--no-nanny"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *command], env=environment, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for command in (scheduler, worker)
    ]  # fmt: skip
    yield address
    for process in processes:
        process.kill()
        process.wait()


def test_the_studio_learns_on_a_scheduler_and_workers_of_their_own(cluster, monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_SCHEDULER", cluster)
    jobs = Jobs()
    run = jobs.open("reader", SPEC, TRAIN_SIZE)
    jobs.train(run)
    wait_for(lambda: not run.working, 120)
    assert (run.mode, run.step) == ("finished", 2 * STEPS)
    far = jobs.open("reader", RunSpec("movielens-100k", "random", SPEC.settings), TRAIN_SIZE)
    jobs.train(far)  # this machine has it, the worker has not: it fetches its data itself, and cannot
    wait_for(lambda: not far.working, 60)
    assert far.mode == "failed"
    assert "MovieLens-100K could not be fetched" in far.sentence
    jobs.shut_down()


def test_a_worker_of_other_versions_is_told_and_does_not_learn(workers, monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_SCHEDULER", workers.address)
    monkeypatch.setattr(versions, "_version", lambda name: "0.1")  # here; the workers keep theirs
    jobs = Jobs()
    run = jobs.open("reader", SPEC, TRAIN_SIZE)
    jobs.one_batch(run)
    wait_for(lambda: not run.working)
    assert (run.mode, run.step) == ("failed", 0)
    assert "has other versions: tensorflow 2." in run.sentence
    assert "(here 0.1)" in run.sentence
    monkeypatch.undo()
    jobs.one_batch(run)
    wait_for(lambda: not run.working)
    assert run.step == 1
    jobs.shut_down()


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.3)
    jobs = Jobs()
    run = jobs.open("reader", SPEC, TRAIN_SIZE)
    jobs.one_batch(run)
    wait_for(lambda: not run.working, 30)
    assert run.mode == "failed"
    assert "No worker has reported at the Dask scheduler tcp://127.0.0.1:9" in run.sentence
    jobs.shut_down()


def test_versions_are_those_of_the_installed_packages_and_of_the_code():
    here = versions.here()
    assert here["Python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert here["tensorflow"].startswith("2.")
    versions.check("tcp://somewhere", here)
    with pytest.raises(versions.VersionsError, match=r"recsys_edu 123 \(here [0-9a-f]{10}\)\. Bring both"):
        versions.check("tcp://somewhere", here | {"recsys_edu": "123"})
    with pytest.raises(versions.VersionsError, match="cannot load recsys_edu"):
        versions.check("tcp://somewhere", None)


def test_nothing_of_the_workers_listens_beyond_this_machine(workers):
    sidecar = psutil.Process(workers._cluster._process.pid)
    listening = {
        (process.pid, connection.laddr.ip)
        for process in (sidecar, *sidecar.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert len({pid for pid, _ip in listening}) >= 2  # the scheduler's process, and a worker's
    assert {ip for _pid, ip in listening} == {"127.0.0.1"}
