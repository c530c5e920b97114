"""The studio in a real Chromium: what a class sees when somebody presses a button."""

import os
import re
from pathlib import Path

import numpy as np
import psutil
import pytest
from playwright.sync_api import expect

from recsys_edu.data import random_split
from recsys_edu.models import MODELS
from recsys_edu.run_store import StoredRun
from recsys_edu.studio.components.mount import FILM_LIST
from recsys_edu.studio.results import COLUMNS
from tests.studio.conftest import Studio, alive, wait_for

pytestmark = pytest.mark.browser

MAP = "window.__filmMap"
CURVES = "window.__lossCurves"
EPOCHS = MODELS["mf"].settings["epochs"]


@pytest.fixture
def page(browser, studio, movielens):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(studio.url)
    expect(button(page, "Train")).to_be_enabled(timeout=30_000)
    page.wait_for_function(f"{CURVES} && {MAP}")
    yield page
    assert page.errors == []
    context.close()


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def seen(page):
    """Points on the training curve, frames of the map, and where the first films are."""
    return page.evaluate(f"[{CURVES}.train, {MAP}.frames, Array.from({MAP}.positions.slice(0, 40))]")


def until(page, condition, seconds=60):
    page.wait_for_function(condition, timeout=1000 * seconds, polling=20)


def test_train_makes_the_curve_grow_and_the_map_move_and_the_list_appear(page):
    expect(page.get_by_text("Nothing is learnt yet. Press Train.").first).to_be_visible()
    button(page, "One epoch").click()
    until(page, f"{CURVES}.validation === 1 && {MAP}.frames >= 1 && !{MAP}.moving")
    _, frames, first = seen(page)
    button(page, "Train").click()
    until(page, f"{CURVES}.validation >= 3 && {MAP}.frames >= {frames + 2}")
    _, _, later = seen(page)
    assert first != later
    top = page.get_by_role("list", name="Recommended now").get_by_role("listitem")
    expect(top).to_have_count(10)
    expect(page.get_by_text(re.compile(rf"Epoch [1-9][\d.]* of {EPOCHS}")).first).to_be_visible()


def test_pause_stands_still_and_train_goes_on(page, workers):
    button(page, "Train").click()
    until(page, f"{CURVES}.validation >= 1 && {MAP}.frames >= 2")
    button(page, "Pause").click()
    expect(page.get_by_text("Paused. Train goes on from here.").first).to_be_visible()
    until(page, f"!{MAP}.moving")
    before = seen(page)
    busy_for_a_while(workers)
    assert seen(page) == before
    button(page, "Train").click()
    until(page, f"{CURVES}.train > {before[0]}")


def busy_for_a_while(workers):
    """A whole other run goes by on the same workers: time in which a run that is not paused would move."""
    from recsys_edu.models import default_settings
    from recsys_edu.studio.slices import RunSpec

    settings = default_settings("mf", embedding_dim=8, batch_size=128, epochs=10)
    other = workers.open("another", RunSpec("planted", "random", settings), 9600)
    workers.train(other)
    wait_for(lambda: not other.working)
    workers.close(other)


def test_one_batch_one_epoch_stop_and_reset(page):
    button(page, "One batch").click()
    until(page, f"{CURVES}.train === 1")
    expect(page.get_by_text(f"Epoch 0.0 of {EPOCHS}, batch 1 of 79 · Paused.").first).to_be_visible()
    button(page, "One epoch").click()
    until(page, f"{CURVES}.validation === 1")
    expect(page.get_by_text(f"Epoch 1.0 of {EPOCHS}").first).to_be_visible()
    button(page, "Stop").click()
    expect(page.get_by_text("Stopped. Train starts again from the beginning.").first).to_be_visible()
    button(page, "Reset").click()
    until(page, f"{CURVES}.train === 0")
    expect(page.get_by_text("Ready. Press Train.").first).to_be_visible()
    expect(page.get_by_text("Nothing is learnt yet. Press Train.").first).to_be_visible()
    button(page, "One epoch").click()  # the axes follow a second run as well
    until(page, f"{CURVES}.validation === 1")
    until(
        page,
        "document.querySelector('.chart .js-plotly-plot, .chart .plot')._fullLayout.xaxis.range[1] < 2",
    )


def test_a_film_found_by_title_shows_its_neighbours(page):
    button(page, "One epoch").click()
    until(page, f"{MAP}.frames >= 1")
    search = page.get_by_role("combobox", name="Find a film by title")
    search.fill("star wars")
    search.press("ArrowDown")
    search.press("Enter")
    near = page.get_by_role("list", name="Nearest films").get_by_role("listitem")
    expect(near).to_have_count(6)
    until(page, f"{MAP}.links.length === 6")
    picked = page.evaluate(f"{MAP}.picked")
    near.first.get_by_role("button").click()  # a film of the list is picked in turn
    until(page, f"{MAP}.picked !== {picked} && {MAP}.links.length === 6")


