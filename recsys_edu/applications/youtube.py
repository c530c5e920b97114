r"""YouTube: two stages. A fast model finds some hundred candidates among all; a careful one puts them in order.

    1. candidates:  C_u = the n items with the highest s_ui that u has not seen         (any model of lists)
    2. ranking:     z_ui = w · ReLU(W x_ui + b) for i in C_u,    L = −log ( e^{z_u,next} / Σ_{j∈C_u} e^{z_uj} )

x_ui are features of the pair: what the first stage said (`score`), the film (popularity, mean rating, age), and how it
stands to what the user saw last (`context`). The paper finds the last kind the most important. The ranker is trained as
it will be used: each user's latest films are hidden, the first stage learns from the rest, and of its candidates the
ranker must find the one that came next. A next film that is not among them teaches nothing: what the first stage loses,
the second cannot find.

*Example age*: videos are popular for days, but a model learns the average over its training time. The paper gives each
training example its age as a feature and says 0 when it serves. Here `recent popularity` plays this part.

Source: Covington, Adams, Sargin, "Deep Neural Networks for YouTube Recommendations", RecSys 2016. How far from it: its
first stage is a softmax over millions of videos and reads watches and searches, its ranker predicts watch time from
hundreds of features. Here are nine features, 943 people, and the next rated film. And what is known of the films comes
from all training ratings, some of them later than this user's: a service does not know next month.

On each user's last film of MovieLens-100K, with EASE as the first stage, n = 100 and ten hidden steps, NDCG@10 is 0.069
before ranking and with `score` alone, 0.073 with `film`, 0.103 with `context`, 0.110 with all; recall@100 is 0.559.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from keras.layers import Dense

from recsys_edu import data, sequences
from recsys_edu.applications.fitting import first_is_right, fit_epochs
from recsys_edu.applications.ranking_features import GROUPS, LAST, Facts, column_numbers, features
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.events import Event
from recsys_edu.models.rows import check_rows
from recsys_edu.recommend import top_n


def hide_latest(train: Ratings, steps: int, seed: int = 0) -> list[data.Split]:
    """`steps` splits, the newest first: each user's latest rating, the one before it, ... with all that came before."""
    parts = []
    for _ in range(steps):
        parts.append(data.leave_last_out(parts[-1].train if parts else train, seed))
    return parts


@dataclass(eq=False)
class TwoStages:
    """A first stage (anything with `scores`), and a ranker for its `n` candidates. `groups`: the features it reads."""

    retriever: object
    ranker: keras.Model
    train: Ratings
    n: int = 100
    groups: tuple[str, ...] = tuple(GROUPS)
    predicts_ratings = False

    def __post_init__(self):
        self.facts = Facts(self.train)
        self.recent = sequences.histories(self.train, LAST)[0]
        self.seen = self.train.seen()

    def candidates(self, user_index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """C_u, best first, and the scores of the first stage: (k, n) item_index, -1 in empty places, and (k, n)."""
        u = check_rows(user_index, self.train.num_users, "user_index")
        return retrieve(self.retriever, u, self.seen[u], self.n)

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        """z_ui of the candidates, −∞ for all other items: (k, num_items)."""
        found, score = self.candidates(user_index)
        x = features(self.facts, self.recent[user_index], found, score)[..., column_numbers(self.groups)]
        row, place = np.nonzero(found >= 0)
        z = np.full((len(found), self.train.num_items), -np.inf, "float32")
        z[row, found[row, place]] = np.asarray(self.ranker(x))[row, place]
        return z


def retrieve(retriever, users: np.ndarray, seen: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The n best unseen items of each user, -1 in empty places, and their scores: both (k, n)."""
    scores = np.asarray(retriever.scores(users), "float32")  # (k, num_items)
    found = top_n(scores, seen, n)
    return found, np.take_along_axis(scores, np.maximum(found, 0), axis=1)


def examples(retriever, parts: list[data.Split], n: int) -> tuple[np.ndarray, np.ndarray]:
    """x (lists, n, F) and y (lists, 1): the place, among the candidates, of the item that came next. `retriever` has
    learnt from the oldest part alone; lists without the next item are left out. Raises DataError if all are."""
    facts, x, y = Facts(parts[-1].train), [], []
    for part in parts:
        users, following = part.test.user_index, part.test.item_index
        found, score = retrieve(retriever, users, part.train.seen()[users], n)
        hit = found == following[:, None]  # (lists, n)
        kept = hit.any(axis=1)
        recent = sequences.histories(part.train, LAST)[0][users]
        x.append(features(facts, recent[kept], found[kept], score[kept]))
        y.append(hit[kept].argmax(axis=1)[:, None])
    if not sum(map(len, y)):
        raise DataError("Not one next item is among the candidates, so the ranker has nothing to learn. Ask for more.")
    return np.concatenate(x), np.concatenate(y)


def train_ranker(
    x: np.ndarray,
    y: np.ndarray,
    groups: tuple[str, ...] = tuple(GROUPS),
    epochs: int = 10,
    seed: int = 0,
    on_event: Callable[[Event], None] | None = None,
) -> keras.Model:
    """A small network that reads the features of these groups of each candidate: (lists, n, F) -> (lists, n)."""
    keras.utils.set_random_seed(seed)
    x = x[..., column_numbers(groups)]
    candidate = keras.Input((None, x.shape[2]))  # any number of candidates
    z = Dense(1, use_bias=False)(Dense(16, activation="relu")(candidate))  # (lists, n, 1); each candidate by itself
    ranker = keras.Model(candidate, ops.squeeze(z, axis=2))
    fit_epochs(ranker, lambda epoch: (x, y), first_is_right, "softmax", epochs, 256, 0.01, on_event)
    return ranker


def milliseconds(answer: Callable[[np.ndarray], object], users: np.ndarray) -> float:
    """Mean time of an answer for one user, after a first call that does not count. Milliseconds."""
    answer(users[:1])
    start = time.perf_counter()
    for u in users:
        answer(np.array([u]))
    return 1000 * (time.perf_counter() - start) / len(users)
