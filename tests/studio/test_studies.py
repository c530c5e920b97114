"""A study on real workers: the same seed gives the same trials, halted or not; the test judges the winner alone."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from recsys_edu import cli, comparison, data, search, training
from recsys_edu.errors import SettingsError
from recsys_edu.evaluation import paired
from recsys_edu.models import default_settings
from recsys_edu.run_store import RunStore
from recsys_edu.search import Trial
from recsys_edu.studio import study_figures
from recsys_edu.studio.screens import compare_links
from recsys_edu.studio.slices import RunSpec
from recsys_edu.studio.studies import make_study
from tests.studio.conftest import wait_for

SPEC = RunSpec("planted", "random", default_settings("mf", epochs=2))  # trials of four epochs at most


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    """A run store of this test's own."""
    monkeypatch.setenv("RECSYS_EDU_RUNS", str(tmp_path / "runs.sqlite"))
    return RunStore()


@pytest.fixture
def begin(workers):
    """begin(spec, trials) -> a study that learns."""
    begun = []

    def begin(spec=SPEC, trials=4):
        study = make_study("a session", spec, trials)
        workers.admit(study)
        workers.train(study)
        begun.append(study)
        return study

    yield begin
    for study in begun:
        workers.close(study)


def over(study):
    wait_for(lambda: not study.working, 120)
    return study


def as_tuples(trials):
    return [(trial.number, trial.settings, trial.state, trial.values) for trial in trials]


def test_a_study_tries_settings_on_the_validation_part_and_has_the_winner_judged_once(begin, planted, store):
    study = over(begin())
    assert (study.mode, study.epoch, len(study.trials)) == ("finished", 4, 4)
    assert study.sentence.startswith("All 4 trials are done, with ")
    best, settings = study.best, study.best.settings
    assert best.value == min(trial.value for trial in study.trials if trial.state == "complete")
    inner, outer = data.split(planted, "random-validation"), data.split(planted, "random")
    events = []
    training.fit(settings, inner.train, inner.test, events.append)
    errors = [event.validation_mse**0.5 for event in events if hasattr(event, "validation_mse")]
    assert best.values == pytest.approx(errors[: len(best.values)], abs=1e-3)
    alone = comparison.judge(training.fit(best.chosen, outer.train), outer)
    assert study.result.figures == pytest.approx(alone.figures, abs=3e-3)
    assert study.result.split == outer.how
    kept = store.runs()
    assert {run.id for run in kept} == {study.result.id, study.usual.id}
    assert [run.settings["learning_rate"] for run in kept] == [0.007, settings.learning_rate]
    assert study.usual.figures["test_rmse"] == kept[0].figures["test_rmse"]
    difference = paired(*(run.per_user for run in reversed(kept)))["test_rmse"]
    assert vars(study.difference) == pytest.approx(vars(difference), abs=1e-5)


def test_the_same_seed_gives_the_same_study_though_it_was_halted(begin, workers):
    whole, halted = over(begin()), begin()
    wait_for(lambda: any(trial.values for trial in halted.trials))
    workers.pause(halted)
    assert (halted.mode, halted.result) == ("paused", None)
    before = as_tuples(halted.trials)
    workers.train(halted)
    wait_for(lambda: halted.step >= 2)
    workers.leave("a session", for_good=False)  # the page is closed
    workers.train(halted)
    over(halted)
    assert [one[:2] for one in as_tuples(halted.trials)][: len(before)] == [one[:2] for one in before]
    assert as_tuples(halted.trials) == as_tuples(whole.trials)
    assert halted.result.figures == whole.result.figures


def test_the_test_ratings_have_no_say_in_what_wins(begin, planted, tmp_path):
    """Poison: a file in which every test rating is the opposite. The winner is the same, its test is not."""
    rating = planted.rating.copy()
    rows = data.random_split(planted).test_rows
    rating[rows] = sum(planted.scale) - rating[rows]
    studies = []
    for name, values in (("clean", planted.rating), ("poisoned", rating)):
        table = {"user": planted.user_index, "item": planted.item_index, "rating": values}
        pd.DataFrame(table).to_csv(tmp_path / f"{name}.csv", index=False)
        studies.append(begin(replace(SPEC, data=str(tmp_path / f"{name}.csv")), 3))
    clean, poisoned = (over(study) for study in studies)
    assert (clean.mode, poisoned.mode) == ("finished", "finished")
    assert as_tuples(clean.trials) == as_tuples(poisoned.trials)
    assert clean.best.chosen == poisoned.best.chosen
    assert poisoned.result.figures["test_rmse"] > clean.result.figures["test_rmse"] + 0.3


