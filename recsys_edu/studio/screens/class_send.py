"""What a student sends to the Class Challenge: the run on the screen, or a file."""

from __future__ import annotations

import logging

import streamlit as st

from recsys_edu import challenge
from recsys_edu.challenge import Task
from recsys_edu.classroom import board
from recsys_edu.classroom.arena import Contest
from recsys_edu.classroom.roster import Person
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import class_files, class_mode, class_work, jobs, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.markdown import as_text
from recsys_edu.studio.screens import train_controls

log = logging.getLogger(__name__)


def sending(contest: Contest, task: Task, person: Person) -> None:
    run = train_controls.run_on_screen()
    if run is None:
        return
    st.subheader(_("Send the run on the screen"), anchor=False)
    with st.container():
        busy = run.busy or "class_sending" in st.session_state
        st.fragment(_run, run_every=0.5 if busy else None)(contest, task, person, busy)
    st.subheader(_("Or send a file"), anchor=False)
    _file(contest, task, person)


def _run(contest: Contest, task: Task, person: Person, drawn_busy: bool) -> None:
    """One click from the run on the screen to the board, or to what it lacks. Draws all when work begins or ends."""
    run, future = state.current_run(), st.session_state.get("class_sending")
    if future is not None and future[0].done():
        _collect(contest, task, person)
        future = None
    if (run.busy or future is not None) != drawn_busy:
        st.rerun(scope="app")
    if run.spec.data != contest.data:
        st.caption(_("The run on the screen learns from other data."))
        st.button(
            _("Take the challenge's data"), key="class_data", on_click=_take_data, args=(contest.data,), type="primary",
            help=_("The Train page, and the run on the screen, then learn from what is published."),
        )  # fmt: skip
    else:
        train_controls.status(run, False)
        row = st.container(horizontal=True, gap="small")
        row.button(
            _("Train"), key="class_train", on_click=_train, disabled=run.working,
            type="primary" if run.step == 0 else "secondary",
            help=_("Learn to the last epoch, with the settings of the Train page."),
        )  # fmt: skip
        row.button(
            _("Send this run"), key="class_send", on_click=_send, args=(contest, task, person),
            disabled=run.step == 0 or future is not None, type="primary" if run.step else "secondary",
            help=_("A worker makes its lists; the server, which alone has the hidden films, scores them."),
        )  # fmt: skip
    if future is not None:
        st.caption(_("Its lists are being made."))
    _said()


def _take_data(name: str) -> None:
    st.session_state["data"] = name


def _train() -> None:
    try:
        jobs.shared().train(state.current_run())
    except RecsysEduError as error:
        st.session_state["problem"] = str(error)


def _send(contest: Contest, task: Task, person: Person) -> None:
    run = state.current_run()
    try:
        board.check_turn(class_mode.store(), contest, person.id)  # before the work, too
    except RecsysEduError as error:
        _say(str(error))
        return
    label = _("{model}, epoch {epoch:.1f}").format(model=run.spec.settings.card.title, epoch=run.epoch)
    made = jobs.shared().submit(run, class_work.lists, run.spec, run.state, task.users, task.k)
    st.session_state["class_sending"] = made, label


def _collect(contest: Contest, task: Task, person: Person) -> None:
    """The lists are there, or a sentence about what went wrong."""
    made, label = st.session_state.pop("class_sending")
    try:
        top = made.result()
    except RecsysEduError as error:
        _say(str(error))
    except Exception:
        log.exception("The lists of a run could not be made")
        _say(_("Something unexpected went wrong; the terminal says what. Send it again."))
    else:
        _submit(contest, person, challenge.Submission(top), label)


def _submit(contest: Contest, person: Person, lists: challenge.Submission, label: str) -> None:
    try:
        score = board.submit(class_mode.store(), contest, person.id, lists, label)
    except RecsysEduError as error:
        _say(str(error))
    else:
        _say("", _("Public score: {score:.4f}, with {label}.").format(score=score, label=label))


def _say(problem: str, success: str = "") -> None:
    st.session_state["class_sent"] = problem, success


def _said() -> None:
    problem, success = st.session_state.get("class_sent", ("", ""))
    if problem:
        st.error(as_text(problem))  # it repeats what a file says
    elif success:
        st.success(success)


def _file(contest: Contest, task: Task, person: Person) -> None:
    sent = st.file_uploader(
        _("A CSV file"), type="csv", max_upload_size=2, key="class_file", label_visibility="collapsed",
        help=_("One line a person: user_id, then {k} item_ids, best first.").format(k=task.k),
    )  # fmt: skip
    row = st.container(horizontal=True, gap="small")
    if row.button(_("Send this file"), key="class_send_file", disabled=sent is None):
        try:
            lists = class_files.read(sent.getvalue(), task)
        except RecsysEduError as error:
            _say(str(error))
        else:
            _submit(contest, person, lists, _("a file"))
        st.rerun()
    row.download_button(
        _("Example"), class_files.example(task), "example.csv", "text/csv", key="class_example", on_click="ignore",
        help=_("A file as it must be: the most popular films for everybody."),
    )  # fmt: skip
    if contest.base in class_files.TO_BE_PASSED_ON:
        row.download_button(
            _("Ratings"), class_files.published(task), "ratings.csv", "text/csv", key="class_ratings",
            on_click="ignore", help=_("What may be learnt from, for a model of your own."),
        )  # fmt: skip
