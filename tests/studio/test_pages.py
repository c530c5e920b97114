"""Every page of the router, run as Streamlit runs it, without a browser: what is asked for is what is
shown."""

import pytest
from streamlit.testing.v1 import AppTest

from recsys_edu.models import MODELS, default_settings
from recsys_edu.studio import charts, slices, state
from recsys_edu.studio.screens import train_controls
from tests.studio.conftest import ROOT, wait_for


def test_in_a_crowd_pages_look_more_seldom_at_their_runs(workers):
    spec = slices.RunSpec("planted", "random", default_settings("mf"))
    assert state.beat(0.5) == 0.5
    crowd = [workers.open(f"reader {k}", spec, 9600) for k in range(40)]
    assert 2.0 <= state.beat(0.5) <= 3.0
    for run in crowd:
        workers.close(run)


@pytest.fixture
def page(workers):
    page = AppTest.from_file(str(ROOT / "recsys_edu" / "studio" / "router.py"), default_timeout=60).run()
    yield page
    run = current(workers, page)
    if run is not None:
        workers.close(run)


def current(workers, page):
    token = page.session_state["run"] if "run" in page.session_state else None  # noqa: SIM401 - it has no get
    return workers.get(token)


def choose(page, **values):
    for key, value in values.items():
        kind = {
            "data": "selectbox",
            "split": "selectbox",
            "model": "selectbox",
            "user_index": "selectbox",
        }.get(key)
        widgets = getattr(page, kind) if kind else [*page.select_slider, *page.number_input]
        widget = next(w for w in widgets if w.key == key)
        widget.set_value(value)
    return page.run()


def own_buttons(page):
    """Those that act on the run or fetch its data, without what stands beside them and beside every page."""
    beside = ("tour_start", "play_recording", "Your own ratings…")
    return [button for button in page.button if button.key not in beside and button.label not in beside]


def press(page, label):
    next(button for button in page.button if button.label == label).click()
    return page.run()


def test_the_first_screen_is_ready_to_train(workers, page):
    assert not page.exception
    assert [button.label for button in own_buttons(page)] == [
        "Train",
        "Pause",
        "One batch",
        "One epoch",
        "Stop",
        "Reset",
    ]
    assert not own_buttons(page)[0].disabled
    assert all(own_buttons(page)[k].disabled for k in (1, 4, 5))
    assert all(button.help for button in page.button)
    assert current(workers, page).mode == "ready"


def test_train_runs_the_chosen_settings_to_the_end(workers, page):
    choose(page, data="planted", model="mf")
    choose(page, embedding_dim=4, batch_size=128, epochs=2, seed=5)
    press(page, "Train")
    run = wait_for(lambda: current(workers, page))
    wait_for(lambda: run.mode == "finished")
    settings = run.spec.settings
    assert (run.spec.data, settings.embedding_dim, settings.epochs, settings.seed) == ("planted", 4, 2, 5)
    assert run.step == 2 * 75
    page.run()
    assert "Epoch 2.0 of 2" in page.get("progress")[0].proto.text


def test_choosing_a_model_sets_what_suits_it(page):
    choose(page, model="article")
    assert not [s for s in page.select_slider if s.key == "l2"]  # it has no such term
    choose(page, model="mlp")
    assert next(s for s in page.select_slider if s.key == "l2").value == 2.0
    assert not page.exception


def test_a_model_that_ranks_has_its_own_loss_options_and_lists_without_stars(workers, page):
    choose(page, data="planted", model="two_tower")
    options = {w.key: w.value for w in [*page.number_input, *page.checkbox] if w.key.startswith("option_")}
    assert options == {f"option_{name}": value for name, value in MODELS["two_tower"].options.items()}
    next(box for box in page.checkbox if box.key == "option_correct").set_value(False)
    choose(page, embedding_dim=4, epochs=2)
    press(page, "Train")
    run = current(workers, page)
    wait_for(lambda: run.mode == "finished", 120)
    page.run()
    assert not page.exception
    assert dict(run.spec.settings.options)["correct"] is False
    assert run.loss == "softmax"
    assert len(run.curve["validation"]) == 2
    assert all(0 <= ndcg <= 1 for ndcg in run.curve["validation"])
    assert all(0 <= recall <= 1 for recall in run.curve["recall"])
    figure = charts.loss_figure(loss=run.loss, ranks=True)
    assert figure["layout"]["yaxis"]["title"]["text"] == "softmax cross-entropy"
    assert (figure["data"][1]["yaxis"], figure["layout"]["yaxis2"]["title"]["text"]) == ("y2", "NDCG@10")
    shown = "".join(str(part.proto) for part in page.get("bidi_component"))
    assert "no. 1" in shown  # a place, no predicted stars


def test_only_models_learnt_in_steps_are_offered(page):
    offered = next(box for box in page.selectbox if box.key == "model").options
    assert offered == [card.title for card in MODELS.values() if card.by_gradient]


def test_changed_settings_keep_the_old_run_until_train_is_pressed(workers, page):
    choose(page, data="planted", epochs=1)
    press(page, "Train")
    old = current(workers, page)
    wait_for(lambda: old.mode == "finished")
    choose(page, embedding_dim=2)
    assert current(workers, page) is old
    assert any("start a new run" in info.value for info in page.info)
    press(page, "Train")
    new = current(workers, page)
    assert new is not old
    assert new.spec.settings.embedding_dim == 2
    assert workers.get(old.token) is None  # its memory is free


def test_the_scored_user_follows_the_choice(workers, page):
    choose(page, data="planted", epochs=1)
    press(page, "Train")
    run = current(workers, page)
    wait_for(lambda: run.mode == "finished")
    choose(page, user_index=42)
    wait_for(lambda: run.scored_user == 42)
    assert not page.exception


def test_an_exploding_loss_is_told_on_the_page(workers, page, monkeypatch):
    monkeypatch.setattr(train_controls, "LEARNING_RATES", [0.005, 1e9])
    choose(page, data="planted")
    choose(page, learning_rate=1e9, epochs=500)
    press(page, "Train")
    run = current(workers, page)
    wait_for(lambda: not run.working)
    page.run()
    assert run.mode == "failed"
    assert "learning rate ten times smaller" in page.error[0].value


def test_a_data_set_that_is_not_here_is_offered(page, monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_EDU_DATA", str(tmp_path))
    choose(page, data="movielens-100k")
    assert page.header[0].value == "MovieLens 100K"
    assert [button.label for button in own_buttons(page)] == ["Fetch MovieLens 100K"]
    assert not page.exception


def test_a_user_of_a_larger_data_set_does_not_follow_into_a_smaller_one(workers, page, movielens):
    choose(page, data="movielens-100k")
    choose(page, user_index=900)
    choose(page, data="planted", epochs=1)
    press(page, "Train")
    assert not page.exception
    assert next(box for box in page.selectbox if box.key == "user_index").value == 0


def test_a_damaged_cache_is_offered_anew_and_does_not_stop_the_studio(page, monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_EDU_DATA", str(tmp_path))
    (tmp_path / "movielens-100k").mkdir()
    (tmp_path / "movielens-100k" / "manifest.json").write_text("{", encoding="utf-8")
    assert slices.default_data() == "planted"
    choose(page, data="movielens-100k")
    assert [button.label for button in own_buttons(page)] == ["Fetch MovieLens 100K"]
