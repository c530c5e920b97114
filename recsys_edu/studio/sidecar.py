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
    from distributed import Nanny, Scheduler

    dask.config.set(CONFIG)
    scheduler = await Scheduler(host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0")
    print(json.dumps({"address": scheduler.address}), flush=True)
    await asyncio.gather(*(Nanny(scheduler.address, **WORKER) for _ in range(workers)))
    await asyncio.Event().wait()


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
