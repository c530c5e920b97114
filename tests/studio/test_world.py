"""The World page: what it says was found is measured against independent arithmetic, and the dials move the picture."""

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.linalg import orthogonal_procrustes
from streamlit.testing.v1 import AppTest

from recsys_edu import planted as planted_set
from recsys_edu.studio import dials as codec
from recsys_edu.studio import world_figures, worlds
from recsys_edu.studio.screens.world import verdict
from recsys_edu.studio.worlds import DIALS, Dials, found_in

# --- The measures ---------------------------------------------------------------------------------------


def test_a_turned_scaled_and_moved_truth_is_the_truth():
    rng = np.random.default_rng(0)
    q, (rotation, _upper) = rng.normal(size=(50, 4)), np.linalg.qr(rng.normal(size=(4, 4)))
    true, found, r2 = worlds.aligned(q, 0.3 * q @ rotation + 7)
    assert r2 == pytest.approx(1)
    np.testing.assert_allclose(found, true, atol=1e-9)
    np.testing.assert_allclose(true, q - q.mean(axis=0))


@pytest.mark.parametrize("columns", [2, 4, 7])
def test_r2_is_the_smallest_squared_distance_over_all_rotations(columns):
    rng = np.random.default_rng(columns)
    q, other = rng.normal(size=(40, 4)), rng.normal(size=(40, columns))
    true, found, r2 = worlds.aligned(q, other)
    assert r2 == pytest.approx(1 - ((true - found) ** 2).sum() / (true**2).sum())
    wide = max(4, columns)
    a, b = (np.pad(x - x.mean(axis=0), ((0, 0), (0, wide - x.shape[1]))) for x in (q, other))
    R, s = orthogonal_procrustes(b, a)
    expected = b @ R * s / (b**2).sum()  # in the columns that the truth has; any turn of the others is as near
    np.testing.assert_allclose(found[:, :4], expected[:, :4], atol=1e-9)


def test_vectors_that_are_all_the_same_have_found_nothing():
    true, found, r2 = worlds.aligned(np.eye(5), np.full((5, 3), 2.0))
    assert (r2, np.abs(found).max()) == (0, 0)
    assert true.shape == found.shape == (5, 5)


@pytest.mark.parametrize("num_tastes", [2, 3, 6])
def test_each_taste_lies_in_its_own_direction(num_tastes):
    q = np.eye(num_tastes) - 1 / num_tastes  # films of one taste each, centred
    angle = 2 * np.pi * np.arange(num_tastes) / num_tastes
    expected = np.column_stack([np.cos(angle), np.sin(angle)])
    np.testing.assert_allclose(q @ worlds.plane(num_tastes), expected, atol=1e-9)


@pytest.mark.parametrize("noise", [0.0, 0.4, 2.0])
def test_the_best_guess_is_the_mean_of_many_ratings(noise):
    r, rng = np.array([0.2, 2.45, 3.0, 4.9, 6.5]), np.random.default_rng(0)
    ratings = np.clip(np.rint(r + noise * rng.normal(size=(200_000, 5))), 1, 5)
    np.testing.assert_allclose(worlds.best_guess(r, noise), ratings.mean(axis=0), atol=0.01)


# --- The worlds -----------------------------------------------------------------------------------------


def test_much_data_is_found_little_is_not_and_shuffled_films_are_chance():
    much, some, little = (found_in(Dials(density=density)) for density in (0.5, 0.075, 0.01))
    assert much.r2 > 0.9
    assert much.r2 > some.r2 + 0.2 > little.r2 + 0.4
    assert little.r2 < 0.1
    assert max(much.chance, some.chance, little.chance) < 0.05
    # The better the truth is found, the nearer the error comes to its floor.
    above = [found.rmse - found.floor for found in (much, some, little)]
    assert above == sorted(above)
    assert 0 < above[0] < 0.1
    assert much.rmse < much.biases - 0.3


def test_nobody_beats_the_floor_and_noise_raises_it():
    found = [found_in(Dials(noise=noise)) for noise in DIALS["noise"].values]
    floors = [one.floor for one in found]
    assert floors[0] == 0  # without noise who knows r_ui knows the rating
    assert floors == sorted(floors)
    assert all(one.floor < min(one.rmse, one.biases) for one in found)
    assert found[-1].rmse > found[-1].biases  # until it fails
    assert found[-1].r2 < 0.1


def test_too_few_numbers_cannot_hold_the_tastes():
    r2 = [found_in(Dials(d=d)).r2 for d in (1, 3, 5)]
    assert r2 == sorted(r2)
    assert r2[0] < 1 / 4
    assert r2[2] > 0.8


def test_a_world_of_a_seed_is_always_the_same_and_the_truth_is_the_generators():
    dials = Dials(num_tastes=3, seed=4, noise=0.1)
    once = found_in(dials)
    found_in.cache_clear()
    again = found_in(dials)
    assert once is not again
    np.testing.assert_array_equal(once.found, again.found)
    assert (once.r2, once.rmse) == (again.r2, again.rmse)
    truth = planted_set.generate(density=0.2, noise=0.1, num_tastes=3, seed=4)[1]
    np.testing.assert_array_equal(once.taste, truth.q.argmax(axis=1))
    assert found_in(Dials(num_tastes=3, seed=5, noise=0.1)).r2 != once.r2


@pytest.mark.parametrize(
    ("density", "noise", "word"), [(0.2, 0.3, "holds"), (0.05, 0.3, "breaks"), (0.2, 3.0, "fails")]
)
def test_the_verdict_says_how_it_stands(density, noise, word):
    assert f"It {word}." in verdict(found_in(Dials(density=density, noise=noise)))


# --- The figures and the link ---------------------------------------------------------------------------


