"""Chapter 7: item vectors as files for the Embedding Projector, TensorBoard's viewer of vectors.

    vectors.tsv            one line a vector, d numbers with tabs between them
    metadata.tsv           one line a vector, what the viewer shows of it: title, year, genres, item_id
    projector_config.pbtxt tells TensorBoard where the two are

The viewer reads the first line of metadata.tsv as names of columns if it holds a tab, else as a vector's label: so the
names are written only where there are two columns or more. It drops blank lines, after which all labels would belong to
the wrong vectors: so no line is blank.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_edu.cleaning import clean_text
from recsys_edu.errors import DataError

COLUMNS = ("title", "year", "genres", "item_id")
CONFIG = 'embeddings {\n  tensor_path: "vectors.tsv"\n  metadata_path: "metadata.tsv"\n}\n'


def write(folder: str | Path, vectors: np.ndarray, items: pd.DataFrame) -> list[Path]:
    """Write the three files into `folder`, which is made if need be; files of these names are replaced. Their paths.

    `vectors` (num_items, d): what a model's `item_vectors()` gives. `items`: the table of the `Ratings` that it learnt
    from. Raises DataError as `texts` does, and for a folder that cannot be written."""
    vectors_tsv, metadata_tsv = texts(vectors, items)
    folder = Path(folder)
    contents = {"vectors.tsv": vectors_tsv, "metadata.tsv": metadata_tsv, "projector_config.pbtxt": CONFIG}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DataError(f"Cannot write into {folder}: {error.strerror or error}. Name another folder.") from error
    return [folder / name for name in contents]


def texts(vectors: np.ndarray, items: pd.DataFrame) -> tuple[str, str]:
    """What vectors.tsv and metadata.tsv hold. Read back as float32, the numbers are those of `vectors`.

    Raises DataError if there is not one vector an item, or if a number is NaN or infinite."""
    vectors = np.asarray(vectors, "float32")
    if vectors.ndim != 2 or len(vectors) != len(items) or not vectors.size:
        raise DataError(
            f"{len(items):,} items need as many vectors, in an array (items, d). This one has shape {vectors.shape}. "
            "Take the items of the ratings from which the model learnt."
        )
    if not np.isfinite(vectors).all():
        row = int((~np.isfinite(vectors)).any(axis=1).argmax())
        raise DataError(
            f"The vector of row {row} holds a number that is none, so it cannot be drawn. Did the training diverge? "
            "Try a learning rate ten times smaller."
        )
    return _lines("\t".join(f"{x:.9g}" for x in row) for row in vectors.tolist()), _metadata(items)


def _metadata(items: pd.DataFrame) -> str:
    table = items[[name for name in COLUMNS if name in items]].astype("string").fillna("")
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    names = [list(table.columns)] if len(table.columns) > 1 else []
    return _lines("\t".join(row) for row in names + rows)


def _cell(value: str) -> str:
    """One printable piece of a line: tabs and line breaks become a space, nothing becomes a dash."""
    return clean_text(value) or "–"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
