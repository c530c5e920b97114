r"""Chapter 8, sparsity: the same films and people, fewer ratings.

Data are thinned at random: a share of the training ratings is kept, the test stays as it is. Which model breaks first?
The planted set (`planted`) answers more: its tastes are known, so that one can see what was found of them.

    personal part of scores S:   S_ui − mean_i S_ui − mean_u S_ui + mean S      what no sum a(u) + b(i) can say

Two numbers say how much was recovered: the correlation of a model's personal part with that of the truth p_u · q_i, and
the share of a film's ten nearest (cosine of q_i) that have its main taste.

A model learnt by gradient steps would see too few steps on little data. So its batch shrinks with the ratings: as many
steps, and each rating seen as often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from recsys_edu import models, training
from recsys_edu.data import Ratings, Split
from recsys_edu.errors import SettingsError
from recsys_edu.metrics import rmse
from recsys_edu.models.bpmf import BayesianMF
from recsys_edu.planted import Truth, generate
from recsys_edu.recommend import similarity, top_n

SMALLEST_BATCH = 8


def thin(train: Ratings, share: float, seed: int = 0) -> Ratings:
    """A random share of the ratings, in their order; a smaller share of the same seed is a part of a larger one. Raises
    SettingsError if nothing would be left."""
    rows = np.random.default_rng(seed).permutation(len(train))[: round(share * len(train))]
    if not 0 < share <= 1 or not len(rows):
        raise SettingsError(f"A share of {share:g} of {len(train):,} ratings cannot be kept. Use one above 0, up to 1.")
    return train.take(np.sort(rows))


def fit_thinned(model: str, train: Ratings, share: float = 1.0, **changes):
    """A model of this name, with its usual settings and `changes`, learnt from `train`, the `share` that was kept."""
    settings = models.default_settings(model, **changes)
    if settings.card.by_gradient:
        settings = replace(settings, batch_size=max(SMALLEST_BATCH, round(settings.batch_size * share)))
    return training.fit(settings, train).model


def error_by_density(
    parts: Split,
    names: Mapping[str, Sequence[float]],
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> pd.DataFrame:
    """Test RMSE, in stars: a column for each model, a row for each share of the training ratings. `names`: the shares
    at which a model is learnt, by its name. `progress` hears the model and the share before each one."""
    errors = pd.DataFrame(index=sorted({s for shares in names.values() for s in shares}, reverse=True), dtype="float64")
    for name, shares in names.items():
        for share in shares:
            if progress:
                progress(name, share)
            model = fit_thinned(name, thin(parts.train, share, seed), share)
            errors.loc[share, name] = error(model, parts.test)
    return errors.rename_axis("share kept")


def error(model, test: Ratings) -> float:
    """RMSE on the test, predictions cut to the scale."""
    return rmse(test.rating, np.clip(model.predict_pairs(test.user_index, test.item_index), *test.scale))


def personal_part(scores: np.ndarray) -> np.ndarray:
    """What no sum a(u) + b(i) can say of the scores (U, I): (U, I), mean 0 in each row and column."""
    return scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + scores.mean()


def recovery(model, truth: Truth) -> tuple[float, float]:
    """What a model found of the planted tastes: the correlation of the personal parts, and the share of each item's ten
    nearest that have its main taste."""
    scores = model.scores(np.arange(len(truth.p))).astype("float64")  # (U, I)
    true, found = personal_part(truth.p @ truth.q.T), personal_part(scores)
    near = similarity(model.item_vectors(), model.item_vectors())  # (I, I)
    ten = top_n(near, np.eye(len(near), dtype=bool))  # (I, 10), itself left out
    taste = truth.q.argmax(axis=1)  # (I,)
    return float(np.corrcoef(true.ravel(), found.ravel())[0, 1]), float((taste[ten] == taste[:, None]).mean())


def without_content(ratings: Ratings) -> Ratings:
    """The same ratings of films of which nothing is known but a title, by people of whom nothing is known."""
    return replace(ratings, items=ratings.items.assign(genres="", year=pd.NA), users=ratings.users[["user_id"]])


def recovery_by_density(
    densities: Sequence[float], embedding_dim: int = 8, sweeps: int = 60, burn_in: int = 20, seed: int = 0
) -> pd.DataFrame:
    """`recovery` of a Bayesian matrix factorisation from planted ratings of each density, before and after it is told
    the genres: columns density, genres ("unknown" or "known"), correlation, neighbours."""
    rows = []
    for density in densities:
        ratings, truth = generate(density=density, seed=seed)
        for genres, told in (("unknown", without_content(ratings)), ("known", ratings)):
            model = BayesianMF(embedding_dim=embedding_dim, sweeps=sweeps, burn_in=burn_in, seed=seed).fit(told)
            rows.append((density, genres, *recovery(model, truth)))
    return pd.DataFrame(rows, columns=["density", "genres", "correlation", "neighbours"])
