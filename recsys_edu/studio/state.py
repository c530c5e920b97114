"""What the studio remembers of one reader between two script runs: the runs on the screen, and the settings."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recsys_edu import uploads
from recsys_edu.models import MODELS, Settings, default_settings, num_examples
from recsys_edu.studio import jobs, links, slices
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import FIELDS, Lesson
from recsys_edu.studio.races import Lane
from recsys_edu.studio.runs import Run
from recsys_edu.studio.slices import RunSpec
from recsys_edu.studio.studies import Study, make_study

UNCROWDED = 10  # readers


def start_settings() -> None:
    """At the first script run of a session: what the page's link asks for, and for the rest the defaults."""
    if "model" in st.session_state:
        leave_gone_data()
        return
    lesson, problems = links.from_params(st.query_params.to_dict(), slices.default_data())
    st.session_state["model"] = lesson.spec.settings.model
    use_settings(lesson.spec.settings)
    st.session_state["data"], st.session_state["split"] = lesson.spec.data, lesson.spec.how
    for name in ("user_index", "at_least", "similarity", "hide", "pace"):
        st.session_state[name] = getattr(lesson, name)
    if lesson.recall is not None:
        st.session_state["recall"] = lesson.recall
    st.session_state["by_link"] = lesson  # what is left of it, until there is a run
    if problems:
        st.session_state["problem"] = " ".join(problems)


def leave_gone_data() -> None:
    """Uploaded ratings that are no longer on this server give way to the usual data, a run of them to a new one."""
    if uploads.is_gone(st.session_state.get("data", "")):
        st.session_state["data"] = slices.default_data()
        st.session_state["problem"] = _("The uploaded ratings are no longer on this server. Upload the file again.")
    run = jobs.shared().get(st.session_state.get("run"))
    if run is not None and uploads.is_gone(run.spec.data):
        new_run()


def use_defaults() -> None:
    """The settings that suit the chosen model."""
    use_settings(default_settings(st.session_state["model"]))


def use_settings(settings: Settings) -> None:
    for name in FIELDS:
        st.session_state[name] = getattr(settings, name)
    for name, value in settings.options:
        st.session_state[option_key(name)] = value
    st.session_state["recall"] = links.recall_suits(settings.model)


def option_key(name: str) -> str:
    """Where the page keeps one of the model's own options."""
    return f"option_{name}"


def chosen_spec() -> RunSpec:
    """What the controls say now."""
    card = MODELS[st.session_state["model"]]
    chosen = {name: st.session_state[name] for name in links.fields_of(card)}
    own = {name: st.session_state[option_key(name)] for name in card.options}
    settings = default_settings(st.session_state["model"], **chosen, **own)
    return RunSpec(st.session_state["data"], st.session_state["split"], settings)


def current_run() -> Run:
    """The run on the screen; a new one when there is none, or when it learnt nothing yet and the controls changed."""
    run = jobs.shared().get(st.session_state.get("run"))
    if run is None or (run.mode == "ready" and run.spec != chosen_spec()):
        return new_run()
    return run


def drawn(run: Run) -> None:
    """The whole page was drawn for this run, busy or not, with something learnt or not."""
    st.session_state["drawn"] = _what_is_drawn(run)


def redraw_when_changed(run: Run) -> None:
    """Draw the whole page again when it shows another run, or when this one began or ended its work or was reset: only
    a page whose run is busy asks for news every now and then."""
    if st.session_state["drawn"] != _what_is_drawn(run):
        st.rerun(scope="app")


def _what_is_drawn(run: Run) -> tuple:
    return run.token, run.busy, run.step == 0, run.pace, run.judge_lists


def new_run() -> Run:
    """Put a run with the chosen settings in the place of the one on the screen."""
    spec = chosen_spec()
    train = split_of(spec).train
    old = jobs.shared().get(st.session_state.get("run"))
    if old is not None:
        jobs.shared().close(old)
    user_index = st.session_state.get("user_index", 0)
    # Chosen in another data set: Streamlit gives the label, a text, of a user whom the options no longer have.
    if not isinstance(user_index, int) or user_index >= train.num_users:
        st.session_state["user_index"] = user_index = 0
    owner = get_script_run_ctx().session_id
    run = jobs.shared().open(owner, spec, num_examples(spec.settings, train), user_index)
    jobs.shared().adjust(run, judge_lists=st.session_state["recall"])
    st.session_state["run"] = run.token
    st.session_state["picked"] = None
    if (lesson := st.session_state.pop("by_link", None)) is not None:
        _take_up(run, lesson, train.num_items)
    return run


