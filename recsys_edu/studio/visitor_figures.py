"""How r̂ of one film comes about, as a Plotly waterfall, a plain dict (see charts.py)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from recsys_edu.studio.i18n import _

FACTORS = 6  # that have a bar of their own
UP, DOWN, TOTAL = "#3b8bc4", "#d9822b", "#8a8f98"  # told apart by the colour-blind, on light and on dark


def signed(value: float) -> str:
    """+0.31 or −0.09."""
    return f"{value:+.2f}".replace("-", "−")


def folded(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """b_i, b_u, the largest products p_k q_k, and the sum of the others, each with its name. What
    `visitor.parts` gives, without μ."""
    factors = sorted(((n, v) for n, v in parts.items() if n.startswith("factor ")), key=lambda pair: -abs(pair[1]))
    names = {name: _("factor {k}").format(k=name.removeprefix("factor ")) for name, _value in factors}
    rows = [(_("the film, b_i"), parts["item bias"]), (_("you, b_u"), parts["user bias"])]
    rows += [(names[name], value) for name, value in factors[:FACTORS]]
    if others := factors[FACTORS:]:
        rows.append((_("{n} other factors").format(n=len(others)), sum(value for _name, value in others)))
    return rows


def waterfall(parts: Mapping[str, float]) -> dict:
    """From μ, the mean of all ratings, bar by bar to r̂. `parts`: as `visitor.parts` gives them."""
    mean, rows = parts["mean"], folded(parts)
    ends = list(accumulate((value for _name, value in rows), initial=mean))  # μ, μ + b_i, ..., r̂
    room = 0.18 * max(max(ends) - min(ends), 0.05)  # for the numbers beside the bars
    total = _("r̂, predicted")
    trace = {
        "type": "waterfall", "orientation": "h", "base": mean, "meta": {"colour": 0},
        "measure": ["relative"] * len(rows) + ["total"],
        "y": [name for name, _value in rows] + [total], "x": [value for _name, value in rows] + [0],
        "text": [signed(value) for _name, value in rows] + [f"{ends[-1]:.2f}"],
        "textposition": "outside", "cliponaxis": False, "hoverinfo": "y+text",
        "increasing": {"marker": {"color": UP}}, "decreasing": {"marker": {"color": DOWN}},
        "totals": {"marker": {"color": TOTAL}}, "connector": {"line": {"color": TOTAL, "width": 1}},
    }  # fmt: skip
    layout = {
        "height": 26 * len(trace["y"]) + 76, "margin": {"l": 8, "r": 8, "t": 30, "b": 44}, "showlegend": False,
        "xaxis": {"title": {"text": _("stars")}, "range": [min(ends) - room, max(ends) + room], "fixedrange": True},
        "yaxis": {"autorange": "reversed", "fixedrange": True, "type": "category"},
        "shapes": [
            {"type": "line", "x0": mean, "x1": mean, "y0": 0, "y1": 1, "yref": "paper",
             "line": {"width": 1, "dash": "dot", "color": TOTAL}}
        ],
        "annotations": [
            {"x": mean, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
             "text": _("μ = {mean:.2f}, the mean of all ratings").format(mean=mean)}
        ],
    }  # fmt: skip
    return {"data": [trace], "layout": layout}
