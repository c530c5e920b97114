"""The pictures of the Challenges page, as Plotly figures in plain dicts (see `charts`)."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import pandas as pd

from recsys_edu.studio.i18n import _

GREY = 8  # of the palette
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


def cold_start_figure(errors: pd.DataFrame, given: int) -> dict:
    """RMSE by the number of ratings that a newcomer gave (`challenge_labs.error_by_given`), and where we stand."""
    by_number, both = errors.drop(index="all"), errors["b_u, p_u"]
    x = [int(number) for number in by_number.index]
    hover = {"hovertemplate": "%{x}: %{y:.3f}<extra>%{fullData.name}</extra>"}
    traces = [
        _line(_("bias b_u alone"), x, by_number["b_u"], 1, "dash") | hover,
        _line(_("bias and taste p_u"), x, by_number["b_u, p_u"], 0) | hover,
        _line(_("all that they could tell"), [0, x[-1]], [both["all"]] * 2, GREY, "dot") | hover,
        _ring(given, both[str(given)]),
    ]
    return _figure(traces, _("ratings that the newcomer gave"), _("test RMSE, stars"))


def rerank_figure(before: pd.DataFrame, now: pd.DataFrame) -> dict:
    """Who gets the places: films of few and of many ratings (`fairness.exposure_by_band`)."""
    x = [_("{band} ratings").format(band=band) for band in now["ratings"]]
    bars = [
        (_("of the ratings"), now["of ratings"], GREY),
        (_("of the places, before"), before["of places"], 1),
        (_("of the places, now"), now["of places"], 0),
    ]
    hover = "%{x}: %{y:.1%}<extra>%{fullData.name}</extra>"
    traces = [
        {
            "type": "bar", "name": name, "x": x, "y": share.tolist(), "meta": {"colour": colour}, "marker": {},
            "text": [f"{value:.0%}" for value in share], "textposition": "outside", "cliponaxis": False,
            "hovertemplate": hover,
        }
        for name, share, colour in bars
    ]  # fmt: skip
    figure = _figure(traces, _("how often a film was rated"), _("share"))
    figure["layout"]["yaxis"] |= {"range": [0, 1], "tickformat": ".0%"}
    return figure


def loop_figure(runs: Mapping[str, pd.DataFrame], measure: str, y: str, until: int) -> dict:
    """One measure by round, up to round `until`, a line for each of `runs`. The axes are those of all ten rounds."""
    looks = ((0, "solid"), (1, "dash"), (2, "dot"), (GREY, "dashdot"))
    hover = {"hovertemplate": _("round") + " %{x}: %{y:.2f}<extra>%{fullData.name}</extra>"}
    traces = []
    for (name, rows), (colour, dash) in zip(runs.items(), looks, strict=False):
        done = rows[rows["round"] <= until]
        traces.append(_line(name, done["round"].tolist(), done[measure], colour, dash) | hover)
    figure = _figure(traces, _("round"), y)
    low = min(rows[measure].min() for rows in runs.values())
    high = max(rows[measure].max() for rows in runs.values())
    room = 0.08 * (high - low)
    rounds = max(len(rows) for rows in runs.values())
    figure["layout"]["xaxis"] |= {"range": [0.7, rounds + 0.3], "dtick": 1}
    figure["layout"]["yaxis"] |= {"range": [float(low - room), float(high + room)]}
    return figure


def price_figure(rows: Sequence[Mapping[str, float]], noise: float) -> dict:
    """What is paid, in stars, for how little an attack finds: a point for each noise that is computed."""
    x, y = [row["rmse"] for row in rows], [row["auc"] for row in rows]
    names = [f"z = {row['noise']:g}" for row in rows]
    told = [f"ε = {row['epsilon']:.1f}" for row in rows]
    path = _line(_("the attack on users"), x, y, 0) | {
        "mode": "lines+markers+text", "text": names, "textposition": "top right", "customdata": told,
        "hovertemplate": "%{text}, %{customdata}: RMSE %{x:.3f}, AUC %{y:.3f}<extra></extra>",
    }  # fmt: skip
    limit = _line(_("no attack can exceed"), x, [row["ceiling"] for row in rows], GREY, "dash")
    limit |= {"text": names, "hovertemplate": "%{text}: AUC %{y:.3f}<extra>%{fullData.name}</extra>"}
    here = [_ring(row["rmse"], row["auc"]) for row in rows if row["noise"] == noise]
    figure = _figure([path, limit, *(here or [_ring(None, None)])], _("test RMSE, stars"), _("AUC of the attack"))
    figure["layout"]["yaxis"] |= {"range": [0.45, 1.03]}
    return figure


def _line(name: str, x: Sequence, y: Sequence, colour: int, dash: str = "solid") -> dict:
    return {
        "type": "scatter", "mode": "lines+markers", "name": html.escape(name), "x": list(x),
        "y": [float(value) for value in y], "meta": {"colour": colour}, "line": {"width": 2.5, "dash": dash},
        "marker": {"size": 7},
    }  # fmt: skip


def _ring(x: float | None, y: float | None) -> dict:
    """Where the dial stands; nowhere, if that is not computed."""
    return {
        "type": "scatter", "mode": "markers", "name": _("now"), "meta": {"colour": 3}, "hoverinfo": "skip",
        "marker": {"size": 18, "symbol": "circle-open", "line": {"width": 3}},
        "x": [] if x is None else [float(x)], "y": [] if y is None else [float(y)],
    }  # fmt: skip


def _figure(traces: list[dict], x: str, y: str) -> dict:
    layout = {
        "height": 360, "margin": {"l": 56, "r": 16, "t": 12, "b": 44}, "showlegend": True, "hovermode": "closest",
        "legend": LEGEND, "xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}},
    }  # fmt: skip
    return {"data": traces, "layout": layout}
