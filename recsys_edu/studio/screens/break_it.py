"""Break it: choose a mistake, predict what it does, run it, and read what a doctor finds who was not told."""

from __future__ import annotations

import streamlit as st

from recsys_edu.clinic.diagnosis import SYMPTOMS, Diagnosis, Findings
from recsys_edu.clinic.mistakes import MISTAKES
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import charts, class_switch, clinic_work, dials, jobs, state
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import break_it_links, dial_page
from recsys_edu.studio.screens.train import COMPACT

DIALS = {
    "mistake": dials.Dial(list(MISTAKES), "learning_rate"),
    "data": dials.Dial(["movielens-100k", "planted"], "movielens-100k"),
}
MEASURED = {
    "learnt_rmse": (_("RMSE that the training loss says"), "{:.2f}"),
    "training_rmse": (_("RMSE of the same ratings, asked again"), "{:.2f}"),
    "test_rmse": (_("RMSE on the test"), "{:.3f}"),
    "biases_rmse": (_("RMSE of two biases"), "{:.3f}"),
    "alone": (_("Largest change of a prediction when asked alone"), "{:.3f}"),
    "lists": (_("Different top-10 lists, as a share of the users"), "{:.1%}"),
    "hit_rate": (_("Hit rate of the lists"), "{:.1%}"),
    "yes": (_("Unrated pairs that it holds for chosen"), "{:.0%}"),
    "future": (_("Test ratings older than a training rating of the same user"), "{:.0%}"),
}


def page() -> None:
    st.html(COMPACT)
    state.start_settings()
    if dial_page.start("clinic", DIALS):
        st.session_state["clinic_work"], st.session_state["clinic_found"] = {}, {}
        _take_up_link()
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        dial_page.data_control("clinic", DIALS["data"].values, _("The ratings that the model learns from."))
    chosen = st.pills(
        _("Mistake"), list(MISTAKES), key="clinic_mistake", format_func=lambda name: _(MISTAKES[name].title),
        required=True, persist_state="session", help=_("Each is one line of code that runs without an error."),
    )  # fmt: skip
    data = st.session_state["clinic_data"]
    st.code(MISTAKES[chosen].code, language="python")
    guess = st.radio(
        _("First predict: what will a doctor find?"), list(SYMPTOMS), index=None, key=_guess_key(data, chosen),
        format_func=lambda name: _(SYMPTOMS[name]), persist_state="session",
        help=_("Commit to a guess. Then run it."),
    )  # fmt: skip
    busy = (data, chosen) in st.session_state["clinic_work"]
    ran = busy or (data, chosen) in st.session_state["clinic_found"]
    dial_page.write_link("clinic", DIALS, break_it_links.to_params(guess, ran))
    with st.container():
        st.fragment(_result, run_every=0.5 if busy else None)(data, chosen, guess, busy)


def _guess_key(data: str, chosen: str) -> str:
    return f"clinic_guess_{data}_{chosen}"


def _take_up_link() -> None:
    """At the first visit: the guess that the page's link names, and what was run then is run again."""
    data, chosen = st.session_state["clinic_data"], st.session_state["clinic_mistake"]
    guess, ran, problems = break_it_links.from_params(st.query_params.to_dict())
    if guess is not None:
        st.session_state[_guess_key(data, chosen)] = guess
    if problems:
        st.toast(" ".join(problems), icon=":material/error:", duration="infinite")
    if not ran:
        return
    try:
        _run(data, chosen)
    except RecsysEduError as error:
        st.session_state["clinic_problem"] = str(error)


def _result(data: str, chosen: str, guess: str | None, drawn_busy: bool) -> None:
    """Run, Stop, and what came of it. Draws the whole page again when a run begins or ends."""
    case, working = (data, chosen), st.session_state["clinic_work"]
    if case in working and working[case].done():
        _collect(*case)
    if (case in working) != drawn_busy:
        st.rerun(scope="app")
    found = st.session_state["clinic_found"].get(case)
    row = st.container(horizontal=True, gap="small")
    row.button(
        _("Run it"), type="primary", disabled=guess is None or case in working, on_click=_run, args=case,
        help=_("The model learns with the mistake in it, for some seconds. Then the doctor examines it."),
    )  # fmt: skip
    if case in working:
        row.button(_("Stop"), on_click=_stop, args=case, help=_("Do not wait for it any longer."))
        st.progress(0.5, text=_("It learns, and is examined. The first run waits until TensorFlow is loaded."))
    elif problem := st.session_state.pop("clinic_problem", None):
        st.error(problem)
    elif found is not None:
        _report(chosen, guess, *found)
    else:
        st.caption(_("Choose what you expect, then press Run it.") if guess is None else _("Now press Run it."))


def _run(data: str, chosen: str) -> None:
    run = state.current_run()
    st.session_state["clinic_work"][data, chosen] = jobs.shared().submit(run, clinic_work.examine, data, chosen)


def _stop(data: str, chosen: str) -> None:
    st.session_state["clinic_work"].pop((data, chosen)).cancel()


def _collect(data: str, chosen: str) -> None:
    """What the worker gave, or a sentence about what went wrong."""
    future = st.session_state["clinic_work"].pop((data, chosen))
    try:
        st.session_state["clinic_found"][data, chosen] = future.result()
    except RecsysEduError as error:
        st.session_state["clinic_problem"] = str(error)
    except Exception:
        st.session_state["clinic_problem"] = _("Something unexpected went wrong; the terminal says what. Run it again.")


def _report(
    chosen: str, guess: str | None, losses: list[float | None], findings: Findings, diagnosis: Diagnosis
) -> None:
    if guess == diagnosis.symptom:
        st.success(_("As you predicted: {symptom}.").format(symptom=_(SYMPTOMS[diagnosis.symptom]).lower()))
    else:
        outcome = _("The doctor finds: {symptom}.").format(symptom=_(SYMPTOMS[diagnosis.symptom]).lower())
        missed = "" if guess is None else _(" You predicted: {guess}.").format(guess=_(SYMPTOMS[guess]).lower())
        st.warning(outcome + missed)
    symptom, cause, cure = st.columns(3, gap="medium")
    shown = class_switch.solutions_are_shown()
    later = _("Your teacher shows this later. What do you think?")
    for column, head, text in [
        (symptom, _("Symptom"), diagnosis.sentence),
        (cause, _("Cause"), diagnosis.cause if shown else later),
        (cure, _("Cure"), diagnosis.cure if shown else later),
    ]:
        with column:
            st.subheader(head, anchor=False)
            st.text(text)
    with cure:
        if shown:
            st.code(MISTAKES[chosen].cure, language="python", wrap_lines=True)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.subheader(_("Training loss"), anchor=False)
        if any(loss is not None for loss in losses):
            still_figure(charts.epochs_figure(losses), _("Training loss by epoch"), key=f"clinic_loss_{chosen}")
        elif losses:
            st.caption(_("It was no number any more before the first epoch ended."))
        else:
            st.caption(_("This model is computed in one go: it has no loss by epoch."))
    with right:
        st.subheader(
            _("What the doctor measured"), anchor=False, help=_("The doctor was not told which mistake it is.")
        )
        st.markdown(_table(findings))


def _table(findings: Findings) -> str:
    rows = [
        f"| {label} | {form.format(value)} |"
        for name, (label, form) in MEASURED.items()
        if (value := getattr(findings, name)) is not None and findings.finite
    ]
    if not rows:
        return _("Nothing but the loss: it is no number any more.")
    return "\n".join(["| | |", "|---|---:|", *rows])
