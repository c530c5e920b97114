"""Loaded by each worker process before it reports for work: TensorFlow, the default data set, one small slice."""

from __future__ import annotations

import logging

from recsys_edu.models import default_settings
from recsys_edu.studio import slices


def dask_setup(worker) -> None:
    data = slices.default_data()
    spec = slices.RunSpec(data, "random", default_settings("mf"))
    try:
        slices.run_slice(spec, None, 1, 0, None, None)
    except Exception:  # the first real run will say what is wrong, on the screen
        logging.getLogger(__name__).exception("The worker could not warm up on %s", data)
    slices.load_umap_behind()
