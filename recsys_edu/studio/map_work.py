"""What a worker does for the Map page: how honest a map is at each point, the same map under another UMAP seed, and the
map in three dimensions.

Pure functions, named by the studio's own process and run by the workers alone, which import scipy and UMAP.
"""

from __future__ import annotations

import numpy as np

from recsys_edu import embedding_map
from recsys_edu.recommend import unit


def kept_by_point(vectors: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, int]:
    """How many of each point's k nearest by cosine in `vectors` (n, d) are among its k nearest in `positions` (n, 2 or
    3): (n,) uint8, and k: 15, or n - 1 where there are fewer points."""
    k = min(embedding_map.NEIGHBOURS, len(vectors) - 1)
    neighbours, _ = embedding_map.true_neighbours(unit(vectors.astype("float32")), k)
    return embedding_map.kept_by_point(neighbours, positions).astype("uint8"), k


def umap_of_seed(vectors: np.ndarray, seed: int, near: embedding_map.Frame) -> embedding_map.Frame:
    """The vectors drawn afresh by UMAP from random places of this seed, turned onto the map `near`."""
    return embedding_map.fresh_umap(vectors, seed, near)


def umap_in_space(vectors: np.ndarray, near: np.ndarray | None, seed: int) -> np.ndarray:
    """The vectors (n, d) in 3-D by UMAP, going on from `near`, the positions (n, 3) int16 of an epoch close by: as
    int16 again, in which the root mean square radius is 1 / REACH of the largest number."""
    if near is not None:
        near = embedding_map.Frame(near.astype("float32") * (embedding_map.REACH / 32767), "umap", float("nan"))
    return embedding_map.as_int16(embedding_map.space(vectors, near, seed).positions)
