"""The histogram of a vote, as a Plotly figure in a plain dict (see `charts`)."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

import numpy as np

from recsys_edu.classroom.votes import Vote
from recsys_edu.studio.i18n import _

MOST_BARS = 12
SHOWN = 28  # characters of an option below its bar


def vote_figure(vote: Vote, answers: Sequence[float], own: float | None = None) -> dict:
    """How many gave each answer; the bar that holds the reader's `own` one stands out."""
    names, counts, mine = _by_option(vote, answers, own) if vote.options else _by_size(answers, own)
    trace = {
        "type": "bar", "x": names, "y": counts, "text": [str(count) for count in counts], "textposition": "outside",
        "cliponaxis": False, "meta": {"colour": 0}, "hovertemplate": "%{x}: %{y}<extra></extra>",
        "marker": {"opacity": [1.0 if mine in (None, place) else 0.45 for place in range(len(names))]},
    }  # fmt: skip
    layout = {
        "margin": {"l": 50, "r": 10, "t": 24, "b": 30}, "height": 230, "showlegend": False, "bargap": 0.25,
        "xaxis": {"type": "category", "fixedrange": True, "automargin": True},
        "yaxis": {
            "title": {"text": _("answers")}, "rangemode": "tozero", "tickformat": "d", "fixedrange": True,
            "range": [0, max([4, *counts]) * 1.15], "nticks": 6,
        },
    }  # fmt: skip
    return {"data": [trace], "layout": layout}


def _by_option(vote: Vote, answers: Sequence[float], own: float | None) -> tuple[list[str], list[int], int | None]:
    counts = np.bincount(np.asarray(answers, int), minlength=len(vote.options)).tolist()
    return [_name(option) for option in vote.options], counts, None if own is None else int(own)


def _name(option: str) -> str:
    return html.escape(option if len(option) <= SHOWN else option[: SHOWN - 1] + "…")


def _by_size(answers: Sequence[float], own: float | None) -> tuple[list[str], list[int], int | None]:
    """Each different number has a bar; where there are too many, bars of equal width."""
    values, counts = np.unique(np.asarray(answers, float), return_counts=True)
    if len(values) <= MOST_BARS:
        mine = np.flatnonzero(values == own).tolist() if own is not None else []
        return [f"{value:g}" for value in values], counts.tolist(), mine[0] if mine else None
    counts, edges = np.histogram(answers, bins=MOST_BARS)
    names = [f"{low:.3g} – {high:.3g}" for low, high in itertools.pairwise(edges)]
    mine = None if own is None else int(np.clip(np.searchsorted(edges, own, side="right") - 1, 0, MOST_BARS - 1))
    return names, counts.tolist(), mine
