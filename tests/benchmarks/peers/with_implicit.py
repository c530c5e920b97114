"""implicit: ALS, BPR and item-kNN on the fact that an item was rated, whatever the stars."""

import numpy as np
from exchange import SEED, Prepared, Task
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

threadpool_limits(1, "blas")  # implicit has threads of its own and asks for this


def als(task: Task, **settings) -> Prepared:
    return _prepared(task, AlternatingLeastSquares(random_state=SEED, **settings))


def bpr(task: Task, **settings) -> Prepared:
    return _prepared(task, BayesianPersonalizedRanking(random_state=SEED, **settings))


def cosine(task: Task, **settings) -> Prepared:
    return _prepared(task, CosineRecommender(**settings))


def tfidf(task: Task, **settings) -> Prepared:
    return _prepared(task, TFIDFRecommender(**settings))


def bm25(task: Task, **settings) -> Prepared:
    return _prepared(task, BM25Recommender(**settings))


def _prepared(task: Task, model) -> Prepared:
    shape = task.num_users, task.num_items
    seen = csr_matrix((np.ones(len(task.user), "float32"), (task.user, task.item)), shape)

    def answer():
        users = np.arange(task.num_users)
        items, values = model.recommend(users, seen, N=task.num_items, filter_already_liked_items=False)
        scores = np.full(shape, np.nan)
        rows, places = np.nonzero(items >= 0)  # -1: a neighbourhood that reaches no further item
        scores[rows, items[rows, places]] = values[rows, places]
        return scores

    return Prepared(lambda: model.fit(seen, show_progress=False), answer)
