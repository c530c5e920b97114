r"""What user-kNN and item-kNN share: similarities, the k nearest, and a weighted mean over them.

Both compare the columns of a matrix: items for item-kNN, users for user-kNN. z_ui = r_ui − b_ui is what the biases
b_ui = μ + b_u + b_i leave of a rating; U_ij are the users who rated both i and j, n_ij their number.

    Pearson correlation around the biases, on what both have in common, shrunk towards 0 where that is little:

        ρ_ij = Σ_{u∈U_ij} z_ui z_uj / √( Σ_{u∈U_ij} z_ui²  Σ_{u∈U_ij} z_uj² )
        s_ij = ( max(0, ρ_ij) (n_ij − 1) / (n_ij − 1 + λ) )²

    cosine of two columns of the binary matrix, x_ui = 1 for a rating whatever its stars:

        s_ij = n_ij / ( √(n_i n_j) + λ )

The square gives the nearest more weight than their number; it is the case amplification of Breese, Heckerman, Kadie,
"Empirical Analysis of Predictive Algorithms for Collaborative Filtering", UAI 1998, section 2.1.3. Negative
correlations are dropped. Source of the correlation: Koren, "Factor in the Neighbors", TKDD 2010, section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from recsys_edu.data import Ratings
from recsys_edu.models.biases import Biases
from recsys_edu.models.direct import DirectModel, check_square, user_item_matrix


@dataclass(eq=False)
class Neighbours(DirectModel):
    """k: how many neighbours each item (or user) keeps; sim_shrink: λ above; shrink: what pulls r̂ towards the biases
    where the neighbours are few or far; implicit: True orders the items by who chose what, and predicts no stars.
    A subclass says what is compared (`columns`) and how neighbours are summed (`blend`)."""

    k: int
    sim_shrink: float
    shrink: float
    implicit: bool = False

    compared: ClassVar[str]  # items or users
    memory = ("values", "indices", "indptr")  # Z or X, (U, I), as compressed sparse rows
    lowest: ClassVar = {"k": 1}

    @property
    def predicts_ratings(self) -> bool:
        return not self.implicit

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("similarity",) if self.implicit else ("mean", "user_bias", "item_bias", "similarity")

    def columns(self, Z: sparse.csr_array) -> sparse.csr_array:
        """Z or its transpose: the matrix whose columns are compared."""
        raise NotImplementedError

    def blend(self, Z: sparse.csr_array, u: np.ndarray) -> np.ndarray:
        """Σ over the neighbours of similarity × value in Z, for the users u and all items: (k, I)."""
        raise NotImplementedError

    def learn(self, train: Ratings) -> None:
        if self.implicit:
            values = np.ones(len(train))  # x_ui
        else:
            biases = Biases().fit(train)
            self.mean, self.user_bias, self.item_bias = biases.mean, biases.user_bias, biases.item_bias
            values = biases.residuals(train)  # z_ui
        Z = user_item_matrix(train, values)
        similarity = binary_cosine if self.implicit else squared_pearson
        columns = self.columns(Z)  # (rows, n)
        check_square(columns.shape[1], self.compared)
        self.similarity = keep_nearest(similarity(columns, self.sim_shrink), self.k)  # (n, n)
        self.values, self.indices, self.indptr = Z.data, Z.indices, Z.indptr

    def score_rows(self, u: np.ndarray) -> np.ndarray:
        Z = self.values_matrix()
        if self.implicit:
            return self.blend(Z, u)
        weight = np.maximum(self.blend(pattern(Z), u) + self.shrink, 1e-12)  # (k, I); no 0 / 0 without a neighbour
        return self.mean + self.user_bias[u][:, None] + self.item_bias + self.blend(Z, u) / weight

    def values_matrix(self) -> sparse.csr_array:
        """Z, or X of an implicit model, (U, I)."""
        return sparse.csr_array((self.values, self.indices, self.indptr), shape=(self.num_users, self.num_items))


def pattern(Z: sparse.csr_array) -> sparse.csr_array:
    """1 where Z has a value, also where that value is 0."""
    return sparse.csr_array((np.ones_like(Z.data), Z.indices, Z.indptr), shape=Z.shape)


def squared_pearson(Z: sparse.csr_array, sim_shrink: float) -> np.ndarray:
    """s_ij of two columns of Z (rows, n) by the first formula above, (n, n) float64; 0 on the diagonal."""
    Z, rated = Z.toarray(), pattern(Z).toarray()  # (rows, n)
    squares = (Z**2).T @ rated  # (n, n): Σ z_ui² over U_ij
    length = np.sqrt(squares * squares.T)
    rho = np.divide(Z.T @ Z, length, out=np.zeros_like(length), where=length > 0)
    support = np.maximum(rated.T @ rated - 1, 0)  # n_ij − 1
    s = np.square(np.maximum(rho, 0) * support / np.maximum(support + sim_shrink, 1e-12))
    np.fill_diagonal(s, 0)
    return s


def binary_cosine(X: sparse.csr_array, sim_shrink: float) -> np.ndarray:
    """s_ij of two columns of X (rows, n) by the second formula above, (n, n) float64; 0 on the diagonal."""
    common = (X.T @ X).toarray()  # (n, n): n_ij
    n = np.sqrt(X.sum(axis=0))  # √n_i, (n,)
    s = common / np.maximum(np.outer(n, n) + sim_shrink, 1e-12)
    np.fill_diagonal(s, 0)
    return s


def keep_nearest(similarity: np.ndarray, k: int) -> np.ndarray:
    """Row i keeps N_k(i): its k largest similarities, and any as large as the k-th; the others become 0. float32."""
    similarity = similarity.astype("float32")
    if k >= len(similarity):
        return similarity
    kth = np.partition(similarity, -k, axis=1)[:, -k, None]  # (n, 1)
    return np.where(similarity >= kth, similarity, 0)
