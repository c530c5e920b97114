"""Plotly figures as plain dicts: `import plotly` takes a second that the studio's first page would pay."""

from collections.abc import Sequence

from recsys_edu.studio.i18n import _


def loss_figure(
    train_x: Sequence[float] = (),
    train_y: Sequence[float] = (),
    validation_x: Sequence[float] = (),
    validation_y: Sequence[float] = (),
) -> dict:
    """The loss L, a mean over ratings of (r_ui - r̂_ui)², by epoch; trace 0 training, trace 1 held out.

    `x` are epochs, fractions included; `y` mean squared errors in squared rating units. Theme colours are put
    on by the browser.
    """
    hover = "%{x:.2f}: %{y:.4f}<extra>%{fullData.name}</extra>"
    train = {"name": _("training ratings"), "mode": "lines", "line": {"width": 1.5}, "opacity": 0.9}
    held_out = {
        "name": _("held-out ratings"),
        "mode": "lines+markers",
        "line": {"width": 2.5},
        "marker": {"size": 7},
    }
    return {
        "data": [
            {"type": "scatter", "x": list(x), "y": list(y), "hovertemplate": hover} | style
            for x, y, style in ((train_x, train_y, train), (validation_x, validation_y, held_out))
        ],
        "layout": {
            "height": 320,
            "margin": {"l": 56, "r": 12, "t": 32, "b": 44},
            "xaxis": {"title": {"text": _("epoch")}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": _("mean squared error")}},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "showlegend": True,
            "hovermode": "closest",
        },
    }
