"""Train: one side alone learns, slow motion, Recall@10 on the way; and the same seed gives the same run, however it was
cut and paused."""

import numpy as np
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu import training
from recsys_edu.models import MODELS, default_settings
from recsys_edu.studio import charts, links, microscope, runs, slices
from recsys_edu.studio.pace import PACES
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import ROOT, wait_for

SETTINGS = default_settings("mf", embedding_dim=8, batch_size=128, epochs=2)
SPEC = RunSpec("planted", "random", SETTINGS)
TRAIN_SIZE, STEPS = 9600, 75


@pytest.fixture
def run(workers):
    run = workers.open("a session", SPEC, TRAIN_SIZE)
    workers.adjust(run, judge_lists=True)
    yield run
    workers.close(run)


def done(run):
    return wait_for(lambda: not run.working)


def learnt(run):
    """All that a run has learnt, and the curves that its epochs left."""
    kept = {name: array.copy() for name, array in run.state.items() if name != "seconds"}
    return kept, {name: list(run.curve[name]) for name in ("validation_epoch", "validation", "recall")}


def test_the_same_seed_gives_the_same_run_however_it_is_cut_and_paused(workers, run, monkeypatch):
    """Equal bits: weights, Adam's memory, the epoch's loss, the error and Recall@10 on the held-out part."""
    workers.train(run)
    done(run)
    at_once, curves = learnt(run)
    points = dict(zip(run.curve["epoch"], run.curve["train"], strict=True))
    workers.reset(run)
    monkeypatch.setattr(runs, "PAUSE_SECONDS", 0.01)
    for _batch in range(2):
        workers.one_batch(run)
        done(run)
    workers.adjust(run, pace="tenth")
    workers.train(run)
    wait_for(lambda: run.step > 40)
    workers.pause(run)
    workers.train(run)
    done(run)
    again, same_curves = learnt(run)
    assert len(run.curve["train"]) > len(points)  # more points, at more places
    assert again.keys() == at_once.keys()
    for name, array in again.items():
        np.testing.assert_array_equal(array, at_once[name], err_msg=name)
    assert same_curves == curves
    workers.reset(run)
    workers.adjust(run, pace="full")
    workers.train(run)
    done(run)
    assert dict(zip(run.curve["epoch"], run.curve["train"], strict=True)) == points


def test_recall_is_told_for_every_epoch_and_is_what_the_trainer_finds(workers, run):
    workers.train(run)
    done(run)
    parts = slices.split_of("planted", "random", SETTINGS.seed)
    heard = []
    training.fit(SETTINGS, parts.train, parts.test, heard.append, judge_lists=True)
    found = [event.validation_recall for event in heard if hasattr(event, "validation_recall")]
    assert run.curve["recall"] == pytest.approx(found, abs=2e-3)
    assert run.hello()[0]["history"]["recall"] == run.curve["recall"]
    workers.adjust(run, judge_lists=False)
    workers.one_epoch(run)
    done(run)
    assert run.curve["recall"][-1] is None
    assert run.curve["validation"][-1] is not None


def test_slow_motion_stands_still_between_steps_and_a_button_acts_at_once(workers, run, monkeypatch):
    monkeypatch.setattr(runs, "PAUSE_SECONDS", 600)
    workers.adjust(run, pace="batch")
    workers.train(run)
    wait_for(lambda: run.step == 1 and "one mini-batch" in run.state_message()["sentence"])
    assert (run.mode, run.curve["epoch"]) == ("running", [1 / STEPS])
    workers.pause(run)
    assert run.mode == "paused"
    workers.train(run)
    wait_for(lambda: run.step == 2)
    workers.adjust(run, pace="tenth")  # goes on at once, to the next tenth of the epoch
    wait_for(lambda: run.step == 8)
    assert run.curve["epoch"] == [step / STEPS for step in (1, 2, 8)]
    workers.stop(run)
    assert run.mode == "stopped"
    workers.train(run)  # from the beginning
    wait_for(lambda: run.step == 8)
    workers.adjust(run, pace="full")
    done(run)
    assert (run.mode, run.step) == ("finished", 2 * STEPS)


