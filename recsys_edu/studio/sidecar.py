"""The studio's workers: a Dask scheduler and worker processes, in a process tree of their own.

`python -m recsys_edu.studio.sidecar` prints one JSON line with the scheduler's address, and ends when its standard
input is closed, so that it never outlives the studio, however that ended. It is a program of its own because a
worker that is spawned from Streamlit's process would run app.py again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import threading
import traceback
from contextlib import suppress

# One thread a worker: two workers on two cores do not fight for them.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "error")  # the workers inherit it
# Ending at once leaves semaphores to the system, which frees them and need not say so on the terminal.
os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")

CONFIG = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,  # the studio itself asks again for a slice, and says so
    "distributed.admin.low-level-log-length": 100,
    # Dask's own also sets MALLOC_TRIM_THRESHOLD_, with which glibc maps and unmaps memory for each of TensorFlow's
    # steps: an epoch then takes half as long again.
    "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1, "MKL_NUM_THREADS": 1},
}
NICENESS = 5
MOST_STARTS = 5  # in a row
LOOK_SECONDS = 0.5
WORKER = {
    "nthreads": 1,
    "host": "127.0.0.1",
    "preload": ["recsys_edu.studio.preload"],
    "death_timeout": 600,
    # Dask's default is a share of the memory by cores, about 1 GB on many laptops: TensorFlow and UMAP alone would
    # have a worker paused and killed for ever.
    "memory_limit": None,
}


async def serve(workers: int) -> None:
    """Runs until the process ends; raises if the workers cannot be started."""
    import dask
    from distributed import Scheduler

    dask.config.set(CONFIG)
    scheduler = await Scheduler(host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0")
    print(json.dumps({"address": scheduler.address}), flush=True)
    await asyncio.gather(*(keep_a_worker(scheduler.address) for _ in range(workers)))


async def keep_a_worker(scheduler: str) -> None:
    """There is a worker again whenever one ended. Dask's nanny sees to that, but not where a worker ends while it
    starts: then another nanny takes over. Raises RuntimeError if no worker gets as far as to work."""
    from distributed import Nanny, Status

    failures = 0
    while failures < MOST_STARTS:
        nanny = Nanny(scheduler, **WORKER)
        with suppress(Exception):
            await nanny
        failures = 0 if nanny.status == Status.running else failures + 1
        while nanny.status == Status.running and await _has_a_worker(nanny):
            await asyncio.sleep(LOOK_SECONDS)
        with suppress(Exception):
            await asyncio.wait_for(nanny.close(timeout=1), 5)
    raise RuntimeError(f"A worker process ended {MOST_STARTS} times while it started.")


async def _has_a_worker(nanny) -> bool:
    """Whether the nanny has a process, or starts one within a while."""
    for _look in range(5):
        if nanny.process is not None and nanny.process.is_alive():
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


def end_with_the_studio() -> None:
    sys.stdin.read()  # returns when the studio closes its end or dies
    end_at_once()


def end_at_once() -> None:
    """End this process and its workers. They hold nothing that is worth a slow goodbye."""
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # where a core is short, a page that somebody waits for comes before an epoch
    threading.Thread(target=end_with_the_studio, daemon=True).start()
    try:
        asyncio.run(serve(options.workers))
    except Exception:
        traceback.print_exc()
        end_at_once()


if __name__ == "__main__":
    main()
