r"""Chapter 3, step 5: a short cut that many papers take, kept here to be seen through, not to be used.

To save time, each test item is ranked against m = 100 unseen items drawn at random, not against all N of them. If g of
the N score higher than the test item, the number of these that are drawn is hypergeometric, and the place in the short
list is 1 + that number, on average 1 + m g / N. So with N = 1,500 a test item at place 101 of the full list (g = 100)
stands at place 7.7 on average in the short one: mostly a hit in the "top 10", though nobody would have scrolled to it.
What is measured is, nearly, whether the item is in the upper tenth; how good the very top is hardly counts. Two models
can change places: one that puts 4 of 10 test items first and the rest anywhere has HR@10 = 0.41 and sampled
HR@10 = 0.46; one that puts all of them at place 101 has HR@10 = 0 and sampled HR@10 = 0.88. And the figures flatter: on
MovieLens-100K, each user's last rating left out, popularity has HR@10 0.08 over all films, and 0.40 so.

Source: Krichene, Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020.
"""

from __future__ import annotations

import warnings

import numpy as np

from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.evaluation import check_parts

PAIRS_AT_ONCE = 2000  # test pairs in one block of (pairs, num_items)


class SampledMetricWarning(UserWarning):
    """A metric over sampled items was computed; it may rank models otherwise than the metric over all items."""


def sampled_hit_rate(model, train: Ratings, test: Ratings, k: int = 10, negatives: int = 100, seed: int = 0) -> float:
    """The share of test items that are among the k best of themselves and `negatives` random unseen items; a mean over
    each user's test items, then over users. Warns with SampledMetricWarning: see the head of this page.

    Raises DataError as `evaluation.evaluate` does."""
    place = _sampled_places(model, train, test, negatives, seed)
    return _mean_over_users(place <= k, test)


def sampled_ndcg(model, train: Ratings, test: Ratings, k: int = 10, negatives: int = 100, seed: int = 0) -> float:
    """1 / log₂(place + 1) of each test item in the same short lists, 0 beyond place k: NDCG@k with one relevant item.
    Means, warning and errors as in `sampled_hit_rate`."""
    place = _sampled_places(model, train, test, negatives, seed)
    return _mean_over_users(np.where(place <= k, 1 / np.log2(place + 1), 0), test)


def places(scores: np.ndarray, unseen: np.ndarray, row: np.ndarray, item: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For test item `item[t]` of the user in row `row[t]`: g, how many of that user's unseen items come before it
    (equal scores: the lower item_index first), and N, how many unseen items there are. Both (t,)."""
    g, items = np.empty(len(row), "int64"), np.arange(scores.shape[1])
    for start in range(0, len(row), PAIRS_AT_ONCE):
        t = slice(start, start + PAIRS_AT_ONCE)
        others = scores[row[t]]  # (block, num_items)
        own = others[np.arange(len(others)), item[t]][:, None]  # (block, 1)
        before = (others > own) | ((others == own) & (items < item[t][:, None]))
        g[t] = (before & unseen[row[t]]).sum(axis=1)
    return g, unseen.sum(axis=1)[row]


def _sampled_places(model, train: Ratings, test: Ratings, negatives: int, seed: int) -> np.ndarray:
    """The place of each test item in its short list, (n,). Unseen: rated neither in train nor in test."""
    warnings.warn(
        f"This ranks each test item against {negatives} random items, not against all: such figures look far better, "
        "and may rank models in another order (Krichene, Rendle, KDD 2020). Use evaluation.evaluate to choose a model.",
        SampledMetricWarning,
        stacklevel=3,
    )
    check_parts(train, test)
    users, row = np.unique(test.user_index, return_inverse=True)
    scores = np.asarray(model.scores(users))
    if np.isnan(scores).any():
        raise DataError("A score is not a number. Did the training diverge? Try a learning rate ten times smaller.")
    g, n = places(scores, ~(train.seen() | test.seen())[users], row, test.item_index)
    # Drawing m of N without replacement and counting those before the test item is one hypergeometric number.
    return 1 + np.random.default_rng(seed).hypergeometric(g, n - g, np.minimum(negatives, n))


def _mean_over_users(values: np.ndarray, test: Ratings) -> float:
    count = np.bincount(test.user_index)
    total = np.bincount(test.user_index, weights=values)
    return float(np.mean(total[count > 0] / count[count > 0]))
