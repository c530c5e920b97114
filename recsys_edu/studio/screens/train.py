"""Train: choose, press Train, watch the loss fall, the map of films arrange itself, and the list for a user change."""

from __future__ import annotations

import streamlit as st

from recsys_edu.studio import charts, jobs, state
from recsys_edu.studio.components.mount import film_map, loss_curves
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import train_controls, train_lists, train_recorded

# On a wide screen the space above belongs to the map; on a phone Streamlit's own bar is there.
COMPACT = """<style>
@media (min-width: 640px) { .stMainBlockContainer { padding-top: 2.5rem; } }
.stSidebar h1 { padding-top: 0; }
.stSidebar .katex { font-size: 1em; }
.katex-display { overflow: auto hidden; } /* a formula that is wider than its place can be moved sideways */
/* Streamlit's own greys, greens and white on light blue have less contrast than WCAG AA asks for. */
.stApp [data-testid=stCaptionContainer] { opacity: .82; }
[data-testid=stMarkdownContainer] code { color: light-dark(#0b6148, #7fd3b4); }
.token.number { color: light-dark(#0b6b5f, #5fd6c4) !important; }
[data-testid=stBaseButton-primary]:enabled p, .stMultiSelect span[title] { color: light-dark(#ffffff, #0e1117); }
</style>"""


def page() -> None:
    st.html(COMPACT)
    state.start_settings()
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        train_controls.controls()
    if (run := train_controls.run_on_screen()) is None:
        return
    with st.sidebar:
        train_controls.ways_out(run)
        train_recorded.ways_in()
    state.drawn(run)
    _screen(run)
    state.write_link(run)


def _screen(run) -> None:
    live_url, rates = f"/live/{run.token}", run.spec.settings.card.predicts_ratings
    neighbours_move = run.busy and st.session_state.get("picked") is not None
    with st.container():  # what comes and goes in here does not move, and so remake, what is below
        train_recorded.banner(run)
        _watched(train_recorded.way_out, 1.0, run.busy and not jobs.shared().warm.is_set())
        _watched(train_controls.buttons, 0.5, run.busy)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        figure = charts.loss_figure(
            loss="mse" if rates else run.loss, ranks=not rates,
            recall=run.judge_lists or any(value is not None for value in run.curve["recall"]),
            dots=run.pace != "full",
        )  # fmt: skip
        loss_curves(figure, live_url, key="loss_curves")
        _watched(train_lists.neighbours_of_picked, 1.0, neighbours_move)
    with right:
        _watched(_map, 1.0, neighbours_move)  # the films themselves move by the live socket
    if "lists" not in st.session_state["hide"]:
        _watched(train_lists.lists_for_a_user, 1.0, run.busy)


def _watched(part, seconds: float, changes: bool) -> None:
    """A part of the page that is drawn by itself: again and again while it changes by itself."""
    st.fragment(part, run_every=state.beat(seconds) if changes else None)()


def _map() -> None:
    run, picked = state.current_run(), st.session_state.get("picked")
    result = film_map(
        run.token,
        f"/live/{run.token}/items.json",
        f"/live/{run.token}",
        selected=picked,
        neighbours=train_lists.neighbour_rows(run, picked)[0],
        height=470,
        key="film_map",
        on_picked_change=lambda: None,
    )
    if run.spec.settings.learns == "users" and run.step:
        st.caption(_("Only users learn in this run: the films stay where they started."))
    train_lists.pick(result.picked)
