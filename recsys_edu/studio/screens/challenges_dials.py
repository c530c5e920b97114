"""What all tabs of the Challenges page share: dials, a line of figures before and after, and the page's link."""

from __future__ import annotations

import streamlit as st

from recsys_edu.studio.challenge_labs import DIALS
from recsys_edu.studio.screens import dial_page


def write_link() -> None:
    """Keep the page's address such that it brings this screen back."""
    dial_page.write_link("challenge", DIALS)


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
