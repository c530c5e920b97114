"""A recording played: the messages of a live run, and the page that says what it is."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu import recording
from recsys_edu.errors import DataError
from recsys_edu.studio import playback
from tests.studio.conftest import ROOT, apart


@pytest.fixture(scope="module")
def recorded():
    return recording.read(recording.BUNDLED / "planted-mf.npz")


@pytest.fixture
def run(recorded):
    made = playback.made_of("me", recorded)
    made.seconds = 0.0
    made.told = []
    made.subscribers.append(made.told.append)
    return made


def play(run, until_step):
    async def nobody(task):
        raise AssertionError("a recording asks no worker")

    run.until_step = until_step
    apart(run.learn(nobody))


def kinds(run):
    return [message["type"] if isinstance(message, dict) else "frame" for message in run.told]


def test_all_of_it_comes_as_a_live_run_would_tell_it(run, recorded):
    play(run, recorded.last_step)
    assert run.mode == "finished"
    assert run.curve["train"] == recorded.arrays["train"].tolist()
    assert run.curve["validation"] == recorded.arrays["validation"].tolist()
    assert run.curve["validation_epoch"] == [float(k + 1) for k in range(recorded.settings.epochs)]
    assert kinds(run).count("frame") == len(recorded.arrays["frame_step"]) == run.frames
    assert [one.epoch for one in run.snapshots.all] == list(range(recorded.settings.epochs + 1))
    np.testing.assert_allclose(run.item_vectors, recorded.vectors(len(recorded.arrays["scale"]) - 1))


def test_it_stops_at_the_epoch_that_was_asked_for_and_goes_on_there(run, recorded):
    play(run, 2 * run.steps_per_epoch)
    assert (run.mode, run.epoch) == ("paused", 2.0)
    assert len(run.curve["validation"]) == 2
    play(run, 3 * run.steps_per_epoch)
    assert run.curve["validation_epoch"] == [1.0, 2.0, 3.0]
    run.clear()
    assert (run.step, run.frame, run.curve["train"]) == (0, None, [])


def test_the_lists_of_users_whose_scores_were_kept_follow(run, recorded):
    play(run, run.steps_per_epoch)
    run.watch(3)
    assert run.scored_user == 3
    np.testing.assert_array_equal(run.scores, recorded.scores(1, 3))
    run.watch(299)
    assert (run.scored_user, run.scores) == (None, None)
    assert not run.busy


def test_a_recording_of_other_films_is_refused(recorded):
    fewer = recorded.arrays | {"vectors": recorded.arrays["vectors"][:, :-1]}
    with pytest.raises(DataError, match="another version"):
        playback.made_of("me", replace(recorded, arrays=fewer))


def test_a_recording_whose_data_are_not_here_is_refused(recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_EDU_DATA", str(tmp_path))
    with pytest.raises(DataError, match="not here yet"):
        playback.made_of("me", replace(recorded, data="movielens-100k"))


def test_a_damaged_file_is_a_sentence_on_the_page(workers, monkeypatch, tmp_path):
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "broken.npz").write_bytes(b"no recording")
    monkeypatch.setenv("RECSYS_EDU_DATA", str(tmp_path))
    page = AppTest.from_file(str(ROOT / "recsys_edu" / "studio" / "router.py"), default_timeout=30).run()
    page.session_state["recording"] = "broken"
    page.button(key="play_recording").click().run()
    assert not page.exception
    assert "broken.npz cannot be played" in page.toast[0].value


@pytest.mark.browser
def test_a_recording_plays_on_the_train_page(browser, studio):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{studio.url}/?data=planted&model=mf")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled(timeout=30_000)
    page.wait_for_function("window.__lossCurves && window.__filmMap")
    page.get_by_role("button", name="Play a recorded run").click()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text("not a live run").first).to_be_visible()
    page.wait_for_function("window.__lossCurves.validation >= 2 && window.__filmMap.frames >= 2", timeout=30_000)
    expect(page.get_by_text("nothing is trained now").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Train plays on from here").first).to_be_visible()
    top = page.get_by_role("list", name="Recommended now").get_by_role("listitem")
    expect(top).to_have_count(10)
    context.close()
