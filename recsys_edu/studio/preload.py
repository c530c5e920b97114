"""Loaded by each worker process before it reports for work: TensorFlow, the default data set, a batch of the models
that a reader meets first."""

from __future__ import annotations

import logging

from recsys_edu.models import default_settings
from recsys_edu.studio import slices

FIRST = ("mf", "mlp", "article")


def dask_setup(worker) -> None:
    data = slices.default_data()
    try:
        for model in FIRST:
            spec = slices.RunSpec(data, "random", default_settings(model))
            slices.run_slice(spec, None, 1, 0, None, None)
    except Exception:  # the first real run will say what is wrong, on the screen
        logging.getLogger(__name__).exception("The worker could not warm up on %s", data)
    slices.load_umap_behind()
