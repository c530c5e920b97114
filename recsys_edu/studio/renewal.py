"""A worker that has grown too large gives its work up and starts afresh, in between two slices.

TensorFlow keeps some memory of each model that it ever compiled. A worker that holds more than RECSYS_EDU_WORKER_MB
takes no new slice, ends the one that it is at, hands its result over, and closes; its nanny starts a new process in its
place. Only one at a time: as long as no other worker serves, it stays.
"""

from __future__ import annotations

import asyncio
import logging
import os

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
HAND_OVER_SECONDS = 30.0
FAR_TOO_LARGE = 1.5  # times the bound: then a worker that is alone closes as well


def default_mb() -> float:
    """A quarter of the machine's memory, from 1.5 to 2.5 GB; about 1.1 GB are there after the start."""
    import psutil

    return min(max(psutil.virtual_memory().total / 4e6, 1500.0), 2500.0)


most_mb = float(os.environ.get("RECSYS_EDU_WORKER_MB") or default_mb())


async def watch(worker) -> None:
    """Until the worker closes."""
    from distributed.core import Status

    while worker.status not in (Status.closing, Status.closing_gracefully, Status.closed, Status.failed):
        await asyncio.sleep(LOOK_SECONDS)
        held = worker.monitor.get_process_memory() / 1e6
        if held <= most_mb:
            continue
        if held > FAR_TOO_LARGE * most_mb or await _another_serves(worker):
            log.warning("A worker holds %d MB of memory and is started afresh", held)
            await renew(worker)
            return


async def renew(worker) -> None:
    """Take nothing new, end what is under way, wait until its result was fetched, close; the nanny starts another."""
    from distributed.core import Status

    worker.status = Status.paused  # the scheduler is told, and sends nothing more
    for _look in range(round(HAND_OVER_SECONDS / 0.05)):
        await asyncio.sleep(0.05)
        if not worker.state.executing and not worker.data:
            break
    await worker.close_gracefully(restart=True, reason="renewal")


async def _another_serves(worker) -> bool:
    workers = (await worker.scheduler.identity(n_workers=-1))["workers"]
    return any(other["status"] == "running" for address, other in workers.items() if address != worker.address)
