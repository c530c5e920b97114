r"""Chapter 2: a map of the item vectors, in 2-D or 3-D, that moves while they learn, and how honest it is.

Nearness is cosine: each vector is divided by its length before it is drawn, so that the map and the lists of
neighbours speak of the same thing. PCA gives the first frame at once. UMAP then goes on from the last frame for a
few epochs of its own, so that a film stays where it was unless it learnt something. A frame is turned onto the one
before (orthogonal Procrustes), since a map has no up or down of its own.

Source: McInnes, Healy, Melville, "UMAP", 2018; Schönemann, "A generalized solution of the orthogonal Procrustes
problem", Psychometrika 1966.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_edu.recommend import unit

NEIGHBOURS = 15
REACH = 1.9  # a map is drawn from -REACH to REACH root mean square radii


@dataclass(frozen=True)
class Frame:
    """Positions of n points, (n, 2) or (n, 3), with mean 0 and root mean square radius 1; how they were found; `kept`,
    the share of each point's 15 true neighbours that are among its 15 neighbours on the map."""

    positions: np.ndarray
    method: str
    kept: float


def next_frame(vectors: np.ndarray, previous: Frame | None = None, method: str = "pca", seed: int = 0) -> Frame:
    """The map of `vectors` (n, d), near `previous`. method: "pca", or "umap" (imports UMAP: about 10 s at first)."""
    x = unit(vectors.astype("float32"))  # (n, d)
    if len(x) <= NEIGHBOURS + 1:  # too few points for a graph of neighbours
        return Frame(_onto(pca(x), previous), "pca", 1.0)
    neighbours, distances = true_neighbours(x)
    if method == "umap":
        start = previous.positions if previous is not None else pca(x)
        positions = _umap(x, neighbours, distances, start, seed)
    else:
        positions = pca(x)
    positions = _onto(positions, previous)
    return Frame(positions, method, kept_neighbours(neighbours, positions))


def sketch(vectors: np.ndarray, near: Frame | None = None) -> Frame:
    """The PCA map of `vectors` (n, d) without a look at how honest it is: 1 ms, `kept` is NaN."""
    return Frame(_onto(pca(unit(vectors.astype("float32"))), near), "pca", float("nan"))


def fresh_umap(vectors: np.ndarray, seed: int, near: Frame | None = None, epochs: int = 200) -> Frame:
    """A map of `vectors` (n, d) by UMAP from random places, as its seed has it; then turned onto `near`."""
    x = unit(vectors.astype("float32"))
    if len(x) <= NEIGHBOURS + 1:
        return next_frame(vectors, near)
    neighbours, distances = true_neighbours(x)
    start = np.random.default_rng(seed).uniform(-10, 10, size=(len(x), 2))
    positions = _onto(_umap(x, neighbours, distances, start, seed, epochs, alpha=1.0), near)
    return Frame(positions, "umap", kept_neighbours(neighbours, positions))


def space(vectors: np.ndarray, near: Frame | None = None, seed: int = 0) -> Frame:
    """A map of `vectors` (n, d) in three dimensions by UMAP, positions (n, 3): it goes on from `near`, the map in 3-D
    of another epoch, for enough epochs of UMAP to find its way from an early one too; without one it starts from PCA.
    `kept` is NaN."""
    x = unit(vectors.astype("float32"))
    if len(x) <= NEIGHBOURS + 1:
        return Frame(_onto(pca(x, 3), near), "pca", float("nan"))
    neighbours, distances = true_neighbours(x)
    start = near if near is not None else Frame(_onto(pca(x, 3), None), "pca", float("nan"))
    alpha, epochs = (0.2, 40) if near is not None else (1.0, 100)
    positions = _umap(x, neighbours, distances, start.positions, seed, epochs, alpha)
    return Frame(_onto(positions, start), "umap", float("nan"))


def pca(x: np.ndarray, dims: int = 2) -> np.ndarray:
    """The `dims` directions of largest variance: (n, d) -> (n, dims). A missing direction is 0."""
    centred = x - x.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)  # ascending eigenvalues; columns, (d, d)
    flat = centred @ directions[:, ::-1][:, :dims]  # (n, dims or less)
    return np.pad(flat, ((0, 0), (0, dims - flat.shape[1])))


