"""The pictures of the World page, as Plotly figures in plain dicts (see `charts`)."""

from __future__ import annotations

import html

import numpy as np

from recsys_edu.studio.charts import Mark
from recsys_edu.studio.i18n import _
from recsys_edu.studio.worlds import DIALS, ITEMS, Dials, Found, Seen

REACH = 1.95  # of both maps, whatever the dials say: a taste's own place is 1 from the middle


def map_figure(xy: np.ndarray, found: Found) -> dict:
    """Films at `xy` (I, 2), coloured by their true main taste; a trace for each taste."""
    traces = []
    for k in range(len(found.tastes)):
        rows = np.flatnonzero(found.taste == k)
        marker = {"size": 8, "opacity": 0.8, "symbol": Mark(k).as_dict()["symbol"]}
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": found.tastes[k], "meta": {"colour": k}, "marker": marker,
                "x": xy[rows, 0].round(3).tolist(), "y": xy[rows, 1].round(3).tolist(),
                "text": [html.escape(found.titles[i]) for i in rows],
                "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
            }
        )  # fmt: skip
    hidden = {"visible": False, "range": [-REACH, REACH], "fixedrange": True}
    layout = _layout(290, l=4, r=4, t=4, b=4) | {"showlegend": False, "annotations": _names(found.tastes)}
    layout |= {"xaxis": hidden, "yaxis": hidden | {"scaleanchor": "x"}}
    return {"data": traces, "layout": layout | {"transition": {"duration": 400, "ordering": "traces first"}}}


def _names(tastes: list[str]) -> list[dict]:
    """The name of each taste, in its direction."""
    angle = 2 * np.pi * np.arange(len(tastes)) / len(tastes)
    plain = {"showarrow": False, "font": {"size": 13}}
    return [
        plain | {"x": 1.75 * np.cos(a), "y": 1.75 * np.sin(a), "text": html.escape(name)}
        for a, name in zip(angle.tolist(), tastes, strict=True)
    ]


def recovery_figure(seen: Seen, now: Dials, chance: float) -> dict:
    """R² by ratings a user, of all settings that the session has seen: a line for each world and model, the last seven
    of them; the first trace is what chance gives, the last the setting that the dials say now."""
    kinds = list(dict.fromkeys(dials.curve for dials in reversed(seen)))[:7]
    traces = []
    for number, kind in enumerate(reversed(kinds)):
        points = sorted((d for d in seen if d.curve == kind), key=lambda dials: dials.density)
        values = [seen[dials] for dials in points]
        traces.append(
            Mark(number).trace(_told(kind))
            | {
                "x": [dials.per_user for dials in points], "y": [r2 for r2, _rmse in values],
                "customdata": [rmse for _r2, rmse in values],
                "hovertemplate": "%{x:g}: R² %{y:.3f}, RMSE %{customdata:.3f}<extra>%{fullData.name}</extra>",
            }
        )  # fmt: skip
    low, high = (DIALS["density"].values[end] * ITEMS for end in (0, -1))
    by_chance = {
        "type": "scatter", "mode": "lines", "name": _("by chance"), "meta": {"colour": 8}, "hoverinfo": "skip",
        "line": {"width": 1.5, "dash": "dot"}, "x": [low, high], "y": [chance] * 2,
    }  # fmt: skip
    ring = {"size": 18, "symbol": "circle-open", "line": {"width": 3}}
    here = {
        "type": "scatter", "mode": "markers", "name": _("now"), "meta": {"colour": 3}, "marker": ring,
        "x": [now.per_user], "y": [seen[now][0]], "hoverinfo": "skip",
    }  # fmt: skip
    layout = _layout(260, l=56, r=12, t=12, b=44)
    layout["xaxis"] = {
        "title": {"text": _("ratings per user")}, "type": "log", "tickvals": [1, 2, 4, 10, 20, 40, 100, 160],
        "range": np.log10([low * 0.9, high * 1.1]).tolist(),
    }  # fmt: skip
    layout["yaxis"] = {"title": {"text": _("recovery R²")}, "range": [-0.03, 1.03]}
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    return {"data": [by_chance, *traces, here], "layout": layout}


def _told(kind: Dials) -> str:
    return _("σ {noise:g}, {tastes} tastes, d {d}, λ {l2:g}, seed {seed}").format(
        noise=kind.noise, tastes=kind.num_tastes, d=kind.d, l2=kind.l2, seed=kind.seed
    )


def _layout(height: int, **margin: int) -> dict:
    return {"height": height, "margin": margin, "showlegend": True, "hovermode": "closest", "legend": {}}
