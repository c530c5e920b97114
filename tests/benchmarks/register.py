"""The peers: which algorithm of which library, the settings that were tried, and those that won.

`tried` is the whole search: every combination is fitted on a part of the training ratings and judged on the rest of
them (see `contest.validation`). `chosen` won on MovieLens-100K; `python -m tests.benchmarks --tune` chooses anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

TASKS = ("rating", "ranking")


@dataclass(frozen=True)
class Peer:
    """`library` as it is installed by; `adapter` the file in peers/; `algorithm` the function in it."""

    name: str
    task: str
    library: str
    adapter: str
    algorithm: str
    tried: dict[str, tuple]
    chosen: dict

    def combinations(self) -> list[dict]:
        """Every combination of the settings tried."""
        return [dict(zip(self.tried, values, strict=True)) for values in product(*self.tried.values())]


PEERS = [
    Peer(
        "Surprise SVD", "rating", "scikit-surprise", "with_surprise", "svd",
        {"n_factors": (50, 100), "n_epochs": (20, 50), "reg_all": (0.05, 0.1, 0.15)},
        {"n_factors": 100, "n_epochs": 50, "reg_all": 0.1},
    ),
    Peer(
        "Surprise SVD (defaults)", "rating", "scikit-surprise", "with_surprise", "svd", {}, {},
    ),
    Peer(
        "Surprise SVD++", "rating", "scikit-surprise", "with_surprise", "svdpp",
        {"n_factors": (20,), "n_epochs": (20, 40), "reg_all": (0.02, 0.05)},
        {"n_factors": 20, "n_epochs": 20, "reg_all": 0.05},
    ),
    Peer(
        "Surprise item-kNN", "rating", "scikit-surprise", "with_surprise", "item_knn",
        {"k": (20, 40, 60), "shrinkage": (50, 100, 200)},
        {"k": 40, "shrinkage": 200},
    ),
    Peer(
        "LensKit biased MF", "rating", "lenskit", "with_lenskit", "biased_mf",
        {"embedding_size": (20, 50, 100), "regularization": (0.1, 0.15, 0.2), "epochs": (10, 20)},
        {"embedding_size": 100, "regularization": 0.15, "epochs": 10},
    ),
    Peer(
        "Cornac MF", "rating", "cornac", "with_cornac", "mf",
        {"k": (100, 200, 400), "max_iter": (20, 30, 50), "learning_rate": (0.01,), "lambda_reg": (0.03, 0.05, 0.1)},
        {"k": 400, "max_iter": 30, "learning_rate": 0.01, "lambda_reg": 0.05},
    ),
    Peer(
        "implicit item-kNN (cosine)", "ranking", "implicit", "with_implicit", "cosine",
        {"K": (20, 50, 100, 200, 500)},
        {"K": 500},
    ),
    Peer(
        "implicit item-kNN (BM25)", "ranking", "implicit", "with_implicit", "bm25",
        {"K": (20, 50, 100, 200), "K1": (1.2, 10, 100), "B": (0.2, 0.5, 0.8)},
        {"K": 100, "K1": 10, "B": 0.2},
    ),
    Peer(
        "implicit item-kNN (TF-IDF)", "ranking", "implicit", "with_implicit", "tfidf",
        {"K": (20, 50, 100, 200, 500)},
        {"K": 200},
    ),
    Peer(
        "implicit BPR", "ranking", "implicit", "with_implicit", "bpr",
        {"factors": (64, 128), "learning_rate": (0.003, 0.01, 0.03), "regularization": (0.01,),
         "iterations": (50, 100, 200)},
        {"factors": 64, "learning_rate": 0.01, "regularization": 0.01, "iterations": 100},
    ),
    Peer(
        "implicit ALS", "ranking", "implicit", "with_implicit", "als",
        {"factors": (64, 128), "regularization": (1, 10, 30, 100), "alpha": (0.5, 1), "iterations": (15,)},
        {"factors": 64, "regularization": 10, "alpha": 1, "iterations": 15},
    ),
    Peer(
        "Cornac EASE", "ranking", "cornac", "with_cornac", "ease",
        {"l2": (50, 100, 200, 500, 1000)},
        {"l2": 100},
    ),
    Peer(
        "LensKit EASE", "ranking", "lenskit", "with_lenskit", "ease",
        {"l2": (50, 100, 200, 500, 1000)},
        {"l2": 100},
    ),
    Peer(
        "LensKit item-kNN", "ranking", "lenskit", "with_lenskit", "item_knn",
        {"max_nbrs": (10, 20, 50, 100, 200)},
        {"max_nbrs": 200},
    ),
    Peer(
        "RecBole GRU4Rec", "ranking", "recbole", "with_recbole", "gru4rec",
        {"MAX_ITEM_LIST_LENGTH": (10,), "learning_rate": (0.002, 0.005), "dropout_prob": (0.3,), "epochs": (5, 10)},
        {"MAX_ITEM_LIST_LENGTH": 10, "learning_rate": 0.005, "dropout_prob": 0.3, "epochs": 10},
    ),
    Peer(
        "RecBole SASRec", "ranking", "recbole", "with_recbole", "sasrec",  # dear: not searched
        {"MAX_ITEM_LIST_LENGTH": (10,), "n_layers": (1,), "learning_rate": (0.003,), "hidden_dropout_prob": (0.2,),
         "epochs": (5,)},
        {"MAX_ITEM_LIST_LENGTH": 10, "n_layers": 1, "learning_rate": 0.003, "hidden_dropout_prob": 0.2, "epochs": 5},
    ),
]  # fmt: skip
