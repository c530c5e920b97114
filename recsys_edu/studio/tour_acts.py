"""What the guided tour does on the screen, and how it tells that it was done, by the tour or by the reader's own hand.

An act changes what the controls themselves change: st.session_state and the runs of `jobs`. It runs as a callback,
before the page is drawn.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from recsys_edu.models import default_settings
from recsys_edu.studio import clinic_work, jobs, slices, state

DATA = "planted"
SETTINGS = {"embedding_dim": 8, "batch_size": 128, "epochs": 20}  # some seconds, and the films part in it
RACE = ("biases", "mf")
MISTAKE, GUESS = "learning_rate", "explodes"
RATED = 3  # films, for a list of one's own


# --- Train ----------------------------------------------------------------------------------------------


def use_planted() -> None:
    st.session_state["data"] = DATA
    use_settings()


def use_settings() -> None:
    st.session_state.update({"split": "random", "model": "mf"})
    state.use_settings(default_settings("mf", **SETTINGS))


def has_planted() -> bool:
    return st.session_state["data"] == DATA


def train() -> None:
    jobs.shared().train(state.current_run())


def has_begun() -> bool:
    run = state.current_run()
    return run.step > 0 or run.working


def learns() -> bool:
    return state.current_run().working


def has_learnt() -> bool:
    run = state.current_run()
    return run.step > 0 and not run.working


def pick_a_film() -> None:
    """The film with the most ratings."""
    st.session_state["picked"] = int(np.argmax(_counts()))


def has_picked() -> bool:
    return st.session_state.get("picked") is not None


# --- Map ------------------------------------------------------------------------------------------------


def has_scrubbed() -> bool:
    return st.session_state.get("map_epoch") is not None


def is_at_the_end() -> bool:
    return "map_kind" in st.session_state and st.session_state["map_epoch"] is None


# --- You ------------------------------------------------------------------------------------------------


def rate_films() -> None:
    """Five stars for two well-known films of a genre, one star for one of another."""
    genres, counts = slices.ratings_of(DATA).items["genres"].tolist(), _counts()
    by_fame = np.argsort(-counts, kind="stable").tolist()
    first = genres[by_fame[0]]
    liked = [i for i in by_fame if genres[i] == first][: RATED - 1]
    other = next(i for i in by_fame if genres[i] != first)
    rated = st.session_state.setdefault("you_rated", {})
    st.session_state.setdefault("you_asked", {})
    rated[DATA] = {other: 1.0} | dict.fromkeys(liked, 5.0)


def has_rated() -> bool:
    return len(st.session_state.get("you_rated", {}).get(state.current_run().spec.data, {})) >= RATED


def _counts() -> np.ndarray:
    ratings = slices.ratings_of(state.current_run().spec.data)
    return np.bincount(ratings.item_index, minlength=ratings.num_items)


# --- Microscope -----------------------------------------------------------------------------------------


def step() -> None:
    if (lens := st.session_state.get("scope_lens")) is not None:
        lens.go(1)


def has_stepped() -> bool:
    lens = st.session_state.get("scope_lens")
    return lens is not None and lens.at > 0


def waits_for_workers() -> bool:
    return not jobs.shared().warm.is_set() or st.session_state.get("scope_lens") is None


# --- Compare --------------------------------------------------------------------------------------------


def race() -> None:
    st.session_state.update({"data": DATA, "race_models": list(RACE), "race_budget": 2, "race_seed": 0})
    for lane in state.new_race():
        jobs.shared().train(lane)


def races() -> bool:
    return any(lane.busy for lane in state.lanes())


def has_raced() -> bool:
    lanes = state.lanes()
    return bool(lanes) and all(lane.result is not None or lane.mode == "failed" for lane in lanes)


# --- Break it -------------------------------------------------------------------------------------------


def break_it() -> None:
    """Choose the mistake, commit to a guess, run it."""
    st.session_state.update({"clinic_data": DATA, "clinic_mistake": MISTAKE})
    if st.session_state.get(guess := f"clinic_guess_{DATA}_{MISTAKE}") is None:
        st.session_state[guess] = GUESS
    asked = jobs.shared().submit(state.current_run(), clinic_work.examine, DATA, MISTAKE)
    st.session_state["clinic_work"][DATA, MISTAKE] = asked


def is_examined() -> bool:
    return bool(st.session_state.get("clinic_work"))


def has_broken() -> bool:
    return bool(st.session_state.get("clinic_found"))
