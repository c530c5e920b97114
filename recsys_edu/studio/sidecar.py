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

CONFIG = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,  # the studio itself asks again for a slice, and says so
    "distributed.admin.low-level-log-length": 100,
    "distributed.worker.memory.terminate": 0.95,
}


async def serve(workers: int) -> None:
    import dask
    from distributed import Nanny, Scheduler

    dask.config.set(CONFIG)
    stopped = asyncio.Event()
    threading.Thread(target=_wait_for_end, args=(asyncio.get_running_loop(), stopped), daemon=True).start()
    scheduler = await Scheduler(
        host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0"
    )
    print(json.dumps({"address": scheduler.address}), flush=True)
    options = {"nthreads": 1, "host": "127.0.0.1", "preload": ["recsys_edu.studio.preload"], "death_timeout": 600}
    nannies = [Nanny(scheduler.address, **options) for _ in range(workers)]
    starting = asyncio.ensure_future(asyncio.gather(*nannies))
    starting.add_done_callback(lambda task: task.exception() and stopped.set())
    await stopped.wait()
    if starting.done():
        starting.result()  # raises, for the terminal, if the workers could not be started


def _wait_for_end(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    sys.stdin.read()  # returns when the studio closes its end or dies
    loop.call_soon_threadsafe(stopped.set)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    try:
        asyncio.run(serve(parser.parse_args().workers))
    except Exception:
        traceback.print_exc()
    finally:
        end_at_once()


def end_at_once() -> None:
    """End this process and its workers. They hold nothing that is worth a slow goodbye."""
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(0)


if __name__ == "__main__":
    main()