def test_a_click_on_the_map_picks_that_film(page):
    button(page, "One epoch").click()
    expect(page.get_by_text(f"Epoch 1.0 of {EPOCHS} · Paused").first).to_be_visible()
    until(page, f"{MAP}.frames >= 1 && !{MAP}.moving")
    spot = page.evaluate(f"{MAP}.screenOf(49)")
    page.mouse.click(spot["x"], spot["y"])
    until(page, f"{MAP}.picked === 49")
    expect(page.get_by_role("list", name="Nearest films").get_by_role("listitem")).to_have_count(6)


def test_another_user_gets_another_list(page):
    button(page, "One epoch").click()
    top = page.get_by_role("list", name="Recommended now").get_by_role("listitem")
    expect(top).to_have_count(10)
    before = top.all_inner_texts()
    user = page.get_by_role("combobox", name=re.compile("Recommend for user"))
    user.click()
    user.press_sequentially("405")
    page.get_by_role("option", name=re.compile("^405 · ")).click()
    expect(user).to_have_value(re.compile("^405 · "))
    expect(top).to_have_count(10)
    wait_for(lambda: top.all_inner_texts() not in ([], before), 20)


RACE = "window.__raceChart"


@pytest.fixture
def compare(browser, studio):
    """The Compare page on the planted set, opened by its address."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{studio.url}/compare")
    expect(button(page, "Race")).to_be_enabled(timeout=30_000)
    choose(page, "Data", "Planted truth")
    yield page
    assert page.errors == []
    context.close()


def choose(page, label, option):
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")


def cells(page, table, model):
    """The figures in the row of a model, as they stand on the screen."""
    row = page.get_by_role("table", name=table).get_by_role("row", name=re.compile(model))
    return row.first.get_by_role("cell").all_inner_texts()


def test_four_lanes_race_and_the_table_says_what_their_judgement_gave(compare, studio):
    page = compare
    choose(page, "Models", "EASE")
    button(page, "Race").click()
    until(page, f"{RACE}?.points.length === 4 && {RACE}.points.slice(0, 3).every((n) => n > 0)", 120)
    page.evaluate(f"window.sameChart = {RACE}.owner")
    rows = page.get_by_role("table", name="Results").get_by_role("row")
    expect(rows).to_have_count(5, timeout=120_000)
    assert page.evaluate(f"{RACE}.points") == [1, 10, 12, 0]  # a point, two curves; EASE predicts no stars
    page.get_by_text("NDCG@10 (large is good)").click()
    until(page, f"{RACE}.points[3] === 1 && {RACE}.points[1] === 10")
    assert page.evaluate(f"{RACE}.owner === window.sameChart")  # no rerun remade it
    kept = {run.model: run for run in studio.store.runs(data="planted") if run.seed == 0}
    for model, name in {"biases": "Biases", "mf": "Matrix fact", "mlp": "Multi-layer", "ease": "EASE"}.items():
        told = [cell.removeprefix("★ ") for cell in cells(page, "Results", name)]
        assert told == [column.text(column.of(kept[model])) for column in COLUMNS]
    assert cells(page, "Results", "EASE")[0] == "–"
    best = page.locator(".run-table td.best").all_inner_texts()
    assert f"{min(run.figures['test_rmse'] for run in kept.values() if run.figures['test_rmse']):.4f}" in best
    until(page, "window.__figures['Accuracy, coverage, novelty']?.plot.data?.length === 4")
    button(page, "Copy as Keras").first.click()
    expect(page.get_by_text("class MatrixFactorization").first).to_be_visible()


HOSTILE = "<img src=x onerror=window.hacked=1> **b** $x$"


def test_a_run_from_elsewhere_is_shown_as_text_chosen_and_deleted(compare, studio, planted):
    page = compare
    parts = random_split(planted, seed=5)
    figures = {"test_rmse": 0.8123, "test_mae": None, "ndcg@10": 0.25}
    run = StoredRun(
        parts.train.name, parts.how, HOSTILE, 5, {}, figures, 1.0, 10, {"users": np.array([0])}
    )  # as a command line of another version may have left it
    kept = studio.store.add(run)
    seed = page.get_by_role("spinbutton", name="Seed")
    seed.fill("5")
    seed.press("Enter")
    expect(page.get_by_role("table", name="Results").get_by_text(HOSTILE, exact=True)).to_be_visible()
    assert cells(page, "Results", "<img")[:3] == ["0.8123", "–", "0.2500"]
    label = "Accuracy, coverage, novelty"
    until(page, f"window.__figures['{label}']?.plot.querySelector('.legendtext')?.textContent")
    legend = page.evaluate(f"window.__figures['{label}'].plot.querySelector('.legendtext').textContent")
    assert legend == HOSTILE
    page.get_by_role("checkbox", name=HOSTILE).uncheck()
    expect(page.get_by_text("Nothing is judged yet")).to_be_visible()
    page.get_by_role("checkbox", name=HOSTILE).check()
    expect(page.get_by_role("table", name="Results").get_by_text(HOSTILE, exact=True)).to_be_visible()
    delete = page.get_by_role("button", name=re.compile("^Delete: "))
    delete.click()
    assert [one.id for one in studio.store.runs(seed=5)] == [kept.id]  # the first press only asks
    delete.click()
    expect(page.get_by_text("The store holds none")).to_be_visible()
    assert studio.store.runs(seed=5) == []
    assert page.evaluate("[window.hacked ?? null, document.querySelectorAll('img[src=x]').length]") == [None, 0]


def test_a_model_that_ranks_shows_its_loss_and_its_ndcg(page):
    choose(page, "Data", "Planted truth")
    choose(page, "Model", "Two towers")
    button(page, "Train").click()
    until(page, f"{CURVES}.validation >= 2")
    plot = "document.querySelector('.chart .plot')._fullLayout"
    until(page, f"{plot}.yaxis.title.text === 'softmax cross-entropy' && {plot}.yaxis2.title.text === 'NDCG · Recall'")
    top = page.get_by_role("list", name="Recommended now").get_by_role("listitem")
    expect(top.first).to_contain_text("no. 1")
    assert not [text for text in top.all_inner_texts() if re.search(r"\d\.\d\d", text)]  # no stars


def test_the_settings_of_train_outlive_a_visit_to_compare(page):
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("7")
    epochs.press("Enter")
    button(page, "One epoch").click()
    expect(page.get_by_text("Epoch 1.0 of 7").first).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Compare").click()
    expect(button(page, "Race")).to_be_enabled()
    page.get_by_role("link", name="Train").click()
    expect(epochs).to_have_value("7")
    expect(page.get_by_text("Epoch 1.0 of 7").first).to_be_visible(timeout=30_000)
    until(page, f"{CURVES}?.validation === 1 && {MAP}?.frames >= 1")


def test_another_web_site_cannot_listen(page, studio):
    """The WebSocket answers the studio's own page, and not a page from elsewhere that knows the token."""
    url = page.evaluate("[...window.__recsysEduLive.connections.keys()][0]")
    opens = """url => new Promise(answer => {
        const socket = new WebSocket(new URL(url, 'ws://localhost:PORT'));
        socket.onopen = () => answer(true);
        socket.onerror = () => answer(false);
    })""".replace("PORT", str(studio.port))
    assert page.evaluate(opens, url)
    stranger = page.context.new_page()
    stranger.goto(f"http://127.0.0.1:{studio.port}/_stcore/health")
    assert not stranger.evaluate(opens, url)


