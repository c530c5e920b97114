"""The address holds the screen: a control of every page is changed, the page loaded anew, and the change is there."""

import re

import pytest
from playwright.sync_api import expect

from recsys_edu.studio.screens import compare_links
from tests.studio.conftest import wait_for


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


def test_a_race_comes_back_from_its_link():
    chosen = {"data": "planted", "split": "last", "race_models": ["ease", "mf"], "race_budget": 5, "race_seed": 3}
    assert compare_links.from_params(compare_links.to_params(chosen)) == (chosen, [])
    assert compare_links.to_params(compare_links.USUAL) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [("race_models", "mf,../x"), ("race_models", ","), ("race_budget", "3"), ("race_seed", "-1"), ("data", "/etc")],
)
def test_a_part_of_a_race_that_makes_no_sense_is_left_out_with_a_sentence(name, value):
    values, problems = compare_links.from_params({name: value})
    assert values == {}
    assert name in problems[0]


def test_more_models_than_there_are_lanes_are_cut():
    values, _none = compare_links.from_params({"race_models": "mf,mlp,ease,biases,popularity"})
    assert values["race_models"] == ["mf", "mlp", "ease", "biases"]
