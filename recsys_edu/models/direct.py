"""The contract of the models that need no gradient steps: `fit` computes them from the training part in one go.

The options (k, λ, ...) go to the constructor; the numbers of users and items, U and I, are read from the ratings that
`fit` gets. From then on a model answers as those learnt in steps do: `predict_pairs`, `scores`, `item_vectors`. What it
computed is a handful of arrays: `state` gives them, `save` writes them to an .npz file, nothing in which is pickled.
"""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from recsys_edu.data import Ratings
from recsys_edu.errors import DataError, NotFittedError, SettingsError
from recsys_edu.models.rows import check_rows

USERS_AT_ONCE = 1024  # scored in one block, so that memory stays bounded
MOST_ROWS = 12_000  # of a square matrix: 1.2 GB of float64, and `fit` holds a few of them


@dataclass(eq=False)
class DirectModel:
    """Base class. A subclass names its options as dataclass fields and gives `learn`, `score_rows`, `item_vectors`."""

    predicts_ratings: ClassVar[bool] = True  # False: a score orders the items of a user, and is no number of stars
    loss_name: ClassVar[str] = "mse"
    arrays: ClassVar[tuple[str, ...]] = ()  # names of what is learnt; `count_params` counts it
    memory: ClassVar[tuple[str, ...]] = ()  # names of what is remembered of the ratings beside it
    lowest: ClassVar[dict[str, float]] = {}  # the lowest value of an option, where that is not 0

    def __post_init__(self):
        self.num_users = self.num_items = 0  # until `fit`
        for name, value in asdict(self).items():
            low = self.lowest.get(name, 0)
            if not low <= value < math.inf:  # also true for NaN
                raise SettingsError(f"{name} is {value}; it must be a number from {low:g} up.")

    def learn(self, train: Ratings) -> None:
        """Compute the arrays from at least one rating."""
        raise NotImplementedError

    def score_rows(self, u: np.ndarray) -> np.ndarray:
        """r̂ or s of every item for the users u (k,), which are known to be right: (k, I)."""
        raise NotImplementedError

    def item_vectors(self) -> np.ndarray:
        """What a map of the items can draw, (I, d): items lie near each other that the model holds for alike."""
        raise NotImplementedError

    def fit(self, train: Ratings) -> Self:
        """Learn from `train`. Raises DataError if it is empty."""
        if not len(train):
            raise DataError("There is no rating to learn from: the training part is empty.")
        with one_thread():
            self.learn(train)
        self.num_users, self.num_items = train.num_users, train.num_items
        return self

    def predict_pairs(self, user_index: np.ndarray, item_index: np.ndarray) -> np.ndarray:
        """r̂_ui or s_ui of n pairs, (n,) float32. Raises UnknownIdError for a row that the model does not have, and
        NotFittedError before `fit`."""
        self.check_fitted()
        user_index = check_rows(user_index, self.num_users, "user_index")
        item_index = check_rows(item_index, self.num_items, "item_index")
        u, i = np.stack([user_index, item_index])  # (n,), (n,)
        users, place = np.unique(u, return_inverse=True)
        predicted = np.empty(len(u), dtype="float32")
        for start in range(0, len(users), USERS_AT_ONCE):
            block = self.score_rows(users[start : start + USERS_AT_ONCE])  # (k, I)
            here = np.flatnonzero((start <= place) & (place < start + USERS_AT_ONCE))
            predicted[here] = block[place[here] - start, i[here]]
        return predicted

    def scores(self, user_index: np.ndarray) -> np.ndarray:
        """r̂ or s of every item for each of k users, (k, I) float32. Raises as `predict_pairs`."""
        self.check_fitted()
        return self.score_rows(check_rows(user_index, self.num_users, "user_index")).astype("float32", copy=False)

    def check_fitted(self) -> None:
        """Raises NotFittedError before `fit`."""
        if not self.num_users:
            raise NotFittedError(f"This {type(self).__name__} has not learnt anything yet. Call its fit(train) first.")

    def count_params(self) -> int:
        """How many numbers were learnt. The ratings that a model remembers beside them do not count."""
        self.check_fitted()
        return sum(np.size(getattr(self, name)) for name in self.arrays)

    def state(self) -> dict[str, np.ndarray]:
        """All that `fit` computed. Raises NotFittedError."""
        self.check_fitted()
        kept = {name: np.asarray(getattr(self, name)) for name in (*self.arrays, *self.memory)}
        return kept | {"sizes": np.array([self.num_users, self.num_items])}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up what `state` of a model with the same options gave."""
        for name in (*self.arrays, *self.memory):
            setattr(self, name, state[name])
        self.num_users, self.num_items = map(int, state["sizes"])

    def save(self, path: str | Path) -> None:
        """Write options and state to an .npz file of this very name."""
        config = json.dumps({"model": type(self).__name__, "options": asdict(self)})
        state = self.state()
        with open(path, "wb") as file:
            np.savez(file, config=np.array(config), **state)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """A model that `save` wrote. Raises DataError for any other file."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                kept = dict(arrays)
            config = json.loads(str(kept.pop("config")))
            if config["model"] != cls.__name__:
                raise ValueError(f"it holds {config['model']}")
            model = cls(**config["options"])
            model.restore(kept)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise DataError(
                f"Cannot read {cls.__name__} from {path}: {error}. Name a file that its save(path) has written."
            ) from error
        return model


def one_thread() -> threadpool_limits:
    """Linear algebra in one thread. Where other processes are at work, the threads of many small steps wait for each
    other: on 2 busy cores the profiles of the content-based model took 56 s instead of 2.5 s."""
    return threadpool_limits(1, user_api="blas")


def user_item_matrix(train: Ratings, values: np.ndarray) -> sparse.csr_array:
    """The values of the ratings in their places, (U, I); 0 where there is no rating. float64."""
    places = (train.user_index, train.item_index)
    return sparse.csr_array((values.astype("float64"), places), shape=(train.num_users, train.num_items))


def check_square(rows: int, kind: str) -> None:
    """Raises DataError if a matrix of rows × rows would not fit into the memory of a common computer."""
    if rows > MOST_ROWS:
        raise DataError(
            f"This model compares all {kind} with all: for {rows:,} {kind} the matrix alone takes "
            f"{8 * rows**2 / 1e9:,.0f} GB. It is made for up to {MOST_ROWS:,}. Choose another model, or fewer {kind}."
        )


def column_vectors(A: np.ndarray | sparse.sparray, d: int = 32) -> np.ndarray:
    """A ≈ U Σ Vᵀ, the d largest singular values alone: the rows of V Σ, one for each column of A, (columns, d).

    By a random start and four rounds of A Aᵀ, which is near enough for a map and costs a fraction of a whole
    decomposition. Source: Halko, Martinsson, Tropp, SIAM Review 2011, algorithms 4.4 and 5.1."""
    wide = min(d + 16, *A.shape)  # some more directions than are kept
    start = np.random.default_rng(0).normal(size=(A.shape[1], wide))
    with one_thread():
        Q = linalg.qr(A @ start, mode="economic")[0]  # (rows, wide)
        for _ in range(4):
            Q = linalg.qr(A @ linalg.qr(A.T @ Q, mode="economic")[0], mode="economic")[0]
        _, sigma, V_t = linalg.svd((A.T @ Q).T, full_matrices=False)  # (wide,), (wide, columns)
    return (V_t.T * sigma)[:, :d].astype("float32")
