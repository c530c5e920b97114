"""A lesson is a link: what the page shows goes into its address and comes back; a bad link is met with a sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from recsys_edu.models import MODELS, default_settings
from recsys_edu.studio import links
from recsys_edu.studio.links import Lesson, from_params, to_params
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import ROOT, wait_for

LEARNT_IN_STEPS = [name for name, card in MODELS.items() if card.by_gradient]


@pytest.mark.parametrize("model", LEARNT_IN_STEPS)
def test_a_lesson_comes_back_from_its_link(model):
    usual = default_settings(model)
    other = {
        name: value for name, value in {"embedding_dim": 3, "learning_rate": 0.017}.items() if name in usual.card.knobs
    }
    own = {name: not value if isinstance(value, bool) else value for name, value in usual.options}
    settings = default_settings(model, epochs=7, seed=5, **other, **own)
    lesson = Lesson(RunSpec("planted", "last", settings), 75, 4, 0, "euclid", 9, ("data", "code"))
    assert from_params(to_params(lesson), "movielens-100k") == (lesson, [])


def test_a_usual_run_has_a_short_link():
    lesson = Lesson(RunSpec("planted", "random", default_settings("mf")))
    assert to_params(lesson) == {"data": "planted", "split": "random", "model": "mf"}
    assert from_params({}, "planted") == (lesson, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data", "/etc/passwd"), ("split", "../rows.txt"), ("model", "biases"), ("model", "no_such"), ("seed", "-1"),
        ("embedding_dim", "9" * 400), ("learning_rate", "nan"), ("epochs", "1e3"), ("step", "-1"), ("step", "²"),
        ("alpha", "x"), ("hide", "data,everything"), ("similarity", "<b>"), ("picked", "None"),
    ],
)  # fmt: skip
def test_a_part_that_makes_no_sense_is_left_out_with_a_sentence(name, value):
    usual, _none = from_params({}, "planted")
    lesson, problems = from_params({name: value}, "planted")
    assert lesson == usual
    assert len(problems) == 1
    assert name in problems[0]
    assert "makes no sense" in problems[0]


NAMES = [*links.FIELDS, "data", "split", "model", "step", "picked", "hide", "alpha", "user_index"]


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30), max_size=4))
def test_no_link_raises(params):
    lesson, problems = from_params(params, "planted")
    assert lesson.spec.data in ("planted", *links.sources.SOURCES)
    assert len(problems) <= len(params)


def open_page(**params):
    page = AppTest.from_file(str(ROOT / "recsys_edu" / "studio" / "router.py"), default_timeout=60)
    for name, value in params.items():
        page.query_params[name] = value
    return page.run()


def run_of(workers, page):
    return workers.get(page.session_state["run"])


def test_a_link_gives_the_same_run_again(workers):
    first = open_page(data="planted", embedding_dim="4", batch_size="128", seed="3", step="40")
    run = run_of(workers, first)
    wait_for(lambda: run.step == 40 and not run.working)
    first.run()
    again = open_page(**dict(first.query_params))
    other = run_of(workers, again)
    wait_for(lambda: other.step == 40 and not other.working)
    assert other is not run
    assert other.spec == run.spec
    assert other.curve["train"][-1] == run.curve["train"][-1]
    np.testing.assert_array_equal(other.item_vectors, run.item_vectors)
    for each in (run, other):
        workers.close(each)


def test_a_lesson_hides_controls_and_the_reader_gets_them_back(workers):
    page = open_page(data="planted", model="mlp", hide="data,settings,code")
    assert not page.exception
    assert "data" not in [box.key for box in page.selectbox]
    assert not page.select_slider
    next(button for button in page.button if button.key == "show_all").click()
    page.run()
    assert "data" in [box.key for box in page.selectbox]
    assert page.select_slider
    assert run_of(workers, page).spec.settings.model == "mlp"
    workers.close(run_of(workers, page))


def test_the_address_follows_the_controls(workers):
    page = open_page(data="planted", user_index="7")
    assert next(box for box in page.selectbox if box.key == "user_index").value == 7
    next(slider for slider in page.select_slider if slider.key == "embedding_dim").set_value(8)
    page.run()
    assert page.query_params["embedding_dim"] == "8"
    assert page.query_params["user_index"] == "7"
    workers.close(run_of(workers, page))


def test_a_bad_link_opens_a_usual_page_and_says_what_was_wrong(workers):
    page = open_page(data="planted", seed="<img src=x>")
    assert not page.exception
    assert "makes no sense" in page.toast[0].value
    workers.close(run_of(workers, page))
