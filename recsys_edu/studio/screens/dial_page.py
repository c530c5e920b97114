"""What pages of dials share: where the dials stand at a reader's first visit, and the page's address.

Dial NAME of a page is st.session_state["PREFIX_NAME"]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from recsys_edu import sources
from recsys_edu.studio import dials as codec
from recsys_edu.studio import state
from recsys_edu.studio.dials import Dial
from recsys_edu.studio.i18n import _


def start(prefix: str, dials: Mapping[str, Dial]) -> bool:
    """At the first visit of a session the dials stand as the page's link says. Whether it is the first.

    A data set that is not here gives way to the first of its dial that is."""
    if all(f"{prefix}_{name}" in st.session_state for name in dials):
        return False
    chosen, problems = codec.from_params(st.query_params.to_dict(), dials)
    if "data" in dials and chosen["data"] not in here(dials["data"].values):
        chosen["data"] = here(dials["data"].values)[0]
    for name, value in chosen.items():
        st.session_state[f"{prefix}_{name}"] = value
    if problems:
        st.toast(" ".join(problems), icon=":material/error:", duration="infinite")
    return True


def chosen(prefix: str, dials: Mapping[str, Dial]) -> dict:
    """How the dials stand now."""
    return {name: st.session_state[f"{prefix}_{name}"] for name in dials}


def write_link(prefix: str, dials: Mapping[str, Dial], more: Mapping[str, str] | None = None) -> None:
    """Keep the page's address such that it brings this screen back; `more`: parameters of the page's own."""
    state.show_address(codec.to_params(chosen(prefix, dials), dials) | dict(more or {}))


def here(names: Sequence[str]) -> list[str]:
    """Those of the data sets that need not be fetched first."""
    ready = {source["name"] for source in sources.known() if source["ready"]}
    return [name for name in names if name in ready]


def data_control(prefix: str, names: Sequence[str], help: str) -> None:
    """A menu of those of the data sets that are here."""
    titles = {source["name"]: source["title"] for source in sources.known()}
    st.selectbox(
        _("Data"), here(names), key=f"{prefix}_data", format_func=titles.get, persist_state="session", help=help,
    )  # fmt: skip
