"""Mount the film map, the charts, lists of films and tables of runs on a Streamlit page.

The map and the live charts listen to a WebSocket of the studio for each run (`live_url`), past Streamlit: a frame of
the map or a point of a curve causes no rerun of the script. A rerun hands them new `data`; they keep what they show.

A URL with a leading slash starts at the server's root; one without is relative to where the app is served,
so it also holds under `server.baseUrlPath` or behind a proxy's prefix.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from recsys_edu.studio.i18n import _

FOLDER = Path(__file__).parent


def read_assets(scripts: Sequence[str], *names: str) -> dict[str, str]:
    """The HTML, CSS and JavaScript of a component as text: the pages of `names` one below the other; `scripts`, and how
    Streamlit calls them, joined into one module."""
    files = {"html": [f"{name}.html" for name in names], "css": [f"{name}.css" for name in names]}
    files["js"] = ["calls.js", *scripts]
    return {kind: "\n".join((FOLDER / file).read_text(encoding="utf-8") for file in files[kind]) for kind in files}


MAP_PARTS = ["palette", "points", "view", "overlay", "pointer", "search", "map"]
MAP_SCRIPTS = ["live.js", *(f"film_{part}.js" for part in MAP_PARTS)]
FILM_MAP = read_assets([*MAP_SCRIPTS, "film_mount.js"], "film_map")
TIME_PARTS = ["frames", "space", "colours", "time", "export", "lasso"]
TIME_SCRIPTS = [*MAP_SCRIPTS, *(f"film_{part}.js" for part in TIME_PARTS), "time_map.js"]
TIME_MAP = read_assets(TIME_SCRIPTS, "film_map", "time_map")
CHART = ["live.js", "film_palette.js", "chart.js"]
LOSS_CURVES = read_assets([*CHART, "loss_curves.js"], "chart")
RACE_CHART = read_assets([*CHART, "race_chart.js"], "chart")
FIGURE = read_assets([*CHART, "figure.js"], "chart")
RUN_TABLE = read_assets(["element.js", "live.js", "film_palette.js", "run_table.js"], "run_table")
FILM_LIST = read_assets(["element.js", "film_list.js"], "film_list")
PLOTLY_URL = "/assets/plotly.min.js"

mount_film_map = st.components.v2.component("recsys_edu.film_map", **FILM_MAP)
mount_time_map = st.components.v2.component("recsys_edu.time_map", **TIME_MAP)
# Plotly puts its style sheet into the page's head, which does not reach into a shadow root.
mount_loss_curves = st.components.v2.component("recsys_edu.loss_curves", isolate_styles=False, **LOSS_CURVES)
mount_race_chart = st.components.v2.component("recsys_edu.race_chart", isolate_styles=False, **RACE_CHART)
mount_figure = st.components.v2.component("recsys_edu.figure", isolate_styles=False, **FIGURE)

mount_run_table = st.components.v2.component("recsys_edu.run_table", **RUN_TABLE)
mount_film_list = st.components.v2.component("recsys_edu.film_list", **FILM_LIST)


def film_map(
    run_token: str,
    items_url: str,
    live_url: str | None,
    selected: int | None = None,
    neighbours: Sequence[int] = (),
    height: int = 520,
    key: str = "film_map",
    on_picked_change: Callable[[], None] | None = None,
):
    """Show the live map; the result's `picked` is the item_index of a film just clicked or searched, or None.

    `live_url` is None as long as there is no run. `selected` is the item_index to ring, `neighbours` those of
    its nearest films, which get a line each. `items_url` answers `{"title": […], "year": […], "genres":
    ["Action|Comedy", …], "count": […]}`. `height` is in CSS pixels; a narrow page shows a lower map.
    """
    data = {
        "run": run_token,
        "items_url": items_url,
        "live_url": live_url,
        "selected": None if selected is None else int(selected),
        "neighbours": [int(item_index) for item_index in neighbours],
        "height": height,
        "strings": map_strings(),
    }
    return mount_film_map(key=key, data=data, on_picked_change=on_picked_change or _do_nothing)


def time_map(
    run_token: str,
    query: str,
    epoch: int | None = None,
    colour: str = "genre",
    selected: int | None = None,
    neighbours: Sequence[int] = (),
    pins: Sequence[int | None] = (None, None),
    only: Sequence[int] | None = None,
    selected_only: bool = False,
    height: int = 520,
):
    """Show the map of a run with its time machine. The result's `picked` is as that of `film_map`; its `epoch` is the
    one that the reader scrubbed to, None for the newest; `selection` is {"films": item_index of those in a loop just
    drawn, or None for "all again"}, else None.

    `query` says which maps, as map_routes.py reads it ("kind=pca&dims=3"); `epoch` where to begin; `colour` is genre,
    year, count, mean or honesty; `pins` are the item_index of the films A and B, `only` of those to show (None: all);
    with `selected_only` these are the reader's selection."""
    data = {
        "run": run_token,
        "items_url": f"/live/{run_token}/items.json",
        "live_url": f"/live/{run_token}",
        "film": f"/live/{run_token}/frames.bin?{query}",
        "honesty": f"/live/{run_token}/honesty.bin?{query}",
        "space": f"/live/{run_token}/space",
        "epoch": epoch,
        "colour": colour,
        "selected": None if selected is None else int(selected),
        "neighbours": [int(item_index) for item_index in neighbours],
        "pins": [None if pin is None else int(pin) for pin in pins],
        "only": None if only is None else [int(item_index) for item_index in only],
        "selected_only": selected_only,
        "height": height,
        "strings": time_strings(colour),
    }
    told = {f"on_{name}_change": _do_nothing for name in ("picked", "epoch", "selection")}
    key = "time_map_" + run_token.replace("_", "-")  # Streamlit refuses a key with two underscores in a row
    return mount_time_map(key=key, data=data, default={"epoch": epoch}, **told)


