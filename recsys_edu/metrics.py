r"""Chapter 3, step 5: how good are predicted ratings, and how good is a list.

A rating model is judged by RMSE and MAE over the test pairs. A list is judged by what the user rated in the test
part (the relevant items, whatever the stars): all items that the user has not rated in the training part are ranked,
the k best make the list.
"""

from __future__ import annotations

import numpy as np

from recsys_edu.recommend import top_n


def rmse(rating: np.ndarray, predicted: np.ndarray) -> float:
    r"""Root of the mean squared error, in stars: √( 1/n Σ (r_ui − r̂_ui)² )."""
    return float(np.sqrt(np.mean((np.asarray(rating, "float64") - predicted) ** 2)))


def mae(rating: np.ndarray, predicted: np.ndarray) -> float:
    r"""Mean absolute error, in stars: 1/n Σ |r_ui − r̂_ui|."""
    return float(np.mean(np.abs(np.asarray(rating, "float64") - predicted)))


def hits(top: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Which places of the lists hold a relevant item. top (users, k) item_index, -1 for an empty place;
    relevant (users, num_items) bool; result (users, k) bool."""
    return np.take_along_axis(relevant, np.maximum(top, 0), axis=1) & (top >= 0)


def hit_rate(top: np.ndarray, relevant: np.ndarray) -> float:
    """HR@k: the share of users with at least one relevant item in their list. Users without relevant items do not
    count; NaN if none is left."""
    has_test = relevant.any(axis=1)
    return _mean(hits(top, relevant).any(axis=1)[has_test])


def ndcg(top: np.ndarray, relevant: np.ndarray) -> float:
    r"""NDCG@k, a mean over users with relevant items (NaN if none):

        DCG = Σ_{place=1..k} [place is a hit] / log₂(place + 1),   NDCG = DCG / DCG of the best possible list

    The best list starts with min(k, |relevant|) hits. Source: Järvelin, Kekäläinen, TOIS 2002, binary gains."""
    discount = 1 / np.log2(np.arange(2, top.shape[1] + 2))  # (k,)
    dcg = hits(top, relevant) @ discount  # (users,)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])  # (k + 1,)
    best = ideal[np.minimum(relevant.sum(axis=1), top.shape[1])]  # (users,)
    return _mean(dcg[best > 0] / best[best > 0])


def evaluate(model, train, test, k: int = 10) -> dict[str, float]:
    """RMSE, MAE, HR@k and NDCG@k of a model with `predict_pairs` and `scores`, on `test`, a part that it did not see.

    Predictions are clipped to the rating scale for RMSE and MAE: nobody can give 5.3 stars."""
    predicted = np.clip(model.predict_pairs(test.user_index, test.item_index), *train.scale)
    users = np.unique(test.user_index)
    top = top_n(model.scores(users), train.seen()[users], k)
    relevant = test.seen()[users]
    return {
        "test_rmse": rmse(test.rating, predicted),
        "test_mae": mae(test.rating, predicted),
        f"hr@{k}": hit_rate(top, relevant),
        f"ndcg@{k}": ndcg(top, relevant),
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