def true_neighbours(x: np.ndarray, k: int = NEIGHBOURS, rows_at_once: int = 2048) -> tuple[np.ndarray, np.ndarray]:
    """Exact Euclidean neighbours of each row of x (n, d), itself first: their rows and distances, both (n, k + 1)."""
    found = []
    squared = (x**2).sum(axis=1)
    for first in range(0, len(x), rows_at_once):
        block = slice(first, first + rows_at_once)
        d2 = squared[block, None] + squared - 2 * x[block] @ x.T  # (rows, n)
        own = np.arange(first, first + len(d2))
        d2[np.arange(len(d2)), own] = -1  # itself comes first, whatever the rounding
        rows = np.argpartition(d2, k, axis=1)[:, : k + 1]
        d2 = np.take_along_axis(d2, rows, axis=1)
        order = np.argsort(d2, axis=1, kind="stable")
        found.append((np.take_along_axis(rows, order, 1), np.take_along_axis(d2, order, 1)))
    rows, d2 = (np.concatenate(part) for part in zip(*found, strict=True))
    return rows, np.sqrt(np.maximum(d2, 0))


def kept_neighbours(neighbours: np.ndarray, positions: np.ndarray) -> float:
    """The honesty of a map: mean share of true neighbours (n, k + 1, itself first) that are neighbours on the map."""
    return float(kept_by_point(neighbours, positions).mean() / (neighbours.shape[1] - 1))


def kept_by_point(neighbours: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """How many of each point's k true neighbours (n, k + 1, itself first) are among its k on the map: (n,) 0 to k."""
    from scipy.spatial import KDTree

    k = neighbours.shape[1] - 1
    _, near = KDTree(positions).query(positions, k=k + 1)  # (n, k + 1), itself among them
    is_true = (near[:, :, None] == neighbours[:, None, 1:]).any(axis=2)  # (n, k + 1, k) -> (n, k + 1)
    return is_true.sum(axis=1)


def align(positions: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Orthogonal Procrustes: turn and mirror `positions` (n, 2 or 3) to lie as near `target` as they can.

    R = U Vᵀ with U S Vᵀ the singular value decomposition of positionsᵀ · target."""
    u, _, vt = np.linalg.svd(positions.T @ target)  # (2, 2) or (3, 3)
    return positions @ (u @ vt)


def moved(vectors: np.ndarray, before: np.ndarray | None) -> bool:
    """Whether the vectors changed enough to be worth a new frame: by more than 0.1 % of their length."""
    return before is None or bool(np.linalg.norm(vectors - before) > 1e-3 * np.linalg.norm(before))


def as_int16(positions: np.ndarray) -> np.ndarray:
    """Positions on the integer grid that the studio sends to the browser, each from -32767 to 32767."""
    return np.round(np.clip(positions / REACH, -1, 1) * 32767).astype("<i2")


def _umap(x, neighbours, distances, start, seed: int, epochs: int = 20, alpha: float = 0.1) -> np.ndarray:
    """A few epochs of UMAP from the positions `start`, at its low level (its public API takes 3-4 s a frame)."""
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

    random = np.random.RandomState(seed)
    graph, _, _ = fuzzy_simplicial_set(
        x, NEIGHBOURS, random, "euclidean", knn_indices=neighbours[:, :-1], knn_dists=distances[:, :-1]
    )
    a, b = find_ab_params(spread=1.0, min_dist=0.1)
    positions, _ = simplicial_set_embedding(
        x, graph, n_components=start.shape[1], initial_alpha=alpha, a=a, b=b, gamma=1.0, negative_sample_rate=5,
        n_epochs=epochs, init=start.astype("float32"), random_state=random, metric="euclidean", metric_kwds={},
        densmap=False, densmap_kwds={}, output_dens=False,
    )  # fmt: skip
    return positions


def _onto(positions: np.ndarray, previous: Frame | None) -> np.ndarray:
    """Centre at 0, root mean square radius 1, turned onto the previous frame."""
    positions = positions - positions.mean(axis=0)
    radius = np.sqrt((positions**2).sum(axis=1).mean())
    positions = positions / (radius if radius > 0 else 1)
    return (align(positions, previous.positions) if previous is not None else positions).astype("float32")
