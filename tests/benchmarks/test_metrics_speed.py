"""All-user ranking metrics from a score matrix, against NumPy's own selection of ten items on it, in the same run."""

import time

import numpy as np
import pytest

from recsys_edu import data, metrics
from recsys_edu.recommend import top_n

K = 10


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", ["by chance", "popular first", "tied"])
def test_metrics_cost_no_more_than_argpartition(movielens, dtype, shape, record_property):
    parts = data.random_split(movielens, seed=0)
    scores, seen, relevant = _scores(parts.train, shape).astype(dtype), parts.train.seen(), parts.test.seen()
    masked = np.where(seen, -np.inf, scores)

    def ours():
        top = top_n(scores, seen, K)
        return {name: metrics.mean(metric(top, relevant)) for name, metric in metrics.PER_USER.items()}

    seconds = {ours: [], bare: []}
    for _ in range(9):  # in turns, so that a busy machine hits both
        for run, argument in ((ours, ()), (bare, (masked,))):
            start = time.perf_counter()
            run(*argument)
            seconds[run].append(time.perf_counter() - start)
    ratio = min(seconds[ours]) / min(seconds[bare])
    record_property("ratio", ratio)
    print(f"{shape}, {dtype}: metrics {min(seconds[ours]):.4f} s, argpartition {min(seconds[bare]):.4f} s: {ratio:.2f}")
    assert ratio <= 1


def bare(masked):
    return np.argpartition(-masked, K, axis=1)


def _scores(train, shape):
    """(num_users, num_items): vectors drawn by chance; the same with popular items ahead; few different values."""
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(train.num_users, 32)), rng.normal(size=(train.num_items, 32))
    popularity = np.bincount(train.item_index, minlength=train.num_items)
    if shape == "tied":
        return np.tile(popularity.astype(float), (train.num_users, 1))
    return p @ q.T + (0.1 * popularity if shape == "popular first" else 0)
