"""Runs one algorithm of one library, in whichever Python that library is installed in. Not imported: it is a script.

    python worker.py versions scikit-surprise implicit      prints {"scikit-surprise": "1.1.5"} of what is installed
    python worker.py fit REQUEST.npz ANSWER.npz             fits once for each entry of "settings"

REQUEST holds the arrays of `exchange.Task` and `job`, a JSON text: adapter, algorithm, settings (a list), num_users,
num_items, scale. ANSWER holds seconds_k and answer_k for the k-th settings.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
import time

import numpy as np
from exchange import Task

ARRAYS = ("user", "item", "rating", "time", "test_user", "test_item")


def versions(libraries: list[str]) -> dict[str, str]:
    found = {}
    for library in libraries:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def fit(request_path: str, answer_path: str) -> None:
    with np.load(request_path, allow_pickle=False) as request:
        job = json.loads(str(request["job"]))
        arrays = {name: request[name] for name in ARRAYS}
    task = Task(**arrays, num_users=job["num_users"], num_items=job["num_items"], scale=tuple(job["scale"]))
    algorithm = getattr(importlib.import_module(job["adapter"]), job["algorithm"])
    answers = {}
    for k, settings in enumerate(job["settings"]):
        prepared = algorithm(task, **settings)
        start = time.perf_counter()
        prepared.fit()
        answers[f"seconds_{k}"] = time.perf_counter() - start
        answers[f"answer_{k}"] = np.asarray(prepared.answer(), dtype="float32")
    np.savez(answer_path, **answers)


if __name__ == "__main__":
    if sys.argv[1] == "versions":
        print(json.dumps(versions(sys.argv[2:])))
    else:
        fit(*sys.argv[2:])