def loss_curves(figure: dict, live_url: str, plotly_url: str = PLOTLY_URL, key: str = "loss_curves"):
    """Show the loss curves of a run as they grow; `figure` is `charts.loss_figure`'s dict.

    `plotly_url` is where the studio serves `plotly/package_data/plotly.min.js`.
    """
    data = {"figure": figure, "live_urls": [live_url], "plotly_url": plotly_url, "strings": curve_strings()}
    return mount_loss_curves(key=key, data=data)


def race_chart(figure: dict, live_urls: Sequence[str], metric: str, seconds: float, key: str = "race_chart"):
    """Show lanes as they race; `figure` is `charts.race_figure`'s dict, with a trace for each of `live_urls`. `metric`
    is rmse or ndcg, `seconds` how far the empty chart reaches."""
    data = {"figure": figure, "live_urls": list(live_urls), "metric": metric, "seconds": seconds}
    return mount_race_chart(key=key, data=data | {"plotly_url": PLOTLY_URL, "strings": race_strings()})


def still_figure(figure: dict, label: str, key: str):
    """Show a Plotly figure that changes with reruns alone; `label` names it for screen readers."""
    data = {"figure": figure, "live_urls": [], "plotly_url": PLOTLY_URL, "strings": curve_strings() | {"label": label}}
    return mount_figure(key=key, data=data)


def run_table(runs: Sequence[dict], columns: Sequence[dict], label: str, empty: str, key: str, choosable: bool = False):
    """Show runs as a table; the result's `toggled` and `deleted` are the id of a run just ticked or deleted, or None.

    A run is {"id", "title", "detail", "mark": {"colour", "dash", "symbol"} or None, "chosen", "cells": [{"text",
    "best"}]}, a column {"label", "help"}. `empty` is said when there is no run."""
    strings = table_strings() | {"label": label, "empty": empty}
    data = {"runs": list(runs), "columns": list(columns), "choosable": choosable, "strings": strings}
    return mount_run_table(key=key, data=data, on_toggled_change=_do_nothing, on_deleted_change=_do_nothing)


