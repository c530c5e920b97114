"""What the Map page remembers of one reader, beside state.py: which map, its colours, the pins, the epoch."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import streamlit as st

from recsys_edu.studio import links, state
from recsys_edu.studio.screens import map_links
from recsys_edu.studio.screens.map_links import Shown


def start(run) -> None:
    """At the first visit what the link asks for. Pinned at first: two films that many people rated."""
    train = state.split_of(run.spec).train
    if "map_kind" not in st.session_state:
        shown, problems = map_links.from_params(st.query_params.to_dict(), train.num_items)
        st.session_state.update({f"map_{name}": value for name, value in asdict(shown).items()})
        st.session_state["map_next_seed"] = 1
        if problems:
            st.session_state["problem"] = " ".join(problems)
    if st.session_state.get("map_data") != run.spec.data:
        _start_data(run, train)
    if st.session_state.get("map_run") != run.token:
        if "map_run" in st.session_state:  # not the run of the link
            st.session_state["map_epoch"] = None
        st.session_state["map_run"] = run.token


def _start_data(run, train) -> None:
    """Films of another data set are none here."""
    by_link = "map_data" not in st.session_state
    for name, item_index in zip(("map_a", "map_b"), _two_films(train), strict=True):
        if st.session_state[name] is None or not by_link:
            st.session_state[name] = item_index
    if not by_link:
        st.session_state["map_selection"] = None
    st.session_state["map_data"] = run.spec.data


def _two_films(train) -> tuple[int, int]:
    """The film that most people rated, and the next that shares no genre with it."""
    popular = np.argsort(-np.bincount(train.item_index, minlength=train.num_items), kind="stable").tolist()
    genres = [set((text or "").split("|")) for text in train.items["genres"].iloc[popular]]
    unlike = (item_index for item_index, own in zip(popular, genres, strict=True) if not own & genres[0])
    return popular[0], next(unlike, popular[-1])


def boxed(name: str) -> dict:
    """The key and callback of a box for st.session_state[name], which then outlives the box: what a box itself holds is
    dropped when its page is left, and when a run of the script is cut short before it is drawn."""
    box = f"box_{name}"
    st.session_state[box] = st.session_state[name]
    return {"key": box, "on_change": _keep, "args": (name, box)}


def _keep(name: str, box: str) -> None:
    st.session_state[name] = st.session_state[box]


def query(run) -> str:
    """Which maps the browser asks for."""
    kind = st.session_state["map_kind"]
    a, b = st.session_state["map_a"], st.session_state["map_b"]
    if kind == "axis" and None not in (a, b):
        return f"kind=axis&a={a}&b={b}"
    if kind == "seed":  # a new drawing has a new address; until there is one, the map stays as it was drawn
        drawing = st.session_state.get("map_drawings", 0)
        return f"kind=seed&drawing={drawing}" if run.snapshots.other_seed else "kind=umap"
    return f"kind={kind}&dims=3" if dims() == 3 else f"kind={kind}"


def dims() -> int:
    """2 or 3: in how many dimensions the map is on the screen."""
    return 2 if st.session_state["map_kind"] in map_links.FLAT_KINDS else st.session_state["map_dims"]


def drawn() -> None:
    """The whole page was drawn for these pinned films."""
    st.session_state["map_drawn_pins"] = st.session_state["map_a"], st.session_state["map_b"]


def write_link(run) -> None:
    """Keep the page's address such that it brings this screen back."""
    names = asdict(Shown())
    shown = Shown(**{name: st.session_state[f"map_{name}"] for name in names})
    state.show_address(links.to_params(state.lesson_on_screen(run)) | map_links.to_params(shown))
