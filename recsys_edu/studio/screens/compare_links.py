"""What the Compare page's controls say, as the parameters of a link, and back: ?models=biases,mf&budget=5&race_seed=3.

As in links.py, a part that makes no sense is left out, with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from recsys_edu import search
from recsys_edu.models import MODELS
from recsys_edu.studio import links
from recsys_edu.studio.links import SPLITS, between, data_set, one_of
from recsys_edu.studio.races import MOST_LANES

FIRST = ("biases", "mf", "mlp")  # quick, and each a step beyond the one before
MOST_CHOSEN, NONE = 60, "none"  # ticked runs of the store that a link names by their numbers there
BUDGETS = [1, 2, 5, 10, 20, 30, 60, 120]
STUDIES = [5, 10, 20, 40, 80]  # numbers of trials
USUAL = {"race_models": list(FIRST), "race_budget": 10, "race_seed": 0, "study_model": "mf", "study_trials": 20}
READERS: dict[str, Callable] = {
    "data": data_set,
    "split": one_of(SPLITS),
    "race_models": lambda text: [one_of(MODELS)(name) for name in text.split(",")[:MOST_LANES] if text],
    "race_budget": lambda text: int(one_of(list(map(str, BUDGETS)))(text)),
    "race_seed": between(0, 2**31 - 1),
    "race_metric": one_of(["rmse", "ndcg"]),
    "chosen_runs": lambda text: set() if text == NONE else set(links.rows(10**9, MOST_CHOSEN)(text)),
    "study_model": one_of(search.searchable()),
    "study_trials": lambda text: int(one_of(list(map(str, STUDIES)))(text)),
}


def to_params(chosen: Mapping) -> dict[str, str]:
    """The link's parameters, of the controls' values by their keys. What is as usual is left out."""
    known = {name: chosen[name] for name in READERS if name in chosen and chosen[name] != USUAL.get(name)}
    return {name: _as_text(value) for name, value in known.items()}


def _as_text(value) -> str:
    if isinstance(value, set):  # the newest have the largest numbers
        return links.as_rows(sorted(value)[-MOST_CHOSEN:]) or NONE
    return ",".join(value) if isinstance(value, list) else str(value)


def from_params(params: Mapping[str, str]) -> tuple[dict, list[str]]:
    """The values that a link asks for, and a sentence for each part of it that makes no sense."""
    return links.read(params, READERS)
