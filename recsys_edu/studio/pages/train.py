"""Train: choose, press Train, watch the loss fall, the map of films arrange itself, and the list for a user change."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import charts, state
from recsys_edu.studio.components.mount import film_map, loss_curves
from recsys_edu.studio.pages import train_controls, train_lists

# On a wide screen the space above belongs to the map; on a phone Streamlit's own bar is there.
COMPACT = """<style>
@media (min-width: 640px) { .stMainBlockContainer { padding-top: 2.5rem; } }
.stSidebar h1 { padding-top: 0; }
</style>"""


def page() -> None:
    st.html(COMPACT)
    state.start_settings()
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        ready = train_controls.data_controls()
        train_controls.model_controls()
    if not ready:
        train_controls.fetch_offer(st.session_state["data"])
        return
    try:
        run = state.current_run()
    except RecsysEduError as error:
        st.error(str(error))
        return
    st.session_state["drawn_run"] = run.token
    with st.container():  # what comes and goes in here does not move, and so remake, what is below
        train_controls.buttons()
    left, right = st.columns([2, 3], gap="medium")
    with left:
        loss_curves(charts.loss_figure(), _live(run), "/assets/plotly.min.js", key="loss_curves")
        train_lists.neighbours_of_picked()
    with right:
        _map(run)
    train_lists.lists_for_a_user()


@st.fragment(run_every=1.0)  # the lines to the neighbours follow the vectors
def _map(run) -> None:
    result = film_map(
        run.token,
        f"{_live(run)}/items.json",
        _live(run),
        selected=st.session_state.get("picked"),
        neighbours=train_lists.neighbour_rows(run, st.session_state.get("picked"))[0],
        height=470,
        key="film_map",
        on_picked_change=lambda: None,
    )
    if result.picked is not None and result.picked != st.session_state.get("picked"):
        st.session_state["picked"] = int(result.picked)
        st.rerun(scope="app")


def _live(run) -> str:
    return f"/live/{run.token}"
