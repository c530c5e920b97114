"""The studio under load, as a process: started, watched, killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """`streamlit run app.py` on a free port of localhost; what it says goes to `log`."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None):
        self.environment = environment or {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.host = f"localhost:{self.port}"
        self.folder, self.log = folder, folder / "studio.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)],
                cwd=ROOT, stdout=log, stderr=log,
                env=os.environ | self.environment
                | {"RECSYS_EDU_RUNS": str(self.folder / "runs.sqlite"), "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def wait(self, path: str = "/_stcore/health", wanted: bytes = b"ok", seconds: float = 120) -> None:
        """Until a page answers with `wanted` in it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urlopen(f"http://{self.host}{path}", timeout=5) as answer:
                if wanted in answer.read():
                    return
            time.sleep(0.05)
        raise TimeoutError(f"The studio did not come up in {seconds:g} s; see {self.log}")

    def wait_until_warm(self) -> None:
        self.wait("/status.json", b'"warm":true')

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=30)
        if self.process.poll() is None:
            self.kill()

    def workers(self) -> list[psutil.Process]:
        """The processes that learn: the leaves of the process tree, without the helpers of multiprocessing."""
        with contextlib.suppress(psutil.Error):
            return [one for one in psutil.Process(self.process.pid).children(recursive=True) if _learns(one)]
        return []

    def kill_a_worker(self, dice: random.Random) -> bool:
        found = self.workers()
        if found:
            with contextlib.suppress(psutil.Error):
                dice.choice(found).kill()
                return True
        return False

    def tracebacks(self) -> int:
        """How often the studio or a worker has written one to the terminal."""
        return self.log.read_bytes().count(b"Traceback (most recent call last)")


def _learns(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        line = " ".join(process.cmdline())
        return "spawn_main" in line or "multiprocessing-fork" in line
    return False


class Watch:
    """Memory in bytes and CPU seconds of a studio and its workers, by time."""

    def __init__(self, server: Server):
        self.server = server
        self.samples: list[tuple[float, int, int]] = []  # seconds, studio, workers
        self.began = time.monotonic()
        self.cpu = 0.0
        self._seen: dict[int, float] = {}  # CPU seconds by process

    def sample(self) -> None:
        with contextlib.suppress(psutil.Error):
            studio = psutil.Process(self.server.process.pid)
            rest = studio.children(recursive=True)
            memory = studio.memory_info().rss
            for one in (studio, *rest):
                self._count_cpu(one)
            self.samples.append((time.monotonic() - self.began, memory, sum(map(_memory, rest))))

    def _count_cpu(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            seconds = times.user + times.system
            self.cpu += seconds - self._seen.get(process.pid, seconds)
            self._seen[process.pid] = seconds


def _memory(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0