def film_list(films: Sequence[dict], label: str, empty: str, key: str) -> int | None:
    """Show films as a list; the item_index of one just clicked, else None.

    A film is {"item_index", "title", "detail", "number": text, "share": length of the bar from 0 to 1, "note": text}.
    `empty` is said when there is none; `label` names the list for screen readers.
    """
    data = {"films": list(films), "label": label, "empty": empty}
    return mount_film_list(key=key, data=data, on_picked_change=_do_nothing).picked


def _do_nothing() -> None:
    """Streamlit returns a trigger only where it has a callback."""


def map_strings() -> dict[str, str]:
    """What the map says; the JavaScript holds no sentence of its own. `{name}` is filled in there."""
    return {
        "empty": _("Press Train: the films start at random and arrange themselves by taste"),
        "awaited": _("The films take their places…"),
        "search": _("Find a film by title"),
        "nothing_found": _("No film has this in its title"),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "zoom_reset": _("Show the whole map (or double-click it)"),
        "legend": _("Genres on the map"),
        "isolate": _("Show only this genre, or all again"),
        "other_genres": _("Other genres"),
        "no_genre": _("No genre"),
        "ratings": _("{count} ratings"),
        "epoch": _("epoch {epoch}"),
        "honesty": _("keeps {percent} % of true neighbours"),
        "honesty_explained": _(
            "The map flattens many numbers a film into two. This is the share of each film's nearest "
            "neighbours in the original space that are still its nearest on the map. Lists of neighbours "
            "always come from the original space."
        ),
        "label": _("Map of {n} films; films liked by the same people lie together. {status}."),
        "picked": _("Picked: {title}."),
        "no_titles": _("The titles could not be loaded. Reload the page to try again."),
        "lost": _("The connection to the studio is lost; trying again…"),
        "gone": _("This run has ended on the server. Press Train for a new one."),
    }


def time_strings(colour: str) -> dict[str, str]:
    """What the map with the time machine says beyond what the map says."""
    rest = map_strings()["other_genres"] if colour == "genre" else _("Not known")
    return map_strings() | {
        "other_genres": rest,
        "legend": _("Colours on the map"),
        "isolate": _("Show only this colour, or all again"),
        "play": _("Play the epochs"),
        "hold": _("Stand still"),
        "scrub": _("Epoch: drag, or use the arrow keys"),
        "epoch_of": _("epoch {epoch} of {last}"),
        "meter": _("Honesty"),
        "kept": _("{kept} of its {k} neighbours here are true"),
        "axis": _("Axis"),
        "png": _("Save the map as a picture"),
        "csv": _("Save the places of all films as a table"),
        "turn": _("Turn"),
        "turn_help": _("Let the map turn slowly by itself, or stand still"),
        "keys": _("Arrow keys turn the map, + and − zoom, Home shows it from the front."),
        "in_flat": _("in 2-D {percent} %"),
        "drawing": _("UMAP draws in 3-D: {drawn} of {of} epochs"),
        "select": _("Select"),
        "select_help": _(
            "Draw a loop around films to show only these (or hold Shift and drag). By keyboard: a colour of the legend "
            "shows only that colour; search for a film, then tick 'Show only these' for it and its neighbours."
        ),
        "all_again": _("All again"),
        "all_again_help": _("End the selection and show all films"),
        "selected": _("{n} films selected"),
        "nothing_inside": _("No film lies inside that loop. Draw it around some."),
    }


def curve_strings() -> dict[str, str]:
    """What the loss curves say around the plot."""
    return {
        "label": _("Loss curves: by epoch, on the training and on the held-out ratings"),
        "loading": _("Loading the chart…"),
        "no_plotly": _("The chart library could not be loaded. Reload the page to try again."),
        "lost": _("The connection to the studio is lost; trying again…"),
        "gone": _("This run has ended on the server. Press Train for a new one."),
    }


def race_strings() -> dict[str, str]:
    """What the chart of a race says around the plot."""
    return curve_strings() | {
        "label": _("The race: how good each model is on the held-out ratings, by seconds of training"),
        "gone": _("This race has ended on the server. Press Race for a new one."),
    }


def table_strings() -> dict[str, str]:
    return {"model": _("Model"), "best": _("The best of this column"), "delete": _("Delete"), "sure": _("Sure?")}
