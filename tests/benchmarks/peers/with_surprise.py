"""Surprise (scikit-surprise): SVD, SVD++, item-kNN around baselines."""

import numpy as np
import surprise
from exchange import SEED, Prepared, Task


def svd(task: Task, **settings) -> Prepared:
    return _prepared(task, surprise.SVD(random_state=SEED, **settings))


def svdpp(task: Task, **settings) -> Prepared:
    return _prepared(task, surprise.SVDpp(random_state=SEED, cache_ratings=True, **settings))


def item_knn(task: Task, k: int, shrinkage: float) -> Prepared:
    similarity = {"name": "pearson_baseline", "user_based": False, "shrinkage": shrinkage}
    return _prepared(task, surprise.KNNBaseline(k=k, sim_options=similarity, verbose=False))


def _prepared(task: Task, algorithm) -> Prepared:
    columns = task.user.tolist(), task.item.tolist(), task.rating.tolist()
    rows = [(u, i, r, None) for u, i, r in zip(*columns, strict=True)]
    train = surprise.Dataset(surprise.Reader(rating_scale=task.scale)).construct_trainset(rows)

    def answer():
        pairs = zip(task.test_user.tolist(), task.test_item.tolist(), strict=True)
        return np.array([algorithm.predict(u, i).est for u, i in pairs])

    return Prepared(lambda: algorithm.fit(train), answer)
