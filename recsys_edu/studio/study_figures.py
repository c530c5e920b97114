"""The pictures of a study, as Plotly figures in plain dicts (see `charts`). What a trial came to is told by its symbol,
and by a colour beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from recsys_edu.search import LETTERS, Goal, Trial, space
from recsys_edu.studio.charts import LEGEND
from recsys_edu.studio.i18n import _

LABELS = {
    "embedding_dim": _("Embedding size d"),
    "learning_rate": _("Learning rate η"),
    "l2": _("L2 strength λ"),
}
DECADES = [sign * 10.0**power for power in range(-4, 4) for sign in (1, 3)]
TICKS = {"embedding_dim": [2**power for power in range(13)], "learning_rate": DECADES, "l2": DECADES}
LOOKS = {  # of a trial in this state: what the legend says, colour, symbol
    "complete": (_("to its end"), 0, "circle"),
    "pruned": (_("pruned: worse than the median"), 3, "x"),
    "running": (_("still learning"), 2, "circle-open"),
    "failed": (_("failed: the loss exploded"), 1, "triangle-up"),
}


def trials_figure(trials: Sequence[Trial], goal: Goal) -> dict:
    """The value of each trial's best epoch, a trace for each state of LOOKS; the last trace is the best value so far of
    those that reached their end, as steps."""
    known = [trial for trial in trials if trial.values]
    traces = [_points(known, state, [trial.number + 1 for trial in known]) for state in LOOKS]
    ended = [trial for trial in known if trial.state == "complete"]
    steps = {
        "type": "scatter", "mode": "lines", "name": _("the best so far"), "meta": {"colour": 4}, "hoverinfo": "skip",
        "line": {"width": 2, "shape": "hv"},
        "x": [trial.number + 1 for trial in ended] + [trials[-1].number + 1] * bool(ended),
        "y": list(accumulate([trial.value for trial in ended], lambda *two: goal.best(two))),
    }  # fmt: skip
    steps["y"] += steps["y"][-1:]
    layout = _layout(300, _("trial"), goal) | {"legend": LEGEND, "showlegend": True}
    layout["xaxis"] |= {"range": [0.3, max(len(trials), 5) + 0.7], "tickformat": "d"}
    return {"data": [*traces, steps], "layout": layout}


def setting_figure(trials: Sequence[Trial], goal: Goal, name: str, best: Trial | None) -> dict:
    """The same values over one setting: where good trials crowd together it matters, where they spread out it does
    not. The last trace is a ring around the best."""
    known = [trial for trial in trials if trial.values]
    traces = [_points(known, state, [getattr(trial.settings, name) for trial in known]) for state in LOOKS]
    ring = {
        "type": "scatter", "mode": "markers", "name": _("the best"), "meta": {"colour": 4}, "hoverinfo": "skip",
        "marker": {"size": 18, "symbol": "circle-open", "line": {"width": 3}},
        "x": [getattr(best.settings, name)] if best else [], "y": [best.value] if best else [],
    }  # fmt: skip
    layout = _layout(240, LABELS[name], goal) | {"showlegend": False}
    limits = space(trials[0].settings.model)[name]
    ticks = [tick for tick in TICKS[name] if limits.low <= tick <= limits.high]
    reach = [math.log10(limits.low / 1.15), math.log10(limits.high * 1.15)]
    layout["xaxis"] |= {
        "type": "log", "range": reach, "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks],
    }  # fmt: skip
    return {"data": [*traces, ring], "layout": layout}


def told(trial: Trial) -> str:
    """The settings that the search has set, in letters."""
    return ", ".join(f"{LETTERS[name]} = {getattr(trial.settings, name):g}" for name in space(trial.settings.model))


def _points(trials: Sequence[Trial], state: str, x: Sequence[float]) -> dict:
    """The trials of this state, at their `x`."""
    name, colour, symbol = LOOKS[state]
    shown = [(at, trial) for at, trial in zip(x, trials, strict=True) if trial.state == state]
    return {
        "type": "scatter", "mode": "markers", "name": name, "meta": {"colour": colour},
        "marker": {"size": 9, "symbol": symbol},
        "x": [at for at, _trial in shown], "y": [trial.value for _at, trial in shown],
        "text": [_told_of(trial) for _at, trial in shown],
        "hovertemplate": "%{y:.4f}<br>%{text}<extra></extra>",
    }  # fmt: skip


def _told_of(trial: Trial) -> str:
    sentence = _("trial {number}: {told}; best after {epochs} of {of} epochs")
    return sentence.format(number=trial.number + 1, told=told(trial), epochs=trial.chosen.epochs, of=len(trial.values))


def _layout(height: int, x: str, goal: Goal) -> dict:
    return {
        "height": height,
        "margin": {"l": 56, "r": 12, "t": 32, "b": 44},
        "xaxis": {"title": {"text": x}},
        "yaxis": {"title": {"text": _("{goal}, validation").format(goal=goal.name)}},
        "hovermode": "closest",
    }
