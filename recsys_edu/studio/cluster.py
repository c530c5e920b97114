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

ROOT = Path(__file__).resolve().parents[2]


class Cluster:
    """A connection that mends itself: `run` starts or restarts what is needed, then runs one function on a worker."""

    def __init__(self):
        self.address = os.environ.get("RECSYS_EDU_SCHEDULER")
        self._own = self.address is None
        self._process: subprocess.Popen | None = None
        self._client = None
        self._mending = asyncio.Lock()

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

    async def connected(self):
        """The client, once the scheduler answers. Starts the sidecar when there is none."""
        async with self._mending:
            if not self._healthy():
                await self._drop_client()
                if self._own:
                    self.address = await asyncio.to_thread(self._start_sidecar)
                await self._connect()
        return self._client

    async def workers(self) -> int:
        """How many workers are ready. A worker reports for work once TensorFlow is loaded."""
        client = await self.connected()
        return len((await client.scheduler.identity())["workers"])

    async def close(self) -> None:
        await self._drop_client()
        if self._process is not None:
            self._process.stdin.close()  # the sidecar ends by itself
            await asyncio.to_thread(self._wait_or_kill)

    def _healthy(self) -> bool:
        running = self._client is not None and self._client.status == "running"
        return running and (self._process is None or self._process.poll() is None)

    async def _connect(self) -> None:
        import dask
        from distributed import Client

        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said on the screen
        with dask.config.set({"distributed.client.heartbeat": "2s"}):
            self._client = await Client(self.address, asynchronous=True, timeout="10s", set_as_default=False)

    async def _drop_client(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close(timeout=1)

    def _start_sidecar(self) -> str:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recsys_edu.studio.sidecar"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT,
            start_new_session=True,  # Ctrl-C reaches the studio alone, which then closes the sidecar
        )  # fmt: skip
        line = self._process.stdout.readline()
        if not line:
            raise OSError("The worker processes could not be started; the terminal says why.")
        return json.loads(line)["address"]

    def _wait_or_kill(self) -> None:
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()


class WorkerLostError(Exception):
    """The process that did the work ended before it was done."""
