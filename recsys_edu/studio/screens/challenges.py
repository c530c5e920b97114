"""Challenges: four of chapter 8's, each with a dial, a picture that moves, and a number before and after."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio.challenge_labs import DATA, DIALS, TABS
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import challenges_dials, challenges_lists, challenges_loop, challenges_privacy, dial_page
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
    "loop": challenges_loop.loop,
    "privacy": challenges_privacy.privacy,
}
SECTIONS = {
    "cold_start": "8.1 Cold start",
    "rerank": "8.5 Fairness",
    "loop": "8.5 Fairness, The loop",
    "privacy": "8.4 Privacy, A promise",
}


def page() -> None:
    st.html(COMPACT)
    dial_page.start("challenge", DIALS)
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
    challenges_dials.write_link()


def _data_control() -> None:
    help = _("Whose ratings. The feedback loop needs a known truth, so it always runs in a planted world.")
    dial_page.data_control("challenge", DATA, help)
    if DATA[0] not in dial_page.here(DATA):
        st.caption(_("Fetch MovieLens 100K on the page Train to see its figures here."))
