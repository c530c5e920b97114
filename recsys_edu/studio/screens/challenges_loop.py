"""The tab of the Challenges page with the feedback loop, played round by round."""

from __future__ import annotations

import streamlit as st

from recsys_edu.studio import challenge_figures, challenge_labs
from recsys_edu.studio.challenge_labs import ROUNDS
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens.challenges_dials import before_after, dial, write_link

SHOWS = {
    "ease": _("EASE"),
    "popularity": _("popularity"),
    "stars": _("factors of stars"),
    "chance": _("chance"),
}
MEASURES = {
    "satisfaction": _("true liking of what is chosen, stars"),
    "gini": _("Gini of what is shown"),
    "alike": _("places that two lists share"),
}
TICK = 0.6  # seconds of a round that is played


def loop() -> None:
    st.markdown(
        _("A model learns from choices among **what it showed**, and shows what it has learnt, round after round.")
    )
    left, middle, right = st.columns(3, gap="medium")
    left.selectbox(
        _("Who makes the lists"), list(SHOWS), key="challenge_show", format_func=SHOWS.get, persist_state="session",
        help=_("300 people see ten films a round and choose two of them, mostly what they truly like best."),
    )  # fmt: skip
    dial(
        "explore", _("Places drawn by chance"), _("The remedy: this share of the places shows any other film."), middle,
        lambda share: f"{share:.0%}",
    )  # fmt: skip
    right.selectbox(
        _("What is drawn"), list(MEASURES), key="challenge_measure", format_func=MEASURES.get, persist_state="session",
        help=_("Liking: large is good. Gini: 0 if all films are shown alike. Shared places: 1 if all lists are one."),
    )  # fmt: skip
    st.session_state["challenge_ticks"] = playing = st.session_state.get("challenge_playing", False)
    with st.container():
        st.fragment(_played, run_every=TICK if playing else None)()


def _played() -> None:
    """The rounds so far, and the line of figures. While it plays, one round more at each tick."""
    playing = st.session_state.get("challenge_playing", False)
    if playing != st.session_state["challenge_ticks"]:  # a button of this part draws this part alone
        st.rerun(scope="app")
    if playing:
        st.session_state["challenge_round"] += 1
        if st.session_state["challenge_round"] >= ROUNDS:
            st.session_state["challenge_playing"] = False
            st.rerun(scope="app")
    show, explore = st.session_state["challenge_show"], st.session_state["challenge_explore"]
    mine, plain = challenge_labs.loop(show, explore), challenge_labs.loop(show, 0.0)
    runs = {
        _("{share:.0%} by chance").format(share=explore): mine,
        _("without the remedy"): plain,
        _("all by chance"): challenge_labs.loop("chance", 0.0),
        _("who knows the truth"): challenge_labs.loop("truth", 0.0),
    }
    until, measure = _round(), st.session_state["challenge_measure"]
    without, remedied = (rows[measure][:until].mean() for rows in (plain, mine))
    before_after(
        rounds=(
            _("Round 1 → {until}").format(until=until), f"{mine[measure][0]:.2f} → {mine[measure][until - 1]:.2f}",
            MEASURES[measure],
        ),
        remedy=(
            _("Mean, without → with the remedy"), f"{without:.2f} → {remedied:.2f}",
            _("The mean of the rounds so far, of three runs each."),
        ),
    )  # fmt: skip
    figure = challenge_figures.loop_figure(runs, measure, MEASURES[measure], until)
    still_figure(figure, _("The loop by round"), key="loop_figure")
    if not playing:
        write_link()


def _round() -> int:
    """Play or stop, and the slider of rounds; the round that is shown."""
    playing = st.session_state.get("challenge_playing", False)
    left, right = st.columns([1, 4], vertical_alignment="bottom")
    left.button(
        _("Stop") if playing else _("Play"), key="challenge_play", on_click=_stop if playing else _play,
        type="primary", width="stretch", help=_("The rounds go by one after another."),
    )  # fmt: skip
    return dial("round", _("Rounds"), _("How far the loop has gone."), right)


def _play() -> None:
    st.session_state["challenge_round"], st.session_state["challenge_playing"] = 0, True


def _stop() -> None:
    st.session_state["challenge_playing"] = False
    st.session_state["challenge_round"] = max(1, st.session_state["challenge_round"])
