"""Challenges: four of chapter 8's, each with a dial, a picture that moves, and a number before and after."""

from __future__ import annotations

import streamlit as st

from recsys_edu import sources
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import dials as codec
from recsys_edu.studio.challenge_labs import DATA, DIALS, TABS
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import challenges_lists, challenges_loops
from recsys_edu.studio.screens.train import COMPACT

NAMES = {
    "cold_start": _("Cold start"),
    "rerank": _("Fairness"),
    "loop": _("Feedback loop"),
    "privacy": _("Privacy"),
}
SCREENS = {
    "cold_start": challenges_lists.cold_start,
    "rerank": challenges_lists.rerank,
    "loop": challenges_loops.loop,
    "privacy": challenges_loops.privacy,
}
SECTIONS = {
    "cold_start": "8.1 Cold start",
    "rerank": "8.5 Fairness",
    "loop": "8.5 Fairness, The loop",
    "privacy": "8.4 Privacy, A promise",
}


def page() -> None:
    st.html(COMPACT)
    _start()
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        _data_control()
    tab = st.segmented_control(
        _("Challenge"), TABS, key="challenge_tab", format_func=NAMES.get, required=True, persist_state="session",
        label_visibility="collapsed", help=_("What makes a recommender hard outside of a test set."),
    )  # fmt: skip
    with st.container(key=f"challenge_{tab}_screen"):
        try:
            SCREENS[tab]()
        except RecsysEduError as error:
            st.error(str(error))
    st.caption(
        _(
            "More of it, with predictions to make and exercises: chapter 8, section **{section}** "
            "(`python3 -m recsys_edu lab` opens the notebook `08_challenges.ipynb`)."
        ).format(section=SECTIONS[tab])
    )
    write_link()


def _start() -> None:
    """At the first visit of a session the dials stand as the page's link says."""
    if "challenge_tab" in st.session_state:
        return
    chosen, problems = codec.from_params(st.query_params.to_dict(), DIALS)
    if chosen["data"] not in _here():
        chosen["data"] = _here()[0]
    for name, value in chosen.items():
        st.session_state[f"challenge_{name}"] = value
    if problems:
        st.toast(" ".join(problems), icon=":material/error:", duration="infinite")


def _here() -> list[str]:
    """The data sets of the page that need not be fetched first."""
    ready = {source["name"] for source in sources.known() if source["ready"]}
    return [name for name in DATA if name in ready]


def _data_control() -> None:
    titles = {source["name"]: source["title"] for source in sources.known()}
    st.selectbox(
        _("Data"), _here(), key="challenge_data", format_func=titles.get, persist_state="session",
        help=_("Whose ratings. The feedback loop needs a known truth, so it always runs in a planted world."),
    )  # fmt: skip
    if DATA[0] not in _here():
        st.caption(_("Fetch MovieLens 100K on the page Train to see its figures here."))


def write_link() -> None:
    """Keep the page's address such that it brings this screen back."""
    params = codec.to_params({name: st.session_state[f"challenge_{name}"] for name in DIALS}, DIALS)
    if st.query_params.to_dict() != params:
        st.query_params.from_dict(params)
