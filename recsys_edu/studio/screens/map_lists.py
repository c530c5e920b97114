"""Beside the map: what was selected; two pinned films by epoch; the picked film's nearest ones in all dimensions."""

from __future__ import annotations

import functools

import numpy as np
import streamlit as st

from recsys_edu import recommend
from recsys_edu.studio import slices, state
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import map_selection, map_state, train_lists

MOST_LISTED = 10


def near_rows(run, picked: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The films nearest to the picked one, in all dimensions of the epoch on the screen, and how near."""
    if picked is None or not run.snapshots.all:
        return np.empty(0, int), np.empty(0)
    vectors = run.snapshots.at(st.session_state["map_epoch"]).vectors
    return recommend.nearest(vectors, picked, st.session_state["map_near"], st.session_state["similarity"])


def lists() -> None:
    run = state.current_run()
    map_selection.listed(run)
    _pins(run)
    _picked(run)


def _pins(run) -> None:
    titles = titles_of(run.spec.data)
    for name, label in (("map_a", _("Film A")), ("map_b", _("Film B"))):
        st.selectbox(
            label, range(len(titles)), **map_state.boxed(name), format_func=titles.__getitem__,
            help=_("Pinned on the map. Type to find a film. The axis leads from A to B."),
        )  # fmt: skip
    a, b = st.session_state["map_a"], st.session_state["map_b"]
    if st.session_state["map_drawn_pins"] != (a, b):
        st.rerun(scope="app")  # they are marked on the map as well
    epochs, cosines = run.snapshots.cosines(a, b)
    now = run.snapshots.at(st.session_state["map_epoch"]).epoch if epochs else None
    still_figure(cosine_figure(epochs, cosines, now), _("Cosine of A and B, by epoch"), key="map_cosine")


def cosine_figure(epochs: list[int], cosines: list[float], now: int | None) -> dict:
    """The cosine of two vectors by epoch; a dotted line where the map stands."""
    layout = {
        "height": 210, "margin": {"l": 56, "r": 12, "t": 12, "b": 40}, "showlegend": False, "hovermode": "closest",
        "xaxis": {"title": {"text": _("epoch")}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": _("cosine of A and B")}, "range": [-1.05, 1.05]},
    }  # fmt: skip
    if now is not None:
        line = {"dash": "dot", "width": 1.5, "color": "#8a9099"}
        layout["shapes"] = [{"type": "line", "x0": now, "x1": now, "yref": "paper", "y0": 0, "y1": 1, "line": line}]
    trace = {
        "type": "scatter", "x": epochs, "y": cosines, "mode": "lines+markers", "line": {"width": 2.5},
        "marker": {"size": 6}, "meta": {"colour": 0}, "hovertemplate": "%{x}: %{y:.3f}<extra></extra>",
    }  # fmt: skip
    return {"data": [trace], "layout": layout}


def _picked(run) -> None:
    picked = st.session_state.get("picked")
    if picked is None:
        st.caption(_("Click a film on the map, or search for one, to see its nearest neighbours here."))
        return
    items = state.split_of(run.spec).train.items
    st.caption(_("Nearest in all {d} dimensions to").format(d=run.spec.settings.embedding_dim))
    st.text(items["title"].iloc[picked])  # text, never Markdown: a title is data
    row = st.container(horizontal=True, gap="small")
    for name, label in (("map_a", _("Pin as A")), ("map_b", _("Pin as B"))):
        pinned = {"on_click": st.session_state.update, "kwargs": {name: picked}}
        row.button(label, key=f"pin_{name}", help=_("Pin the picked film."), **pinned)
    rows, values = near_rows(run, picked)
    train_lists.near_list(items, rows[:MOST_LISTED], values[:MOST_LISTED], key="map_near_list")


@functools.lru_cache(maxsize=4)
def titles_of(data: str) -> list[str]:
    return slices.ratings_of(data).items["title"].tolist()
