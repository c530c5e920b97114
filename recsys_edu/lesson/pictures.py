"""Pictures of the chapters that move in JupyterLab, and stay as still pictures in a page without a kernel."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

from recsys_edu.errors import SettingsError
from recsys_edu.events import EpochEvent, Event, FailedEvent, FinishedEvent

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's colours, told apart by colour-blind eyes too: blue, vermilion, green, orange, sky, purple, grey.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#777777"]
STILL = "application/vnd.plotly.v1+json"
HEIGHT = 420  # pixels
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}  # above the picture, clear of a second axis


class LossCurve:
    """A listener for `training.fit(..., on_event=curve)`: a picture with one more point after each epoch.

    Of a model of ratings it draws the RMSE in stars, on the training part and, if fit was given one, on the held-out
    part; of a model that only ranks its own loss, and beside it the held-out NDCG@10. `figure` is what it shows.
    A second run with the same curve begins anew."""

    def __init__(self, title: str):
        import plotly.graph_objects as go

        self.figure = go.FigureWidget(layout={"title": title, "height": HEIGHT, "autosize": True, "legend": LEGEND})
        self.figure.update_layout(margin={"t": 90})
        self.figure.update_xaxes(title_text="epoch", tickformat="d", dtick=1)
        self._handle = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, EpochEvent):
            self._grow(event)
        elif isinstance(event, FinishedEvent | FailedEvent) and self._handle:
            self._handle.update(_bundle(self.figure, self.figure), raw=True)  # with the still picture as it is now
            self._handle = None

    def _grow(self, event: EpochEvent) -> None:
        if self._handle is None:
            self._begin(event)
        values = [value for value in _drawn(event) if value is not None]
        with self.figure.batch_update():
            if event.epoch > 12:
                self.figure.update_xaxes(dtick=None)  # so many ticks would touch each other
            for line, value in zip(self.figure.data, values, strict=True):
                line.x, line.y = [*(line.x or ()), event.epoch], [*(line.y or ()), value]

    def _begin(self, event: EpochEvent) -> None:
        from IPython.display import display

        is_stars = event.loss == "mse" and event.validation_ndcg is None
        self.figure.data = ()
        self.figure.update_yaxes(title_text="RMSE (stars)" if is_stars else f"loss ({event.loss})")
        self.figure.add_scatter(name="training", mode="lines+markers", line_color=COLOURS[0])
        if event.validation_mse is not None:
            self.figure.add_scatter(name="held out", mode="lines+markers", line_color=COLOURS[1])
        elif event.validation_ndcg is not None:
            self.figure.add_scatter(name="NDCG@10, held out", mode="lines+markers", line_color=COLOURS[1], yaxis="y2")
            second = {"title": "NDCG@10", "overlaying": "y", "side": "right", "tickformat": ".3f"}
            self.figure.update_layout(yaxis2=second)
        self._handle = display(_bundle(self.figure, self.figure), raw=True, display_id=True)


def explore(draw: Callable[..., go.Figure], **controls: tuple | list) -> None:
    """Show `draw(**values)` with a control for each keyword: a slider for (min, max) or (min, max, step), a menu for a
    list. They start at draw's own defaults, where a page without a kernel stays. `draw` keeps its number of traces.

    Raises SettingsError for a control that `draw` has no default for."""
    import ipywidgets
    import plotly.graph_objects as go
    from IPython.display import display

    first = _defaults(draw, controls)
    figure = go.FigureWidget(draw(**first))
    figure.layout.autosize = True
    widgets = {name: _control(name, controls[name], first[name]) for name in controls}

    def redraw(_change) -> None:
        _replace(figure, draw(**{name: widget.value for name, widget in widgets.items()}))

    for widget in widgets.values():
        widget.observe(redraw, "value")
    box = ipywidgets.VBox([*widgets.values(), figure])
    display(_bundle(box, figure), raw=True)


def _drawn(event: EpochEvent) -> tuple[float, float | None]:
    """What the two lines show of an epoch."""
    if event.validation_ndcg is not None:
        return event.train_loss, event.validation_ndcg
    if event.loss != "mse":
        return event.train_loss, None
    return event.train_loss**0.5, None if event.validation_mse is None else event.validation_mse**0.5


def _defaults(draw: Callable, controls: dict) -> dict:
    own = {name: parameter.default for name, parameter in inspect.signature(draw).parameters.items()}
    missing = [name for name in controls if own.get(name, inspect.Parameter.empty) is inspect.Parameter.empty]
    if missing:
        raise SettingsError(f"Give {', '.join(missing)} a default in `draw`: the picture starts there.")
    return {name: own[name] for name in controls}


def _control(name: str, control: tuple | list, value: object):
    """A slider that is told while it is dragged, or a menu."""
    import ipywidgets

    wide = {"description": name, "value": value, "style": {"description_width": "initial"}}
    if isinstance(control, list):
        return ipywidgets.Dropdown(options=control, layout={"width": "max-content"}, **wide)
    low, high, *step = control
    kind = ipywidgets.IntSlider if all(isinstance(v, int) for v in (*control, value)) else ipywidgets.FloatSlider
    return kind(min=low, max=high, layout={"width": "60%"}, **({"step": step[0]} if step else {}), **wide)


def _replace(figure: go.FigureWidget, new: go.Figure) -> None:
    """Make `figure` show `new` without drawing it anew, so that it moves."""
    if len(figure.data) != len(new.data):
        raise SettingsError(f"`draw` gave {len(new.data)} traces after {len(figure.data)}: keep their number.")
    with figure.batch_update():
        for old_trace, new_trace in zip(figure.data, new.data, strict=True):
            old_trace.update(new_trace.to_plotly_json(), overwrite=True)
        figure.layout = new.layout


def _bundle(widget: object, figure: go.Figure) -> dict:
    """The widget where a kernel serves it, else the figure as it is now."""
    return widget._repr_mimebundle_() | {STILL: figure.to_plotly_json()}
