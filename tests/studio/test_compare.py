"""The Compare page: lanes race on real workers for equal seconds, and what the page says of them is what they gave."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from recsys_edu import comparison, training
from recsys_edu.data import random_split
from recsys_edu.models import MODELS, default_settings, num_examples
from recsys_edu.run_store import RunStore, StoredRun
from recsys_edu.studio import charts, results
from recsys_edu.studio.charts import Mark
from recsys_edu.studio.races import SECONDS_AT_MOST
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import wait_for

HOSTILE = "<img src=x onerror=window.hacked=1> [a](javascript:alert(1)) $x$ **b**"


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    """A run store of this test's own."""
    monkeypatch.setenv("RECSYS_EDU_RUNS", str(tmp_path / "runs.sqlite"))
    return RunStore()


def open_lane(workers, planted, model, budget=20.0, **changes):
    settings = default_settings(model, **changes)
    examples = num_examples(settings, random_split(planted).train)
    return workers.open_lane("a session", RunSpec("planted", "random", settings, judge_lists=True), examples, budget)


def over(lane):
    return wait_for(lambda: not lane.working, 120)


def stored(parts, model="mf", **changes):
    figures = {"test_rmse": 0.9, "test_mae": 0.7, "ndcg@10": 0.1, "hr@10": 0.2, "coverage@10": 0.3, "novelty@10": 8.0}
    run = {
        "data": parts.train.name, "split": parts.how, "model": model, "seed": 0, "settings": {}, "figures": figures,
        "fit_seconds": 1.5, "parameters": 700, "per_user": {"users": np.array([0])},
    }  # fmt: skip
    return StoredRun(**run | changes)


# --- A lane ---------------------------------------------------------------------------------------------


def test_a_lane_learns_all_its_epochs_and_is_judged_and_kept(workers, planted, store):
    lane = open_lane(workers, planted, "mf", epochs=3)
    workers.train(lane)
    over(lane)
    assert (lane.mode, lane.epoch) == ("finished", 3)
    assert lane.sentence.startswith("All its epochs are learnt")
    parts = random_split(planted)
    alone = training.fit(lane.spec.settings, parts.train, parts.test)
    alone.judge_lists = True
    figures = comparison.judge(alone, parts).figures
    assert lane.result.figures == pytest.approx(figures, abs=2e-3)
    assert lane.curve["validation_epoch"] == [1, 2, 3]
    assert lane.curve["validation"][-1] == pytest.approx(alone.validation_mse(), abs=1e-3)
    assert lane.curve["ndcg"][-1] == pytest.approx(alone.validation_lists()[0], abs=2e-3)
    assert lane.curve["seconds"] == sorted(lane.curve["seconds"])
    assert [(run.id, run.figures) for run in store.runs()] == [(lane.result.id, lane.result.figures)]
    workers.close(lane)


def test_a_lane_stops_when_its_seconds_are_used_up_and_says_so(workers, planted, store):
    lane = open_lane(workers, planted, "mf", budget=0.3, batch_size=32, epochs=10_000)
    workers.train(lane)
    over(lane)
    assert lane.mode == "finished"
    assert lane.sentence.startswith("Its 0.3 seconds are used up, in epoch ")
    assert 0.3 <= lane.seconds < 3
    assert lane.curve["seconds"][-1] == pytest.approx(lane.seconds)  # judged where it stopped
    (kept,) = store.runs()
    assert kept.settings[SECONDS_AT_MOST] == 0.3  # so that nobody takes it for a run of all its epochs
    workers.close(lane)


def test_a_model_computed_in_one_go_is_a_point_and_one_that_ranks_has_no_error(workers, planted, store):
    lane = open_lane(workers, planted, "ease")
    workers.train(lane)
    over(lane)
    assert (lane.mode, lane.last_epoch) == ("finished", 1)
    assert lane.sentence.startswith("Computed in one go")
    assert lane.curve["validation"] == [None]
    assert lane.curve["ndcg"][0] > 0
    assert lane.result.figures["test_rmse"] is None
    assert lane.result.figures["ndcg@10"] > 0
    workers.close(lane)


def test_a_stopped_lane_is_not_judged_and_a_left_one_goes_on(workers, planted, store):
    lane, other = (open_lane(workers, planted, "mf", budget=b, epochs=10_000) for b in (60, 2))
    for each in (lane, other):
        workers.train(each)
    wait_for(lambda: lane.step > 0 and other.step > 0)
    workers.stop(lane)
    workers.leave("a session", for_good=False)
    assert (lane.mode, other.mode) == ("stopped", "paused")
    step = other.step
    workers.train(other)
    over(other)
    assert other.step > step
    assert [run.id for run in store.runs()] == [other.result.id]
    workers.leave("a session", for_good=True)
    assert "a session" not in workers.owners()


def test_a_store_that_cannot_be_written_costs_nothing_but_the_keeping(workers, planted, store):
    store.path.write_text("my diary", encoding="utf-8")
    lane = open_lane(workers, planted, "biases")
    workers.train(lane)
    over(lane)
    assert lane.mode == "finished"
    assert "could not be kept" in lane.sentence
    assert lane.result.figures["test_rmse"] < 2
    workers.close(lane)


