r"""Spotify: a song is what is played around it. item2vec learns item vectors from sequences alone.

An item j within `window` places of item i in a user's sequence makes a pair (i, j). Each item has two vectors: q_i
where it stands in the centre, y_j where it is context. Skip-gram with negative sampling tells pairs from noise:

    L = mean over pairs of −[ log σ(q_i · y_j) + Σ_{m=1..N} log σ(−q_i · y_m) ],     m drawn with Q(m) ∝ n_m^0.75

Neighbours are found by the cosine of the q. To continue a session, take the last k items and look around their mean:

    s_ui = cos( Σ_{j in the last k of u} unit(q_j), q_i )

Sources: Barkan, Koenigstein, "Item2Vec: Neural Item Embedding for Collaborative Filtering", IEEE MLSP 2016; Mikolov et
al., "Distributed Representations of Words and Phrases and their Compositionality", NIPS 2013, equation 4, for the loss.
How far from it: a listener plays a song many times, one after the other; a film is rated once, often a page at a time.
item2vec pairs all items of a set; here, as for a playlist with an order, those near each other.

On each user's last film of MovieLens-100K, `item2vec(train, window=10, negatives=3, epochs=2, batch_size=16_384,
learning_rate=0.05)` and the last 3 films have NDCG@10 0.070; popularity 0.039, GRU4Rec after 3 epochs 0.088.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from keras.layers import Embedding

from recsys_edu import sequences
from recsys_edu.applications.fitting import fit_epochs, one_against_noise
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.events import Event
from recsys_edu.models.contract import near_zero
from recsys_edu.models.rows import check_rows
from recsys_edu.recommend import unit


def context_pairs(train: Ratings, window: int) -> np.ndarray:
    """Items at most `window` places apart, the later and the earlier: (n, 2). Raises DataError if there are none."""
    _, past, item = sequences.pasts(train, window)  # (n, window), (n,)
    known = past != sequences.PADDING
    later, earlier = np.repeat(item, known.sum(axis=1)), past[known]
    if not len(later):
        raise DataError("No user has two ratings here, so no item stands beside another. Use a larger data set.")
    return np.stack([later, earlier], axis=1)


def noise(train: Ratings, power: float = 0.75) -> np.ndarray:
    """Q(m) ∝ n_m^power, (num_items,): between each item alike (0) and as often as it occurs (1)."""
    n = np.bincount(train.item_index, minlength=train.num_items)
    q = np.where(n > 0, np.maximum(n, 1) ** power, 0)
    return q / q.sum()


class SkipGram(keras.Model):
    """q_i · y_j of a centre with its context and the noise: item_index (batch, 2 + N) -> (batch, 1 + N)."""

    def __init__(self, num_items: int, embedding_dim: int):
        super().__init__()
        self.centre = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero(0.1))  # q
        self.context = Embedding(num_items, embedding_dim, embeddings_initializer=near_zero(0.1))  # y

    def call(self, rows):
        q, y = self.centre(rows[:, :1]), self.context(rows[:, 1:])  # (batch, 1, d), (batch, 1 + N, d)
        return ops.sum(q * y, axis=2)  # (batch, 1 + N)


def item2vec(
    train: Ratings,
    embedding_dim: int = 32,
    window: int = 5,
    negatives: int = 5,
    epochs: int = 5,
    batch_size: int = 4096,
    learning_rate: float = 0.005,
    seed: int = 0,
    on_event: Callable[[Event], None] | None = None,
) -> np.ndarray:
    """The vectors q, (num_items, d) float32, learnt from the order of each user's items. Stars play no part."""
    keras.utils.set_random_seed(seed)
    pairs, rng = context_pairs(train, window), np.random.default_rng(seed)
    edges = np.cumsum(noise(train))  # to draw from Q: where does a share of [0, 1) fall?
    y = np.tile(np.eye(1, 1 + negatives, dtype="float32"), (len(pairs), 1))  # (n, 1 + N): the context is real
    model = SkipGram(train.num_items, embedding_dim)

    def draw(epoch: int) -> tuple[np.ndarray, np.ndarray]:
        turned = np.where(rng.random((len(pairs), 1)) < 0.5, pairs, pairs[:, ::-1])  # either may be the centre
        drawn = np.searchsorted(edges, rng.random((len(pairs), negatives)) * edges[-1], side="right")
        return np.concatenate([turned, drawn], axis=1).astype("int32"), y  # (n, 2 + N)

    fit_epochs(model, draw, one_against_noise, "cross-entropy", epochs, batch_size, learning_rate, on_event)
    return np.asarray(model.centre.embeddings)


@dataclass(eq=False)
class Continuation:
    """Goes on with each user's sequence: what lies nearest to the mean of the last `last` items. `vectors`
    (num_items, d). A user without ratings is offered nothing in particular: all scores 0."""

    vectors: np.ndarray
    train: Ratings
    last: int = 5
    predicts_ratings = False

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        """s_ui, (k, num_items). Raises UnknownIdError."""
        u = check_rows(user_index, self.train.num_users, "user_index")
        items = sequences.histories(self.train, self.last)[0][u]  # (k, last)
        q = unit(self.vectors)  # (num_items, d)
        known = (items != sequences.PADDING)[..., None]
        return unit((q[items] * known).sum(axis=1)) @ q.T  # (k, d) @ (d, num_items)
