"""One set of worker processes for all tests of the studio, and one studio in front of them."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from recsys_edu.run_store import RunStore
from recsys_edu.studio import jobs

ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition, seconds=60):
    """Wait until `condition()` is true and return its value; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.01)
    return value


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def apart(coroutine):
    """What a coroutine returns, run in a thread of its own: Playwright has an event loop in the tests' thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="session")
def workers(tmp_path_factory):
    """The Jobs of this process, with warm workers."""
    # The workers and the studios take it over.
    os.environ["RECSYS_EDU_UPLOADS"] = str(tmp_path_factory.mktemp("uploads"))
    shared = jobs.shared()
    shared.warm_up()
    wait_for(shared.warm.is_set, 180)
    yield shared
    shared.shut_down()


class Studio:
    """A studio that runs as `streamlit run app.py` does, on a free port of localhost."""

    def __init__(self, **environment):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)],
            cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: self.get("/_stcore/health"), 60)

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return response.read().decode()
        except OSError:
            return None

    def status(self):
        return json.loads(self.get("/status.json") or "{}")

    def warm(self):
        return self.status().get("warm")

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def studio(workers, tmp_path_factory):
    """A running studio whose work is done by the workers of this process' Jobs, with a run store of its own."""
    store = RunStore(tmp_path_factory.mktemp("studio") / "runs.sqlite")
    running = Studio(RECSYS_EDU_SCHEDULER=workers.address, RECSYS_EDU_RUNS=str(store.path))
    running.store = store
    wait_for(running.warm, 60)
    yield running
    running.close()
