r"""Amazon: item-to-item collaborative filtering. A table of similar items is built ahead; asking it takes no time.

    n_ij = number of users who chose both i and j,     n_i = number of users who chose i

    s_ij = n_ij / ( √(n_i n_j) + λ )                   cosine of two columns of the binary matrix, λ = 0 in the paper

    table: for each item j its k most similar items T(j)

    s_ui = Σ_{j∈N(u), i∈T(j)} s_ji                     online: look up what the user has, add, sort

Offline, the paper goes through the customers of each item, and through what else each of them bought. So it visits

    V = Σ_u n_u (n_u − 1)

ordered pairs, and never those that nobody bought together: of the I (I − 1) pairs of a large shop almost all. Customers
with very many purchases cost most, n_u²; `most` keeps the latest of each user's, and bounds V by U · most².

Source: Linden, Smith, York, "Amazon.com Recommendations: Item-to-Item Collaborative Filtering", IEEE Internet
Computing 2003. How far from it: purchases of tens of millions of people there, ratings of 943 here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_edu import recommend
from recsys_edu.data import Ratings
from recsys_edu.models.direct import DirectModel, check_square, column_vectors, user_item_matrix


def latest(train: Ratings, most: int) -> Ratings:
    """The `most` latest ratings of each user. Without timestamps the order of the file is that of time."""
    time = np.zeros(len(train)) if train.timestamp is None else train.timestamp
    order = np.lexsort((time, train.user_index))  # user by user, each from old to new
    end = np.cumsum(np.bincount(train.user_index, minlength=train.num_users))  # one past each user's last
    from_end = end[train.user_index[order]] - np.arange(len(train))  # 1 for a user's latest
    return train.take(np.sort(order[from_end <= most]))


def visits(train: Ratings) -> int:
    """V = Σ_u n_u (n_u − 1): how many ordered pairs of items are visited to count what was chosen together."""
    n_u = np.bincount(train.user_index).astype("int64")
    return int((n_u * (n_u - 1)).sum())


def co_occurrence(train: Ratings) -> sparse.csr_array:
    """n_ij, (I, I), and n_i on the diagonal. Only pairs that somebody chose are stored.

    XᵀX of sparse matrices is the paper's loop: for each user, for each pair of what this user chose, add 1."""
    X = user_item_matrix(train, np.ones(len(train)))  # (U, I)
    return (X.T @ X).tocsr()


def cosine(together: sparse.csr_array, shrink: float = 0.0) -> sparse.csr_array:
    """s_ij of the pairs that somebody chose, (I, I) float64, without the diagonal. `shrink` = λ."""
    n_i = together.diagonal()
    pair = together.tocoo()
    i, j = pair.coords
    other = i != j
    s = pair.data[other] / (np.sqrt(n_i[i[other]] * n_i[j[other]]) + shrink)
    return sparse.csr_array((s, (i[other], j[other])), shape=together.shape)


@dataclass(eq=False)
class SimilarItems(DirectModel):
    """k similar items for each item, shrink = λ, most: how many of a user's latest ratings are counted.

    On MovieLens-100K, each user's last film left out, NDCG@10 is 0.047 with all ratings and V = 19.9 million; with the
    50 latest of each user it is 0.063 and V = 1.7 million, with 50 drawn by chance 0.053 to 0.060: half of the gain or
    more comes from counting busy users less. Popularity has 0.039."""

    k: int = 50
    shrink: float = 0.0
    most: int = 1_000_000

    predicts_ratings = False
    arrays = ("neighbour", "similarity")  # (I, k): item_index, -1 in empty places; s_ij, 0 there
    memory = ("indices", "indptr")  # N(u), as compressed sparse rows
    lowest: ClassVar = {"k": 1, "most": 1}

    def learn(self, train: Ratings) -> None:
        check_square(train.num_items, "items")
        s = cosine(co_occurrence(latest(train, self.most)), self.shrink).toarray()  # (I, I)
        self.neighbour = recommend.top_n(s, s == 0, self.k)  # (I, k)
        self.similarity = np.take_along_axis(s, np.maximum(self.neighbour, 0), axis=1) * (self.neighbour >= 0)
        chosen = user_item_matrix(train, np.ones(len(train)))
        self.indices, self.indptr = chosen.indices, chosen.indptr

    def table(self) -> sparse.csr_array:
        """T as a matrix, (I, I): row j holds s_ji for the items i in T(j)."""
        items, k = self.neighbour.shape
        full = self.neighbour.ravel() >= 0
        places = (np.repeat(np.arange(items), k)[full], self.neighbour.ravel()[full])
        return sparse.csr_array((self.similarity.ravel()[full], places), shape=(items, items))

    def score_rows(self, u: np.ndarray) -> np.ndarray:
        ones, shape = np.ones(len(self.indices)), (self.num_users, self.num_items)
        N = sparse.csr_array((ones, self.indices, self.indptr), shape=shape)  # (U, I)
        return (N[u] @ self.table()).toarray()  # (k, I)

    def item_vectors(self) -> np.ndarray:
        """The 32 leading directions of the table, (I, d)."""
        self.check_fitted()
        return column_vectors(self.table().T.tocsr())


def also_chosen(model: SimilarItems, train: Ratings, item_id: object, n: int = 5) -> pd.DataFrame:
    """Who chose this item also chose: the first n rows of its table, with similarity and n_ij. UnknownIdError."""
    i = train.item_row(item_id)
    rows = model.neighbour[i, :n]
    rows = rows[rows >= 0]
    together = co_occurrence(train)[[i]].toarray()[0, rows].astype(int)
    found = train.items.iloc[rows].reset_index(drop=True)
    return found.assign(similarity=model.similarity[i, : len(rows)], together=together)
