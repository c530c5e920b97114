"""What all tabs of the Challenges page share: dials, a line of figures before and after, and the page's link."""

from __future__ import annotations

import streamlit as st

from recsys_edu import sources
from recsys_edu.studio import dials as codec
from recsys_edu.studio.challenge_labs import DATA, DIALS


def start() -> None:
    """At the first visit of a session the dials stand as the page's link says."""
    if "challenge_tab" in st.session_state:
        return
    chosen, problems = codec.from_params(st.query_params.to_dict(), DIALS)
    if chosen["data"] not in here():
        chosen["data"] = here()[0]
    for name, value in chosen.items():
        st.session_state[f"challenge_{name}"] = value
    if problems:
        st.toast(" ".join(problems), icon=":material/error:", duration="infinite")


def here() -> list[str]:
    """The data sets of the page that need not be fetched first."""
    ready = {source["name"] for source in sources.known() if source["ready"]}
    return [name for name in DATA if name in ready]


def write_link() -> None:
    """Keep the page's address such that it brings this screen back."""
    params = codec.to_params({name: st.session_state[f"challenge_{name}"] for name in DIALS}, DIALS)
    if st.query_params.to_dict() != params:
        st.query_params.from_dict(params)


def dial(name: str, label: str, help: str, place=st, told=str):
    """A slider for one of the page's dials; its value."""
    return place.select_slider(
        label, DIALS[name].values, key=f"challenge_{name}", format_func=told, persist_state="session", help=help,
    )  # fmt: skip


def before_after(**figures: tuple[str, str, str]) -> None:
    """A line of 'before → after': for each of `figures` its label, its text, and what it means."""
    row = st.container(horizontal=True, gap="large")
    for label, text, help in figures.values():
        row.metric(label, text, width="content", help=help)
