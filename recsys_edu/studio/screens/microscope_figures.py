"""The Microscope's figures as plain Plotly dicts: bars by dimension, the two points on the plane, other predictions."""

from __future__ import annotations

import html

import numpy as np

from recsys_edu.studio.i18n import _
from recsys_edu.studio.microscope import Look

USER, ITEM, PRODUCT, RATING, GREY = 0, 1, 2, 3, 8  # places in the palette
GRID = {"gridcolor": "rgba(128,128,128,0.2)", "zeroline": True, "zerolinecolor": "rgba(128,128,128,0.7)"}
HOVER = "%{x}: %{y:.4g}<extra>%{fullData.name}</extra>"
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
KINDS = {
    "same user": _("same user, other film"),
    "same film": _("other user, same film"),
    "neither": _("other user, other film"),
}
LONGEST_TITLE = 28


def bars(model: str, look: Look, stage: str) -> dict[str, dict]:
    """The figure of a stage under its label, where it has one. A row of bars for each vector, number by number."""
    value, forward, gradient, update = look.value, look.forward, look.gradient, look.update
    vectors = [("p_u", "q_i"), (USER, ITEM)]
    if stage == "vectors":
        rows = [[(name, value[name], colour)] for name, colour in zip(*vectors, strict=True)]
        if model == "mf":
            rows.append([(_("product, number by number"), forward["product"], PRODUCT)])
        return {_("The two vectors, number by number"): _rows(rows, _("number k of the vector"))}
    if stage == "prediction" and model != "mf":
        layers = [k for k in range(1, 9) if f"z_{k}" in forward]
        rows = [
            [(f"z_{k} = W_{k} h_{k - 1} + b_{k}", forward[f"z_{k}"], GREY), (f"ReLU(z_{k})", forward[f"h_{k}"], ITEM)]
            for k in layers
        ]
        rows.append([(_("w times its input, number by number"), forward["product"], PRODUCT)])
        return {_("The layers, neuron by neuron"): _rows(rows, _("neuron"))}
    if stage == "gradients":
        rows = [[(f"∂L/∂{name}", gradient[name], colour)] for name, colour in zip(*vectors, strict=True)]
        return {_("The gradients, number by number"): _rows(rows, _("number k of the vector"))}
    if stage == "update":
        rows = [[(f"Δ{name}", update[name], colour)] for name, colour in zip(*vectors, strict=True)]
        return {_("The update, number by number"): _rows(rows, _("number k of the vector"))}
    return {}


def _rows(rows: list[list[tuple[str, np.ndarray, int]]], x_title: str) -> dict:
    """A row for each list of (name, numbers, colour), one above the other over the same k = 1, 2, ..."""
    height, traces = 1 / len(rows), []
    layout = {
        "height": 70 + 84 * len(rows), "margin": {"l": 48, "r": 8, "t": 30, "b": 40}, "barmode": "group",
        "bargap": 0.25, "legend": LEGEND, "showlegend": True, "hovermode": "closest",
        "xaxis": {"title": {"text": x_title}},
    }  # fmt: skip
    for number, row in enumerate(rows):
        axis = "" if number == 0 else str(number + 1)
        top = 1 - number * height
        layout[f"yaxis{axis}"] = GRID | {"domain": [top - height * 0.86, top], "nticks": 4, "anchor": "x"}
        for name, numbers, colour in row:
            x = list(range(1, len(numbers) + 1))
            traces.append(
                {
                    "type": "bar", "name": name, "x": x, "y": _digits(numbers), "yaxis": f"y{axis}",
                    "meta": {"colour": colour}, "hovertemplate": HOVER,
                }
            )  # fmt: skip
    layout["xaxis"]["anchor"] = f"y{len(rows)}" if len(rows) > 1 else "y"
    return {"data": traces, "layout": layout}


def plane(lens, close: bool) -> dict:
    """Where p_u and q_i have been, are, and go with the step that is shown, on the lens' fixed plane; films in grey."""
    before = lens.looks[: lens.at + 1]
    traces = [] if close else [_films(lens.outset.films)]
    ways = []
    for name, colour, symbol in (("p_u", USER, "circle"), ("q_i", ITEM, "diamond")):
        vectors = np.array([*(look.value[name] for look in before), lens.look.value[name] + lens.look.update[name]])
        way = (vectors - lens.outset.centre) @ lens.outset.directions  # (steps + 1, 2)
        ways.append(way)
        size = [5] * (len(way) - 2) + [9, 14]
        symbols = [symbol] * (len(way) - 2) + [f"{symbol}-open", symbol]
        traces.append(
            {
                "type": "scatter", "mode": "lines+markers", "name": name, "x": _digits(way[:, 0]),
                "y": _digits(way[:, 1]), "line": {"width": 2}, "marker": {"size": size, "symbol": symbols},
                "meta": {"colour": colour}, "hovertemplate": HOVER,
            }
        )  # fmt: skip
    layout = {
        "height": 330, "margin": {"l": 8, "r": 8, "t": 30, "b": 8}, "legend": LEGEND, "showlegend": True,
        "hovermode": "closest", "xaxis": GRID | {"showticklabels": False},
        "yaxis": GRID | {"showticklabels": False, "scaleanchor": "x"},
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _films(positions: np.ndarray) -> dict:
    return {
        "type": "scatter", "mode": "markers", "name": _("films"), "x": _digits(positions[:, 0]),
        "y": _digits(positions[:, 1]), "marker": {"size": 4, "opacity": 0.45}, "meta": {"colour": GREY},
        "hoverinfo": "skip",
    }  # fmt: skip


def others(look: Look, titles: list[str]) -> dict:
    """The prediction of this pair and of the others before the step and after, each on a line of its own. `titles`: of
    their films."""
    kinds = [_("this pair"), *(KINDS[other.kind] for other in look.others)]
    pairs = [(look.prediction, look.after), *((other.before, other.after) for other in look.others)]
    names = [f"<b>{kind}</b><br>{html.escape(_short(title))}" for kind, title in zip(kinds, titles, strict=True)]
    traces = []
    for name, (before, after) in zip(names, pairs, strict=True):
        traces.append(
            {
                "type": "scatter", "mode": "lines+markers+text", "name": name, "x": _digits([before, after]),
                "y": [name, name], "text": ["", f"{after - before:+.3f}"], "textposition": "top center",
                "line": {"width": 2}, "marker": {"size": [9, 13], "symbol": ["circle-open", "circle"]},
                "meta": {"colour": USER if len(traces) == 0 else PRODUCT}, "cliponaxis": False,
                "hovertemplate": "%{x:.4f}<extra></extra>",
            }
        )  # fmt: skip
    goal = {
        "type": "scatter", "mode": "markers", "name": _("rating"), "x": [look.rating], "y": [names[0]],
        "marker": {"size": 14, "symbol": "star"}, "meta": {"colour": RATING}, "hovertemplate": "★ %{x}<extra></extra>",
    }  # fmt: skip
    x_title = _("r̂: open before, full after; ★ the rating")
    layout = {
        "height": 330, "margin": {"l": 8, "r": 20, "t": 20, "b": 40}, "showlegend": False, "hovermode": "closest",
        "xaxis": GRID | {"zeroline": False, "title": {"text": x_title}},
        "yaxis": GRID | {"autorange": "reversed", "type": "category", "zeroline": False},
    }  # fmt: skip
    return {"data": [*traces, goal], "layout": layout}


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _digits(numbers) -> list[float]:
    """Five digits each: enough for a picture, and a fifth of the bytes."""
    return [float(f"{number:.5g}") for number in numbers]
