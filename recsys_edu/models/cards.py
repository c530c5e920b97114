"""The register of the models: what each is called, its formula, its paper, and settings that suit MovieLens-100K.

Plain data: reading it imports neither TensorFlow nor a model. How each default was chosen stands in the model's file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recsys_edu.errors import SettingsError

GRADIENT = ("embedding_dim", "learning_rate", "batch_size", "epochs")


@dataclass(frozen=True)
class ModelCard:
    """`family` groups models for people. `knobs` are the fields of `Settings` that the model takes notice of, beside
    the seed; `settings` are good values for them; `options` what this model alone has, with defaults. `example` says
    what one training example is: a rating, an item, a user, a window of a user's history, or all data at once."""

    title: str
    family: str
    formula: str
    source: str
    module: str
    class_name: str
    predicts_ratings: bool = True
    example: str = "rating"
    knobs: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)

    @property
    def by_gradient(self) -> bool:
        """Learnt in steps; the others are computed in one go."""
        return "learning_rate" in self.knobs

    def complete(self, options: dict) -> dict:
        """All options, in the card's order, of the type of their defaults. Raises SettingsError for one that the model
        does not have, or of another type."""
        for name in options:
            if name not in self.options:
                known = ", ".join(self.options) or "none"
                raise SettingsError(f"The model {self.module!r} has no option {name!r}. It has: {known}.")
        return {name: _as(name, options.get(name, default), default) for name, default in self.options.items()}


def _as(name: str, value, default):
    """`value` in the type of `default`; a bool may come as the text true or false."""
    kind = type(default)
    try:
        if kind is bool and not isinstance(value, bool):
            return {"true": True, "false": False}[str(value).lower()]
        return kind(value)
    except (KeyError, TypeError, ValueError):
        raise SettingsError(f"The option {name} is {value!r}; it must be like {default!r}.") from None


MODELS: dict[str, ModelCard] = {
    "mf": ModelCard(
        title="Matrix factorisation",
        family="factors",
        formula=r"\hat r_{ui} = \mu + b_u + b_i + p_u \cdot q_i",
        source="Koren, Bell, Volinsky 2009",
        module="mf",
        class_name="MatrixFactorization",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 32, "learning_rate": 0.005, "batch_size": 1024, "l2": 0.12, "epochs": 20},
    ),
    "mlp": ModelCard(
        title="Multi-layer perceptron",
        family="deep",
        formula=r"\hat r_{ui} = w \cdot \sigma(W [p_u ; q_i] + b) + c",
        source="He et al. 2017, section 3.3",
        module="mlp",
        class_name="MLP",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 16, "learning_rate": 0.001, "batch_size": 1024, "l2": 2.0, "epochs": 12},
    ),
    "article": ModelCard(
        title="The article's Recommender",
        family="deep",
        formula=r"\hat r_{ui} = w \cdot [p_u ; q_i] + b",
        source="the article, code example",
        module="article",
        class_name="Recommender",
        knobs=GRADIENT,
        settings={"embedding_dim": 16, "learning_rate": 0.01, "batch_size": 1024, "epochs": 20},
    ),
}
