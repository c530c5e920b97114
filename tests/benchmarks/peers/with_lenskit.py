"""LensKit: biased matrix factorisation, item-kNN and EASE on the fact that an item was rated."""

import numpy as np
import pandas as pd
from exchange import SEED, Prepared, Task
from lenskit import batch
from lenskit.als import BiasedMFScorer
from lenskit.data import ItemList, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer
from lenskit.pipeline import predict_pipeline, topn_pipeline
from lenskit.training import TrainingOptions


def biased_mf(task: Task, **settings) -> Prepared:
    pipeline = predict_pipeline(BiasedMFScorer(**settings))

    def answer():
        pairs = pd.DataFrame({"user_id": task.test_user, "item_id": task.test_item})
        predicted = batch.predict(pipeline, pairs, n_jobs=1).to_df()
        values = predicted.set_index(["user_id", "item_id"])["score"]
        return values.reindex(pd.MultiIndex.from_frame(pairs)).to_numpy()

    return _prepared(task, pipeline, answer, rating=task.rating)


def item_knn(task: Task, **settings) -> Prepared:
    return _ranking(task, ItemKNNScorer(feedback="implicit", **settings))


def ease(task: Task, l2: float) -> Prepared:
    return _ranking(task, EASEScorer(regularization=l2))


def _ranking(task: Task, scorer) -> Prepared:
    pipeline = topn_pipeline(scorer)

    def answer():
        every_item = ItemList(item_ids=np.arange(task.num_items))
        found = batch.score(pipeline, {user: every_item for user in range(task.num_users)}, n_jobs=1)
        return np.stack([found.lookup(user_id=user).scores() for user in range(task.num_users)])

    return _prepared(task, pipeline, answer)


def _prepared(task: Task, pipeline, answer, **fields) -> Prepared:
    train = from_interactions_df(pd.DataFrame({"user_id": task.user, "item_id": task.item, **fields}))
    return Prepared(lambda: pipeline.train(train, TrainingOptions(rng=SEED)), answer)
