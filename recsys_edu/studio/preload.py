"""Loaded by each worker process before it reports for work: TensorFlow, the default data set, a batch of the models
that a reader meets first.

On a cluster of your own, with this environment and this package on all machines (a worker fetches its data itself):

    dask scheduler --host HOST --port 8786
    dask worker tcp://HOST:8786 --preload recsys_edu.studio.preload --nthreads 1 --memory-limit 0
    RECSYS_EDU_SCHEDULER=tcp://HOST:8786 python3 -m recsys_edu app

Whoever reaches the scheduler's port may run any program there: keep it within a network that you trust.
"""

from __future__ import annotations

import asyncio
import logging

from recsys_edu.models import default_settings
from recsys_edu.studio import renewal, slices

FIRST = ("mf", "mlp", "article")
_tasks = set()  # or they would be collected


async def dask_setup(worker) -> None:
    data = slices.default_data()
    try:
        for model in FIRST:
            spec = slices.RunSpec(data, "random", default_settings(model))
            slices.run_slice(spec, None, 1, 0, None, None)
    except Exception:  # the first real run will say what is wrong, on the screen
        logging.getLogger(__name__).exception("The worker could not warm up on %s", data)
    slices.load_umap_behind()
    _tasks.add(asyncio.create_task(renewal.watch(worker)))
