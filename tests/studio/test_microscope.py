"""The Microscope: what it shows of a step equals what Keras computes, and what the formulas give by hand."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu import formulas, training
from recsys_edu.data import random_split
from recsys_edu.models import default_settings
from recsys_edu.studio import microscope
from recsys_edu.studio.screens import microscope_figures, microscope_formulas, microscope_latex, microscope_lines
from recsys_edu.studio.screens.microscope_lens import Lens
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import wait_for

HOSTILE = "<img src=x onerror=window.hacked=1>"
NEAR = {"rtol": 2e-4, "atol": 2e-6}
L2 = {"mf": {"l2": 0.12}, "mlp": {"l2": 0.5}, "article": {}}


class Case:
    """A run that has learnt a little, the pair with its largest error, and one step on it."""

    def __init__(self, model, parts):
        self.settings = default_settings(model, embedding_dim=4, **L2[model])
        self.parts, self.spec = parts, RunSpec("planted", "random", self.settings)
        learnt = self.trainer()
        learnt.run_batches(3)
        self.state = learnt.state()
        self.outset = microscope.outset(self.spec, self.state)
        self.u, self.i = self.outset.user_index, int(self.outset.items[0])
        (self.look,), self.behind = microscope.look(self.spec, self.state, self.u, self.i, 1)

    def trainer(self, state=None):
        """A trainer of the test's own, apart from the worker's."""
        made = training.trainer(self.settings, self.parts.train, self.parts.test)
        if state is not None:
            made.restore(state)
        return made


@pytest.fixture(scope="module")
def cases(planted):
    parts = random_split(planted, seed=0)
    return {model: Case(model, parts) for model in microscope.MODELS}


@pytest.fixture(params=microscope.MODELS)
def case(request, cases):
    return cases[request.param]


def executed(case):
    """The names that the page's Keras lines leave behind, run one after the other on a model of the test's own."""
    own = case.trainer(case.state)
    names = {
        "model": own.model, "optimizer": own.optimizer, "u": case.u, "i": case.i, "np": np, "tf": tf,
        "ops": keras.ops, "rating": np.array([[case.look.rating]], dtype="float32"),
    }  # fmt: skip
    for lines in microscope_lines.keras_lines(case.settings.model).values():
        exec(lines, names)
    return names


# --- What it shows is what Keras computes ---------------------------------------------------------------


def test_the_keras_lines_on_the_page_give_the_numbers_on_the_page(case):
    names, look = executed(case), case.look
    one = {"mu", "penalty", "loss"}
    for name, number in look.forward.items():
        if name in names:
            line = np.asarray(names[name])
            np.testing.assert_allclose(number, line if name in one else line.reshape(-1), err_msg=name, **NEAR)
    assert set(look.forward) - set(names) <= {"w_u", "w_i"} | ({"product"} if case.settings.model != "mf" else set())
    assert look.prediction == pytest.approx(float(np.asarray(names["r_hat"]).item()), rel=1e-5)
    assert look.after == pytest.approx(float(np.asarray(names["r_hat_after"]).item()), rel=1e-5)
    assert look.forward["product"].sum() == pytest.approx(
        look.prediction - sum(float(look.value.get(b, [0])[0]) for b in ("b_u", "b_i", "b"))
        - float(look.forward.get("mu", 0)), abs=1e-5,
    )  # fmt: skip
    weights = [np.asarray(v) for v in names["variables"]]
    theirs = [case.behind[f"variable_{k}"] for k in _places(case, names["model"])]
    for mine, other in zip(weights, theirs, strict=True):
        np.testing.assert_allclose(mine, other, **NEAR)


def _places(case, model):
    """Where a state keeps the trainable variables."""
    kept = [id(v) for v in case.trainer()._variables()]
    assert len(kept) == len({*kept})
    tables = {id(t) for t in getattr(model, "tables", [])}
    order = [v.path.split("/", 1)[1] for v in model.variables if id(v) not in tables]
    return [order.index(v.path.split("/", 1)[1]) for v in model.trainable_variables]


def test_a_step_is_what_plain_keras_fit_does_with_a_batch_of_this_pair(case):
    own = case.trainer(case.state)
    own.model.compile(optimizer=own.optimizer, loss="mse")
    pair = np.array([[case.u, case.i]], dtype="int32")
    loss = own.model.train_on_batch(pair, np.array([[case.look.rating]], dtype="float32"))
    assert case.look.forward["loss"] == pytest.approx(float(loss), rel=1e-4)
    after = own.state()
    for name in (name for name in case.behind if name.startswith("variable_")):
        np.testing.assert_allclose(case.behind[name], after[name], err_msg=name, **NEAR)


def test_the_gradients_are_those_of_the_hand_made_formulas(case):
    value, look, λ = case.look.value, case.look, case.settings.l2
    u, i, r = np.array([0]), np.array([0]), np.array([look.rating])
    P, Q = value["p_u"][None], value["q_i"][None]
    if case.settings.model == "mf":
        θ = formulas.Factors(P, Q, value["b_u"], value["b_i"])
        by_hand = formulas.mf_gradients(θ, float(look.forward["mu"]), u, i, r)
        expected = {"p_u": by_hand.P[0], "q_i": by_hand.Q[0], "b_u": by_hand.b_u, "b_i": by_hand.b_i}
        weights = {"p_u": "w_u", "b_u": "w_u", "q_i": "w_i", "b_i": "w_i"}
        expected = {name: g + 2 * λ * look.forward[weights[name]] * value[name] for name, g in expected.items()}
    else:
        names = [("W_1", "b_1", "relu"), ("W_2", "b_2", "relu")] if case.settings.model == "mlp" else []
        names.append(("w", "b", "identity"))
        layers = [formulas.Layer(value[W], value[b], σ) for W, b, σ in names]
        r_hat, cache = formulas.f_forward(u, i, P, Q, layers)
        assert r_hat[0] == pytest.approx(look.prediction, rel=1e-5)
        dP, dQ, of_layers = formulas.f_backward(formulas.squared_loss_gradient(r, r_hat, reduction="mean"), cache)
        decay = λ if case.settings.model == "mlp" else 0.0
        expected = {"p_u": dP[0] + 2 * decay * value["p_u"], "q_i": dQ[0] + 2 * decay * value["q_i"]}
        for (W, b, _σ), (dW, db) in zip(names, of_layers, strict=True):
            expected |= {W: dW, b: db}
    assert expected.keys() == look.gradient.keys()
    for name, gradient in expected.items():
        np.testing.assert_allclose(look.gradient[name], gradient, err_msg=name, **NEAR)


def test_the_update_is_the_hand_made_adam_step(case):
    look = case.look
    own = case.trainer(case.state)
    memory = own.optimizer.variables[2:]
    p = 0  # the first trainable variable is P
    assert own.model.trainable_variables[p].shape == own.model.user_embedding.embeddings.shape
    m, v = (np.asarray(memory[2 * p + k])[case.u].astype("float64") for k in (0, 1))
    θ, dθ = look.value["p_u"].astype("float64"), look.gradient["p_u"].astype("float64")
    new, m, v = formulas.adam_step(θ, dθ, m, v, look.step, case.settings.learning_rate)
    np.testing.assert_allclose(look.update["p_u"], new - θ, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(look.memory["p_u"][0], m, **NEAR)
    np.testing.assert_allclose(look.memory["p_u"][1], v, **NEAR)
    assert look.step == 4


def test_the_run_stays_as_it_is_and_steps_come_one_after_the_other(case):
    before = {name: np.copy(array) for name, array in case.state.items()}
    both, behind = microscope.look(case.spec, case.state, case.u, case.i, 2)
    (second,), _state = microscope.look(case.spec, case.behind, case.u, case.i, 1)
    for name, array in before.items():
        np.testing.assert_array_equal(case.state[name], array)
    assert [look.prediction for look in both] == [case.look.prediction, second.prediction]
    assert second.prediction == pytest.approx(case.look.after, abs=1e-6)
    assert abs(second.rating - second.after) < abs(case.look.rating - case.look.prediction)
    np.testing.assert_allclose(second.value["p_u"], case.look.value["p_u"] + case.look.update["p_u"], **NEAR)
    assert int(behind["step"]) == int(case.state["step"])


def test_other_pairs_are_told_as_the_model_predicts_them(case):
    train = case.parts.train
    before, after = case.trainer(case.state).model, case.trainer(case.behind).model
    assert [other.kind for other in case.look.others] == ["same user", "same film", "neither"]
    for other in case.look.others:
        pair = np.array([other.user_index]), np.array([other.item_index])
        assert other.before == pytest.approx(before.predict_pairs(*pair)[0], rel=1e-5)
        assert other.after == pytest.approx(after.predict_pairs(*pair)[0], rel=1e-5)
    same_user, same_film, neither = case.look.others
    assert (same_user.user_index, same_film.item_index) == (case.u, case.i)
    assert (neither.user_index, neither.item_index) == (same_film.user_index, same_user.item_index)
    known = set(zip(train.user_index.tolist(), train.item_index.tolist(), strict=True))
    assert {(same_user.user_index, same_user.item_index), (same_film.user_index, same_film.item_index)} <= known


def test_on_the_random_start_adam_has_no_memory_so_that_only_what_is_shared_moves(planted):
    spec = RunSpec("planted", "random", default_settings("mf", embedding_dim=4, l2=0.0))
    first = microscope.outset(spec, None)
    (look,), _state = microscope.look(spec, None, first.user_index, int(first.items[0]), 1)
    same_user, same_film, neither = look.others
    assert abs(same_user.after - same_user.before) > 1e-4
    assert abs(same_film.after - same_film.before) > 1e-4
    assert neither.after == neither.before
    η = spec.settings.learning_rate
    np.testing.assert_allclose(np.abs(look.update["b_u"]), η, rtol=1e-3)  # Adam's first step is η, whatever g is


def test_it_begins_with_the_largest_error_of_all_and_of_a_user(case):
    train, model = case.parts.train, case.trainer(case.state).model
    errors = train.rating - model.predict_pairs(train.user_index, train.item_index)
    assert abs(case.outset.errors[0]) == pytest.approx(np.abs(errors).max(), rel=1e-5)
    of_ten = microscope.outset(case.spec, case.state, 10)
    mine = train.user_index == 10
    assert sorted(of_ten.items) == sorted(train.item_index[mine])
    assert (np.diff(np.abs(of_ten.errors)) <= 0).all()
    assert of_ten.errors[0] == pytest.approx(errors[mine][np.argmax(np.abs(errors[mine]))], rel=1e-4)


def test_the_plane_holds_as_much_of_the_spread_as_a_plane_can():
    vectors = np.random.default_rng(0).normal(size=(50, 5)) * [5, 1, 4, 1, 1] + 3
    centre, directions = microscope.plane(vectors)
    singular = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False)
    drawn = (vectors - centre) @ directions
    assert np.sum(drawn**2) == pytest.approx(np.sum(singular[:2] ** 2))
    assert microscope.plane(vectors[:, :1])[1].shape == (1, 2)


# --- What is written and drawn --------------------------------------------------------------------------


def test_the_formulas_hold_with_the_numbers_that_are_put_in(case):
    written = microscope_formulas.stages(case.settings, case.look)
    assert set(written) == set(microscope_lines.keras_lines(case.settings.model))
    look, number = case.look, microscope_latex.number
    assert written["loss"][-1].endswith(f"= {number(look.forward['loss'])}")
    assert f"= {number(look.prediction)}" in written["prediction"][-1]
    if case.settings.model != "article":
        *_text, terms, loss = written["loss"][-1].split(" = ")
        assert sum(float(term) for term in terms.split(" + ")) == pytest.approx(float(loss), rel=0.01)
    gradients = " ".join(written["gradients"])
    for name in ("p_u", "q_i"):
        assert microscope_latex.vector(look.gradient[name]) in gradients
    assert number(look.value["p_u"][0] + look.update["p_u"][0]) in written["update"][1]
    assert number(look.after) in written["after"][0]


@pytest.mark.parametrize(
    ("x", "text"),
    [(0.12345, "0.123"), (-4.0, "-4"), (1.26e-7, r"1.26 \cdot 10^{-7}"), (12345, r"1.23 \cdot 10^{4}"), (-0.0, "0")],
)
def test_numbers_have_three_digits(x, text):
    assert microscope_latex.number(x) == text


def test_long_vectors_are_shortened_and_said_to_be():
    assert microscope_latex.vector(np.arange(4.0)) == r"(0,\, 1,\, 2,\, 3)"
    assert microscope_latex.vector(np.arange(9.0)) == r"(0,\, 1,\, 2,\, 3,\, \dots)"


def test_the_bars_are_the_numbers(case):
    model, look = case.settings.model, case.look
    (figure,) = microscope_figures.bars(model, look, "gradients").values()
    for trace, name in zip(figure["data"], ("p_u", "q_i"), strict=True):
        np.testing.assert_allclose(trace["y"], look.gradient[name], rtol=1e-4)
        assert trace["x"] == [1, 2, 3, 4]
    (figure,) = microscope_figures.bars(model, look, "update").values()
    np.testing.assert_allclose(figure["data"][1]["y"], look.update["q_i"], rtol=1e-4)
    (figure,) = microscope_figures.bars(model, look, "vectors").values()
    np.testing.assert_allclose(figure["data"][0]["y"], look.value["p_u"], rtol=1e-4)


def test_both_points_move_on_the_plane_and_the_plane_does_not(case):
    looks, _state = microscope.look(case.spec, case.state, case.u, case.i, 3)
    lens = Lens("t", case.state, case.outset, case.i, looks, at=1)
    films, p, q = microscope_figures.plane(lens, close=False)["data"]
    assert len(films["x"]) == min(microscope.FILMS_ON_MAP, case.parts.train.num_items)
    assert (len(p["x"]), len(q["x"])) == (3, 3)  # behind 0 and 1 steps, and where the shown one leads
    lens.at = 0
    for now, then in zip(microscope_figures.plane(lens, close=True)["data"], (p, q), strict=True):
        assert (now["x"], now["y"]) == (then["x"][:2], then["y"][:2])
        assert (now["x"][0], now["y"][0]) != (now["x"][1], now["y"][1])


def test_titles_are_text_in_the_figure(case):
    figure = microscope_figures.others(case.look, [HOSTILE] * 4)
    names = [trace["y"][0] for trace in figure["data"]]
    assert not any("<img" in name for name in names)
    assert figure["data"][0]["x"] == pytest.approx([case.look.prediction, case.look.after], rel=1e-4)
    assert figure["data"][-1]["x"] == [case.look.rating]


# --- The page -------------------------------------------------------------------------------------------


def script():
    from recsys_edu.studio.screens import microscope

    microscope.page()


@pytest.fixture
def open_page(workers):
    opened = []

    def open_it(model="mf", epochs=1, **params):
        page = AppTest.from_function(script, default_timeout=60)
        asked = {"data": "planted", "model": model, "embedding_dim": "4", "epochs": str(epochs)} | params
        for name, value in asked.items():
            page.query_params[name] = value
        opened.append(page)
        return page.run()

    yield open_it
    for page in opened:
        workers.close(run_of(workers, page))


def run_of(workers, page):
    return workers.get(page.session_state["run"])


def press(page, label):
    next(button for button in page.button if button.label == label).click()
    return page.run()


def metrics(page):
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


@pytest.mark.parametrize("model", microscope.MODELS)
def test_it_works_on_the_random_start_and_says_so(workers, open_page, model):
    page = open_page(model)
    assert not page.exception
    assert not page.error
    assert any("Nothing is learnt yet" in text.value for text in page.markdown)
    assert len(page.get("code")) == len(microscope_lines.keras_lines(model))
    assert all(button.help for button in page.button)
    assert all(box.help for box in page.selectbox)
    before = metrics(page)
    press(page, "Step")
    after = metrics(page)
    assert after["r"] == before["r"]
    moved = float(before["r̂"][0]) + float(before["r̂"][1])
    assert float(after["r̂"][0]) == pytest.approx(moved, abs=0.0011)
    assert run_of(workers, page).state is None  # the run is as it was


def test_back_shows_the_very_numbers_again_and_asks_nobody(workers, open_page, monkeypatch):
    page = open_page("mlp")
    seen = [metrics(page)]
    for _step in range(2):
        seen.append(metrics(press(page, "Step")))
    assert seen[0] != seen[1] != seen[2]
    monkeypatch.setattr(workers, "submit", None)
    assert metrics(press(page, "Back")) == seen[1]
    assert metrics(press(page, "First")) == seen[0]
    assert metrics(press(page, "Step")) == seen[1]
    assert not page.exception


def test_train_here_then_the_lens_starts_from_what_was_learnt(workers, open_page):
    page = open_page()
    press(page, "Train")
    run = run_of(workers, page)
    wait_for(lambda: not run.working)
    page.run()
    assert not page.exception
    assert not any("Nothing is learnt yet" in text.value for text in page.markdown)
    train = random_split(microscope.slices.ratings_of("planted"), seed=0).train
    u, i = (next(box.value for box in page.selectbox if box.key == key) for key in ("scope_user", "scope_film"))
    trainer = training.trainer(run.spec.settings, train)
    trainer.restore(run.state)
    r_hat = trainer.model.predict_pairs(np.array([u]), np.array([i]))[0]
    assert metrics(page)["r̂"][0] == f"{r_hat:.3f}"


def test_another_user_and_film_can_be_chosen_and_the_largest_error_again(open_page):
    page = open_page()
    worst = page.session_state["scope_lens"]
    next(box for box in page.selectbox if box.key == "scope_user").set_value(7)
    page.run()
    lens = page.session_state["scope_lens"]
    film = int(lens.outset.items[2])
    assert lens.user_index == 7
    next(box for box in page.selectbox if box.key == "scope_film").set_value(film)
    page.run()
    lens = page.session_state["scope_lens"]
    assert (lens.user_index, lens.item_index, lens.at) == (7, film, 0)
    press(page, "Largest error")
    lens = page.session_state["scope_lens"]
    assert (lens.user_index, lens.item_index) == (worst.user_index, worst.item_index)
    assert not page.exception


def test_a_link_gives_the_same_pair_and_step_again(open_page):
    page = open_page()
    next(box for box in page.selectbox if box.key == "scope_user").set_value(7)
    page.run()
    press(page, "Ten steps")
    page.checkbox(key="scope_close").check().run()
    again = open_page(**dict(page.query_params))
    assert (again.query_params["at"], again.query_params["close"]) == ("10", "True")
    assert again.checkbox(key="scope_close").value
    assert "close" not in again.checkbox(key="scope_close").uncheck().run().query_params
    assert metrics(again) == metrics(page)
    for box, other in zip(again.selectbox, page.selectbox, strict=True):
        assert box.value == other.value


def test_a_link_to_a_step_on_a_learnt_run_waits_until_it_is_learnt(workers, open_page):
    page = open_page(step="40", at="2")
    wait_for(lambda: not run_of(workers, page).working)
    page.run()
    lens = page.session_state["scope_lens"]
    assert (int(lens.weights["step"]), lens.at, len(lens.looks)) == (40, 2, 3)
    assert not page.exception


def test_whoever_stepped_keeps_the_numbers_until_the_newest_weights_are_asked_for(workers, open_page):
    page = open_page()
    seen = metrics(press(page, "Step"))
    run = run_of(workers, page)
    workers.one_batch(run)
    wait_for(lambda: not run.working)
    assert metrics(page.run()) == seen
    assert metrics(press(page, "Newest weights")) != seen
    assert int(page.session_state["scope_lens"].weights["step"]) == 1
    assert "Newest weights" not in [button.label for button in page.button]


def test_a_link_that_makes_no_sense_opens_the_usual_pair_and_says_so(open_page):
    usual, page = open_page(), open_page(pair_user="99999", pair_film="²", at="-3", close="1")
    assert not page.exception
    assert not page.error
    assert not usual.toast
    assert metrics(page) == metrics(usual)
    said = page.toast[0].value
    assert all(part in said for part in ("user 99999 has no rating", "pair_film = '²'", "at = '-3'", "close = '1'"))


@pytest.mark.parametrize("parts", [{"pair_film": "199"}, {"pair_film": "100000"}])
def test_a_film_that_the_links_user_did_not_rate_is_named(open_page, parts):
    page = open_page(pair_user="7", **parts, seed="x")
    lens = page.session_state["scope_lens"]
    assert lens.user_index == 7
    assert lens.item_index == lens.outset.items[0]
    said = page.toast[0].value
    assert f"did not rate film {parts['pair_film']}" in said
    assert "seed = 'x'" in said  # what the run's own part of the link has wrong is said as well


def test_other_models_are_met_with_those_that_it_knows(workers, open_page):
    page = open_page("two_tower")
    assert "Matrix factorisation" in page.info[0].value
    press(page, "Matrix factorisation")
    assert not page.exception
    assert run_of(workers, page).spec.settings.model == "mf"
    assert metrics(page)["r"]


# --- In a browser ---------------------------------------------------------------------------------------

MAP = "window.__figures?.['The vectors on a fixed plane: before the step, and after']?.plot.data"


@pytest.mark.browser
def test_step_moves_both_points_and_back_brings_them_back(browser, studio):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{studio.url}/microscope?data=planted&model=mf&embedding_dim=4&step=20")
    page.wait_for_function(f"{MAP}?.length === 3", timeout=30_000)
    expect(page.get_by_text("Nothing is learnt yet")).to_have_count(0, timeout=30_000)
    page.wait_for_function(f"{MAP}?.length === 3 && {MAP}[1].x.length === 2")
    first = page.evaluate(f"[{MAP}[1].x, {MAP}[2].x]")
    expect(page.locator(".katex-error")).to_have_count(0)
    page.get_by_role("button", name="Step", exact=True).click()
    page.wait_for_function(f"{MAP}[1].x.length === 3")
    second = page.evaluate(f"[{MAP}[1].x, {MAP}[2].x]")
    for before, after in zip(first, second, strict=True):
        assert after[:2] == before
        assert after[2] != after[1]
    expect(page.get_by_text("step 2", exact=True)).to_be_visible()
    page.get_by_role("button", name="Back", exact=True).click()
    page.wait_for_function(f"{MAP}[1].x.length === 2")
    assert page.evaluate(f"[{MAP}[1].x, {MAP}[2].x]") == first
    expect(page).to_have_url(re.compile(r"pair_user=\d+&pair_film=\d+&at=0"))
    assert errors == []
    page.close()