def test_a_stopped_study_keeps_its_trials_and_asks_the_test_nothing(begin, workers, store):
    study = begin(trials=200)
    wait_for(lambda: study.step >= 2, 120)
    workers.stop(study)
    ended = as_tuples(study.told)
    assert study.mode == "stopped"
    assert "the test was not asked" in study.state_message()["sentence"]
    assert len(ended) >= 2
    assert study.best.value == min(trial.value for trial in study.trials if trial.state == "complete")
    assert (study.result, store.runs()) == (None, [])
    workers.train(study)  # a new beginning, as after any stop
    wait_for(lambda: study.step >= 2, 120)
    assert as_tuples(study.told)[:2] == ended[:2]


def test_a_model_in_one_go_that_ranks_is_searched_by_its_lists(begin):
    study = over(begin(RunSpec("planted", "last", default_settings("ease")), 3))
    assert study.mode == "finished"
    assert [len(trial.values) for trial in study.trials] == [1, 1, 1]
    assert study.best.value == max(trial.value for trial in study.trials)
    assert study.result.figures["test_rmse"] is None
    assert study.result.figures["ndcg@10"] > 0


def test_what_cannot_be_searched_ends_in_a_sentence(begin):
    gone = over(begin(replace(SPEC, data="no_such.csv")))
    assert gone.mode == "failed"
    assert "no_such.csv" in gone.sentence
    for wanted, at_once, said in ((0, 1, "1 to 200 trials, not 0"), (5, 6, "1 to 5 trials")):
        with pytest.raises(SettingsError, match=said):
            make_study("a session", SPEC, wanted, at_once)
    with pytest.raises(SettingsError, match="no number that a search could set"):
        make_study("a session", replace(SPEC, settings=default_settings("popularity")), 5)


def test_the_command_line_tells_each_trial_and_the_end(workers, monkeypatch, capsys):
    monkeypatch.setenv("RECSYS_EDU_SCHEDULER", workers.address)
    assert cli.main(["search", "--data", "planted", "--model", "ease", "--trials", "3", "--json"]) == 0
    *trials, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(trial["event"], trial["number"], trial["state"]) for trial in trials] == [
        ("trial", number, "complete") for number in (1, 2, 3)
    ]
    assert trials[0]["l2"] == 100
    assert {"event": "trial"} | end["best"] == max(trials, key=lambda trial: (trial["value"], -trial["number"]))
    assert end["command"].startswith("python -m recsys_edu train --data planted --model ease --split random --seed 0")
    assert (end["event"], end["state"], end["goal"]) == ("search", "finished", "NDCG@10")
    assert end["test"]["ndcg@10"] > 0
    assert cli.main(["search", "--data", "no_such.csv", "--trials", "2"]) == 1
    told = capsys.readouterr()
    assert "no_such.csv" in told.err
    assert "Traceback" not in told.err


# --- What is drawn --------------------------------------------------------------------------------------


def trials_of(*values):
    """Trials with these values; of None one that failed."""
    states = {None: "failed"}
    settings = default_settings("mf", epochs=20)
    return [
        Trial(k, replace(settings, learning_rate=0.001 * (k + 1)), [v] if v else [], states.get(v, "complete"))
        for k, v in enumerate(values)
    ]


def test_the_picture_marks_what_was_pruned_and_steps_to_the_best():
    trials = trials_of(0.9, 0.95, None, 0.8)
    trials[1].state = "pruned"
    complete, pruned, running, failed, steps = study_figures.trials_figure(trials, search.RATINGS_GOAL)["data"]
    assert (complete["x"], complete["y"]) == ([1, 4], [0.9, 0.8])
    assert (pruned["x"], pruned["y"]) == ([2], [0.95])
    assert (running["x"], failed["x"]) == ([], [])
    assert (steps["x"], steps["y"]) == ([1, 4, 4], [0.9, 0.8, 0.8])
    assert len({trace["marker"]["symbol"] for trace in (complete, pruned, running, failed)}) == 4
    lists = study_figures.trials_figure(trials_of(0.1, 0.3, 0.2), search.LISTS_GOAL)["data"][-1]
    assert lists["y"] == [0.1, 0.3, 0.3, 0.3]


