"""Cornac: matrix factorisation with biases, EASE."""

import cornac
import numpy as np
from exchange import SEED, Prepared, Task


def mf(task: Task, **settings) -> Prepared:
    model = cornac.models.MF(seed=SEED, **settings)
    return _prepared(task, model, task.rating, lambda scores: scores[task.test_user, task.test_item])


def ease(task: Task, l2: float) -> Prepared:
    model = cornac.models.EASE(lamb=l2, posB=False, verbose=False)
    return _prepared(task, model, np.ones(len(task.rating)), lambda scores: scores)


def _prepared(task: Task, model, rating: np.ndarray, pick) -> Prepared:
    rows = list(zip(task.user.tolist(), task.item.tolist(), rating.tolist(), strict=True))
    train = cornac.data.Dataset.from_uir(rows, seed=SEED)

    def answer():
        scores = np.full((task.num_users, task.num_items), np.nan)
        items = list(train.iid_map)  # our item_index, in Cornac's order
        for user, row in train.uid_map.items():
            scores[user, items] = np.asarray(model.score(row)).ravel()[: len(items)]
        return pick(scores)

    return Prepared(lambda: model.fit(train), answer)
