r"""A planted world that is learnt anew at each turn of a dial, and how much of its truth is found. No streamlit here.

Truth and model are both r_ui = μ + b_u + b_i + p_u · q_i. As all numbers of a p_u sum to 0 here (`planted`), the part
of q_i that is the same in every taste leaves no trace in any rating, so what can be found is

    q̄_i = q_i − mean_k q_ik

and that only up to a rotation R and a scale s, since (R p) · (R q) = p · q. So the found vectors Q are turned to the
true ones first (Procrustes; both centred, both of length 1, zeros where one has fewer columns):

    R² = 1 − min_{R, s} ‖Q̄ − s Q R‖²      1: the truth; near 0: nothing, or no more than vectors drawn by chance have

The smallest possible error is that of somebody who knows r_ui and σ, and says what is then to be expected:

    r̂_ui = E[clip(round(r_ui + ε), 1, 5)],   ε ~ N(0, σ²)

The model is alternating least squares (`challenges.alternating`): it needs no gradient steps, and a fit takes less time
than a reader notices.
Source: Gower, "Generalized Procrustes Analysis", Psychometrika 1975; Schönemann, Psychometrika 1966, for R.
"""

from __future__ import annotations

import functools
import time
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.spatial import procrustes
from scipy.special import ndtr

from recsys_edu import planted
from recsys_edu.challenges import alternating
from recsys_edu.data import Ratings, random_split
from recsys_edu.metrics import rmse
from recsys_edu.models.biases import Biases
from recsys_edu.studio.dials import Dial

ITEMS = planted.DEFAULTS["num_items"]
DIALS = {
    "density": Dial((0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8), 0.2),
    "noise": Dial((0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0), 0.3),
    "num_tastes": Dial((2, 3, 4, 5, 6), 6),
    "d": Dial((1, 2, 3, 4, 5, 6, 8, 12, 16), 5),
    "l2": Dial((0.3, 1.0, 3.0, 10.0, 30.0), 3.0),
    "seed": Dial(range(1000), 0),
}


@dataclass(frozen=True)
class Dials:
    """What makes a world (density, noise σ in stars, number of tastes, seed), and what learns it (d, λ)."""

    density: float = DIALS["density"].first
    noise: float = DIALS["noise"].first
    num_tastes: int = DIALS["num_tastes"].first
    d: int = DIALS["d"].first
    l2: float = DIALS["l2"].first
    seed: int = DIALS["seed"].first

    @property
    def per_user(self) -> float:
        """Ratings that a user gives on average, those of the test included."""
        return self.density * ITEMS

    @property
    def curve(self) -> Dials:
        """What all settings have in common that differ in their density alone."""
        return replace(self, density=DIALS["density"].first)


@dataclass(frozen=True, eq=False)
class Found:
    """What was found of a world. `true` and `found` (I, 2) are seen from the same side: `plane`."""

    true: np.ndarray
    found: np.ndarray
    taste: np.ndarray  # (I,) the main one of each film, 0 … K − 1
    tastes: list[str]  # K genres
    titles: list[str]
    r2: float
    chance: float  # R² of the same vectors, each given to another film
    rmse: float  # on the test, in stars: of the model, of the biases, and the smallest possible
    biases: float
    floor: float
    seconds: float  # of the fit


Seen = dict[Dials, tuple[float, float]]  # R² and test RMSE of the settings that a reader has tried


@functools.lru_cache(maxsize=512)
def found_in(dials: Dials) -> Found:
    """Make the world, hold out a fifth of its ratings, learn the rest, compare. A function of the dials alone."""
    world = {name: value for name, value in asdict(dials).items() if name not in ("d", "l2")}
    ratings, truth = planted.generate(**world)
    parts = random_split(ratings, seed=dials.seed)
    start = time.perf_counter()
    model = alternating.learn(parts.train, d=dials.d, l2=dials.l2, seed=dials.seed)
    seconds = time.perf_counter() - start
    q = truth.q - truth.q.mean(axis=1, keepdims=True)  # (I, K)
    true, found, r2 = aligned(q, model.item_vectors())
    others = np.random.default_rng(dials.seed).permutation(len(q))
    view = plane(dials.num_tastes)
    return Found(
        true=true[:, : dials.num_tastes] @ view,  # (I, K) @ (K, 2)
        found=found[:, : dials.num_tastes] @ view,
        taste=truth.q.argmax(axis=1),
        tastes=truth.tastes,
        titles=ratings.items["title"].tolist(),
        r2=r2,
        chance=aligned(q, model.item_vectors()[others])[2],
        rmse=_error(model, parts.test),
        biases=_error(Biases().fit(parts.train), parts.test),
        floor=rmse(parts.test.rating, best_guess(truth.r, dials.noise)[parts.test.user_index, parts.test.item_index]),
        seconds=seconds,
    )


def aligned(true: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Both tables centred, the found one turned and scaled to the true one, (I, max(K, d)) each, in the units of the
    true one; and R². Vectors that are all the same tell nothing: they are zeros, and R² is 0."""
    columns = max(true.shape[1], found.shape[1])
    true, found = (np.pad(x - x.mean(axis=0), ((0, 0), (0, columns - x.shape[1]))) for x in (true, found))
    if np.abs(found).max() < 1e-9:
        return true, np.zeros_like(true), 0.0
    _unit, turned, disparity = procrustes(true, found)
    return true, turned * np.linalg.norm(true), 1 - float(disparity)


def plane(num_tastes: int) -> np.ndarray:
    """From which side both are seen, (K, 2): taste k lies in the direction 2πk/K. All directions of the truth vary
    nearly alike, so that a PCA would turn with every dial, to see hardly more; this view stands still. Two tastes need
    one axis alone; the other then shows what the truth has nothing of, q_i1 + q_i2."""
    if num_tastes == 2:
        return np.array([[1.0, 1.0], [-1.0, 1.0]])
    angle = 2 * np.pi * np.arange(num_tastes) / num_tastes
    return np.column_stack([np.cos(angle), np.sin(angle)])


def best_guess(r: np.ndarray, noise: float, scale: tuple[float, float] = planted.SCALE) -> np.ndarray:
    """E[clip(round(r + ε))] for r of any shape, in stars: what to say of a rating when all but ε is known."""
    if noise == 0:
        return np.clip(np.rint(r), *scale)
    low, high = scale
    edges = np.arange(low, high) + 0.5  # a rating is low, and one more for each edge that r + ε lies above
    return low + ndtr((r[..., None] - edges) / noise).sum(axis=-1)


def _error(model, test: Ratings) -> float:
    return rmse(test.rating, np.clip(model.predict_pairs(test.user_index, test.item_index), *test.scale))
