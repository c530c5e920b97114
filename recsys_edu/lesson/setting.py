"""How a chapter begins: quiet, in one style, with data; and how it holds its text to its figures."""

from __future__ import annotations

import os
from collections.abc import Callable

from recsys_edu import sources
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError


def start() -> None:
    """Set the style of pictures and numbers. Call it before TensorFlow is imported, which is then quiet."""
    import numpy as np
    import plotly.io as pio

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # of the messages of its C++ part, only fatal ones
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # no notice about oneDNN, and sums in the same order on more machines
    pio.templates["simple_white"].layout.margin = {"t": 60, "b": 50}
    pio.templates.default = "simple_white"
    np.set_printoptions(precision=4, suppress=True)


def ratings(name: str = "movielens-100k") -> Ratings:
    """The data set `name`, fetched on first use; where it cannot be had, the bundled planted set, and it says so."""
    try:
        return sources.load(name)
    except DataError as error:
        print(f"{error}\n\nSo we go on with the bundled set. The figures in the text are not about it.")
        return sources.load("planted")


def claims(data: Ratings, name: str = "movielens-100k") -> Callable[..., bool]:
    """about(value, figure, within=…): whether `value` is near the `figure` that the text names. The text is about the
    data set `name`; of other data it claims nothing, and every value passes."""

    def about(value: float, figure: float, within: float) -> bool:
        return data.name != name or abs(value - figure) <= within

    return about
