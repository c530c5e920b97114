"""Chapter 9: which model to take: an answer from what was measured (`measured`), with the reason for each that is out.

`choose` drops the models that lack something that is needed, ranks the others by the figure of the task at the density
of ratings that is nearest to yours, and says which of them cannot be told apart from the first: among those it takes
the one that is fitted fastest. It knows one data set of films. On yours the order may be another: what it gives is a
short list to begin with, and `compare` is there to measure anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recsys_edu import measured
from recsys_edu.errors import SettingsError
from recsys_edu.measured import Estimate, Level, Measured
from recsys_edu.models import MODELS

EXPLAIN = ("no", "parts", "reasons")  # each asks for more than the one before
REASONS = {  # of the parts of a prediction, where they have names that a user understands
    "popularity": "how many people rated the film",
    "biases": "the mean, how generous the user is, how good the film is",
    "user_knn": "what each of the nearest people gave",
    "item_knn": "what the user gave each of the nearest films",
    "ease": "what each film that the user rated adds",
    "content": "what each genre, decade and word of a title adds",
}
SUMS = ("article", "mf", "svdpp")  # a sum of parts that were learnt, without a name
SIDE_INFORMATION = ("content", "bpmf", "deepfm", "xdeepfm")  # measured with age, gender, occupation, genres, year
IGNORANT = {"stars": "biases", "list": "popularity", "next": "popularity"}  # who says the same of every new film


@dataclass(frozen=True)
class Needs:
    """What you have and want. `task`: stars, list or next (`measured`). `ratings_per_user`: the mean.
    `side_information`: genres, age and the like are known. `time_order`: it is known what came after what.
    `new_items`: films without a rating come in often. `seconds`: what a fit of 100,000 ratings on two cores may take.
    `explain`: no, parts (a prediction is a sum of numbers that can be looked at) or reasons (these numbers belong to
    films, genres or people).

    Raises SettingsError for what is none of these."""

    task: str = "list"
    ratings_per_user: float = 100
    side_information: bool = True
    time_order: bool = True
    new_items: bool = False
    seconds: float = math.inf
    explain: str = "no"

    def __post_init__(self):
        for name, value, known in (("task", self.task, measured.TASKS), ("explain", self.explain, EXPLAIN)):
            if value not in known:
                raise SettingsError(f"{name} is {value!r}. Choose one of: {', '.join(known)}.")
        for name, value in (("ratings_per_user", self.ratings_per_user), ("seconds", self.seconds)):
            if not value > 0:  # also true for NaN
                raise SettingsError(f"{name} is {value}; it must be a number above 0.")
        if math.isinf(self.ratings_per_user):
            raise SettingsError("ratings_per_user is infinite; it must be a number, such as 100.")


@dataclass(frozen=True)
class Candidate:
    """A model that has all that is needed. `first`: it cannot be told apart from the best of them."""

    model: str
    figure: Estimate
    fit_seconds: float
    parameters: int
    list_seconds: float
    first: bool

    @property
    def title(self) -> str:
        return MODELS[self.model].title

    @property
    def reasons(self) -> str | None:
        """What its predictions are made of, in words that a user understands, if they are."""
        return REASONS.get(self.model)


@dataclass(frozen=True)
class Advice:
    """`ranked`: the candidates, best figure first. `take`: the fastest of the first ones; None if nothing is left.
    `excluded`: for every other model a sentence. `sure`: how sure this is, in sentences."""

    needs: Needs
    figure: str
    ratings_per_user: float  # where it was measured
    ranked: tuple[Candidate, ...]
    take: str | None
    excluded: dict[str, str]
    sure: tuple[str, ...]


def choose(needs: Needs, known: Measured | None = None) -> Advice:
    """The models that have what is needed, ranked; `known`: other measurements than those of the file."""
    known = known or measured.read()
    task = measured.TASKS[needs.task]
    level = known.level(needs.task, needs.ratings_per_user)
    excluded = {model: reason for model in MODELS if (reason := _reason(model, needs, known, level))}
    ranked = _ranked([model for model in level.models if model not in excluded], known, level)
    first = [one for one in ranked if one.first]
    take = min(first, key=lambda one: one.fit_seconds).model if first else None
    sure = tuple(_sure(needs, level, ranked, take))
    return Advice(needs, task.figure, level.ratings_per_user, tuple(ranked), take, excluded, sure)


def _ranked(names: list[str], known: Measured, level: Level) -> list[Candidate]:
    """`names` stand in the order of their figures."""
    return [
        Candidate(
            name, level.models[name], known.row(name).fit_seconds, known.row(name).parameters,
            known.list_seconds[name], level.alike(names[0], name),
        )
        for name in names
    ]  # fmt: skip


def _reason(model: str, needs: Needs, known: Measured, level: Level) -> str:
    """Why a model is out: all that it lacks, a sentence each; empty if it lacks nothing."""
    return " ".join(filter(None, (rule(model, needs, known, level) for rule in RULES)))


def _lacks_figure(model: str, needs: Needs, known: Measured, level: Level) -> str | None:
    if model in level.models:
        return None
    if needs.task == "stars":
        return "It orders films and predicts no stars."
    return "It says what comes next after a history; on films in no order it was not measured."


def _lacks_order(model: str, needs: Needs, known: Measured, level: Level) -> str | None:
    if needs.time_order or MODELS[model].family != "sequence":
        return None
    return "It reads the order in which films were chosen, and that is not known."


def _lacks_side_information(model: str, needs: Needs, known: Measured, level: Level) -> str | None:
    if needs.side_information or model not in SIDE_INFORMATION:
        return None
    return "It was measured with what is known of users and films beside the ratings, and you have none of that."


def _takes_too_long(model: str, needs: Needs, known: Measured, level: Level) -> str | None:
    seconds = known.row(model).fit_seconds
    return f"It took {seconds:.3g} s to fit, and {needs.seconds:g} s are allowed." if seconds > needs.seconds else None


def _cannot_be_explained(model: str, needs: Needs, known: Measured, level: Level) -> str | None:
    if needs.explain == "no" or model in REASONS or (needs.explain == "parts" and model in SUMS):
        return None
    if model in SUMS:
        return "Its predictions are sums, but the parts have no names."
    return "Its predictions cannot be split into parts that one can look at."


def _knows_no_new_items(model: str, needs: Needs, known: Measured, level: Level) -> str | None:
    if not needs.new_items:
        return None
    if model not in SIDE_INFORMATION:
        return "It knows films by their number alone, so of a film without ratings it knows nothing."
    task, ignorant = measured.TASKS[needs.task], IGNORANT[needs.task]
    new = known.new_items[task.figure]
    low, high = new.difference(model, ignorant)
    if low > 0 if task.best > 0 else high < 0:
        return None
    value, floor, title = new.models[model].value, new.models[ignorant].value, MODELS[ignorant].title
    return (
        f"On films without ratings it is no better than {title}, which knows nothing of them: {value:.3f}, {floor:.3f}."
    )


Rule = Callable[[str, Needs, Measured, Level], str | None]
RULES: tuple[Rule, ...] = (
    _lacks_figure, _lacks_order, _lacks_side_information, _takes_too_long, _cannot_be_explained, _knows_no_new_items,
)  # fmt: skip


def _sure(needs: Needs, level: Level, ranked: list[Candidate], take: str | None) -> Iterator[str]:
    """How far the answer can be trusted."""
    if take is None:
        yield "No measured model has all of this. Give up one of the needs: the reasons say which one costs what."
        return
    best, *like = [one.title for one in ranked if one.first]
    if len(ranked) == 1:
        yield f"{best} is the only one that has all of this."
    elif like:
        yield (
            f"{best} has the best figure, and {' and '.join(like)} cannot be told apart from it: the interval of the "
            f"difference holds 0. {MODELS[take].title} is fitted fastest of these, so take it."
        )
    else:
        yield f"{best} is better than the others here: no interval of a difference holds 0."
    if not 1 / 2 < needs.ratings_per_user / level.ratings_per_user < 2:
        yield (
            f"You have {needs.ratings_per_user:g} ratings a user, and the nearest measurement has "
            f"{level.ratings_per_user:.0f}: this is a guess. Measure on your own data."
        )
    yield (
        "All was measured on one data set of films, with settings chosen for all its ratings. The intervals are over "
        "its users, not over other data sets."
    )
