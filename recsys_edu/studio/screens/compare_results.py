"""What the lanes of a race and earlier runs are worth: a table, plots, and the run store to choose from."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import DataError
from recsys_edu.run_store import RunStore, StoredRun
from recsys_edu.studio import charts, results
from recsys_edu.studio.charts import Mark
from recsys_edu.studio.components.mount import run_table, still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.races import MOST_LANES
from recsys_edu.studio.screens import compare_controls

MOST_AT_FIRST = 8  # runs of the store that a page without a race shows


def results_of(lanes: list, parts) -> list[tuple[Mark, StoredRun]]:
    """What was judged so far on this data and split, in the lanes' colours."""
    judged = [(Mark(k), lane.result) for k, lane in enumerate(lanes) if lane.result is not None]
    return [(mark, run) for mark, run in judged if (run.data, run.split) == (parts.train.name, parts.how)]


def earlier_runs(lanes: list, parts) -> list[StoredRun]:
    """What the store holds for these ratings and this split, without the race on the screen."""
    mine = {lane.result.id for lane in lanes if lane.result is not None}
    return [run for run in RunStore().latest(parts.train.name, parts.how) if run.id not in mine]


def shown_results(lanes: list, parts) -> None:
    try:
        earlier = earlier_runs(lanes, parts)
    except DataError as error:
        st.error(str(error))
        earlier = []
    chosen = _chosen(lanes, earlier)
    raced = results_of(lanes, parts)
    marked = {run.id: Mark(MOST_LANES + k) for k, run in enumerate(run for run in earlier if run.id in chosen)}
    shown = raced + [(marked[run.id], run) for run in earlier if run.id in chosen]
    with st.container():
        st.subheader(
            _("What they are worth"), anchor=False, help=_("On the held-out ratings. ★: the best of a column.")
        )
        empty = _("Nothing is judged yet. Each model appears here when its lane ends.")
        run_table(results.rows(shown), results.columns(), _("Results"), empty, key="results")
    with st.container():
        if shown:
            _plots(lanes, shown)
    _store(earlier, chosen, marked)


def _chosen(lanes: list, earlier: list[StoredRun]) -> set[int]:
    """The earlier runs that are shown: those that were ticked; before anything was, and without a race, the newest of
    each model."""
    if "chosen_runs" in st.session_state:
        return st.session_state["chosen_runs"]
    return set() if lanes else {run.id for run in results.newest_of_each_model(earlier)[-MOST_AT_FIRST:]}


def _plots(lanes: list, shown: list[tuple[Mark, StoredRun]]) -> None:
    metric = st.session_state.get("race_metric") if lanes else compare_controls.metric_switch(lanes)
    column = results.METRIC_COLUMNS[metric]
    judged = [(mark, run) for mark, run in shown if column.of(run) is not None]
    for place, name in zip(st.columns(2), ("seconds", "parameters"), strict=True):
        cost = results.BY_NAME[name]
        points = [(mark, results.title_of(run.model), cost.of(run), column.of(run)) for mark, run in judged]
        with place:
            label = f"{column.label} × {cost.label}"
            still_figure(charts.cost_figure(points, cost.label, metric), label, key=f"figure_{name}")
    st.subheader(
        _("Accuracy, coverage, novelty"), anchor=False, help=_("Each line is a model; up is better on each axis.")
    )
    axes = [(c.label, c.better, c.form) for c in results.PARALLEL]
    lines = [(mark, results.title_of(run.model), [c.of(run) for c in results.PARALLEL]) for mark, run in shown]
    still_figure(charts.parallel_figure(lines, axes), _("Accuracy, coverage, novelty"), key="figure_parallel")


def _store(earlier: list[StoredRun], chosen: set[int], marked: dict[int, Mark]) -> None:
    title = _("Earlier runs of this data and split")
    st.subheader(title, anchor=False, help=_("From races here and from the command line's compare. Tick to show."))
    empty = _("The store holds none. Race, or run: python -m recsys_edu compare")
    rows = results.rows([(marked.get(run.id), run) for run in reversed(earlier)], chosen, stars=False)
    said = run_table(rows, results.columns(), title, empty, key="earlier", choosable=True)
    if said.toggled is not None:
        st.session_state["chosen_runs"] = chosen ^ {said.toggled}
        st.rerun()
    if said.deleted is not None:
        _delete(said.deleted, chosen)


def _delete(number: int, chosen: set[int]) -> None:
    try:
        RunStore().delete(number)
    except DataError as error:
        st.error(str(error))
        return
    st.session_state["chosen_runs"] = chosen - {number}
    st.rerun()
