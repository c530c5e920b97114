"""Two tabs of the Challenges page: the loop, played round by round, and what a promise of privacy costs."""

from __future__ import annotations

import streamlit as st

from recsys_edu.studio import challenge_figures, challenge_labs
from recsys_edu.studio.background import Work
from recsys_edu.studio.challenge_labs import ROUNDS
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens.challenges_lists import before_after, dial

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
WAYS = {"heart": _("by heart"), "modest": _("modest")}
TICK = 0.6  # seconds of a round that is played


# --- The loop -------------------------------------------------------------------------------------------


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
    with st.container():
        st.fragment(_played, run_every=TICK if st.session_state.get("challenge_playing") else None)()


def _played() -> None:
    """The rounds so far, and the line of figures. While it plays, one round more at each tick."""
    if st.session_state.get("challenge_playing"):
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


# --- Privacy --------------------------------------------------------------------------------------------


def privacy() -> None:
    st.markdown(_("An attacker asks who took part in the learning. **Noise** hides everybody, and costs accuracy."))
    left, right = st.columns(2, gap="medium")
    left.segmented_control(
        _("How the table is learnt"), list(WAYS), key="challenge_way", format_func=WAYS.get, required=True,
        persist_state="session", help=_("By heart: 16 numbers, 40 rounds. Modest: 4 numbers, 20 rounds, a larger λ."),
    )  # fmt: skip
    dial(
        "z", _("Noise z"), _("Normal noise of z times the most that one person can move the sum."), right,
        lambda value: f"{value:g}",
    )  # fmt: skip
    work = _work()
    with st.container():
        st.fragment(_priced, run_every=0.5 if work.busy else None)()


def _work() -> Work:
    """The prices of these settings, on their way or there; begun when they are first asked for."""
    settings = st.session_state["challenge_data"], st.session_state["challenge_way"]
    kept, work = st.session_state.get("challenge_work", (None, None))
    if kept != settings:
        if work is not None:
            work.stop()
        work = Work(challenge_labs.prices(*settings))
        st.session_state["challenge_work"] = settings, work
        work.wait(0.3)  # what was computed before is there at once
    return work


def _again() -> None:
    st.session_state.pop("challenge_work", None)


def _priced() -> None:
    _settings, work = st.session_state["challenge_work"]
    busy, rows = work.busy, list(work.results)
    _progress(work, busy, rows)
    noise = st.session_state["challenge_z"]
    now = next((row for row in rows if row["noise"] == noise), None)
    if now is not None:
        _in_words(rows[0], now)
    elif not busy:
        st.info(_("z = {noise:g} is not computed. Press Go on.").format(noise=noise))
    still_figure(challenge_figures.price_figure(rows, noise), _("The price of privacy"), key="price_figure")
    if st.session_state.get("challenge_was_busy") != busy:
        st.session_state["challenge_was_busy"] = busy
        st.rerun(scope="app")


def _progress(work: Work, busy: bool, rows: list) -> None:
    if work.problem:
        st.error(work.problem)
    if busy:
        text = _("{done} of {total} amounts of noise are learnt and attacked").format(done=len(rows), total=work.total)
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.progress(len(rows) / work.total, text=text)
        right.button(_("Stop"), key="challenge_stop", on_click=work.stop, help=_("What is computed stays."))
    elif not work.finished:
        st.button(_("Go on"), key="challenge_go_on", on_click=_again, help=_("Compute what is missing."))


def _in_words(plain: dict, now: dict) -> None:
    before_after(
        auc=(
            _("AUC of the attack"), f"{plain['auc']:.2f} → {now['auc']:.2f}",
            _("How often it tells a member from a stranger; 0.5 is guessing. First without noise, then with it."),
        ),
        rmse=(_("Test RMSE, stars"), f"{plain['rmse']:.3f} → {now['rmse']:.3f}", _("On all users' held-out ratings.")),
        caught=(
            _("Members caught"), f"{plain['caught']:.0%} → {now['caught']:.0%}",
            _("With 5 % of the others accused in error."),
        ),
        promise=(
            _("Promise ε"), f"∞ → {now['epsilon']:.1f}".replace("inf", "∞"), _("At δ = 0.0001; small is private."),
        ),
    )  # fmt: skip
