"""Recorded runs on the Train page: choose one to play, and a line that says that what is seen is a recording."""

from __future__ import annotations

import importlib.util
import time

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recsys_edu import recording, sources
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import jobs, playback, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import SPLITS
from recsys_edu.studio.playback import Recording

LATE_SECONDS = 15  # until a recording is offered in the place of workers that do not come


def ways_in() -> None:
    """Behind a button: what was recorded and lies here."""
    with st.popover(_("Play a recorded run"), icon=":material/play_circle:", key="recorded"):
        st.caption(_("For a machine that is too slow to train: a run that was learnt before, played as it was."))
        names = list(recording.found())
        if not names:
            st.caption(_("None is here yet. Make one: python -m recsys_edu record"))
            return
        st.selectbox(_("Recording"), names, key="recording", persist_state="session", help=_("Which run is played."))
        st.button(
            _("Play"), key="play_recording", on_click=play, help=_("It takes the place of the run on the screen.")
        )


def play() -> None:
    """Put the chosen recording in the place of the run on the screen, with its settings on the left, and play it."""
    try:
        path = recording.found().get(st.session_state["recording"])
        if path is None:
            raise RecsysEduError(_("This recording is no longer here. Choose another."))
        recorded = recording.read(path)
        run = playback.made_of(get_script_run_ctx().session_id, recorded)
    except RecsysEduError as error:
        st.session_state["problem"] = str(error)
        return
    if (old := jobs.shared().get(st.session_state.get("run"))) is not None:
        jobs.shared().close(old)
    st.session_state["model"] = recorded.settings.model
    state.use_settings(recorded.settings)
    st.session_state.update(data=recorded.data, split=recorded.how, user_index=0, picked=None, run=run.token)
    st.session_state["recall"] = False  # not recorded
    st.session_state.pop("by_link", None)
    jobs.shared().admit(run)
    jobs.shared().train(run)


def banner(run) -> None:
    """Of a recording: what it is, and how fast it plays."""
    if not isinstance(run, Recording):
        return
    recorded = run.recorded
    what = _("A recording of {date}, not a live run: {model} on {data}, split {split}, {epochs} epochs.").format(
        date=recorded.recorded, model=recorded.settings.card.title, data=sources.SOURCES[recorded.data].title,
        split=SPLITS[recorded.how], epochs=recorded.settings.epochs,
    )  # fmt: skip
    line, speed = st.columns([3, 1], vertical_alignment="center")
    line.info(what, icon=":material/play_circle:")
    seconds = speed.select_slider(
        _("Seconds an epoch"), list(playback.SPEEDS), playback.USUAL_SPEED, key="recording_speed",
        persist_state="session", help=_("How fast the recording is played."),
    )  # fmt: skip
    run.seconds = seconds


def way_out() -> None:
    """Of a run that waits for workers and has waited long: that a recorded one can be played."""
    run = state.current_run()
    if run.mode != "waiting" or jobs.shared().warm.is_set():
        st.session_state.pop("waits_since", None)
        return
    since = st.session_state.setdefault("waits_since", time.monotonic())
    if importlib.util.find_spec("tensorflow") is None:
        said = _("TensorFlow is not installed here, so nothing can be trained. A recorded run can be played (left).")
    elif time.monotonic() - since > LATE_SECONDS:
        said = _("The workers are still not here. Meanwhile a recorded run can be played (on the left).")
    else:
        return
    st.info(said, icon=":material/hourglass_empty:")
