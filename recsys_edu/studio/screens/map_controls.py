"""The controls of the Map page: which map, which colours, how many neighbours, and what can be taken away."""

from __future__ import annotations

import streamlit as st

from recsys_edu import sources
from recsys_edu.models import MODELS
from recsys_edu.studio import jobs, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import SIMILARITIES
from recsys_edu.studio.screens import map_seed, map_state, map_take_away, train_controls
from recsys_edu.studio.screens.map_links import COLOURS, DIMS, FLAT_KINDS, KINDS


def controls(run) -> None:
    settings = run.spec.settings
    said = _("{model}, d = {d}, on {data}. Another run: page Train.")
    st.caption(
        said.format(
            model=MODELS[settings.model].title, d=settings.embedding_dim, data=sources.SOURCES[run.spec.data].title
        )
    )
    if st.session_state["map_kind"] == "seed":
        map_seed.draw_controls(run)
    _explain(st.session_state["map_kind"], map_state.dims())
    st.selectbox(
        _("Colour by"), list(COLOURS), key="map_colour", format_func=COLOURS.get, persist_state="session",
        help=_("Honesty: how many of a film's 15 neighbours on the map are among its 15 in the original space."),
    )  # fmt: skip
    st.selectbox(
        _("Nearness"), list(SIMILARITIES), **map_state.boxed("similarity"), format_func=SIMILARITIES.get,
        help=_("How nearness of two vectors is measured, for the lines and the list."),
    )  # fmt: skip
    st.slider(
        _("Neighbours of the picked film"), 1, 100, key="map_near", persist_state="session",
        help=_("How many of its nearest films get a line."),
    )  # fmt: skip
    st.checkbox(
        _("Show only these"), key="map_only", persist_state="session",
        help=_("Isolate the picked film and its neighbours; a colour of the legend isolates that colour."),
    )  # fmt: skip
    map_take_away.take_away(run)


def _explain(kind: str, dims: int) -> None:
    texts = {
        "umap": _("As it was drawn while the run learnt; by PCA until UMAP was loaded."),
        "pca": _("All epochs on the two directions in which the last one spreads most."),
        "axis": _("Left: like film A. Right: like film B. The middle is as near to one as to the other."),
        "seed": _("The last epoch drawn afresh from other random places. What differs is the map's, not the model's."),
    }
    in_space = {
        "umap": _("Drawn by UMAP when you look, the newest epoch first; by PCA until then."),
        "pca": _("All epochs on the three directions in which the last one spreads most."),
    }
    st.caption((in_space if dims == 3 else texts)[kind])
    if dims == 3:
        st.caption(
            _(
                "In 3-D: drag to turn, or use the arrow keys. Near films are large, far ones pale. A third number a "
                "film keeps more of its true neighbours: see the honesty meter."
            )
        )


def switches() -> None:
    """Which map, and in how many dimensions."""
    row = st.container(horizontal=True, gap="small")
    row.segmented_control(
        _("Arrange the films by"), list(KINDS), key="map_kind", format_func=KINDS.get, required=True,
        persist_state="session", label_visibility="collapsed",
        help=_("UMAP keeps neighbours together. PCA keeps large distances. An axis tells two films apart."),
    )  # fmt: skip
    row.segmented_control(
        _("Dimensions"), list(DIMS), key="map_dims", format_func=DIMS.get, required=True, persist_state="session",
        disabled=st.session_state["map_kind"] in FLAT_KINDS, label_visibility="collapsed",
        help=_("Flat, or in space: three numbers a film instead of two. Axis and Seed are flat."),
    )  # fmt: skip


def train_line() -> None:
    """How the run is, and Train or Pause."""
    run = state.current_run()
    state.redraw_when_changed(run)
    row = st.container(horizontal=True, vertical_alignment="center")
    if run.working:
        row.button(
            _("Pause"), key="map_pause", help=_("Stand still now; Train goes on from here."), on_click=_press,
            args=("pause",),
        )  # fmt: skip
    else:
        label = _("Train") if run.step == 0 else _("Train on")
        row.button(
            label, key="map_train", help=_("Learn to the last epoch."), on_click=_press, args=("train",),
            type="primary" if run.step == 0 else "secondary",
        )  # fmt: skip
    with row:
        train_controls.status(run, changed=False)


def _press(command: str) -> None:
    getattr(jobs.shared(), command)(state.current_run())
