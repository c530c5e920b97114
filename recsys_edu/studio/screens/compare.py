"""Compare: choose models, press Race, watch them learn for the same seconds, and see what each is worth. Or have good
settings searched for one of them."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import charts, state
from recsys_edu.studio.components.mount import race_chart
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import compare_controls, compare_results, compare_study, train_controls
from recsys_edu.studio.screens.train import COMPACT

# A formula of a lane has a quarter of the width.
SMALL_FORMULAS = (
    "<style>.stColumn .katex { font-size: 0.95em; } .stColumn .katex-display { margin: 0 0 0.5em; }</style>"
)


def page() -> None:
    st.html(COMPACT)
    st.html(SMALL_FORMULAS)
    compare_controls.start()
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        train_controls.data_controls()
        compare_controls.race_controls()
    if not train_controls.is_here(st.session_state["data"]):
        train_controls.fetch_offer(st.session_state["data"])
        return
    try:
        parts = state.split_of(compare_controls.shown_spec())
    except RecsysEduError as error:
        st.error(str(error))
        return
    state.race_drawn()
    state.study_drawn()
    with st.container():  # what comes and goes in here does not move, and so remake, what is below
        compare_controls.buttons()
    lanes = state.lanes()
    with st.container():
        if lanes:
            _race(lanes)
    with st.container():
        compare_results.shown_results(lanes, parts)
    with st.container():
        compare_study.section()
    compare_controls.write_link()


def _race(lanes: list) -> None:
    metric = compare_controls.metric_switch(lanes)
    figure = charts.race_figure(compare_controls.names_of(lanes), metric)
    race_chart(figure, [f"/live/{lane.token}" for lane in lanes], metric, lanes[0].budget)
    if metric == "rmse" and not all(lane.spec.settings.card.predicts_ratings for lane in lanes):
        st.caption(_("A model that only ranks has no RMSE: switch to NDCG@10 to see it."))
    elif metric == "ndcg":
        st.caption(_("While they race, NDCG@10 is a mean over at most 256 users; the table below takes all."))
    for number, column in enumerate(st.columns(len(lanes))):
        with column, st.container(border=True):
            compare_controls.lane(lanes[number], number)
