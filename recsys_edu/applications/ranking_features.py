"""What the ranker of `youtube` reads of a user and a candidate: the first stage's score, the film, the context.

`context` is how the candidate stands to the last films of the user: the only group that the first stage, which knows a
user as one vector, has not seen.
"""

from __future__ import annotations

import numpy as np

from recsys_edu import sequences
from recsys_edu.applications import amazon
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.models.biases import Biases

GROUPS = {
    "score": ("score",),
    "film": ("popularity", "recent popularity", "mean rating", "age of the film"),
    "context": ("like the last film", "like the last five", "follows the last film", "years from the last five"),
}
RECENT = 30 * 24 * 3600  # seconds
YEAR = 365.25 * 24 * 3600
LAST = 5


class Facts:
    """What is known of the items from `train` alone, ready to be looked up. Raises DataError without timestamps."""

    def __init__(self, train: Ratings):
        if train.timestamp is None:
            raise DataError(f"{train!r} has no timestamps, so nobody knows what a user saw last. Use other data.")
        items = train.num_items
        self.popularity = np.log1p(np.bincount(train.item_index, minlength=items))  # (I,)
        now = train.timestamp.max()
        late = train.item_index[train.timestamp > now - RECENT]
        self.recent = np.log1p(np.bincount(late, minlength=items))  # (I,)
        self.mean_rating = Biases().fit(train).item_bias  # b_i, (I,)
        year = train.items["year"].to_numpy("float64", na_value=np.nan)
        known = year[~np.isnan(year)]
        self.year = np.where(np.isnan(year), np.median(known) if len(known) else 0, year)
        self.now = 1970 + now / YEAR
        self.cosine = amazon.cosine(amazon.co_occurrence(train)).toarray()  # (I, I)
        self.follows = np.zeros((items, items))  # how often i came at most 3 places after j
        _, past, item = sequences.pasts(train, 3)
        before = past != sequences.PADDING
        np.add.at(self.follows, (past[before], np.repeat(item, before.sum(axis=1))), 1)


def features(facts: Facts, recent: np.ndarray, candidates: np.ndarray, score: np.ndarray) -> np.ndarray:
    """x_ui: (lists, n, F) float32, in the order of GROUPS. `recent` (lists, LAST) a user's last items, PADDING at the
    right; `candidates` (lists, n) item_index; `score` (lists, n) of the first stage, standardised within each list."""
    spread = score.std(axis=1, keepdims=True)
    score = (score - score.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    known = recent != sequences.PADDING  # (lists, LAST)
    count = np.maximum(known.sum(axis=1), 1)[:, None]  # (lists, 1)
    last = recent[np.arange(len(recent)), count[:, 0] - 1][:, None]  # (lists, 1)
    has_last = known.any(axis=1)[:, None]
    likeness = facts.cosine[recent[:, :, None], candidates[:, None, :]] * known[..., None]  # (lists, LAST, n)
    year = (facts.year[recent] * known).sum(axis=1, keepdims=True) / count
    columns = [
        score,
        facts.popularity[candidates] - 3,
        facts.recent[candidates] - 2,
        facts.mean_rating[candidates],
        (facts.now - facts.year[candidates]) / 10,
        facts.cosine[last, candidates] * has_last,
        likeness.sum(axis=1) / count,
        np.log1p(facts.follows[last, candidates]) * has_last,
        np.abs(facts.year[candidates] - year) / 10 * has_last,
    ]
    return np.stack(columns, axis=2).astype("float32")


def column_numbers(groups: tuple[str, ...]) -> list[int]:
    """Which columns of x belong to these groups."""
    names = [(group, name) for group, members in GROUPS.items() for name in members]
    return [k for k, (group, _) in enumerate(names) if group in groups]