# --- What is drawn --------------------------------------------------------------------------------------


def test_the_best_of_each_column_is_marked_and_no_answer_is_a_dash(planted):
    parts = random_split(planted)
    good = stored(parts, id=1)
    ranks = stored(parts, "ease", figures={"ndcg@10": 0.2, "test_rmse": None}, parameters=0, id=2)
    first, second = ([cell["text"] for cell in row["cells"]] for row in results.rows([(Mark(0), good), (None, ranks)]))
    assert first == ["0.9000", "0.7000", "0.1000", "0.200", "30.0%", "8.00", "1.50", "700"]
    assert second == ["–", "–", "0.2000", "–", "–", "–", "1.50", "0"]
    best = [[cell["best"] for cell in row["cells"]] for row in results.rows([(None, good), (None, ranks)])]
    assert best[0] == [False, False, False, False, False, False, True, False]  # nobody to beat is no win
    assert best[1] == [False, False, True, False, False, False, True, True]


def test_up_is_better_on_each_parallel_axis():
    axes = [("RMSE", -1, ".2f"), ("NDCG@10", 1, ".2f")]
    figure = charts.parallel_figure([(Mark(0), "a", [0.9, 0.1]), (Mark(1), "b", [1.0, None])], axes)
    assert [trace["y"] for trace in figure["data"]] == [[1.0, 1.0], [0.0, None]]
    assert figure["data"][1]["customdata"] == ["1.00", "–"]
    texts = [annotation["text"] for annotation in figure["layout"]["annotations"]]
    assert texts == ["<b>RMSE</b><br>↑ better<br>0.90", "1.00", "<b>NDCG@10</b><br>↑ better<br>0.10", "0.10"]


def test_a_cost_of_nothing_still_has_a_place_on_a_logarithmic_axis():
    figure = charts.cost_figure([(Mark(0), "a", 0, 0.9), (Mark(1), "b", 200, 0.8)], "Parameters", "rmse")
    assert [(trace["x"], trace["customdata"]) for trace in figure["data"]] == [([200], [0]), ([200], [200])]
    assert figure["layout"]["xaxis"]["type"] == "log"


def test_eight_runs_look_different_and_names_are_text():
    marks = [Mark(k).as_dict() for k in range(8)]
    assert len({mark["colour"] for mark in marks}) == 8
    assert len({(mark["dash"], mark["symbol"]) for mark in marks}) == 8
    assert charts.race_figure([HOSTILE], "rmse")["data"][0]["name"].startswith("&lt;img")


# --- The page -------------------------------------------------------------------------------------------


def script():
    from recsys_edu.studio.screens import compare

    compare.page()


@pytest.fixture
def page(workers):
    page = AppTest.from_function(script, default_timeout=60)
    page.session_state["data"] = "planted"
    yield page.run()
    for lane in lanes(workers, page):
        workers.close(lane)


def lanes(workers, page):
    tokens = page.session_state["race"] if "race" in page.session_state else []  # noqa: SIM401 - it has no get
    return [lane for token in tokens if (lane := workers.get(token))]


def press(page, label):
    next(button for button in page.button if button.label == label).click()
    return page.run()


def test_the_first_visit_says_what_to_do(workers, page):
    assert not page.exception
    assert page.multiselect[0].value == ["biases", "mf", "mlp"]
    assert any("Press Race" in caption.value for caption in page.caption)
    assert [button.disabled for button in page.button if not (button.key or "").startswith("study")] == [False, True]
    page.multiselect[0].set_value(["mf"])
    page.run()
    assert page.button[0].disabled
    assert "two to four" in page.info[0].value


def test_race_starts_a_lane_for_each_model_and_stop_ends_them(workers, page):
    page.multiselect[0].set_value(["mf", "biases"])
    page.run()
    press(page, "Race")
    first = lanes(workers, page)
    assert [lane.spec.settings.model for lane in first] == ["mf", "biases"]
    assert {lane.budget for lane in first} == {10.0}
    for lane in first:
        over(lane)
    page.run()
    assert [bar.proto.text.split(" · ")[1].split(",")[0] for bar in page.get("progress")] == [
        "All its epochs are learnt", "Computed in one go",
    ]  # fmt: skip
    assert not page.exception
    page.multiselect[0].set_value(["mf", "article"])
    page.run()
    assert "start" in page.info[0].value
    press(page, "Race")
    assert [workers.get(lane.token) for lane in first] == [None, None]  # their memory is free
    press(page, "Stop")
    assert not any(lane.working for lane in lanes(workers, page))
    assert not page.exception


def test_a_store_that_is_none_is_named(page, store):
    store.path.write_text("my diary", encoding="utf-8")
    page.run()
    assert "Cannot use the run store" in page.error[0].value


def test_every_model_can_be_chosen_and_has_code_to_copy(page):
    names = list(MODELS)
    for four in (names[k : k + 4] for k in range(0, len(names), 4)):
        page.multiselect[0].set_value(four)
        page.run()
        assert not page.exception
