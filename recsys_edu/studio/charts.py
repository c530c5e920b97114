"""Plotly figures as plain dicts: `import plotly` takes a second that the studio's first page would pay.

Theme colours are put on by the browser; a trace names its colour by `meta.colour`. Names go in as text: Plotly would
read tags in them.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from recsys_edu.studio.i18n import _

LOSS_NAMES = {
    "mse": _("mean squared error"),
    "bpr": _("BPR loss"),
    "softmax": _("softmax cross-entropy"),
    "bce": _("binary cross-entropy"),
}
METRICS = {"rmse": _("RMSE, in stars"), "ndcg": _("NDCG@10")}
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "diamond", "square", "triangle-up")
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


@dataclass(frozen=True)
class Mark:
    """How one run is drawn everywhere: told apart by colour, and by dash and symbol where colours do not help."""

    number: int

    def as_dict(self) -> dict:
        turn = self.number + self.number // len(DASHES)  # the fifth has another dash than the first
        return {
            "colour": self.number, "dash": DASHES[turn % len(DASHES)], "symbol": SYMBOLS[self.number % len(SYMBOLS)],
        }  # fmt: skip

    def trace(self, name: str) -> dict:
        look = self.as_dict()
        return {
            "type": "scatter", "name": html.escape(name), "mode": "lines+markers", "meta": {"colour": look["colour"]},
            "line": {"width": 2.5, "dash": look["dash"]}, "marker": {"size": 8, "symbol": look["symbol"]},
        }  # fmt: skip


def loss_figure(
    train_x: Sequence[float] = (),
    train_y: Sequence[float] = (),
    validation_x: Sequence[float] = (),
    validation_y: Sequence[float] = (),
    loss: str | None = "mse",
    ranks: bool = False,
    recall: bool = False,
    dots: bool = False,
) -> dict:
    """By epoch: trace 0 the loss L on the training part, trace 1 what the held-out part gives, trace 2 its Recall@10 if
    `recall`.

    `x` are epochs, fractions included. Of a model of ratings both `y` are means over ratings of (r_ui - r̂_ui)². One
    that only ranks has a `loss` of its own (None: its name is not known yet), and NDCG@10. What judges lists has a
    panel of its own, below the loss. `dots`: each point of the training loss is seen.
    """
    hover = "%{x:.2f}: %{y:.4f}<extra>%{fullData.name}</extra>"
    loss_name = LOSS_NAMES.get(loss, loss) or _("loss")
    train = {
        "name": loss_name if ranks else _("training ratings"), "mode": "lines+markers" if dots else "lines",
        "line": {"width": 1.5}, "marker": {"size": 5}, "opacity": 0.9, "meta": {"colour": 0},
    }  # fmt: skip
    held_out = {
        "name": _("NDCG@10, held out") if ranks else _("held-out ratings"), "mode": "lines+markers",
        "line": {"width": 2.5}, "marker": {"size": 7}, "meta": {"colour": 3}, "yaxis": "y2" if ranks else "y",
    }  # fmt: skip
    found = {
        "name": _("Recall@10, held out"), "mode": "lines+markers", "line": {"width": 2.5, "dash": "dot"},
        "marker": {"size": 8, "symbol": "diamond"}, "meta": {"colour": 2}, "yaxis": "y2",
    }  # fmt: skip
    drawn = [(train_x, train_y, train), (validation_x, validation_y, held_out), *([((), (), found)] if recall else [])]
    lists = {(True, True): _("NDCG · Recall"), (True, False): METRICS["ndcg"], (False, True): _("Recall@10")}
    shared = {"type": "scatter", "hovertemplate": hover}
    return {
        "data": [shared | {"x": list(x), "y": list(y)} | style for x, y, style in drawn],
        "layout": _loss_layout(loss_name, lists.get((ranks, recall))),
    }


def _loss_layout(loss_name: str, lists: str | None) -> dict:
    """The loss above and, where there are any, the figures of `lists` below, over the same epochs."""
    layout = _layout(400 if lists else 320, _("epoch"), loss_name, LEGEND)
    layout["xaxis"]["rangemode"] = "tozero"
    if lists:
        layout["xaxis"]["anchor"] = "y2"
        layout["yaxis"]["domain"] = [0.42, 1]
        layout["yaxis2"] = {"title": {"text": lists}, "domain": [0, 0.34], "rangemode": "tozero", "tickformat": ".2f"}
    return layout


def epochs_figure(losses: Sequence[float | None]) -> dict:
    """The training loss of a run that is over, by epoch."""
    trace = Mark(0).trace(_("training loss")) | {"x": list(range(1, len(losses) + 1)), "y": list(losses)}
    layout = _layout(260, _("epoch"), _("loss"))
    layout["xaxis"] |= {"dtick": max(1, len(losses) // 10)}
    return {"data": [trace], "layout": layout | {"showlegend": False}}


def race_figure(names: Sequence[str], metric: str) -> dict:
    """A trace for each lane, empty: the browser fills it in from the lane's socket. `metric`: rmse or ndcg."""
    hover = "%{x:.2f} s: %{y:.4f}<extra>%{fullData.name}</extra>"
    traces = [Mark(k).trace(name) | {"x": [], "y": [], "hovertemplate": hover} for k, name in enumerate(names)]
    return {"data": traces, "layout": _layout(360, _("seconds of training"), METRICS[metric], LEGEND)}


