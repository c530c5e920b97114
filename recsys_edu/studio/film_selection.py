r"""What films that a reader selected have in common, against all films of the data set. NumPy alone, milliseconds.

A genre is over-represented when more of the n selected films bear it than a draw of n films without replacement would
give by chance, by over two standard deviations: k of n against K of N films,
z = (k − nK/N) / √(n · K/N · (1 − K/N) · (N − n)/(N − 1)), the hypergeometric distribution's mean and deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys_edu.data import Ratings

CLEAR = 2.0  # standard deviations
MOST_GENRES = 3


@dataclass(frozen=True)
class Genre:
    """`share` of the selected films bear it, `usual` of all; both 0 to 1."""

    name: str
    share: float
    usual: float


@dataclass(frozen=True)
class Common:
    """Of the selected films and of all: mean year of those whose year is known, and mean of all their ratings. NaN
    where there is nothing to take the mean of."""

    genres: list[Genre]
    year: float
    usual_year: float
    rating: float
    usual_rating: float


def common(ratings: Ratings, chosen: Sequence[int]) -> Common:
    """`chosen`: item_index of the selected films."""
    inside = np.zeros(ratings.num_items, bool)
    inside[list(chosen)] = True
    year = ratings.items["year"].to_numpy("float64", na_value=np.nan)
    rated = inside[ratings.item_index]
    return Common(
        genres=over_represented(ratings.items["genres"].fillna("").tolist(), inside),
        year=_mean(year[inside & ~np.isnan(year)]),
        usual_year=_mean(year[~np.isnan(year)]),
        rating=_mean(ratings.rating[rated]),
        usual_rating=_mean(ratings.rating),
    )


def over_represented(genres: list[str], inside: np.ndarray) -> list[Genre]:
    """The clearest first. `genres`: of each film, as "Action|Comedy"; `inside` (N,): whether it is selected."""
    names = sorted({name for text in genres for name in text.split("|") if name})
    bears = np.array([[name in text.split("|") for name in names] for text in genres]).reshape(len(genres), len(names))
    N, n = len(genres), int(inside.sum())
    usual = bears.mean(axis=0)  # (genres,) K/N
    share = bears[inside].mean(axis=0) if n else usual
    deviation = np.sqrt(n * usual * (1 - usual) * (N - n) / max(N - 1, 1))
    z = np.divide(n * (share - usual), deviation, out=np.zeros(len(names)), where=deviation > 0)
    order = [place for place in np.argsort(-z, kind="stable") if z[place] > CLEAR]
    return [Genre(names[place], float(share[place]), float(usual[place])) for place in order[:MOST_GENRES]]


def by_ratings(ratings: Ratings, chosen: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The chosen films, those with most ratings first, and their numbers of ratings."""
    chosen = np.asarray(chosen, int)
    counts = np.bincount(ratings.item_index, minlength=ratings.num_items)[chosen]
    order = np.argsort(-counts, kind="stable")
    return chosen[order], counts[order]


def _mean(numbers: np.ndarray) -> float:
    return float(numbers.mean()) if len(numbers) else float("nan")
