"""The same map under another UMAP seed, drawn by a worker."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import jobs, map_work
from recsys_edu.studio.i18n import _
from recsys_edu.studio.snapshots import Snapshot


def draw_controls(run) -> None:
    """Choose a seed, Draw; while a worker draws, a line says so and Cancel ends it."""
    st.number_input(
        _("UMAP seed"), 0, 2**31 - 1, key="map_next_seed", persist_state="session",
        help=_("Where UMAP's random places and choices come from. It changes nothing of what was learnt."),
    )  # fmt: skip
    drawing = st.session_state.get("map_drawing")
    if drawing is not None:
        st.fragment(_wait, run_every=0.5)()
        return
    st.button(
        _("Draw"), key="map_draw", on_click=_draw, args=(run,), disabled=not run.snapshots.all, type="primary",
        help=_("Draw the last epoch afresh by UMAP from this seed: about 2 seconds, 20 more the first time."),
    )  # fmt: skip


def _draw(run) -> None:
    last, seed = run.snapshots.at(), int(st.session_state["map_next_seed"])
    task = jobs.shared().submit(run, map_work.umap_of_seed, last.vectors, seed, last.frame)
    st.session_state["map_drawing"] = (task, run, last, seed)


def _wait() -> None:
    if (drawing := st.session_state.get("map_drawing")) is None:
        return
    task, run, last, seed = drawing
    if not task.done():
        st.caption(_("UMAP draws from seed {seed} …").format(seed=seed))
        st.button(_("Cancel"), key="map_cancel", on_click=_cancel, help=_("Forget this drawing."))
        return
    st.session_state["map_drawing"] = None
    try:
        run.snapshots.other_seed = Snapshot(last.epoch, last.small, last.scale, task.result())
        st.session_state["map_drawings"] = st.session_state.get("map_drawings", 0) + 1
    except RecsysEduError as error:
        st.session_state["problem"] = str(error)
    st.rerun(scope="app")


def _cancel() -> None:
    st.session_state["map_drawing"][0].cancel()
    st.session_state["map_drawing"] = None