def test_a_step_of_slow_motion_moves_the_map_however_small_it_is():
    spec = RunSpec("planted", "random", default_settings("mf", embedding_dim=4, batch_size=32, learning_rate=1e-6))
    first = slices.run_slice(spec, None, 1, 0, None, None)
    drawn = [
        slices.run_slice(spec, first.state, 2, 0, first.frame, first.item_vectors, each_step=each_step).frame
        for each_step in (False, True)
    ]
    assert drawn[0] is None  # at full speed so little is not worth a frame
    assert drawn[1] is not None


def test_the_microscope_sees_the_side_that_does_not_learn_stand_still():
    spec = RunSpec("planted", "random", default_settings("mf", embedding_dim=4, learns="users"))
    outset = microscope.outset(spec, None)
    (look,), behind = microscope.look(spec, None, outset.user_index, int(outset.items[0]), 1)
    for name in ("q_i", "b_i"):
        assert not look.update[name].any()
        assert not look.gradient[name].any()
    for name in ("p_u", "b_u"):
        assert look.update[name].all()
        assert look.gradient[name].all()
    trainer, start = slices.trainer_of(spec)
    trainer.restore(behind)
    learnt, items = trainer.model.user_vectors()[outset.user_index].copy(), trainer.model.item_vectors().copy()
    np.testing.assert_array_equal(learnt, look.value["p_u"] + look.update["p_u"])
    trainer.restore(start)
    np.testing.assert_array_equal(trainer.model.item_vectors(), items)


@pytest.mark.parametrize(
    ("pace", "steps_per_epoch", "stops"),
    [
        ("full", 75, [150]),
        ("batch", 3, [1, 2, 3, 4, 5, 6]),
        ("tenth", 4, [1, 2, 3, 4, 5, 6, 7, 8]),
        ("tenth", 25, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 25, 27]),
    ],
)
def test_where_slow_motion_stops(pace, steps_per_epoch, stops):
    """Counted from the begin of each epoch, whose end is a stop."""
    step, found = 0, []
    while step < stops[-1]:
        step = PACES[pace].next_stop(step, steps_per_epoch, 2 * steps_per_epoch)
        found.append(step)
    assert found == stops
    assert PACES["tenth"].next_stop(5, 75, 6) == 6
    assert not PACES["full"].stands_at(75, 75)


@pytest.fixture
def page(workers):
    opened = []

    def open_page(**params):
        page = AppTest.from_file(str(ROOT / "recsys_edu" / "studio" / "router.py"), default_timeout=60)
        for name, value in params.items():
            page.query_params[name] = value
        opened.append(page.run())
        return page

    yield open_page
    for page in opened:
        workers.close(workers.get(page.session_state["run"]))


def control(page, key):
    return next((part for part in [*page.get("button_group"), *page.checkbox] if part.key == key), None)


def press(page, label):
    next(button for button in page.button if button.label == label).click()
    return page.run()


def test_the_side_makes_a_new_run_and_the_speed_and_recall_do_not(workers, page):
    page = page(data="planted", epochs="1", embedding_dim="4", batch_size="128")
    press(page, "Train")
    first = workers.get(page.session_state["run"])
    done(first)
    control(page, "pace").set_value("batch")
    control(page, "recall").set_value(False)
    page.run()
    assert not page.exception
    assert workers.get(page.session_state["run"]) is first
    assert (first.pace, first.judge_lists) == ("batch", False)
    assert not page.info
    assert (page.query_params["pace"], page.query_params["recall"]) == ("batch", "False")
    control(page, "pace").set_value("full")
    control(page, "learns").set_value("users")
    page.run()
    assert any("start a new run" in info.value for info in page.info)
    press(page, "Train")
    second = workers.get(page.session_state["run"])
    done(second)
    assert second is not first
    assert second.spec.settings.learns == page.query_params["learns"] == "users"
    before, *_between, after = second.snapshots.all
    np.testing.assert_array_equal(before.vectors, after.vectors)  # of the films, which did not learn
    assert second.curve["train"][-1] < second.curve["train"][0]
    page.run()
    assert any("the films stay where they started" in caption.value for caption in page.caption)
    shown = "".join(str(part.proto) for part in page.get("bidi_component"))
    assert "training ratings" in shown
    assert "Recall@10, held out" not in shown


