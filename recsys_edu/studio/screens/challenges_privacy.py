"""The tab of the Challenges page that shows what a promise of privacy costs, noise by noise as it is computed."""

from __future__ import annotations

import streamlit as st

from recsys_edu.studio import challenge_figures, challenge_labs
from recsys_edu.studio.background import Work
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens.challenges_dials import before_after, dial

WAYS = {"heart": _("by heart"), "modest": _("modest")}


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
    if "challenge_work" not in st.session_state:  # Go on was pressed
        st.rerun(scope="app")
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
