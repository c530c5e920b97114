"""Map: the embedding space of the run on the screen, epoch by epoch, and what a flat map of it leaves out."""

from __future__ import annotations

import streamlit as st

from recsys_edu.studio import state
from recsys_edu.studio.components.mount import time_map
from recsys_edu.studio.screens import map_controls, map_lists, map_selection, map_state, train_controls, train_lists
from recsys_edu.studio.screens.train import COMPACT


def page() -> None:
    st.html(COMPACT)
    state.start_settings()
    if (run := train_controls.run_on_screen()) is None:
        return
    map_state.start(run)
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        map_controls.controls(run)
    state.drawn(run)
    map_state.drawn()
    with st.container():  # what comes and goes in here does not move, and so remake, what is below
        switch, line = st.columns([1, 1], vertical_alignment="center", gap="medium")
        with switch:
            map_controls.switches()
        with line:
            st.fragment(map_controls.train_line, run_every=0.5 if run.busy else None)()
    left, right = st.columns([2, 1], gap="medium")
    with left:
        st.fragment(_map, run_every=1.0 if run.working else None)()
    with right:
        st.fragment(map_lists.lists, run_every=1.0 if run.working else None)()
    map_state.write_link(run)


def _map() -> None:
    run, picked = state.current_run(), st.session_state.get("picked")
    near = map_lists.near_rows(run, picked)[0]
    only = map_selection.chosen()
    if only is None and picked is not None and st.session_state["map_only"]:
        only = [picked, *near]
    result = time_map(
        run.token,
        map_state.query(run),
        epoch=st.session_state["map_epoch"],
        colour=st.session_state["map_colour"],
        selected=picked,
        neighbours=near,
        pins=(st.session_state["map_a"], st.session_state["map_b"]),
        only=only,
        selected_only=map_selection.chosen() is not None,
        height=450,
    )
    map_selection.take(result.selection, state.split_of(run.spec).train.num_items)
    train_lists.pick(result.picked)
    if result.epoch != st.session_state["map_epoch"]:
        st.session_state["map_epoch"] = result.epoch
        st.rerun(scope="app")  # the lists speak of that epoch as well
