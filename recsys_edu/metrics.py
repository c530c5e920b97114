r"""Chapter 3, step 5: how good are predicted ratings, and how good is a list.

A rating model is judged by RMSE and MAE over the test pairs. A list is judged by what the user rated in the test
part (the relevant items, whatever the stars): all items that the user has not rated in the training part are ranked,
the k best make the list.

Each metric of a list exists twice: for each user, (users,), with NaN for a user without relevant items, who does not
count; and as the mean over the users who count, NaN if there are none. In both, `top` is (users, k) item_index, best
first, -1 for an empty place; `relevant` is (users, num_items) bool. In the formulas R_u are the relevant items of u and
hit_p is 1 if place p of the list holds one of them, else 0.

Libraries share names and not always formulas. Ours are those of ranx (0.3.21). LensKit (2025.8) divides recall by
min(k, |R_u|), average precision by min(|R_u|, length of the list), and discounts place p by log₂ max(p, 2), so that
places 1 and 2 count alike. The same lists then have other figures: on one random split of MovieLens-100K recall@10 was
0.045 here and 0.099 there, NDCG@10 0.0947 and 0.0938. With one relevant item a user, recall and MAP agree.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def rmse(rating: np.ndarray, predicted: np.ndarray) -> float:
    r"""Root of the mean squared error, in stars: √( 1/n Σ (r_ui − r̂_ui)² ). NaN for n = 0."""
    return float(np.sqrt(mean((np.asarray(rating, "float64") - predicted) ** 2)))


def mae(rating: np.ndarray, predicted: np.ndarray) -> float:
    r"""Mean absolute error, in stars: 1/n Σ |r_ui − r̂_ui|. NaN for n = 0."""
    return mean(np.abs(np.asarray(rating, "float64") - predicted))


def mean(values: np.ndarray) -> float:
    """The mean of what is no NaN; NaN if nothing is."""
    counted = values[~np.isnan(values)]
    return float(counted.mean()) if len(counted) else float("nan")


def hits(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """hit_p of every place: which hold a relevant item, (users, k) bool. An empty place is no hit."""
    return np.take_along_axis(relevant, np.maximum(top, 0), axis=1) & (top >= 0)


def hit_per_user(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    r"""Hit@k: 1 if Σ_p hit_p ≥ 1, else 0."""
    return _counted(hits(top, relevant).any(axis=1), relevant)


def recall_per_user(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    r"""Recall@k: Σ_p hit_p / |R_u|. With |R_u| > k it cannot reach 1."""
    return _counted(hits(top, relevant).sum(axis=1), relevant) / np.maximum(relevant.sum(axis=1), 1)


def precision_per_user(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    r"""Precision@k: Σ_p hit_p / k. An empty place counts as a miss; with |R_u| < k it cannot reach 1."""
    return _counted(hits(top, relevant).sum(axis=1), relevant) / top.shape[1]


def ndcg_per_user(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    r"""NDCG@k = DCG / DCG of the best possible list, which starts with min(k, |R_u|) hits:

        DCG = Σ_{p=1..k} hit_p / log₂(p + 1)

    Source: Järvelin, Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", TOIS 2002, with binary gains and
    the discount log₂(p + 1) that is usual today (theirs leaves places 1 and 2 alike)."""
    k = top.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))  # (k,)
    ideal = np.cumsum(discount)  # (k,): the best DCG with 1 ... k relevant items
    best = ideal[np.clip(relevant.sum(axis=1), 1, k) - 1]  # (users,)
    return _counted(hits(top, relevant) @ discount, relevant) / best


def reciprocal_rank(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    r"""RR@k: 1 / (place of the first hit), 0 without a hit.

    Source of its mean, MRR: Voorhees, "The TREC-8 Question Answering Track Report", 1999."""
    hit = hits(top, relevant)
    return _counted(hit.any(axis=1) / (hit.argmax(axis=1) + 1), relevant)


def average_precision(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    r"""AP@k: the precision at each hit, summed, over all relevant items, found or not:

        AP = 1/|R_u| Σ_{p=1..k} hit_p · (1/p Σ_{q≤p} hit_q)

    Source of its mean, MAP: Buckley, Voorhees, "Evaluating Evaluation Measure Stability", SIGIR 2000."""
    hit = hits(top, relevant)
    precision_at = np.cumsum(hit, axis=1) / np.arange(1, top.shape[1] + 1)  # (users, k)
    return _counted((precision_at * hit).sum(axis=1), relevant) / np.maximum(relevant.sum(axis=1), 1)


PER_USER: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "hr": hit_per_user,
    "recall": recall_per_user,
    "precision": precision_per_user,
    "ndcg": ndcg_per_user,
    "mrr": reciprocal_rank,
    "map": average_precision,
}


def hit_rate(top: np.ndarray, relevant: np.ndarray) -> float:
    """HR@k: the share of users with at least one relevant item in their list."""
    return mean(hit_per_user(top, relevant))


def recall(top: np.ndarray, relevant: np.ndarray) -> float:
    """Mean of `recall_per_user`."""
    return mean(recall_per_user(top, relevant))


def precision(top: np.ndarray, relevant: np.ndarray) -> float:
    """Mean of `precision_per_user`."""
    return mean(precision_per_user(top, relevant))


def ndcg(top: np.ndarray, relevant: np.ndarray) -> float:
    """Mean of `ndcg_per_user`."""
    return mean(ndcg_per_user(top, relevant))


def mrr(top: np.ndarray, relevant: np.ndarray) -> float:
    """Mean of `reciprocal_rank`."""
    return mean(reciprocal_rank(top, relevant))


def mean_average_precision(top: np.ndarray, relevant: np.ndarray) -> float:
    """MAP@k: mean of `average_precision`."""
    return mean(average_precision(top, relevant))


def evaluate(model, train, test, k: int = 10) -> dict[str, float | None]:
    """All figures of a model by name (test_rmse, hr@10, ...), None where it has no answer: `evaluation.evaluate`."""
    from recsys_edu import evaluation  # which is built on this page

    return evaluation.evaluate(model, train, test, k).figures()


def _counted(values: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """`values`, and NaN for users without relevant items."""
    return np.where(relevant.any(axis=1), values, np.nan)
