"""The epochs of a run, kept for the time machine of the Map page: the item vectors and the map as it was drawn then.

Never imports streamlit, TensorFlow or UMAP. A run's snapshots stay under MOST_BYTES: when they would not, every second
of them goes, and from then on every second (fourth, …) epoch is kept, and always the last.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

import numpy as np

from recsys_edu.embedding_map import REACH, Frame, align, as_int16, pca, sketch
from recsys_edu.errors import SettingsError
from recsys_edu.recommend import unit
from recsys_edu.studio.i18n import _

MOST_BYTES = 48_000_000
FILM_MAGIC = 0x4D4C4946  # "FILM"
METHODS = {"pca": 0, "umap": 1, "axis": 2}  # how one map was found
KINDS = ("umap", "pca", "axis", "seed")  # of films


@dataclass(frozen=True)
class Snapshot:
    """One epoch. Vectors are kept as float16 of `scale` times themselves, the map as the screens got it."""

    epoch: int
    small: np.ndarray = field(repr=False)  # (n, d) float16, the largest number of them ±1
    scale: float
    frame: Frame = field(repr=False)

    @property
    def vectors(self) -> np.ndarray:
        """(n, d) float32, each number within 0.05 % of what it was, or within 6e-8 of the largest."""
        return self.small.astype("float32") * np.float32(self.scale)

    @property
    def nbytes(self) -> int:
        """With its place in the film that is kept: two int16 a point."""
        return self.small.nbytes + self.frame.positions.nbytes + 4 * len(self.small)


@dataclass(frozen=True)
class Film:
    """K maps of the same n points: epochs (K,), methods (K,), kept (K,) shares or NaN, positions (K, n, 2) int16."""

    epochs: list[int]
    methods: list[str]
    kept: list[float]
    positions: np.ndarray = field(repr=False)

    def as_bytes(self) -> bytes:
        """Magic, n, K; for each map its epoch, method and kept share; then all positions. Little endian."""
        head = struct.pack("<III", FILM_MAGIC, self.positions.shape[1], len(self.epochs))
        heads = (
            struct.pack("<fIf", epoch, METHODS[method], kept)
            for epoch, method, kept in zip(self.epochs, self.methods, self.kept, strict=True)
        )
        return head + b"".join(heads) + self.positions.astype("<i2").tobytes()

    def at(self, epoch: float) -> int:
        """The place of the map nearest to `epoch`."""
        return int(np.abs(np.asarray(self.epochs) - epoch).argmin())


class Snapshots:
    """The kept epochs, oldest first. One thread adds, any may read: `all` is replaced, never changed."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self.most_bytes = most_bytes
        self.stride = 1  # every which epoch is kept
        self.all: tuple[Snapshot, ...] = ()
        self.other_seed: Snapshot | None = None  # the last map, drawn anew by UMAP from another seed
        self._film: tuple | None = None  # what was asked last, and the answer

    @property
    def nbytes(self) -> int:
        return sum(one.nbytes for one in self.all)

    def keep(self, epoch: int, vectors: np.ndarray, frame: Frame | None) -> None:
        """Add an epoch, or replace the last one if it is the same. Without a `frame` one is sketched by PCA."""
        kept = self.all
        if kept and (kept[-1].epoch == epoch or kept[-1].epoch % self.stride):
            kept = kept[:-1]
        scale = float(np.abs(vectors).max()) or 1.0
        small = (vectors / scale).astype("float16")
        kept = (*kept, Snapshot(epoch, small, scale, frame or sketch(vectors, kept[-1].frame if kept else None)))
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

    def film(self, kind: str, a: int = -1, b: int = -1) -> Film:
        """The map of each kept epoch.

        kind: umap, as it was drawn while the run learnt (by PCA until UMAP was loaded); pca, on the two directions of
        largest variance of the last epoch; axis, from item a (left) to item b (right); seed, the last epoch alone,
        by UMAP from another seed. Raises SettingsError for another kind, and where there is nothing to show."""
        self.at()  # raises where there is nothing
        kept, other, film = self.all, self.other_seed, self._film
        if not (film and film[0] is kept and film[1] is other and film[2] == (kind, a, b)):
            film = self._film = (kept, other, (kind, a, b), _make_film(kept, other, kind, a, b))
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
    unknown = [math.nan] * len(kept)
    return Film([one.epoch for one in kept], [kind] * len(kept), unknown, as_int16(flat * (REACH / furthest)))


def _as_drawn(kept: tuple[Snapshot, ...]) -> Film:
    columns = zip(*((one.epoch, one.frame.method, one.frame.kept) for one in kept), strict=True)
    return Film(*map(list, columns), np.stack([as_int16(one.frame.positions) for one in kept]))


def _pca_basis(last: Snapshot) -> tuple[np.ndarray, np.ndarray]:
    """Two directions (d, 2) and where their origin is: of the last epoch, for all epochs, so that the film does not
    jump. Turned onto the map that was drawn, so that both look alike."""
    x = unit(last.vectors)
    flat = align(pca(x), last.frame.positions)  # (n, 2)
    basis = np.linalg.lstsq(x - x.mean(axis=0), flat, rcond=None)[0]  # (d, 2): flat = centred x @ basis
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
