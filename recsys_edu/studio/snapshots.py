"""The epochs of a run, kept for the time machine of the Map page: the item vectors and the map as it was drawn then;
in three dimensions by UMAP too, once somebody looked at it so.

Never imports streamlit, TensorFlow or UMAP. A run's snapshots stay under MOST_BYTES: when they would not, every second
of them goes, and from then on every second (fourth, …) epoch is kept, and always the last.
"""

from __future__ import annotations

import math
import struct
import threading
from dataclasses import dataclass, field, replace

import numpy as np

from recsys_edu.embedding_map import REACH, Frame, align, as_int16, pca, sketch
from recsys_edu.errors import SettingsError
from recsys_edu.recommend import unit
from recsys_edu.studio.i18n import _

MOST_BYTES = 48_000_000
FILM_MAGIC = 0x4D4C4946  # "FILM"
METHODS = {"pca": 0, "umap": 1, "axis": 2}  # how one map was found
KINDS = ("umap", "pca", "axis", "seed")  # of films
KINDS_IN_SPACE = ("umap", "pca")  # those of them that there are in 3-D


@dataclass(frozen=True)
class Snapshot:
    """One epoch. Vectors are kept as float16 of `scale` times themselves, the map as the screens got it."""

    epoch: int
    small: np.ndarray = field(repr=False)  # (n, d) float16, the largest number of them ±1
    scale: float
    frame: Frame = field(repr=False)
    space: np.ndarray | None = field(default=None, repr=False)  # (n, 3) int16, by UMAP; None: not drawn

    @property
    def vectors(self) -> np.ndarray:
        """(n, d) float32, each number within 0.05 % of what it was, or within 6e-8 of the largest."""
        return self.small.astype("float32") * np.float32(self.scale)

    @property
    def nbytes(self) -> int:
        """With its places in 3-D, drawn or still to come, and in the film that is kept: three int16 a point each."""
        return self.small.nbytes + self.frame.positions.nbytes + 2 * 6 * len(self.small)


@dataclass(frozen=True)
class Film:
    """K maps of the same n points: epochs (K,), methods (K,), kept (K,) shares or NaN, positions (K, n, 2) or
    (K, n, 3) int16."""

    epochs: list[int]
    methods: list[str]
    kept: list[float]
    positions: np.ndarray = field(repr=False)

    def as_bytes(self) -> bytes:
        """Magic, n, K, dimensions; for each map its epoch, method and kept share; then all positions. Little endian."""
        maps, n, dims = self.positions.shape
        head = struct.pack("<IIII", FILM_MAGIC, n, maps, dims)
        heads = (
            struct.pack("<fIf", epoch, METHODS[method], kept)
            for epoch, method, kept in zip(self.epochs, self.methods, self.kept, strict=True)
        )
        return head + b"".join(heads) + self.positions.astype("<i2").tobytes()

    def at(self, epoch: float) -> int:
        """The place of the map nearest to `epoch`."""
        return int(np.abs(np.asarray(self.epochs) - epoch).argmin())