def _take_up(run: Run, lesson: Lesson, num_items: int) -> None:
    """A run that a link opened learns as far as it had learnt there."""
    if lesson.picked is not None and lesson.picked < num_items:
        st.session_state["picked"] = lesson.picked
    if lesson.step:
        jobs.shared().learn_to(run, lesson.step)


def lesson_on_screen(run: Run) -> Lesson:
    """What a link must hold to bring this screen back. A run at work is followed to where it is going."""
    spec = chosen_spec()
    step = (run.until_step if run.working else run.step) if run.spec == spec else 0
    names = ("user_index", "at_least", "similarity", "picked", "hide", "pace")
    recall = st.session_state["recall"]
    unusual = recall if recall != links.recall_suits(spec.settings.model) else None
    return Lesson(spec, step, recall=unusual, **{name: st.session_state[name] for name in names})


def write_link(run: Run) -> None:
    """Keep the page's address such that it brings this screen back: a reload loses nothing."""
    show_address(links.to_params(lesson_on_screen(run)))


def beat(seconds: float) -> float:
    """So often a part of a page looks at its run: in a crowd more seldom, for 240 looks a second would leave no time to
    answer a click. Curves and maps do not wait for it, they come by the live socket."""
    return seconds * max(1.0, len(jobs.shared().owners()) / UNCROWDED)


def show_address(params: dict[str, str]) -> None:
    """Put these parameters, and no others, into the page's address; in the guided tour its step as well."""
    if "tour" in st.session_state:
        params = params | {"tour": str(st.session_state["tour"])}
    if st.query_params.to_dict() != params:
        st.query_params.from_dict(params)


def split_of(spec: RunSpec):
    """The training part and the held-out part that a run sees."""
    return slices.split_of(spec.data, spec.how, spec.settings.seed)


def race_specs() -> list[RunSpec]:
    """What the controls of the Compare page say now: a run for each chosen model, with settings that suit it."""
    return [
        RunSpec(
            st.session_state["data"], st.session_state["split"],
            default_settings(model, seed=st.session_state["race_seed"]), judge_lists=True,
        )
        for model in st.session_state["race_models"]
    ]  # fmt: skip


def lanes() -> list[Lane]:
    """The race on the screen, if any."""
    found = [jobs.shared().get(token) for token in st.session_state.get("race", ())]
    return [lane for lane in found if lane is not None]


def new_race() -> list[Lane]:
    """Put a race of the chosen models in the place of the one on the screen."""
    specs = race_specs()
    train = split_of(specs[0]).train
    for lane in lanes():
        jobs.shared().close(lane)
    owner, budget = get_script_run_ctx().session_id, float(st.session_state["race_budget"])
    made = [jobs.shared().open_lane(owner, spec, num_examples(spec.settings, train), budget) for spec in specs]
    st.session_state["race"] = [lane.token for lane in made]
    return made


def race_drawn() -> None:
    """The whole page was drawn for these lanes as they are."""
    st.session_state["race_drawn"] = _what_of_the_race_is_drawn()


def redraw_when_race_changed() -> None:
    """Draw the whole page again when a lane began, ended or was judged."""
    if st.session_state["race_drawn"] != _what_of_the_race_is_drawn():
        st.rerun(scope="app")


def _what_of_the_race_is_drawn() -> list[tuple]:
    return [(lane.token, lane.busy, lane.mode == "paused", lane.result and lane.result.id) for lane in lanes()]


def study_spec() -> RunSpec:
    """What a search of the Compare page starts from: the settings that suit the chosen model."""
    settings = default_settings(st.session_state["study_model"], seed=st.session_state["race_seed"])
    return RunSpec(st.session_state["data"], st.session_state["split"], settings)


def study() -> Study | None:
    """The study on the screen, if any."""
    return jobs.shared().get(st.session_state.get("study"))


def new_study() -> Study:
    """Put a study of the chosen model in the place of the one on the screen."""
    made = make_study(get_script_run_ctx().session_id, study_spec(), st.session_state["study_trials"])
    if (old := study()) is not None:
        jobs.shared().close(old)
    jobs.shared().admit(made)
    st.session_state["study"] = made.token
    return made


def study_drawn() -> None:
    """The whole page was drawn for the study as it is."""
    st.session_state["study_drawn"] = _what_of_the_study_is_drawn()


def redraw_when_study_changed() -> None:
    """Draw the whole page again when the study began, ended or was halted."""
    if st.session_state["study_drawn"] != _what_of_the_study_is_drawn():
        st.rerun(scope="app")


def _what_of_the_study_is_drawn() -> tuple:
    shown = study()
    return (shown.token, shown.busy, shown.mode == "paused") if shown is not None else ()
