"""Rows of a matrix, checked: the model learnt rows 0 ... size-1 and knows nothing of others."""

from __future__ import annotations

import numpy as np

from recsys_edu.errors import UnknownIdError


def check_rows(index: np.ndarray, size: int, name: str) -> np.ndarray:
    """`index` as int32, (n,). Raises UnknownIdError where a row is outside 0 ... size-1."""
    index = np.atleast_1d(np.asarray(index))
    if index.ndim != 1 or (len(index) and not np.issubdtype(index.dtype, np.integer)):
        raise UnknownIdError(f"{name} must be whole row numbers, not {index.dtype} of shape {index.shape}.")
    wrong = index[(index < 0) | (index >= size)]
    if len(wrong):
        raise UnknownIdError(
            f"{name} {wrong[0]} is not in the model: it learnt rows 0 to {size - 1}. "
            f"Labels such as user_id 196 must first be turned into rows: ratings.user_row(196)."
        )
    return index.astype("int32")
