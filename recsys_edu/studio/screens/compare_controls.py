"""The controls of the Compare page: which models race, for how long; and how each lane is."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import RecsysEduError
from recsys_edu.models import MODELS, default_settings
from recsys_edu.studio import jobs, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.races import MOST_LANES
from recsys_edu.studio.screens import compare_links
from recsys_edu.studio.screens.train_controls import copy_as_keras
from recsys_edu.studio.slices import RunSpec


def start() -> None:
    """The values of a first visit: what the link says, else the usual ones."""
    if "race_models" in st.session_state:
        return
    asked, problems = compare_links.from_params(st.query_params.to_dict())
    for key, value in (compare_links.USUAL | asked).items():
        st.session_state.setdefault(key, value)
    if problems:
        st.session_state["problem"] = " ".join(problems)


def write_link() -> None:
    """Keep the page's address such that it brings these controls back."""
    state.show_address(compare_links.to_params(st.session_state.to_dict()))


def race_controls() -> None:
    st.multiselect(
        _("Models"), list(MODELS), key="race_models", format_func=lambda n: MODELS[n].title, persist_state="session",
        max_selections=MOST_LANES, help=_("Two to four. Each has the settings that suit it, those of the Train page."),
    )  # fmt: skip
    st.select_slider(
        _("Seconds of training for each"), compare_links.BUDGETS, key="race_budget", persist_state="session",
        help=_("The same for all. Waiting for a turn, building a model and judging it do not count."),
    )  # fmt: skip
    st.number_input(
        _("Seed"), 0, 2**31 - 1, key="race_seed", persist_state="session",
        help=_("It draws the held-out part and what the models start from."),
    )  # fmt: skip


def shown_spec() -> RunSpec:
    """Data, split and seed as the controls say them, whatever the models."""
    settings = default_settings(next(iter(MODELS)), seed=st.session_state["race_seed"])
    return RunSpec(st.session_state["data"], st.session_state["split"], settings)


def buttons() -> None:
    lanes = state.lanes()
    busy, paused = any(lane.busy for lane in lanes), any(lane.mode == "paused" for lane in lanes)
    enough = 2 <= len(st.session_state["race_models"]) <= MOST_LANES
    row = st.container(horizontal=True, gap="small")
    row.button(
        _("Race"), key="race_press", type="primary", disabled=not enough or (busy and not changed(lanes)),
        on_click=_press, args=(_race,),
        help=_("All chosen models start at once and share the workers in turns."),
    )  # fmt: skip
    row.button(
        _("Stop"), disabled=not (busy or paused), on_click=_press, args=(_stop,),
        help=_("End the race now. What has not reached its end is not judged."),
    )  # fmt: skip
    if paused:
        row.button(_("Go on"), on_click=_press, args=(_go_on,), help=_("Take up the lanes that stand still."))
    if problem := st.session_state.pop("problem", None):
        st.toast(problem, icon=":material/error:", duration="infinite")
    if not enough:
        st.info(_("Choose two to four models on the left, then press Race."))
    elif not lanes:
        st.caption(_("Press Race: the chosen models learn side by side, and each is judged on ratings it never saw."))
    elif changed(lanes):
        st.info(_("The settings on the left are new. Race starts a new race with them."))


def changed(lanes: list) -> bool:
    now = state.race_specs(), [float(st.session_state["race_budget"])] * len(st.session_state["race_models"])
    return ([lane.spec for lane in lanes], [lane.budget for lane in lanes]) != now


def _press(command) -> None:
    try:
        command()
    except RecsysEduError as error:
        st.session_state["problem"] = str(error)


def _race() -> None:
    for lane in state.new_race():
        jobs.shared().train(lane)


def _stop() -> None:
    for lane in state.lanes():
        jobs.shared().stop(lane)


def _go_on() -> None:
    for lane in state.lanes():
        if lane.mode == "paused":
            jobs.shared().train(lane)


def names_of(lanes: list) -> list[str]:
    return [lane.spec.settings.card.title for lane in lanes]


def metric_switch(lanes: list) -> str:
    """RMSE or NDCG@10, for the charts."""
    rates = any(lane.spec.settings.card.predicts_ratings for lane in lanes) or not lanes
    st.session_state.setdefault("race_metric", "rmse" if rates else "ndcg")
    return st.segmented_control(
        _("Judged by"), ["rmse", "ndcg"], key="race_metric", required=True, persist_state="session",
        format_func={"rmse": _("RMSE (small is good)"), "ndcg": _("NDCG@10 (large is good)")}.get,
        label_visibility="collapsed", help=_("RMSE: how far predicted stars are off. NDCG@10: how good the lists are."),
    )  # fmt: skip


def lane(lane, number: int) -> None:
    """One lane: its model, how far it is, its code."""
    st.markdown(f"**{lane.spec.settings.card.title}**")
    st.latex(lane.spec.settings.card.formula)
    st.fragment(_progress, run_every=0.5 if lane.busy else None)(number)
    copy_as_keras(lane.spec, f"lane_code_{number}")


def _progress(number: int) -> None:
    state.redraw_when_race_changed()
    lanes = state.lanes()
    if number >= len(lanes):
        return
    lane = lanes[number]
    message = lane.state_message()
    share = max(lane.epoch / lane.last_epoch, lane.seconds / lane.budget)
    counted = _("Epoch {epoch:.1f} of {of}, {seconds:.1f} s").format(
        epoch=lane.epoch, of=lane.last_epoch, seconds=lane.seconds
    )
    if lane.mode == "failed":
        st.error(message["sentence"])
    else:
        st.progress(min(share, 1.0), text=f"{counted} · {message['sentence']}")
