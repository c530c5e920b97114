"""What the Train page shows, as the parameters of a link, and back: a lesson is a link. Never imports streamlit.

?data=planted&split=random&model=mf&embedding_dim=8&seed=3&step=75 is a run that has learnt 75 mini-batches. The same
link gives the same run again, since a run depends on its settings alone. What suits the model is left out, so a short
link is a usual run. Whatever a link says, it names no file and no code: a part that makes no sense is left out, with a
sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recsys_edu import sources, uploads
from recsys_edu.errors import RecsysEduError, SettingsError
from recsys_edu.models import MODELS, ModelCard, Settings, default_settings
from recsys_edu.studio.i18n import _
from recsys_edu.studio.pace import PACES
from recsys_edu.studio.slices import RunSpec

FIELDS = ("embedding_dim", "learning_rate", "batch_size", "l2", "epochs", "seed", "learns")
SPLITS = {
    "random": _("at random"),
    "last": _("each user's last"),
    "time": _("the latest fifth"),
}
SIMILARITIES = {"cosine": _("cosine"), "dot": _("dot product"), "euclid": _("Euclid")}
HIDEABLE = {
    "data": _("data and split"),
    "model": _("model"),
    "settings": _("settings"),
    "speed": _("speed"),
    "code": _("Copy as Keras"),
    "lists": _("lists for a user"),
}
AT_LEAST = 10  # ratings that a film of the top 10 has in the training part, unless the reader says otherwise
MOST_STEPS = 10**7


@dataclass(frozen=True)
class Lesson:
    """A run's settings, how many mini-batches it has learnt, whom and what the screen shows, and what it hides."""

    spec: RunSpec
    step: int = 0
    user_index: int = 0
    at_least: int = AT_LEAST
    similarity: str = "cosine"
    picked: int | None = None  # item_index
    hide: tuple[str, ...] = ()
    pace: str = "full"
    recall: bool | None = None  # whether Recall@10 is drawn; None: where that costs little


def fields_of(card: ModelCard) -> tuple[str, ...]:
    """The fields of `Settings` that the page has a control for."""
    known = (*card.knobs, "epochs", "seed", *(["learns"] if card.sides else []))
    return tuple(name for name in FIELDS if name in known)


def recall_suits(model: str) -> bool:
    """Whether Recall@10 is drawn unless the reader says otherwise: to score all films by the models over fields takes
    twice as long as their epoch."""
    return MODELS[model].family != "features"


def to_params(lesson: Lesson) -> dict[str, str]:
    """The link's parameters. What is as usual is left out."""
    settings = lesson.spec.settings
    usual = default_settings(settings.model)
    named = {name: getattr(settings, name) for name in FIELDS if getattr(settings, name) != getattr(usual, name)}
    named |= {name: value for name, value in settings.options if dict(usual.options)[name] != value}
    first = Lesson(lesson.spec)
    shown = ("step", "user_index", "at_least", "similarity", "picked", "pace", "recall")
    named |= {name: getattr(lesson, name) for name in shown if getattr(lesson, name) != getattr(first, name)}
    if lesson.hide:
        named["hide"] = ",".join(lesson.hide)
    head = {"data": lesson.spec.data, "split": lesson.spec.how, "model": settings.model}
    return head | {name: str(value) for name, value in named.items()}


def from_params(params: Mapping[str, str], default_data: str) -> tuple[Lesson, list[str]]:
    """The lesson that a link asks for, and a sentence for each part of it that makes no sense."""
    asked, problems = dict(params), []

    def take(name: str, usual, read: Callable):
        if name not in asked:
            return usual
        try:
            return read(asked[name])
        except (ValueError, RecsysEduError):
            problems.append(
                _("The link's {name} = {value} makes no sense here; {usual} is used.").format(
                    name=name, value=repr(asked[name][:40]), usual=usual
                )
            )
            return usual

    learnt_in_steps = [name for name, card in MODELS.items() if card.by_gradient]
    settings = _settings(take("model", "mf", one_of(learnt_in_steps)), take)
    spec = RunSpec(take("data", default_data, data_set), take("split", "random", one_of(SPLITS)), settings)
    lesson = Lesson(
        spec,
        step=take("step", 0, between(0, MOST_STEPS)),
        user_index=take("user_index", 0, between(0, 10**9)),
        at_least=take("at_least", AT_LEAST, between(0, 1000)),
        similarity=take("similarity", "cosine", one_of(SIMILARITIES)),
        picked=take("picked", None, between(0, 10**9)),
        hide=take("hide", (), lambda text: tuple(one_of(HIDEABLE)(name) for name in text.split(","))),
        pace=take("pace", "full", one_of(PACES)),
        recall=take("recall", None, lambda text: one_of(["True", "False"])(text) == "True"),
    )
    return lesson, problems


def data_set(name: str) -> str:
    """The name of a data set, or of an upload that this server still has. Raises ValueError."""
    return name if uploads.find(name) else one_of(sources.SOURCES)(name)


def _settings(model: str, take: Callable) -> Settings:
    """Number by number, so that one that makes no sense does not spoil the others."""
    usual = default_settings(model)
    fields = {name: getattr(usual, name) for name in fields_of(usual.card)}
    values = {}
    for name, value in (fields | dict(usual.options)).items():

        def read(text: str, name=name, value=value):
            asked = _of_kind(value, text)
            default_settings(model, **{name: asked})  # raises for what is out of bounds
            return asked

        values[name] = take(name, value, read)
    return default_settings(model, **values)


def _of_kind(usual, text: str):
    """The text as a value of the kind of the usual one. Raises ValueError."""
    if isinstance(usual, bool):
        return one_of(["True", "False"])(text) == "True"
    return type(usual)(text[:40])


def left_out(name: str, text: str) -> str:
    """The sentence about a part of a link that makes no sense."""
    sentence = _("The link's {name} = {value} makes no sense here and is left out.")
    return sentence.format(name=name, value=repr(text[:40]))


def read(params: Mapping[str, str], readers: Mapping[str, Callable]) -> tuple[dict, list[str]]:
    """The values of those parameters that there is a reader for, and a sentence for each that makes no sense."""
    values, problems = {}, []
    for name in readers.keys() & params.keys():
        try:
            values[name] = readers[name](params[name])
        except ValueError:
            problems.append(left_out(name, params[name]))
    return values, problems


def one_of(allowed) -> Callable[[str], str]:
    """Reads one of these texts. Raises SettingsError, a ValueError, for any other."""

    def read(text: str) -> str:
        if text not in allowed:
            raise SettingsError(text)
        return text

    return read


def rows(count: int, most: int) -> Callable[[str], list[int]]:
    """Reads at most `most` different rows of a table that has `count`, written as 3_17_40. Raises ValueError."""

    def read(text: str) -> list[int]:
        parts = text.split("_")
        values = [between(0, count - 1)(part) for part in parts[: most + 1]]
        if len(values) > most or len(set(values)) < len(values):
            raise SettingsError(text)
        return values

    return read


def as_rows(values) -> str:
    """What `rows` reads."""
    return "_".join(map(str, values))


def between(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number within these bounds. Raises ValueError for anything else."""

    def read(text: str) -> int:
        value = int(text[:12])
        if not low <= value <= high:
            raise SettingsError(text)
        return value

    return read