def test_a_title_in_a_list_is_text(browser):
    page = browser.new_page()
    page.set_content(FILM_LIST["html"])
    film = {"item_index": 3, "title": "<img src=x onerror=window.hacked=1>", "detail": "<b>", "number": "4", "share": 1}
    page.evaluate(
        """async ([code, film]) => {
            const module = await import(URL.createObjectURL(new Blob([code], {type: "text/javascript"})));
            const data = {films: [film], label: "films", empty: ""};
            module.default({parentElement: document.body, data, setTriggerValue: (name, i) => { window.picked = i; }});
        }""",
        [FILM_LIST["js"], film],
    )
    expect(page.get_by_text(film["title"])).to_be_visible()
    page.get_by_role("listitem").get_by_role("button").click()
    assert page.evaluate("[window.picked, window.hacked ?? null, document.images.length]") == [3, None, 0]
    page.close()


def test_a_closed_tab_frees_its_work(browser, studio):
    context = browser.new_context()
    page = context.new_page()
    page.goto(studio.url)
    expect(button(page, "Train")).to_be_enabled(timeout=30_000)
    page.get_by_role("spinbutton", name="Epochs").fill("1000")
    page.get_by_role("spinbutton", name="Epochs").press("Enter")
    button(page, "Train").click()
    until(page, f"{CURVES}.train > 2")
    assert studio.status()["working"] >= 1
    context.close()
    wait_for(lambda: studio.status()["working"] == 0, 20)


def test_a_studio_of_its_own_starts_useful_maps_no_tensorflow_and_leaves_nothing(browser, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "RECSYS_EDU_SCHEDULER"}
    studio = Studio(**environment)
    page = browser.new_page()
    page.goto(studio.url)
    expect(button(page, "Train")).to_be_enabled(timeout=30_000)
    button(page, "Train").click()  # before the workers are warm
    expect(page.get_by_text("loading TensorFlow").first).to_be_visible()
    page.wait_for_function(f"{CURVES} && {CURVES}.train > 0", timeout=180_000)
    process = psutil.Process(studio.process.pid)
    children = process.children(recursive=True)
    assert len(children) >= 3  # the scheduler and two workers
    if hasattr(process, "memory_maps"):  # not on macOS
        libraries = {Path(library.path).name for library in process.memory_maps()}
        assert any("pandas" in library.path for library in process.memory_maps())  # it is the right process
        assert not [name for name in libraries if "tensorflow" in name or "llvmlite" in name]  # llvmlite: UMAP
    studio.close()
    wait_for(lambda: not any(alive(child.pid) for child in children), 30)
    page.close()