class Snapshots:
    """The kept epochs, oldest first. One thread adds at a time, any may read: `all` is replaced, never changed."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self.most_bytes = most_bytes
        self.stride = 1  # every which epoch is kept
        self.all: tuple[Snapshot, ...] = ()
        self.other_seed: Snapshot | None = None  # the last map, drawn anew by UMAP from another seed
        self._film: tuple | None = None  # what was asked last, and the answer
        self._adding = threading.Lock()

    @property
    def nbytes(self) -> int:
        return sum(one.nbytes for one in self.all)

    def keep(self, epoch: int, vectors: np.ndarray, frame: Frame | None) -> None:
        """Add an epoch, or replace the last one if it is the same. Without a `frame` one is sketched by PCA."""
        with self._adding:
            self._keep(epoch, vectors, frame)

    def _keep(self, epoch: int, vectors: np.ndarray, frame: Frame | None) -> None:
        kept, space = self.all, None
        scale = float(np.abs(vectors).max()) or 1.0
        small = (vectors / scale).astype("float16")
        if kept and (kept[-1].epoch == epoch or kept[-1].epoch % self.stride):
            if kept[-1].epoch == epoch and np.array_equal(kept[-1].small, small):
                space = kept[-1].space
            kept = kept[:-1]
        drawn = frame or sketch(vectors, kept[-1].frame if kept else None)
        kept = (*kept, Snapshot(epoch, small, scale, drawn, space))
        while len(kept) > 2 and sum(one.nbytes for one in kept) > self.most_bytes:
            self.stride *= 2
            kept = (*(one for one in kept[:-1] if one.epoch % self.stride == 0), kept[-1])
        self.all = kept

    def at(self, epoch: float | None = None) -> Snapshot:
        """The epoch nearest to this one; None: the last. Raises SettingsError if there is none."""
        kept = self.all
        if not kept:
            raise SettingsError(_("There is no epoch to show yet. Press Train."))
        return kept[-1] if epoch is None else min(kept, key=lambda one: abs(one.epoch - epoch))

    def next_in_space(self) -> tuple[Snapshot, np.ndarray | None] | None:
        """The epoch that UMAP should draw next in 3-D, the newest of those that it has not, and the positions (n, 3)
        int16 of the drawn epoch nearest to it, if any. None: all are drawn."""
        drawn = [one for one in self.all if one.space is not None]
        wanted = next((one for one in reversed(self.all) if one.space is None), None)
        if wanted is None:
            return None
        near = min(drawn, key=lambda one: abs(one.epoch - wanted.epoch), default=None)
        return wanted, None if near is None else near.space

    def keep_space(self, drawn: Snapshot, positions: np.ndarray) -> None:
        """Keep where UMAP put the points of this epoch in 3-D, (n, 3) int16. Forgotten if the epoch is gone by now."""
        with self._adding:
            self.all = tuple(replace(one, space=positions) if one is drawn else one for one in self.all)

    @property
    def in_space(self) -> int:
        """How many epochs UMAP has drawn in 3-D."""
        return sum(one.space is not None for one in self.all)

    def film(self, kind: str, a: int = -1, b: int = -1, dims: int = 2) -> Film:
        """The map of each kept epoch, in 2 or 3 dimensions.

        kind: umap, as it was drawn while the run learnt (by PCA until UMAP was loaded); pca, on the two directions of
        largest variance of the last epoch; axis, from item a (left) to item b (right); seed, the last epoch alone,
        by UMAP from another seed. In 3-D there are umap (by PCA where UMAP has not drawn yet) and pca. Raises
        SettingsError for another kind, and where there is nothing to show."""
        self.at()  # raises where there is nothing
        kept, other, film = self.all, self.other_seed, self._film
        asked = (kind, a, b, dims)
        if not (film and film[0] is kept and film[1] is other and film[2] == asked):
            made = _make_film(kept, other, kind, a, b) if dims == 2 else _make_space(kept, kind, dims)
            film = self._film = (kept, other, asked, made)
        return film[3]

    def cosines(self, a: int, b: int) -> tuple[list[int], list[float]]:
        r"""Epochs, and in each the cosine of the vectors of items a and b: q_a · q_b / (‖q_a‖ ‖q_b‖)."""
        pairs = [unit(one.small[[a, b]].astype("float32")) for one in self.all]  # (2, d) each; the scale falls out
        return [one.epoch for one in self.all], [float(pair[0] @ pair[1]) for pair in pairs]


def _make_film(kept: tuple[Snapshot, ...], other: Snapshot | None, kind: str, a: int, b: int) -> Film:
    if kind == "umap":
        return _as_drawn(kept)
    if kind == "seed":
        if other is None:
            raise SettingsError(_("No map of another seed is drawn yet. Press Draw."))
        return _as_drawn((other,))
    if kind not in KINDS:
        raise SettingsError(_("There is no map of the kind {kind}.").format(kind=repr(kind[:40])))
    basis, origin = _pca_basis(kept[-1]) if kind == "pca" else _axis_basis(kept[-1], a, b)
    flat = np.stack([unit(one.vectors) @ basis - origin for one in kept])  # (K, n, d) -> (K, n, 2)
    furthest = float(np.abs(flat).max()) or 1.0  # of all epochs, so that nothing leaves the map
    return _not_judged(kept, [kind] * len(kept), as_int16(flat * (REACH / furthest)))


def _make_space(kept: tuple[Snapshot, ...], kind: str, dims: int) -> Film:
    """The maps in three dimensions, none of whose points is further than 1 from the middle: turned, none leaves the
    map. By UMAP a few lie far out: the furthest 1 in 200 are drawn at the rim, so that the others have room."""
    if kind not in KINDS_IN_SPACE or dims != 3:
        raise SettingsError(_("There is no map of the kind {kind} in 3-D.").format(kind=repr(kind[:40])))
    basis, origin = _pca_basis(kept[-1], 3)
    by_umap = [kind == "umap" and one.space is not None for one in kept]
    places = np.empty((len(kept), len(kept[-1].small), 3), "float32")
    for place, one, drawn in zip(places, kept, by_umap, strict=True):
        place[:] = one.space if drawn else unit(one.vectors) @ basis - origin  # (n, 3)
    radius = np.linalg.norm(places, axis=2, keepdims=True)  # (K, n, 1)
    for chosen, inside in ((np.array(by_umap), 0.995), (~np.array(by_umap), 1.0)):  # each method has its own scale
        if chosen.any():
            rim = float(np.quantile(radius[chosen], inside)) or 1.0
            places[chosen] *= REACH / np.maximum(radius[chosen], rim)
    return _not_judged(kept, ["umap" if drawn else "pca" for drawn in by_umap], as_int16(places))


def _not_judged(kept: tuple[Snapshot, ...], methods: list[str], positions: np.ndarray) -> Film:
    return Film([one.epoch for one in kept], methods, [math.nan] * len(kept), positions)


def _as_drawn(kept: tuple[Snapshot, ...]) -> Film:
    columns = zip(*((one.epoch, one.frame.method, one.frame.kept) for one in kept), strict=True)
    return Film(*map(list, columns), np.stack([as_int16(one.frame.positions) for one in kept]))


def _pca_basis(last: Snapshot, dims: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Two or three directions (d, dims) and where their origin is: of the last epoch, for all epochs, so that the film
    does not jump. Turned onto the map that was drawn, so that both look alike; in 3-D it does from the front."""
    x = unit(last.vectors)
    flat = pca(x, dims)  # (n, dims)
    flat[:, :2] = align(flat[:, :2], last.frame.positions)
    basis = np.linalg.lstsq(x - x.mean(axis=0), flat, rcond=None)[0]  # (d, dims): flat = centred x @ basis
    return basis, x.mean(axis=0) @ basis


def _axis_basis(last: Snapshot, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    """Rightwards w = (q_b − q_a) / ‖q_b − q_a‖ of vectors of length 1, 0 in the middle between the two; upwards the
    direction of largest variance of what w leaves over."""
    x = unit(last.vectors)
    if not (0 <= a < len(x) and 0 <= b < len(x)) or np.allclose(x[a], x[b]):
        raise SettingsError(_("An axis needs two films with different vectors. Choose two."))
    w = unit((x[b] - x[a])[None])[0]  # (d,)
    rest = x - np.outer(x @ w, w)  # (n, d)
    centred = rest - rest.mean(axis=0)
    up = np.linalg.eigh(centred.T @ centred)[1][:, -1]  # (d,)
    return np.column_stack([w, up]), np.array([(x[a] + x[b]) @ w / 2, rest.mean(axis=0) @ up])