def test_a_link_catches_up_at_full_speed_and_then_goes_slowly(workers, page):
    page = page(data="planted", embedding_dim="4", batch_size="128", step="60", pace="batch", learns="items")
    run = workers.get(page.session_state["run"])
    assert run.pace == "full"
    wait_for(lambda: run.step == 60 and not run.working, 20)
    assert run.spec.settings.learns == "items"
    press(page, "One batch")
    assert run.pace == "batch"
    assert control(page, "pace").value == "batch"


def test_a_model_without_two_sides_has_no_such_control_and_one_over_fields_no_recall_at_first(page):
    page = page(data="planted", model="mf")
    assert control(page, "learns").value == "both"
    assert control(page, "recall").value
    assert all(control(page, key).help for key in ("learns", "recall", "pace"))
    for model, learns, recall in (("sasrec", False, True), ("deepfm", False, False), ("two_tower", True, True)):
        next(box for box in page.selectbox if box.key == "model").set_value(model)
        page.run()
        assert not page.exception
        assert (control(page, "learns") is not None) == learns == bool(MODELS[model].sides)
        assert control(page, "recall").value == recall == links.recall_suits(model)


def test_the_lists_have_a_panel_of_their_own_below_the_loss():
    plain, judged = charts.loss_figure(), charts.loss_figure(recall=True)
    assert "yaxis2" not in plain["layout"]
    below, above = judged["layout"]["yaxis2"]["domain"], judged["layout"]["yaxis"]["domain"]
    assert below[1] < above[0]
    loss, held_out, recall = judged["data"]
    assert (loss.get("yaxis", "y"), held_out["yaxis"], recall["yaxis"]) == ("y", "y", "y2")
    assert recall["name"] == "Recall@10, held out"
    looks = {(t["meta"]["colour"], t["line"].get("dash"), t["marker"].get("symbol")) for t in judged["data"]}
    assert len(looks) == 3  # told apart without colours too
    both = charts.loss_figure(loss="softmax", ranks=True, recall=True)
    assert both["layout"]["yaxis2"]["title"]["text"] == "NDCG · Recall"
    assert [trace.get("yaxis", "y") for trace in both["data"]] == ["y", "y2", "y2"]


CURVES, MAP = "window.__lossCurves", "window.__filmMap"


@pytest.mark.browser
def test_a_class_sees_each_batch_and_full_speed_ends_it(browser, studio):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{studio.url}/?data=planted&batch_size=128&epochs=3&pace=batch")
    train = page.get_by_role("button", name="Train", exact=True)
    expect(train).to_be_enabled(timeout=30_000)
    page.wait_for_function(f"{CURVES} && {MAP}")
    page.evaluate(
        f"""() => {{ window.steps = []; window.watch = setInterval(() => {{
            const n = {CURVES}.train; if (n !== window.steps.at(-1)) window.steps.push(n); }}, 20); }}"""
    )
    train.click()
    page.wait_for_function(f"{CURVES}.train >= 4 && {MAP}.frames >= 3", timeout=60_000)
    assert page.evaluate("window.steps.slice(0, 5)") == [0, 1, 2, 3, 4]  # one by one
    expect(page.get_by_text("Slow motion: one mini-batch at a time.").first).to_be_visible()
    assert "markers" in page.evaluate("document.querySelector('.chart .plot').data[0].mode")
    assert page.evaluate(f"{CURVES}.recall") == 0
    page.get_by_role("radio", name="Full", exact=True).click()
    page.wait_for_function(f"{CURVES}.recall === 3 && {CURVES}.validation === 3", timeout=30_000)
    expect(page.get_by_text("Epoch 3.0 of 3").first).to_be_visible()
    legend = page.locator(".chart .legendtext").all_text_contents()
    assert legend == ["training ratings", "held-out ratings", "Recall@10, held out"]
    drawn = page.evaluate("document.querySelector('.chart .plot')._fullData[2]")["yaxis"]
    assert drawn == "y2"
    assert "pace" not in page.url
    assert errors == []
    context.close()