def test_the_map_has_all_films_by_true_taste_and_titles_are_text():
    found = found_in(Dials())
    figure = world_figures.map_figure(found.true, found)
    assert [trace["name"] for trace in figure["data"]] == found.tastes
    assert sum(len(trace["x"]) for trace in figure["data"]) == 200
    rows = np.flatnonzero(found.taste == 2)
    np.testing.assert_allclose(figure["data"][2]["x"], found.true[rows, 0], atol=1e-3)
    hostile = worlds.replace(found, titles=["<b>x</b>"] * 200)
    assert world_figures.map_figure(found.true, hostile)["data"][0]["text"][0] == "&lt;b&gt;x&lt;/b&gt;"


def test_the_curve_joins_what_differs_in_density_alone():
    seen = {Dials(density=0.2): (0.8, 0.5), Dials(density=0.05): (0.3, 0.7), Dials(density=0.1, noise=1.0): (0.2, 1.1)}
    chance, first, second, here = world_figures.recovery_figure(seen, Dials(density=0.05), 0.02)["data"]
    assert (first["x"], first["y"]) == ([10, 40], [0.3, 0.8])
    assert (second["x"], second["y"]) == ([20], [0.2])
    assert (here["x"], here["y"]) == ([10], [0.3])
    assert set(chance["y"]) == {0.02}


def test_a_link_holds_what_is_unusual_and_nothing_that_is_not_on_a_dial():
    chosen = {name: dial.first for name, dial in DIALS.items()} | {"noise": 1.0, "seed": 7}
    assert codec.to_params(chosen, DIALS) == {"noise": "1.0", "seed": "7"}
    assert codec.from_params({"noise": "1.0", "seed": "7"}, DIALS) == (chosen, [])
    read, problems = codec.from_params({"noise": "../etc/passwd", "d": "5", "other": "x"}, DIALS)
    assert read == {name: dial.first for name, dial in DIALS.items()}
    assert len(problems) == 1
    assert "'../etc/passwd' makes no sense here; 0.3 is used" in problems[0]


# --- The page -------------------------------------------------------------------------------------------


def script():
    from recsys_edu.studio.screens import world

    world.page()


@pytest.fixture
def page():
    return AppTest.from_function(script, default_timeout=30).run()


def dial(page, name):
    return next(w for w in [*page.select_slider, *page.number_input] if w.key == f"world_{name}")


def test_the_first_visit_shows_a_world_that_is_found(page):
    assert not page.exception
    found = found_in(Dials())
    assert [metric.value for metric in page.metric] == [
        f"{value:.3f}" for value in (found.r2, found.rmse, found.floor, found.biases)
    ]
    controls = [*page.select_slider, *page.number_input, *page.button]
    assert len(controls) == 8
    assert all(control.help for control in controls)


def test_a_dial_changes_the_figures_and_the_session_keeps_what_it_saw(page):
    dial(page, "density").set_value(0.02)
    page.run()
    dial(page, "noise").set_value(2.0)
    page.run()
    assert not page.exception
    assert page.metric[0].value == f"{found_in(Dials(density=0.02, noise=2.0)).r2:.3f}"
    assert any("It fails" in text.value for text in page.markdown)
    assert list(page.session_state["world_seen"]) == [
        Dials(), Dials(density=0.02), Dials(density=0.02, noise=2.0)
    ]  # fmt: skip
    assert page.query_params == {"density": "0.02", "noise": "2.0"}


def test_all_densities_are_tried_and_forgotten(page):
    page.button(key="world_sweep").click().run()
    assert {dials.density for dials in page.session_state["world_seen"]} == set(DIALS["density"].values)
    page.button(key="world_forget").click().run()
    assert list(page.session_state["world_seen"]) == [Dials()]
    assert not page.exception


def test_a_link_sets_the_dials_and_its_nonsense_is_told():
    page = AppTest.from_function(script, default_timeout=30)
    page.query_params["d"], page.query_params["seed"], page.query_params["noise"] = "2", "3", "loud"
    page.run()
    assert (dial(page, "d").value, dial(page, "seed").value, dial(page, "noise").value) == (2, 3, 0.3)
    assert "'loud' makes no sense here" in page.toast[0].value


# --- In a browser ---------------------------------------------------------------------------------------

FOUND = "window.__figures?.['Map of the found films']"
CURVE = "window.__figures?.['Recovery by ratings per user']"


@pytest.mark.browser
def test_the_found_map_falls_together_when_the_ratings_are_taken_away(browser, studio):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(studio.url + "/world?num_tastes=5")
    page.wait_for_function(f"{FOUND}?.updates > 0 && {CURVE}?.updates > 0", timeout=60_000)
    spread = f"""(radii => radii.reduce((sum, r) => sum + r) / radii.length)({FOUND}.plot._fullData.flatMap(
        trace => Array.from(trace.x, (x, k) => Math.hypot(x, trace.y[k]))))"""
    before = page.evaluate(spread)
    assert page.evaluate(f"{FOUND}.plot._fullData.length") == 5
    slider = page.get_by_role("slider", name="Ratings per user")
    slider.focus()
    slider.press("Home")  # the keyboard reaches it
    page.wait_for_function(f"{spread} < {before} / 2", timeout=20_000)
    expect(page.get_by_text("It fails.", exact=True)).to_be_visible()
    page.wait_for_function("location.search.includes('density=0.005')")
    page.wait_for_function(f"{CURVE}.plot._fullData[1].x.length === 2")
    page.get_by_role("button", name="Try all densities").click()
    page.wait_for_function(f"{CURVE}.plot._fullData[1].x.length === {len(DIALS['density'].values)}", timeout=20_000)
    assert errors == []
    context.close()
