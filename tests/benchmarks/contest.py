"""The same split for all, the same clock, the same judge."""

from __future__ import annotations

import numpy as np

from recsys_edu import data, intervals, metrics, models, training
from recsys_edu.data import Ratings, Split
from recsys_edu.recommend import top_n
from tests.benchmarks import environments
from tests.benchmarks.register import Peer

SPLITS = {"rating": "random", "ranking": "last"}
K = 10  # length of a list
RESAMPLES = 2000  # of a bootstrap interval


def split(ratings: Ratings, task: str, seed: int) -> Split:
    """rating: a random fifth is the test. ranking: each user's latest rating is."""
    return data.split(ratings, SPLITS[task], seed=seed)


def validation(parts: Split, task: str, seed: int) -> Split:
    """Where settings are chosen: the training part alone, cut once more in the same way."""
    return data.split(parts.train, SPLITS[task], seed=seed)


def judge(task: str, parts: Split, values: np.ndarray) -> dict[str, np.ndarray]:
    """One figure a test pair (rating) or a user with a test item (ranking), whose mean is the metric; RMSE is the root
    of the mean of squared_error. Where a peer is silent (NaN), the training mean and the last place stand in."""
    return _judge_ratings(parts, values) if task == "rating" else _judge_lists(parts, values)


def _judge_ratings(parts: Split, predicted: np.ndarray) -> dict[str, np.ndarray]:
    predicted = np.where(np.isnan(predicted), parts.train.rating.mean(), predicted)
    predicted = np.clip(predicted, *parts.train.scale)
    return {"squared_error": (parts.test.rating.astype("float64") - predicted) ** 2}


def _judge_lists(parts: Split, scores: np.ndarray) -> dict[str, np.ndarray]:
    users = np.unique(parts.test.user_index)
    scores = np.where(np.isnan(scores), -np.inf, scores)[users]
    top = top_n(scores, parts.train.seen()[users], K)  # (users, K)
    relevant = parts.test.seen()[users]  # (users, num_items)
    return {f"hr@{K}": metrics.hit_per_user(top, relevant), f"ndcg@{K}": metrics.ndcg_per_user(top, relevant)}


def figures(task: str, judged: dict[str, np.ndarray], seed: int = 0) -> dict[str, list[float]]:
    """Each metric as [value, low, high]: a 95% interval by bootstrap over test pairs or users."""
    given = {}
    for name, values in judged.items():
        triple = [float(values.mean()), *interval(values, seed)]
        given["rmse" if name == "squared_error" else name] = np.sqrt(triple).tolist() if task == "rating" else triple
    return given


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The middle 95% of the means of RESAMPLES samples of `values`, drawn with replacement. (n,) -> low, high."""
    means = intervals.bootstrap_ratios(values[:, None], np.ones((len(values), 1)), RESAMPLES, seed)  # (RESAMPLES, 1)
    low, high = intervals.percentile_interval(means)[:, 0].tolist()
    return low, high


def best(task: str, judged: list[dict[str, np.ndarray]]) -> int:
    """The row with the lowest error, or the highest NDCG."""
    if task == "rating":
        return int(np.argmin([row["squared_error"].mean() for row in judged]))
    return int(np.argmax([row[f"ndcg@{K}"].mean() for row in judged]))


def run_peer(python: str, peer: Peer, parts: Split, settings: dict) -> tuple[dict[str, np.ndarray], float]:
    """What the judge says of a peer, and the seconds of its fit."""
    (answer,) = environments.ask(python, peer, parts, [settings])
    return judge(peer.task, parts, answer.values), answer.seconds


def tune(python: str, peer: Peer, parts: Split) -> tuple[dict, list[dict]]:
    """The best of the settings tried, on a validation part, and all of them with their figures."""
    combinations = peer.combinations()
    answers = environments.ask(python, peer, parts, combinations)
    judged = [judge(peer.task, parts, answer.values) for answer in answers]
    search = [
        {"settings": settings, "seconds": answer.seconds} | {name: float(v.mean()) for name, v in row.items()}
        for settings, answer, row in zip(combinations, answers, judged, strict=True)
    ]
    return combinations[best(peer.task, judged)], search


def run_ours(name: str, task: str, parts: Split, seed: int) -> tuple[dict[str, np.ndarray], float]:
    """What the judge says of a model of ours at its default settings, and the seconds of its fit."""
    run = training.fit(models.default_settings(name, seed=seed), parts.train)
    if run.failure is not None:
        raise environments.PeerError(f"{name} failed: {run.failure.reason}")
    if task == "rating":
        return judge(task, parts, run.model.predict_pairs(parts.test.user_index, parts.test.item_index)), run.seconds
    return judge(task, parts, run.model.scores(np.arange(parts.train.num_users))), run.seconds


def ours(task: str) -> list[str]:
    """The models of the kit that take part in a task: all rank, but not all predict stars."""
    return [name for name, card in models.MODELS.items() if task == "ranking" or card.predicts_ratings]
