"""What a run is made of: a model's name and its numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from recsys_edu.errors import SettingsError
from recsys_edu.models.cards import MODELS, ModelCard

Option = bool | int | float | str
LEARNS = ("both", "users", "items")


@dataclass(frozen=True)
class Settings:
    """d = embedding_dim, η = learning_rate, |B| = batch_size, λ = l2. A model takes notice of those that its card
    names as `knobs`. `options` holds what this model alone has, as (name, value) in the order of the card, so that
    equal settings are equal and can be a key. `learns`: both, or users or items alone; the other side's vectors and
    biases then stay as they start. What belongs to no side, as a hidden layer, always learns."""

    model: str = "mf"
    embedding_dim: int = 16
    learning_rate: float = 0.01
    batch_size: int = 1024
    l2: float = 0.0
    epochs: int = 20
    seed: int = 0
    options: tuple[tuple[str, Option], ...] = ()
    learns: str = "both"

    def __post_init__(self):
        _check("embedding size", self.embedding_dim, 1, 4096)
        _check("batch size", self.batch_size, 1, 10_000_000)
        _check("number of epochs", self.epochs, 1, 100_000)
        _check("learning rate", self.learning_rate, 1e-9, 1e9)
        _check("L2 strength", self.l2, 0.0, 1e9)
        _check("seed", self.seed, 0, 2**31 - 1)
        _check_side(self.model, self.learns)
        object.__setattr__(self, "options", tuple(card_of(self.model).complete(dict(self.options)).items()))

    @property
    def card(self) -> ModelCard:
        return MODELS[self.model]

    @property
    def frozen(self) -> tuple[str, ...]:
        """The parts of the model that stay as they start, by name."""
        return () if self.learns == "both" else self.card.sides["items" if self.learns == "users" else "users"]

    def as_dict(self) -> dict:
        """What a file keeps of the settings; `learns` where it is not as usual."""
        known = asdict(self)
        return {name: value for name, value in known.items() if (name, value) != ("learns", "both")}

    def arguments(self) -> dict[str, Option]:
        """What the model's class is made with, beside the sizes of the data."""
        shared = {name: getattr(self, name) for name in ("embedding_dim", "l2", "seed") if name in self.card.knobs}
        return shared | dict(self.options)


def card_of(model: str) -> ModelCard:
    """Raises SettingsError for a name that is not in the register."""
    if model not in MODELS:
        raise SettingsError(f"There is no model {model!r}. Choose one of: {', '.join(MODELS)}.")
    return MODELS[model]


def default_settings(model: str, **changes) -> Settings:
    """The settings that suit a model, with `changes` (None means: leave the default). A change is a field of `Settings`
    or one of the model's own options. Raises SettingsError for a change that the model would not notice."""
    card = card_of(model)
    changes = {name: value for name, value in changes.items() if value is not None}
    if changes.get("l2") and "l2" not in card.knobs:
        having = [name for name, other in MODELS.items() if "l2" in other.knobs]
        raise SettingsError(f"The model {model!r} has no L2 term. Leave L2 out, or choose one of: {', '.join(having)}.")
    own = {name: changes.pop(name) for name in list(changes) if name not in Settings.__dataclass_fields__}
    settings = {"epochs": 1} if not card.by_gradient else {}
    return Settings(**{"model": model} | settings | card.settings | changes | {"options": tuple(own.items())})


def _check_side(model: str, learns: str) -> None:
    if learns not in LEARNS:
        raise SettingsError(f"What learns is {learns!r}; it must be one of: {', '.join(LEARNS)}.")
    if learns != "both" and not card_of(model).sides:
        having = ", ".join(name for name, card in MODELS.items() if card.sides)
        raise SettingsError(
            f"The model {model!r} has no vectors of {learns} that could learn alone. Let both learn, or choose one of: "
            f"{having}."
        )


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also false for NaN
        raise SettingsError(f"The {name} is {value}; it must lie between {low:g} and {high:g}.")
