"""The address holds the screen: a control of every page is changed, the page loaded anew, and the change is there."""

import json
import re

import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu.data import random_split
from recsys_edu.run_store import RunStore
from recsys_edu.studio.screens import compare_links
from tests.studio.conftest import wait_for
from tests.studio.test_compare import stored


def slider(name, address):
    """Moves a slider to the left by one."""

    def change(page):
        thumb = page.get_by_role("slider", name=re.compile(name)).first
        thumb.press("ArrowLeft")
        expect(page).to_have_url(re.compile(address))
        return lambda: thumb.evaluate("thumb => thumb.getAttribute('aria-valuetext') || thumb.value")

    return change


def choice(name, address):
    def change(page):
        page.get_by_text(name, exact=True).first.click()
        expect(page).to_have_url(re.compile(address))
        pressed = page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).first
        return lambda: pressed.get_attribute("aria-checked")

    return change


def star(page):
    page.get_by_role("radio", name="4 of 5 stars").first.check(force=True)
    expect(page).to_have_url(re.compile(r"rated=\d+-4"))
    return lambda: page.locator(".star-list label.on").count()


def steps(page):
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page).to_have_url(re.compile("at=1"))
    second = page.get_by_text("step 2", exact=True)
    expect(second.first).to_be_visible()
    return second.count


PAGES = {
    "?data=planted&model=mf": slider("Embedding size", "embedding_dim=16"),
    "map?data=planted&model=mf": slider("Neighbours of", "near=9"),
    "you?data=planted&model=mf&embedding_dim=4&batch_size=128&step=75": star,
    "compare?data=planted": slider("Seconds of training", "race_budget=5"),
    "break-it?data=planted": choice("Popularity alone", "mistake=popularity"),
    "world": slider("Ratings per user", "density=0.15"),
    "challenges?data=planted&tab=loop": slider("Rounds", "round=9"),
    "microscope?data=planted&model=mf": steps,
}


@pytest.mark.browser
@pytest.mark.parametrize("address", PAGES)
def test_a_changed_control_is_there_again_after_a_reload(browser, studio, address):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{studio.url}/{address}")
    now = PAGES[address](page)
    kept = page.url
    value = now()
    assert value not in (None, 0)
    page.reload()
    expect(page.get_by_role("link", name="Microscope")).to_be_visible(timeout=30_000)
    wait_for(lambda: now() == value, 30)
    expect(page).to_have_url(re.compile(re.escape(kept.split("/")[-1])))
    page.close()


class SlowConnection:
    """Between a page and its studio: while `slow`, what the studio says is kept back."""

    def __init__(self, page):
        self.page, self.slow, self.kept = page, False, []
        page.route_web_socket("**/_stcore/stream", self._connect)

    def _connect(self, browser):
        server = browser.connect_to_server()
        server.on_message(lambda said: self.kept.append((browser, said)) if self.slow else browser.send(said))

    def said(self, words):
        """Wait until the studio has said this."""
        wait_for(lambda: self.page.evaluate("1") and any(words in said for _browser, said in self.kept), 30)

    def end(self):
        self.slow = False
        for browser, said in self.kept:
            browser.send(said)


@pytest.mark.browser
def test_a_click_on_the_old_page_while_another_one_is_on_its_way_changes_no_other_control(browser, studio):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    connection = SlowConnection(page)
    page.goto(f"{studio.url}/?data=planted&model=mf&embedding_dim=16&epochs=7&at_least=12")
    least = page.get_by_label("Ratings a film needs", exact=True)
    expect(least).to_have_value("12", timeout=30_000)
    connection.slow = True
    page.get_by_role("link", name="Map", exact=True).click()
    connection.said(b"Arrange the films by")
    page.get_by_role("slider", name=re.compile("Batch size")).first.press("ArrowLeft")
    connection.said(b"Ratings a film needs")
    connection.end()
    expect(least).to_be_visible()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("7")
    expect(least).to_have_value("12")
    page.get_by_role("button", name="One batch").click()  # what the browser holds goes with it
    expect(page).to_have_url(re.compile("step=1"))
    assert all(part in page.url for part in ("embedding_dim=16", "epochs=7", "at_least=12", "batch_size="))
    page.close()


def test_a_race_comes_back_from_its_link():
    chosen = {"data": "planted", "split": "last", "race_models": ["ease", "mf"], "race_budget": 5, "race_seed": 3}
    assert compare_links.from_params(compare_links.to_params(chosen)) == (chosen, [])
    assert compare_links.to_params(compare_links.USUAL) == {}


@pytest.mark.parametrize("ticked", [{3, 17, 400}, set()])
def test_the_earlier_runs_that_are_shown_come_back_from_their_link(ticked):
    params = compare_links.to_params({"chosen_runs": ticked})
    assert compare_links.from_params(params) == ({"chosen_runs": ticked}, [])
    assert "chosen_runs" not in compare_links.to_params({})  # nobody ticked: the usual ones


def compare_script():
    from recsys_edu.studio.screens import compare

    compare.page()


def test_the_page_ticks_the_runs_of_its_link(workers, planted, monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_EDU_RUNS", str(tmp_path / "runs.sqlite"))
    store, parts = RunStore(), random_split(planted)
    runs = [store.add(stored(parts, model)) for model in ("mf", "ease", "biases")]
    page = AppTest.from_function(compare_script, default_timeout=60)
    page.query_params["data"], page.query_params["chosen_runs"] = "planted", f"{runs[0].id}_{runs[2].id}"
    page.run()
    assert not page.exception
    tables = [json.loads(part.proto.json) for part in page.get("bidi_component") if part.proto.json]
    earlier = next(table["runs"] for table in tables if table.get("choosable"))
    assert {run["id"] for run in earlier if run["chosen"]} == {runs[0].id, runs[2].id}
    assert page.query_params["chosen_runs"] == f"{runs[0].id}_{runs[2].id}"


def test_the_newest_of_too_many_ticked_runs_stay_in_the_link():
    values, _none = compare_links.from_params(compare_links.to_params({"chosen_runs": set(range(100))}))
    assert values["chosen_runs"] == set(range(100 - compare_links.MOST_CHOSEN, 100))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("race_models", "mf,../x"),
        ("race_models", ","),
        ("race_budget", "3"),
        ("race_seed", "-1"),
        ("data", "/etc"),
        ("chosen_runs", "3_x"),
        ("chosen_runs", ""),
    ],
)
def test_a_part_of_a_race_that_makes_no_sense_is_left_out_with_a_sentence(name, value):
    values, problems = compare_links.from_params({name: value})
    assert values == {}
    assert name in problems[0]


def test_more_models_than_there_are_lanes_are_cut():
    values, _none = compare_links.from_params({"race_models": "mf,mlp,ease,biases,popularity"})
    assert values["race_models"] == ["mf", "mlp", "ease", "biases"]
