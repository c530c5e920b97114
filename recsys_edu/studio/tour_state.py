"""Where a reader is in the guided tour, and what was on the screen before: leaving the tour brings that back."""

from __future__ import annotations

import copy
import urllib.parse

import streamlit as st

from recsys_edu.studio import jobs, links, state
from recsys_edu.studio import tour_acts as acts
from recsys_edu.studio.screens.map_links import Shown
from recsys_edu.studio.tour import LAST, STEPS, Step

RUNS = ("run", "race")  # the tour makes its own
OWN = (
    *("model", "data", "split", *links.FIELDS, "recall", "pace", "user_index", "at_least", "similarity", "hide"),
    *("picked", "map_data", "map_run", *(f"map_{name}" for name in Shown.__dataclass_fields__)),
    *("you_rated", "you_asked", "you_without", "you_ten", "scope_started", "scope_pair", "scope_lens"),
    *("race_models", "race_budget", "race_seed", "race_metric", "clinic_data", "clinic_mistake", "clinic_found"),
)


def number() -> int | None:
    """The step that is shown, from 1 on; None outside of the tour."""
    return st.session_state.get("tour")


def step() -> Step:
    return STEPS[number() - 1]


def take_up_link(page: str) -> None:
    """At the first script run of a session: the step that the page's link names."""
    if "tour_known" in st.session_state:
        return
    st.session_state["tour_known"] = True
    asked = st.query_params.get("tour")
    if asked is None:
        return
    state.start_settings()
    if asked in map(str, range(1, LAST + 1)):
        start(page, int(asked))
    else:
        st.session_state["problem"] = links.left_out("tour", asked)


def start(page: str, first: int = 1) -> None:
    """Begin at a step. The reader's runs stay as they are, beside those of the tour."""
    state.start_settings()
    options = [key for key in st.session_state if str(key).startswith("option_")]
    before = {key: copy.copy(st.session_state[key]) for key in (*OWN, *options) if key in st.session_state}
    st.session_state["tour_before"] = page, before, {name: st.session_state.pop(name, None) for name in RUNS}
    fresh = {"picked": None, "map_epoch": None, "scope_lens": None, "scope_pair": None}
    fresh |= {"you_rated": {}, "you_asked": {}, "clinic_found": {}}
    st.session_state.update({key: value for key, value in fresh.items() if key in before} | {"hide": ()})
    if first == 1:
        acts.use_settings()
    enter(first)


def leave() -> None:
    """Back to the page and to the settings from before."""
    page, before, runs = st.session_state.pop("tour_before")
    del st.session_state["tour"]
    for run in (jobs.shared().get(st.session_state.get("run")), *state.lanes()):
        if run is not None:
            jobs.shared().close(run)
    for key in OWN:
        if key not in before and key in st.session_state:
            del st.session_state[key]
    st.session_state.update(before | {name: value for name, value in runs.items() if value is not None})
    for name in (name for name, value in runs.items() if value is None):
        st.session_state.pop(name, None)
    st.session_state["tour_go"] = page


def enter(k: int) -> None:
    """Show step k, on its page. What the step needs to have happened before, happens now."""
    st.session_state["tour"] = k
    st.session_state["tour_go"] = step().page
    if k > 1 and not acts.has_planted():
        acts.use_planted()
    if step().learnt and not acts.has_begun():
        acts.train()


def forth() -> None:
    """Do what the step asks for; or, where that is done, go to the next one."""
    now = step()
    if st.session_state["tour_page"] != now.page:
        st.session_state["tour_go"] = now.page
    elif now.done():
        enter(number() + 1)
    else:
        now.act()
        st.session_state["tour_hand"] = st.session_state.get("tour_hand", 0) + 1


def back() -> None:
    enter(number() - 1)


def follow(page: str) -> None:
    """Whoever goes by hand to the page of the next step, has made that step."""
    st.session_state["tour_page"] = page
    k = number()
    if k < LAST and page not in ("", step().page) and page == STEPS[k].page and step().done():
        enter(k + 1)


def lesson_link() -> str:
    """The tour's run as a lesson of its own: a relative address."""
    return "./?" + urllib.parse.urlencode(links.to_params(state.lesson_on_screen(state.current_run())))
