"""The studio's workers: a Dask scheduler and worker processes, in a process tree of their own.

`python -m recsys_edu.studio.sidecar` prints one JSON line with the scheduler's address, and ends when its standard
input is closed, so that it never outlives the studio, however that ended. It is a program of its own because a
worker that is spawned from Streamlit's process would run app.py again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading

# One thread a worker: two workers on two cores do not fight for them.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

CONFIG = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,  # the studio itself asks again for a slice, and says so
    "distributed.admin.low-level-log-length": 100,
    "distributed.worker.memory.terminate": 0.95,
    "logging": {"distributed": "error", "distributed.preloading": "error"},
}


async def serve(workers: int) -> None:
    import dask

    dask.config.set(CONFIG)  # before distributed is imported, which reads its logging from here
    from distributed import Nanny, Scheduler

    stopped = asyncio.Event()
    threading.Thread(target=_wait_for_end, args=(asyncio.get_running_loop(), stopped), daemon=True).start()
    async with Scheduler(
        host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0"
    ) as scheduler:
        print(json.dumps({"address": scheduler.address}), flush=True)
        nannies = [
            Nanny(
                scheduler.address,
                nthreads=1,
                host="127.0.0.1",
                preload=["recsys_edu.studio.preload"],
                death_timeout=600,
            )
            for _ in range(workers)
        ]
        await asyncio.gather(*nannies)
        await stopped.wait()
        await asyncio.gather(*(nanny.close(timeout=2) for nanny in nannies))


def _wait_for_end(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    sys.stdin.read()  # returns when the studio closes its end or dies
    loop.call_soon_threadsafe(stopped.set)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    asyncio.run(serve(parser.parse_args().workers))


if __name__ == "__main__":
    main()
