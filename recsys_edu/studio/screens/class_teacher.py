"""Teacher: how students get in, what they are led to, what they predict, the challenge, and who is where."""

from __future__ import annotations

import os

import streamlit as st

from recsys_edu.classroom import arrival, lead, networks, roster
from recsys_edu.classroom.lead import Lead
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import class_mode
from recsys_edu.studio.i18n import _
from recsys_edu.studio.markdown import as_text
from recsys_edu.studio.screens import class_people, class_teacher_challenge, class_teacher_vote
from recsys_edu.studio.screens.train import COMPACT

LARGE = """<style>
.st-key-class_address h1 { padding: 0; font-size: clamp(1.7rem, 4.5vw, 3.5rem); overflow-wrap: anywhere; }
.st-key-class_address h1:has(a) { font-size: clamp(1.3rem, 2.7vw, 3rem); } /* the address, in one line */
</style>"""
PARTS = {
    "arrive": _("Arrive"),
    "people": _("Who is where"),
    "vote": _("Vote"),
    "challenge": _("Challenge"),
}


def page() -> None:
    st.html(COMPACT)
    if not class_mode.is_teacher():
        st.info(_("This page is the teacher's. The terminal of the studio shows the link that opens it."))
        return
    now = class_mode.led()
    st.header(as_text(now.name), anchor=False)
    _leading(now)
    part = st.segmented_control(
        _("Part"), list(PARTS), key="class_part", format_func=PARTS.get, default="arrive", required=True,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if part == "arrive":
        _arrival(now)
    elif part == "people":
        class_people.people()
    elif part == "vote":
        class_teacher_vote.vote()
    else:
        class_teacher_challenge.challenge()


def _leading(now: Lead) -> None:
    """Lock step, solutions, and a link for all: at hand whatever else is on the screen."""
    row = st.container(horizontal=True, gap="medium", vertical_alignment="bottom")
    row.toggle(
        _("Lock step"), value=now.locked, key="class_locked", on_change=_switch, args=("class_locked", lead.set_locked),
        help=_("Students have no menu of pages, and go where your links go."),
    )  # fmt: skip
    row.toggle(
        _("Show solutions"), value=now.solutions, key="class_solutions", on_change=_switch,
        args=("class_solutions", lead.set_solutions),
        help=_("Off: cause and cure on the page Break it stay hidden from students until you show them."),
    )  # fmt: skip
    with st.form("class_link_form", border=False):
        left, right = st.columns([5, 1], vertical_alignment="bottom")
        left.text_input(
            _("Link for all"), key="class_link_text", placeholder="map?kind=pca",
            help=_("The address of any page of the studio, as it stands in the address line. Every other page has a "
                   "button in its sidebar that does the same."),
        )  # fmt: skip
        right.form_submit_button(_("Show to all"), on_click=_push, type="primary", width="stretch")
    if said := st.session_state.pop("class_pushed", None):
        (st.error if said[0] else st.success)(as_text(said[1]))
    elif now.link is not None:
        st.caption(as_text(_("Shown last: {link}").format(link=f"/{now.link}")))


def _switch(key: str, change) -> None:
    change(class_mode.store(), st.session_state[key])


def _push() -> None:
    try:
        lead.push(class_mode.store(), st.session_state["class_link_text"], st.session_state["class_pages"])
    except RecsysEduError as error:
        st.session_state["class_pushed"] = True, str(error)
    else:
        st.session_state["class_pushed"] = False, _("All students have been shown this link.")


def _arrival(now: Lead) -> None:
    """Large enough for the last row of a room."""
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    url = join_address(now.code)
    with left.container(key="class_address"):
        st.html(LARGE)
        st.caption(_("Open this address"))
        st.title(as_text(url.split("/class/")[0]), anchor=False)
        st.caption(_("Join code"))
        st.title(now.code, anchor=False)
        st.button(
            _("New code"), key="class_code", on_click=roster.new_code, args=(class_mode.store(),),
            help=_("The old code lets nobody in any more; who is in stays in."),
        )  # fmt: skip
    with right:
        st.image(arrival.qr_as_svg(url), caption=_("Or point a phone's camera here"), width=320)


def join_address(code: str) -> str:
    """What a phone of the room opens."""
    if asked := os.environ.get(class_mode.ADDRESS):
        return f"{asked.rstrip('/')}/class/join?code={code}"
    return arrival.join_url(networks.addresses()[0], st.get_option("server.port"), code)