def cost_figure(runs: Sequence[tuple], cost_title: str, metric: str) -> dict:
    """What a run costs against how good it is: a point for each of `runs`, (Mark, name, cost, value). The cost's axis
    is logarithmic, so a cost of 0 stands at the smallest positive one; the reader finds the number under the pointer.
    """
    least = min((cost for _mark, _name, cost, _value in runs if cost > 0), default=1)
    traces = [
        mark.trace(name)
        | {
            "x": [max(cost, least)], "y": [value], "mode": "markers", "customdata": [cost],
            "hovertemplate": "%{customdata:,.4~g}: %{y:.4f}<extra>%{fullData.name}</extra>",
        }
        for mark, name, cost, value in runs
    ]  # fmt: skip
    layout = _layout(300, cost_title, METRICS[metric])
    layout["xaxis"] |= {"type": "log", "dtick": 1}
    return {"data": traces, "layout": layout | {"showlegend": False}}


def parallel_figure(runs: Sequence[tuple], axes: Sequence[tuple]) -> dict:
    """A line for each of `runs`, (Mark, name, values), over upright `axes`, (label, direction, format). Every axis is
    turned so that up is better; a direction of -1 means that small values are. A value of None breaks the line."""
    columns = [_axis([values[k] for _mark, _name, values in runs], axis[1]) for k, axis in enumerate(axes)]
    traces = []
    for row, (mark, name, values) in enumerate(runs):
        told = ["–" if v is None else format(v, axis[2]) for v, axis in zip(values, axes, strict=True)]
        heights = [heights[row] for _low, _high, heights in columns]
        traces.append(
            mark.trace(name)
            | {
                "x": list(range(len(axes))), "y": heights, "customdata": told,
                "hovertemplate": "%{customdata}<extra>%{fullData.name}</extra>",
            }
        )  # fmt: skip
    layout = _layout(340, "", "", LEGEND | {"y": 1.16})
    layout |= {"annotations": [], "shapes": []}
    for k, ((label, _direction, form), (worst, best, _heights)) in enumerate(zip(axes, columns, strict=True)):
        upright = {"type": "line", "x0": k, "x1": k, "y0": 0, "y1": 1, "layer": "below"}
        layout["shapes"].append(upright | {"line": {"width": 1, "color": "rgba(128,128,128,0.6)"}})
        ends = ("", "") if best is None else (format(worst, form), format(best, form))
        top = f"<b>{html.escape(label)}</b><br>" + _("↑ better") + f"<br>{ends[1]}"
        layout["annotations"] += [
            {"x": k, "y": 1.02, "text": top, "showarrow": False, "yanchor": "bottom"},
            {"x": k, "y": -0.02, "text": ends[0], "showarrow": False, "yanchor": "top"},
        ]
    layout["xaxis"] |= {"visible": False, "range": [-0.4, len(axes) - 0.6], "fixedrange": True}
    layout["yaxis"] |= {"visible": False, "range": [-0.12, 1.3], "fixedrange": True}
    return {"data": traces, "layout": layout}


def _axis(values: list[float | None], direction: int) -> tuple[float | None, float | None, list[float | None]]:
    """The worst and the best of the values, and where each stands between 0, the worst, and 1, the best."""
    known = [value for value in values if value is not None]
    if not known:
        return None, None, values
    worst, best = (min(known), max(known))[::direction]
    span = best - worst
    return worst, best, [None if v is None else (v - worst) / span if span else 1.0 for v in values]


def _layout(height: int, x: str, y: str, legend: dict | None = None) -> dict:
    return {
        "height": height,
        "margin": {"l": 56, "r": 12, "t": 32, "b": 44},
        "xaxis": {"title": {"text": x}},
        "yaxis": {"title": {"text": y}},
        "legend": legend or {},
        "showlegend": True,
        "hovermode": "closest",
    }
