"""Chapter 5: one model a file. `cards` is their register; this page builds one.

Importing it does not import TensorFlow; `build` does, for a model that is learnt by gradient steps.
"""

from __future__ import annotations

import importlib
import random
import threading
from contextlib import contextmanager

from recsys_edu.models.cards import MODELS, ModelCard
from recsys_edu.models.settings import Settings, card_of, default_settings

__all__ = ["MODELS", "ModelCard", "Settings", "build", "card_of", "class_of", "default_settings", "num_examples"]


def class_of(name: str) -> type:
    """The class of a model. Imports TensorFlow if the model needs it."""
    card = card_of(name)
    return getattr(importlib.import_module(f"recsys_edu.models.{card.module}"), card.class_name)


def build(settings: Settings, train):
    """A new model for the users and items of `train`, not trained yet, the same for the same seed. A Keras model has
    all its weights, and has taken over from the ratings what it does not learn: the mean, the histories. A side that is
    not to learn is not trainable."""
    model_class = class_of(settings.model)
    if not settings.card.by_gradient:
        return model_class(**settings.arguments())
    import keras
    import numpy as np

    keras.utils.set_random_seed(settings.seed)
    with _alone(settings.seed):
        model = model_class.of(train, **settings.arguments())
        model(np.zeros((1, 2), dtype="int32"))  # the first call makes the weights
    model.start_from(train)
    for part in keras.tree.flatten([getattr(model, name) for name in settings.frozen]):
        part.trainable = False
    return model


_building = threading.Lock()


@contextmanager
def _alone(seed: int):
    """Layers without a seed of their own get the same ones whatever else the process does: Keras draws them from
    Python's one `random`, of which a thread that loads a library beside us may draw as well."""
    from keras.src.random import seed_generator

    with _building:
        shared, seed_generator.python_random = seed_generator.python_random, random.Random(seed)
        try:
            yield
        finally:
            seed_generator.python_random = shared


def num_examples(settings: Settings, train) -> int:
    """How many examples an epoch has, known without building the model."""
    kind = settings.card.example
    if kind == "window":
        from recsys_edu.sequences import num_windows

        return num_windows(train, dict(settings.options)["length"])
    return {"rating": len(train), "item": train.num_items, "user": train.num_users, "all": 1}[kind]
