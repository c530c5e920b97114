"""What a browser is told when a reader turns to another page: how all controls stand.

As soon as a browser hears of another page, it forgets how the controls of the old one stand. What it sent just before
may still bring the old page back, a click on a slow connection, say; Streamlit then takes the browser to know how those
controls stand, and tells it only of their defaults: the least number, the first entry of a menu. The browser would send
these with its next message, as if the reader had chosen them. So a page that was not on the screen before tells all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from recsys_edu.studio import challenge_labs, links, worlds
from recsys_edu.studio.screens import break_it, compare_links, map_links

KEPT = (
    *("model", "recall", "pace", "user_index", "at_least", "similarity", "scope_close", "you_without"),
    *links.FIELDS,
    *compare_links.READERS,
    *(f"map_{name}" for name in map_links.Shown.__dataclass_fields__),
    *(f"clinic_{name}" for name in break_it.DIALS),
    *(f"world_{name}" for name in worlds.DIALS),
    *(f"challenge_{name}" for name in challenge_labs.DIALS),
)  # keys of controls, none of a button
BEGIN = ("option_", "clinic_guess_")


@contextmanager
def turned_to(page) -> Iterator[None]:
    """Within it the page, which st.navigation gave, is drawn. One that was cut short was not on the screen."""
    if st.session_state.get("page_on_screen") != page.url_path:
        st.session_state["page_on_screen"] = None
        for key, value in st.session_state.to_dict().items():
            if key in KEPT or key.startswith(BEGIN):
                st.session_state[key] = value  # what is set is told
    yield
    st.session_state["page_on_screen"] = page.url_path
