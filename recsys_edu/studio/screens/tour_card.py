"""The guided tour on the screen: the button that starts it, and the card of a step, beside the page that is shown."""

from __future__ import annotations

import streamlit as st

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import tour_state
from recsys_edu.studio.components.tour_mount import tour_guide
from recsys_edu.studio.i18n import _
from recsys_edu.studio.tour import LAST, Step

SECONDS = 1.0  # between two looks whether the step is done
# The button stands in the bar at the top, where every width has room for it; the card above the page.
STYLE = """<style>
.st-key-tour_start { position: fixed; top: .7rem; right: 4.25rem; z-index: 999991; width: auto; }
.st-key-tour_start button { min-height: 2rem; padding: 0 .6rem; }
@media (max-width: 768px) { /* there the open sidebar lies over the page, its way out at the same place */
  .stApp:has([data-testid=stSidebar][data-collapsed=false]) .st-key-tour_start { visibility: hidden; } }
</style>"""
CARD = """<style>
.stMainBlockContainer { padding-bottom: 60vh; } /* whatever is spoken of can be moved above the card */
.st-key-tour_card { position: fixed; right: 1rem; bottom: 1rem; z-index: 1000002; gap: .5rem; overflow: auto;
  width: min(25rem, calc(100vw - 2rem)); max-height: calc(100vh - 6rem); padding: .9rem 1.1rem; border-radius: .75rem;
  border: 2px solid var(--tour-colour, #0b6fb3); background: var(--tour-background, #fff);
  box-shadow: 0 8px 30px rgb(0 0 0 / 28%); }
.st-key-tour_card:focus { outline: none; }
.st-key-tour_card:focus-visible { outline: 3px solid var(--tour-colour, #0b6fb3); outline-offset: 2px; }
.st-key-tour_card p { margin-bottom: .25rem; line-height: 1.4; }
@media (max-width: 639px) { .st-key-tour_card { left: .5rem; right: .5rem; bottom: .5rem; width: auto; max-height: 46vh;
  padding: .6rem .8rem; font-size: .9rem; } .st-key-tour_card p { font-size: .9rem; } }
</style>"""


def beside(page, sections: dict) -> None:
    """What the router calls for each page, before it runs it: page is what st.navigation gave."""
    tour_state.take_up_link(page.url_path)
    if (goal := st.session_state.pop("tour_go", None)) is not None and goal != page.url_path:
        st.switch_page(next(one for section in sections.values() for one in section if one.url_path == goal))
    with st.container(key="tour"):
        st.html(STYLE)
        if tour_state.number() is None:
            st.button(
                _("Take the tour"), key="tour_start", icon=":material/tour:", type="tertiary",
                on_click=_start, args=(page.url_path,),
                help=_("Eleven steps over these pages, five minutes. Your own settings come back at its end."),
            )  # fmt: skip
            return
        tour_state.follow(page.url_path)
        st.html(CARD)
        step, problem = tour_state.step(), st.session_state.get("tour_problem")
        still = page.url_path == step.page and step.done() and not step.waits() and not problem
        with st.container(key="tour_card"):
            st.fragment(_card, run_every=None if still else SECONDS)()


def _start(page: str) -> None:
    _tried(lambda: tour_state.start(page))


def _tried(act) -> None:
    """What goes wrong is said on the card."""
    st.session_state.pop("tour_problem", None)
    try:
        act()
    except RecsysEduError as error:
        st.session_state["tour_problem"] = str(error)


def _press(act) -> None:
    _tried(act)
    st.session_state["tour_pressed"] = True


def _card() -> None:
    if st.session_state.pop("tour_pressed", False) or tour_state.number() is None:
        st.rerun(scope="app")  # a button of this part draws this part alone
    step, k = tour_state.step(), tour_state.number()
    here = st.session_state["tour_page"] == step.page
    done = step.done()
    waits = here and step.waits()
    st.caption(_("Tour · step {k} of {n}").format(k=k, n=LAST))
    st.markdown(f"**{step.title}**")
    st.markdown(step.text)
    said = _said(step, here, done, waits)
    st.markdown(said)
    if k == LAST:
        st.markdown(
            _("[Keep the run of this tour]({link}) as a lesson of its own.").format(link=tour_state.lesson_link())
        )
    _buttons(k, here, done, waits)
    hand = step.hand if st.session_state.get("tour_hand") and not done else None
    tour_guide(
        number=k, ring=step.ring if here else None, title=step.title, text=step.text, said=said, hand=hand,
        hand_number=st.session_state.get("tour_hand", 0), leave=".st-key-tour_leave button",
    )  # fmt: skip


def _said(step: Step, here: bool, done: bool, waits: bool) -> str:
    """The question; once it is done, what to see; or what is waited for."""
    if problem := st.session_state.get("tour_problem"):
        return ":material/error: " + problem
    if not here:
        return _(":material/arrow_forward: This step is on another page.")
    if waits:
        return _(":material/hourglass: It is being computed; the tour goes on when it is there.")
    if done and step.seen:
        return f":material/check: {step.seen}"
    return _(":material/help: **Guess first.** {question}").format(question=step.question)


def _buttons(k: int, here: bool, done: bool, waits: bool) -> None:
    row = st.container(horizontal=True, gap="small")
    row.button(
        _("Back"), key="tour_back", disabled=k == 1, on_click=_press, args=(tour_state.back,),
        help=_("The step before."),
    )  # fmt: skip
    if k < LAST:
        label = _("Go there") if not here else _("Next") if done or waits else _("Do it for me")
        row.button(
            label, key="tour_next", type="primary", disabled=waits, on_click=_press, args=(tour_state.forth,),
        )  # fmt: skip
    row.button(
        _("Leave") if k < LAST else _("End the tour"), key="tour_leave", on_click=_press, args=(tour_state.leave,),
        help=_("Your own settings come back. The key Esc does the same."),
    )  # fmt: skip
