"""What a worker does for the Class Challenge: a run's lists. It gets published ratings and weights, no hidden test."""

from __future__ import annotations

import numpy as np

from recsys_edu.studio.slices import RunSpec, ratings_of, trainer_of


def lists(spec: RunSpec, state: dict[str, np.ndarray], users: np.ndarray, k: int) -> np.ndarray:
    """(n, k) item_index: the k best films of a run for each of `users`, without any that is rated in the published
    data, in whichever part of the run's own split."""
    from recsys_edu.recommend import top_n

    trainer, _start = trainer_of(spec)
    trainer.restore(state)
    return top_n(trainer.model.scores(users), ratings_of(spec.data).seen()[users], k)
