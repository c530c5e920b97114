"""Chapter 5: one model a file. This page is their register: names, defaults, how to build one.

Importing it does not import TensorFlow; `build` does.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recsys_edu.errors import SettingsError

if TYPE_CHECKING:
    from recsys_edu.models.contract import RatingModel


@dataclass(frozen=True)
class Settings:
    """What a run is made of. d = embedding_dim, η = learning_rate, |B| = batch_size, λ = l2."""

    model: str = "mf"
    embedding_dim: int = 16
    learning_rate: float = 0.01
    batch_size: int = 1024
    l2: float = 0.0
    epochs: int = 20
    seed: int = 0

    def __post_init__(self):
        _check("embedding size", self.embedding_dim, 1, 1024)
        _check("batch size", self.batch_size, 1, 10_000_000)
        _check("number of epochs", self.epochs, 1, 100_000)
        _check("learning rate", self.learning_rate, 1e-9, 1e9)
        _check("L2 strength", self.l2, 0.0, 1e9)
        _check("seed", self.seed, 0, 2**31 - 1)
        if self.model not in MODELS:
            raise SettingsError(f"There is no model {self.model!r}. Choose one of: {', '.join(MODELS)}.")


@dataclass(frozen=True)
class ModelCard:
    """A model's name for people, its formula, where its class lives, whether it has λ, and good settings for it."""

    title: str
    formula: str
    module: str
    class_name: str
    has_l2: bool
    settings: dict


MODELS: dict[str, ModelCard] = {
    "mf": ModelCard(
        "Matrix factorisation",
        r"\hat r_{ui} = \mu + b_u + b_i + p_u \cdot q_i",
        "mf",
        "MatrixFactorization",
        True,
        {"embedding_dim": 32, "learning_rate": 0.005, "batch_size": 1024, "l2": 0.12, "epochs": 20},
    ),
    "mlp": ModelCard(
        "Multi-layer perceptron",
        r"\hat r_{ui} = w \cdot \sigma(W [p_u ; q_i] + b) + c",
        "mlp",
        "MLP",
        True,
        {"embedding_dim": 16, "learning_rate": 0.001, "batch_size": 1024, "l2": 2.0, "epochs": 12},
    ),
    "article": ModelCard(
        "The article's Recommender",
        r"\hat r_{ui} = w \cdot [p_u ; q_i] + b",
        "article",
        "Recommender",
        False,
        {"embedding_dim": 16, "learning_rate": 0.01, "batch_size": 1024, "epochs": 20},
    ),
}


def default_settings(model: str, **changes) -> Settings:
    """The settings that suit a model, with `changes` (None means: leave the default)."""
    if model not in MODELS:
        raise SettingsError(f"There is no model {model!r}. Choose one of: {', '.join(MODELS)}.")
    changes = {name: value for name, value in changes.items() if value is not None}
    if changes.get("l2") and not MODELS[model].has_l2:
        raise SettingsError(f"The model {model!r} has no L2 term. Leave L2 out, or choose mf or mlp.")
    return replace(Settings(model=model, **MODELS[model].settings), **changes)


def build(settings: Settings, num_users: int, num_items: int) -> RatingModel:
    """A new Keras model with all its weights made, the same for the same seed. Imports TensorFlow."""
    import keras
    import numpy as np

    card = MODELS[settings.model]
    model_class = getattr(importlib.import_module(f"recsys_edu.models.{card.module}"), card.class_name)
    keras.utils.set_random_seed(settings.seed)
    options = {"l2": settings.l2} if card.has_l2 else {}
    model = model_class(num_users, num_items, settings.embedding_dim, **options)
    model(np.zeros((1, 2), dtype="int32"))  # the first call makes the weights
    return model


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also false for NaN
        raise SettingsError(f"The {name} is {value}; it must lie between {low:g} and {high:g}.")
