"""Break it: nothing runs before a guess, what the doctor finds is measured on a worker, and the guess is answered."""

import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu.clinic.diagnosis import SYMPTOMS
from recsys_edu.studio.screens import break_it_links
from tests.studio.conftest import wait_for


def script():
    from recsys_edu.studio.screens import break_it

    break_it.page()


@pytest.fixture
def page(workers):
    page = AppTest.from_function(script, default_timeout=60)
    page.query_params["data"] = "planted"
    page.query_params["mistake"] = "additive"
    yield page.run()
    if "run" in page.session_state:
        workers.close(workers.get(page.session_state["run"]))


def run_button(page):
    return next(button for button in page.button if button.label == "Run it")


def test_nothing_runs_before_a_guess(page):
    assert not page.exception
    assert "Dense(1)" in page.code[0].value
    assert run_button(page).disabled
    assert set(page.radio[0].options) == set(SYMPTOMS.values())
    page.radio[0].set_value("explodes").run()
    assert not run_button(page).disabled


def test_a_wrong_guess_is_answered_by_what_was_measured_and_the_link_runs_it_again(page, workers):
    page.radio[0].set_value("explodes").run()
    run_button(page).click().run()
    wait_for(lambda: page.run() and page.warning, 120)
    assert "everybody gets the same list" in page.warning[0].value
    assert "You predicted: the loss explodes" in page.warning[0].value
    said = " ".join(text.value for text in page.text)
    assert "r̂ = a(u) + b(i)" in said
    assert "Different top-10 lists" in " ".join(text.value for text in page.markdown)
    page.radio[0].set_value("same").run()
    assert "As you predicted" in page.success[0].value
    reloaded = AppTest.from_function(script, default_timeout=60)
    for name, value in dict(page.query_params).items():
        reloaded.query_params[name] = value
    wait_for(lambda: reloaded.run() and reloaded.success, 120)  # nobody pressed Run it
    assert reloaded.success[0].value == page.success[0].value
    assert reloaded.radio[0].value == "same"
    assert dict(reloaded.query_params) == dict(page.query_params)
    workers.close(workers.get(reloaded.session_state["run"]))


def test_a_link_that_names_no_mistake_is_met_with_a_sentence(workers):
    page = AppTest.from_function(script, default_timeout=60)
    page.query_params["mistake"] = "<b>"
    page.run()
    assert not page.exception
    assert "makes no sense" in page.toast[0].value


@pytest.mark.parametrize(
    ("parts", "named"), [({"guess": "../x"}, "guess"), ({"guess": "same", "ran": "1"}, "ran"), ({"ran": "True"}, "ran")]
)
def test_a_link_runs_nothing_without_a_guess_that_makes_sense(parts, named):
    _guess, ran, problems = break_it_links.from_params(parts)
    assert not ran
    assert [named in problem for problem in problems] == [True]


@pytest.mark.browser
def test_the_doctor_answers_in_the_browser(studio, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{studio.url}/break-it?data=planted&mistake=popularity")
    expect(page.get_by_role("button", name="Run it")).to_be_disabled(timeout=60_000)
    page.get_by_text("Everybody gets the same list", exact=True).click()
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_text("As you predicted")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("heading", name="Cure")).to_be_visible()
    page.close()
