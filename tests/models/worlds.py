"""Small worlds whose answer is known, for models that order items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings

GROUPS, CHAIN, HITS = 4, 15, 5  # tastes; items of a taste, which follow each other; items that everybody knows


def _ratings(name: str, sequences: list[np.ndarray], num_items: int) -> Ratings:
    users = np.repeat(np.arange(len(sequences)), [len(s) for s in sequences])
    items = np.concatenate(sequences)
    order = np.concatenate([np.arange(len(s)) for s in sequences])
    return Ratings(
        user_index=users.astype("int32"),
        item_index=items.astype("int32"),
        rating=np.random.default_rng(0).integers(1, 6, len(items)).astype("float32"),
        timestamp=(order * 60).astype("int64"),
        users=pd.DataFrame({"user_id": np.arange(len(sequences))}),
        items=pd.DataFrame(
            {
                "item_id": np.arange(num_items),
                "title": [f"film {k}" for k in range(num_items)],
                "year": pd.array([2000] * num_items, dtype="Int64"),
                "genres": "",
            }
        ),
        name=name,
        scale=(1.0, 5.0),
    )


def chains(num_users: int = 300, seed: int = 0) -> Ratings:
    """Each user has one taste, sees some hits first, and then walks along the chain of that taste, one or two items a
    step. What comes last is always of the taste, and soon after what came before it."""
    rng = np.random.default_rng(seed)
    sequences = []
    for user in range(num_users):
        steps = np.cumsum(rng.integers(1, 3, rng.integers(5, 8)))
        places = (rng.integers(CHAIN) + steps) % CHAIN
        places = places[np.sort(np.unique(places, return_index=True)[1])]
        hits = rng.permutation(HITS)[: rng.integers(2, HITS)]
        sequences.append(np.concatenate([hits, HITS + (user % GROUPS) * CHAIN + places]))
    return _ratings("chains", sequences, HITS + GROUPS * CHAIN)


def coins(num_users: int = 300, seed: int = 0) -> Ratings:
    """As many items as `chains` has, drawn without any reason."""
    rng = np.random.default_rng(seed)
    num_items = HITS + GROUPS * CHAIN
    return _ratings("coins", [rng.permutation(num_items)[:10] for _ in range(num_users)], num_items)


def ndcg_of_chance(unseen: int, k: int = 10) -> float:
    """The expected NDCG@k of a random order of `unseen` items, one of which is relevant."""
    return float(sum(1 / np.log2(np.arange(2, k + 2))) / unseen)