def test_the_picture_of_a_setting_rings_the_best():
    trials = trials_of(0.9, 0.8)
    figure = study_figures.setting_figure(trials, search.RATINGS_GOAL, "learning_rate", search.best(trials))
    assert figure["data"][0]["x"] == [0.001, 0.002]
    assert (figure["data"][-1]["x"], figure["data"][-1]["y"]) == ([0.002], [0.8])
    assert figure["layout"]["xaxis"]["type"] == "log"


# --- The section of the Compare page ----------------------------------------------------------------------


def script():
    from recsys_edu.studio.screens import compare

    compare.page()


@pytest.fixture
def page(workers):
    page = AppTest.from_function(script, default_timeout=60)
    page.session_state["data"] = "planted"
    page.session_state["study_trials"] = 5
    yield page.run()
    if "study" in page.session_state and (study := workers.get(page.session_state["study"])):
        workers.close(study)


def press(page, key):
    page.button(key=key).click()
    return page.run()


def texts(page):
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.info, *page.error])


def test_search_shows_the_winner_and_what_the_test_says_and_the_train_page_can_have_it(workers, page):
    assert "Press Search" in texts(page)
    assert page.button(key="study_stop").disabled
    press(page, "study_search")
    study = workers.get(page.session_state["study"])
    assert (study.wanted, study.spec.settings) == (5, default_settings("mf"))
    over(study)
    page.run()
    assert not page.exception
    best = study.best
    assert f"Trial {best.number + 1} is the best" in texts(page)
    assert f"{best.value:.4f} on the validation part" in texts(page)
    assert f"{study.result.figures['test_rmse']:.4f}" in texts(page)
    assert "5 of 5 trials" in [bar.proto.text for bar in page.get("progress")][-1]
    press(page, "study_use")
    assert not page.exception
    now = page.session_state
    assert (now["model"], now["learning_rate"], now["l2"], now["embedding_dim"], now["epochs"]) == (
        "mf", best.settings.learning_rate, best.settings.l2, best.settings.embedding_dim, best.chosen.epochs,
    )  # fmt: skip
    page.selectbox(key="study_model").set_value("ease")
    page.run()
    assert "The settings are new" in texts(page)
    press(page, "study_search")
    assert workers.get(study.token) is None  # its memory is free
    ease = workers.get(page.session_state["study"])
    over(ease)
    page.run()
    assert "λ = " in texts(page)
    assert not [button for button in page.button if button.key == "study_use"]  # Train has no such model


def test_a_search_comes_back_from_its_link():
    chosen = {"study_model": "ease", "study_trials": 40}
    assert compare_links.from_params(compare_links.to_params(chosen)) == (chosen, [])
    for name, value in (("study_model", "popularity"), ("study_trials", "1000000")):
        values, problems = compare_links.from_params({name: value})
        assert (values, len(problems)) == ({}, 1)


def test_stop_leaves_the_trials_and_says_so(workers, page):
    page.session_state["study_trials"] = 80
    page.run()
    press(page, "study_search")
    study = workers.get(page.session_state["study"])
    wait_for(lambda: study.step >= 2, 120)
    page.run()
    press(page, "study_stop")
    assert study.mode == "stopped"
    assert "of 80 trials · Stopped" in [bar.proto.text for bar in page.get("progress")][-1]
    assert "is the best" in texts(page)
    assert "On the test" not in texts(page)
    assert not page.exception


def test_figures_of_users_decide_what_is_said_of_the_difference(planted):
    from recsys_edu.evaluation import Difference
    from recsys_edu.studio.screens.compare_study import verdict

    study = make_study("a session", SPEC, 4)
    study.trials, study.step = trials_of(0.8), 1
    parts = data.random_split(planted)
    biases = training.fit(default_settings("biases"), parts.train)
    study.result = study.usual = comparison.judge(biases, parts)
    assert "These are the usual settings" in verdict(study)
    for low, high, said in ((-0.02, -0.01, "worth it"), (-0.02, 0.01, "may be chance"), (0.01, 0.02, "misled")):
        study.difference = Difference((low + high) / 2, low, high, 0.05, 300)
        assert said in verdict(study)
    assert np.isfinite(study.result.figures["test_rmse"])
