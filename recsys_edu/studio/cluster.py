"""Where the studio's work is done: a Dask cluster, its own sidecar or the one named by RECSYS_EDU_SCHEDULER.

Never imports streamlit. All coroutines run in the one event loop of `jobs`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from recsys_edu.studio import versions
from recsys_edu.studio.i18n import _

ROOT = Path(__file__).resolve().parents[2]
CONNECT_SECONDS = 10


class Cluster:
    """A connection that mends itself: what is needed is started or restarted, then a function runs on a worker."""

    def __init__(self):
        self.address = os.environ.get("RECSYS_EDU_SCHEDULER")
        self._own = self.address is None
        self._process: subprocess.Popen | None = None
        self._client = None
        self._checked: set[str] = set()  # workers whose versions are ours
        self._mending: asyncio.Task | None = None

    async def run(self, function, *args, key: str):
        """`function(*args)` on a worker. Raises WorkerLostError when the worker or the cluster dies under it."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        future = None
        try:
            client = await self.connected()
            future = client.submit(function, *args, key=key, pure=False)
            return await future
        except (KilledWorker, CancelledError, CommClosedError, OSError) as error:
            raise WorkerLostError(str(error)) from error
        finally:
            if future is not None:
                future.release()  # drops the work when nobody waits for it any more

    async def on_each_worker(self, function, *args) -> None:
        """`function(*args)` once on every worker that there is now."""
        client = await self.connected()
        await client.run(function, *args)

    async def threads(self) -> int:
        """How many slices the workers can learn at once. A worker is counted once it has loaded TensorFlow. Raises
        VersionsError if one of them is of another kind than this process."""
        try:
            client = await self.connected()
            async with asyncio.timeout(CONNECT_SECONDS):  # a worker that dies while it is asked may never answer
                workers = (await client.scheduler.identity(n_workers=-1))["workers"]
                if not self._own:  # the sidecar's are started from these very files
                    await self._check(client, workers.keys() - self._checked)
        except OSError:  # the scheduler is gone, or slow (a TimeoutError is one too)
            return 0
        return sum(worker["nthreads"] for worker in workers.values())

    async def _check(self, client, workers: set[str]) -> None:
        if not workers:
            return
        found = await client.run(versions.here, workers=list(workers), on_error="return")
        for address, theirs in found.items():
            versions.check(address, None if isinstance(theirs, Exception) else theirs)
            self._checked.add(address)

    @property
    def absent(self) -> str:
        """What to say when no worker came."""
        if self._own:
            return _("The worker processes did not start; the terminal says why. Train tries again.")
        told = _("No worker has reported at the Dask scheduler {address}. Is it running, and are its workers?")
        return told.format(address=self.address) + " " + _("Train tries again.")

    async def wait_for_worker(self, seconds: float) -> None:
        """Returns when a worker is there. Raises TimeoutError or OSError when none comes."""
        client = await self.connected()
        await client.wait_for_workers(1, timeout=seconds)

    async def connected(self):
        """The client, once the scheduler answers. Starts the sidecar when there is none.

        One task mends, however many wait for it, and goes on when one of them is cancelled."""
        if not self._healthy():
            if self._mending is None or self._mending.done():
                self._mending = asyncio.create_task(self._mend())
            await asyncio.shield(self._mending)
        return self._client

    async def close(self) -> None:
        await self._drop_client()
        if self._process is not None:
            await asyncio.to_thread(end, self._process)

    def _healthy(self) -> bool:
        running = self._client is not None and self._client.status == "running"
        return running and (self._process is None or self._process.poll() is None)

    async def _mend(self) -> None:
        await self._drop_client()
        if self._own:
            if self._process is not None:
                await asyncio.to_thread(end, self._process)
            self._process = start_sidecar()
            self.address = await asyncio.to_thread(address_of, self._process)
        await self._connect()

    async def _connect(self) -> None:
        import dask
        from distributed import Client

        for name in ("distributed", "distributed.client"):  # what goes wrong is said on the screen
            logging.getLogger(name).setLevel(logging.CRITICAL)
        with dask.config.set({"distributed.client.heartbeat": "2s"}):
            self._client = await Client(self.address, asynchronous=True, timeout=CONNECT_SECONDS, set_as_default=False)

    async def _drop_client(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close(timeout=1)


def start_sidecar() -> subprocess.Popen:
    """The scheduler and the workers, in a process tree of their own."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "recsys_edu.studio.sidecar"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        cwd=ROOT,
        # Ctrl-C reaches the studio alone, which then ends the sidecar: a session of its own; on Windows, a group.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def address_of(sidecar: subprocess.Popen) -> str:
    """The scheduler's address, which a sidecar prints first. Raises OSError if it ends before."""
    line = sidecar.stdout.readline()
    try:
        return json.loads(line)["address"]
    except (ValueError, KeyError) as error:
        raise OSError("The worker processes could not be started; the terminal says why.") from error


def end(sidecar: subprocess.Popen) -> None:
    """Close its input, upon which it ends by itself; kill it if it does not."""
    sidecar.stdin.close()
    try:
        sidecar.wait(timeout=10)
    except subprocess.TimeoutExpired:
        sidecar.kill()


class WorkerLostError(Exception):
    """The process that did the work ended before it was done."""
