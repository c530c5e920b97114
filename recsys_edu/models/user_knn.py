r"""User-kNN: what the users most like this one said of this item.

    r̂_ui = b_ui + Σ_{v∈N(u)} s_uv z_vi / (Σ_{v∈N(u)} s_uv + β),    z_vi = r_vi − b_vi,   b_ui = μ + b_u + b_i

N(u): those of the k users nearest to u who have rated item i. With `implicit` the items are ordered by

    s_ui = Σ_{v∈N(u)} s_uv

without stars. `neighbours` has the two formulas of s_uv.
Sources: Herlocker et al., "An Algorithmic Framework for Performing Collaborative Filtering", SIGIR 1999; Koren,
"Factor in the Neighbors", TKDD 2010, section 2.2, which has the biases and the shrinking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys_edu.models.direct import column_vectors
from recsys_edu.models.neighbours import Neighbours


@dataclass(eq=False)
class UserKNN(Neighbours):
    """k nearest users, sim_shrink = λ, shrink = β.

    The defaults have the least RMSE on a tenth of MovieLens-100K's training rows, held out from the rest of them; k=200
    is no better. For lists (`implicit`) k=20, sim_shrink=10 were best, judged by each user's last film of the training
    part."""

    k: int = 100
    sim_shrink: float = 100.0
    shrink: float = 0.05

    compared = "users"

    def columns(self, Z: sparse.csr_array) -> sparse.csr_array:
        return Z.T.tocsr()  # a column is a user

    def blend(self, Z: sparse.csr_array, u: np.ndarray) -> np.ndarray:
        return self.similarity[u] @ Z  # (k, U) @ (U, I)

    def item_vectors(self) -> np.ndarray:
        """The 32 leading directions of what the users said of each item beyond the biases, (I, d)."""
        self.check_fitted()
        return column_vectors(self.values_matrix())
