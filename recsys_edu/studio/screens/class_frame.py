"""What a class puts around every page: the door, who you are, and a card with what the teacher asks or opens."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from recsys_edu.classroom import lead, roster
from recsys_edu.classroom.lead import Lead
from recsys_edu.classroom.roster import Person
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import class_mode, jobs, page_turn
from recsys_edu.studio.components import class_mount
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import break_it_links, class_card, class_challenge, class_teacher, tour_card

SECONDS = 1.5  # between two looks of a student's page
ERASED = _("This class was erased. Start the studio anew to open another one.")


def show(sections: dict) -> None:
    """The page that is asked for, within the class."""
    now, person, is_teacher = class_mode.led(), class_mode.student(), class_mode.is_teacher()
    if now is None:
        st.error(ERASED)
    elif is_teacher:
        _for_teacher(sections)
    elif person is None:
        _to_the_door()
    else:
        _for_student(sections, now, person)


def pages(is_teacher: bool) -> dict:
    """The section of the class. A student finds the teacher's page by its address only, and is told what it is."""
    found = [
        st.Page(class_challenge.page, title=_("Class Challenge"), icon=":material/trophy:", url_path="class-challenge"),
        st.Page(
            class_teacher.page, title=_("Teacher"), icon=":material/school:", url_path="teacher",
            visibility="visible" if is_teacher else "hidden",
        ),
    ]  # fmt: skip
    return {_("Class"): found}


def _to_the_door() -> None:
    st.navigation([st.Page(_nobody, title=_("Join the class"), default=True)], position="hidden").run()


def _nobody() -> None:
    class_mount.way("/class/join", _("You are not in the class, or have left it."), _("Join"), True, key="class_door")


def _for_teacher(sections: dict) -> None:
    page = st.navigation(pages(True) | sections)
    names = [page.url_path for section in sections.values() for page in section] + ["class-challenge"]
    st.session_state["class_pages"] = names
    with st.sidebar:
        if page.url_path in names:
            st.button(
                _("Show this page to all"), icon=":material/cast:", key="class_push", on_click=_push_this,
                args=(page.url_path, names), help=_("Every student's page offers to come here; in lock step it comes."),
            )  # fmt: skip
        if said := st.session_state.pop("class_said", None):
            st.caption(said)
    with page_turn.turned_to(page):
        tour_card.beside(page, sections)
        page.run()


def _push_this(url_path: str, names: list[str]) -> None:
    shown = st.query_params.to_dict()
    params = urlencode({name: shown[name] for name in shown if name not in break_it_links.READERS})  # all guess first
    try:
        lead.push(class_mode.store(), f"/{url_path}" + (f"?{params}" if params else ""), names)
    except RecsysEduError as error:
        st.session_state["class_said"] = str(error)
    else:
        st.session_state["class_said"] = _("All students have been shown this page.")


def _for_student(sections: dict, now: Lead, person: Person) -> None:
    leads = now.locked and now.link is not None
    page = st.navigation(sections | pages(False), position="hidden" if now.locked else "sidebar")
    st.session_state["class_drawn"] = _frame_of(now)
    if leads and (page.url_path != now.link_page or person.followed < now.link_number):
        href = f"/class/go/{now.link_number}"
        class_mount.way(href, _("Your teacher has opened a page for all."), _("Go"), True, key="class_led")
        return
    with st.sidebar:
        _who_you_are(now, person)
    st.session_state["class_me"] = person
    with st.container():  # what comes and goes in here does not move, and so remake, what is below
        st.fragment(_card, run_every=SECONDS)(page.title)
    with page_turn.turned_to(page):
        if not now.locked:  # the tour turns pages as well
            tour_card.beside(page, sections)
        page.run()


def _frame_of(now: Lead) -> tuple:
    """What the whole page depends on: when it changes, the page is drawn again; else only the card."""
    link = now.link_number if now.locked else None
    return now.locked, now.solutions, link, class_mode.contest()


def _who_you_are(now: Lead, person: Person) -> None:
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.text(f"{person.nickname} · {now.name}")
    with row.popover(_("Leave"), icon=":material/logout:", help=_("For this browser; you may come back.")):
        st.caption(_("What you voted and sent stays. Your nickname becomes free: whoever takes it goes on as you."))
        st.button(_("Leave the class"), key="class_leave", on_click=_leave, args=(person.id,))
    if now.locked:
        st.caption(_("Lock step: your teacher turns the pages."))


def _leave(person: int) -> None:
    roster.leave(class_mode.store(), person)


def _card(title: str) -> None:
    """A look at the class: one row by its key, as long as nothing changed."""
    now, person = class_mode.led(), st.session_state["class_me"]
    version = now.version if now else None
    if st.session_state.get("class_version") != version:
        st.session_state["class_version"] = version
        st.session_state["class_me"] = person = class_mode.student()
        if now is None or person is None or _frame_of(now) != st.session_state["class_drawn"]:
            st.rerun(scope="app")
    if now is None or person is None:
        return
    st.session_state["class_me"] = person = roster.saw(class_mode.store(), person, title, _doing())
    class_card.card(now, person)


def _doing() -> str:
    """What the person's run does, for the teacher's list."""
    run = jobs.shared().get(st.session_state.get("run"))
    if run is None or run.mode == "ready":
        return ""
    said = _("epoch {epoch:.0f} of {of}, {mode}").format(epoch=run.epoch, of=run.last_epoch, mode=_(run.mode))
    return f"{run.spec.settings.card.title}: {said}"
