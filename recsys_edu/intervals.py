r"""Chapter 3, step 5: how sure is a figure, and is one model better than another or just luckier.

A figure is a function of a ratio of sums over users, Σ_u x_u / Σ_u w_u: the mean of a metric (w_u = 1), the error over
all ratings (x_u = summed errors of u, w_u = number of ratings of u). What is drawn anew are users, with all that is
theirs: the ratings of one user are not independent of each other, so drawing ratings would feign certainty.

What this does not cover: the luck of a model's start (use several seeds) and of the split.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CELLS_AT_ONCE = 2**22  # resamples × users in one block, so that memory stays bounded


def bootstrap_ratios(x: np.ndarray, w: np.ndarray, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    r"""Σ_u c_u x_u / Σ_u c_u w_u for `resamples` draws of n users with replacement; c_u: how often u was drawn.

    x, w (n, m): m figures at once, on the same draws. Result (resamples, m), NaN where nobody with w_u > 0 was drawn.
    The c of a draw are multinomial, so all draws are one matrix product. Same seed and n, same draws: two models that
    are judged on the same users can be subtracted draw by draw.
    Source: Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979."""
    ratios = []
    for c in _draws(len(x), resamples, np.random.default_rng(seed)):  # (block, n)
        total, weight = c @ x, c @ w  # (block, m)
        ratios.append(ratio(total, weight))
    return np.concatenate(ratios)


def ratio(total: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """total / weight, NaN where the weight is 0."""
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)


def percentile_interval(samples: np.ndarray, level: float = 0.95) -> np.ndarray:
    """The middle `level` of the samples (resamples, m) of each figure, (2, m): low, high.

    Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13."""
    return np.nanquantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)


def sign_flip_p(difference: np.ndarray, flips: int = 10_000, seed: int = 0) -> np.ndarray:
    r"""Two-sided p-value of paired differences d (n, m), (m,): if the two models were alike, the sign of each user's
    d_u would be a coin's, so how often does |Σ_u ± d_u| reach |Σ_u d_u|?

        p = (1 + number of such flips) / (1 + flips)

    It is never 0, and never below 1 / (1 + flips).
    Sources: Fisher, "The Design of Experiments", 1935; Phipson, Smyth, "Permutation P-values Should Never Be Zero",
    2010; Smucker, Allan, Carterette, CIKM 2007, on its use for ranking metrics."""
    rng = np.random.default_rng(seed)
    observed = np.abs(difference.sum(axis=0))  # (m,)
    reaches = observed - 1e-9 * np.abs(difference).sum(axis=0)  # equal sums differ in their last bits
    count = np.zeros(difference.shape[1])
    for block in _blocks(flips, len(difference)):
        sign = rng.integers(0, 2, size=(block, len(difference)), dtype=np.int8) * 2.0 - 1  # (block, n)
        count += (np.abs(sign @ difference) >= reaches).sum(axis=0)
    return (1 + count) / (1 + flips)


def _draws(n: int, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Blocks of c: in each row, how often each of n users is drawn in n draws."""
    for block in _blocks(resamples, n):
        drawn = rng.integers(0, n, size=(block, n)) + n * np.arange(block)[:, None]  # a stretch of n cells for each row
        yield np.bincount(drawn.ravel(), minlength=block * n).reshape(block, n).astype("float64")


def _blocks(count: int, n: int) -> Iterator[int]:
    size = max(1, CELLS_AT_ONCE // max(n, 1))
    for start in range(0, count, size):
        yield min(size, count - start)
