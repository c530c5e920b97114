"""What the studio remembers of one reader between two script runs: the run on the screen, and the settings."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recsys_edu.models import MODELS, Settings, default_settings, num_examples
from recsys_edu.studio import jobs, slices
from recsys_edu.studio.runs import Run
from recsys_edu.studio.slices import RunSpec

FIELDS = ("embedding_dim", "learning_rate", "batch_size", "l2", "epochs", "seed")


def start_settings() -> None:
    """Put the defaults in place at the first script run of a session."""
    if "model" not in st.session_state:
        st.session_state["model"] = "mf"
        use_defaults()


def use_defaults() -> None:
    """The settings that suit the chosen model."""
    settings = default_settings(st.session_state["model"])
    for name in FIELDS:
        st.session_state[name] = getattr(settings, name)


def chosen_spec() -> RunSpec:
    """What the controls say now."""
    chosen = {name: st.session_state[name] for name in FIELDS if name in st.session_state}
    if "l2" not in MODELS[st.session_state["model"]].knobs:
        chosen["l2"] = 0.0
    settings = Settings(model=st.session_state["model"], **chosen)
    return RunSpec(st.session_state["data"], st.session_state["split"], settings)


def current_run() -> Run:
    """The run on the screen; a new one when there is none, or when it learnt nothing yet and the controls changed."""
    run = jobs.shared().get(st.session_state.get("run"))
    if run is None or (run.mode == "ready" and run.spec != chosen_spec()):
        return new_run()
    return run


def drawn(run: Run) -> None:
    """The whole page was drawn for this run, busy or not, with something learnt or not."""
    st.session_state["drawn"] = _what_is_drawn(run)


def redraw_when_changed(run: Run) -> None:
    """Draw the whole page again when it shows another run, or when this one began or ended its work or was reset: only
    a page whose run is busy asks for news every now and then."""
    if st.session_state["drawn"] != _what_is_drawn(run):
        st.rerun(scope="app")


def _what_is_drawn(run: Run) -> tuple:
    return run.token, run.busy, run.step == 0


def new_run() -> Run:
    """Put a run with the chosen settings in the place of the one on the screen."""
    spec = chosen_spec()
    train = split_of(spec).train
    old = jobs.shared().get(st.session_state.get("run"))
    if old is not None:
        jobs.shared().close(old)
    if st.session_state.get("user_index", 0) >= train.num_users:  # chosen in a larger data set
        st.session_state["user_index"] = 0
    owner = get_script_run_ctx().session_id
    run = jobs.shared().open(owner, spec, num_examples(spec.settings, train), st.session_state.get("user_index", 0))
    st.session_state["run"] = run.token
    st.session_state["picked"] = None
    return run


def split_of(spec: RunSpec):
    """The training part and the held-out part that a run sees."""
    return slices.split_of(spec.data, spec.how, spec.settings.seed)
