"""The form of the chooser: it answers what `choose` answers, with a kernel and without."""

import math

import ipywidgets
import pytest

from recsys_edu import chooser_form
from recsys_edu.chooser import Needs, choose
from recsys_edu.models import MODELS


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, and the widgets of the form."""
    displayed, widgets = [], []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: displayed.append(data))
    make = ipywidgets.VBox
    monkeypatch.setattr(ipywidgets, "VBox", lambda children: widgets.append(make(children)) or widgets[-1])

    def ask(needs=None):
        chooser_form.ask(needs)
        return displayed[-1], widgets[-1].children

    return ask


def test_without_a_kernel_the_answer_to_the_first_needs_stays(shown):
    bundle, _ = shown(Needs("stars", seconds=2))
    advice = choose(Needs("stars", seconds=2))
    assert f"Take: {MODELS[advice.take].title}" in bundle["text/html"]
    assert bundle["text/html"] == chooser_form.as_html(advice)
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_answer_follows_each_control(shown):
    _, (task, rate, side, order, new, seconds, explain, answer) = shown()
    for control, value, field in (
        (task, "next", "task"),
        (rate, 10.0, "ratings_per_user"),
        (side, False, "side_information"),
        (order, False, "time_order"),
        (new, True, "new_items"),
        (seconds, 10, "seconds"),
        (explain, "reasons", "explain"),
    ):
        before = control.value
        control.value = value
        assert answer.value == chooser_form.as_html(choose(Needs(**{field: value}))), field
        control.value = before
    assert answer.value == chooser_form.as_html(choose(Needs()))


def test_a_limit_that_is_not_in_the_menu_gets_into_it(shown):
    _, controls = shown(Needs(seconds=7))
    assert controls[5].value == 7
    assert math.inf in [value for _, value in controls[5].options]


def test_every_model_is_in_the_page():
    page = chooser_form.as_html(choose(Needs("stars", new_items=True)))
    assert all(card.title.replace("'", "&#x27;") in page for card in MODELS.values())
