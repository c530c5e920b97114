r"""EASE, the "embarrassingly shallow autoencoder": a linear model from what a user chose to what else fits.

    s_u = x_u B,   B = argmin ‖X − X B‖² + λ ‖B‖²   with diag(B) = 0

X (U, I) is binary: x_ui = 1 for a rating, whatever its stars. The zero diagonal keeps an item from explaining itself.
In closed form, with P = (XᵀX + λI)⁻¹,

    B_ij = −P_ij / P_jj   for i ≠ j

Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, eq. 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import linalg, sparse

from recsys_edu.data import Ratings
from recsys_edu.models.direct import DirectModel, check_square, column_vectors, user_item_matrix


@dataclass(eq=False)
class EASE(DirectModel):
    """l2 = λ. Of 30 to 2,500 the default has the best NDCG@10 for each user's last film of MovieLens-100K's training
    part, left out of it; 200 is as good."""

    l2: float = 100.0

    predicts_ratings = False
    arrays = ("B",)
    memory = ("indices", "indptr")  # X, as compressed sparse rows
    lowest: ClassVar = {"l2": 1e-6}

    def learn(self, train: Ratings) -> None:
        check_square(train.num_items, "items")
        X = user_item_matrix(train, np.ones(len(train)))  # (U, I)
        G = (X.T @ X).toarray()  # (I, I)
        G[np.diag_indices_from(G)] += self.l2
        self.B = closed_form(G).astype("float32")
        self.indices, self.indptr = X.indices, X.indptr

    def score_rows(self, u: np.ndarray) -> np.ndarray:
        ones = np.ones(len(self.indices), dtype="float32")
        X = sparse.csr_array((ones, self.indices, self.indptr), shape=(self.num_users, self.num_items))
        return X[u] @ self.B  # (k, I)

    def item_vectors(self) -> np.ndarray:
        """The 32 leading directions of B, (I, d): items for which the same choices speak."""
        self.check_fitted()
        return column_vectors(self.B)


def closed_form(G: np.ndarray) -> np.ndarray:
    """B = −P / diag(P) with a diagonal of 0, P = G⁻¹, of G = XᵀX + λI (I, I), which is used up."""
    P = linalg.inv(G, overwrite_a=True, assume_a="pos")
    B = -P / np.diag(P)  # column j divided by P_jj
    np.fill_diagonal(B, 0)
    return B
