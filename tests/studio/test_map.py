"""The Map page: all epochs of a run scrubbed in the browser, what is true of them, and what can be taken away."""

import contextlib
import csv
import json
import re
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import TimeoutError, expect
from streamlit.testing.v1 import AppTest

from recsys_edu import embedding_map, projector, recommend
from recsys_edu.data import random_split
from recsys_edu.models import default_settings
from recsys_edu.studio import film_selection, map_routes, runs
from recsys_edu.studio.screens import map_links, map_take_away
from recsys_edu.studio.screens.map_links import Shown
from recsys_edu.studio.slices import RunSpec, trainer_of
from tests.studio.conftest import wait_for

SETTINGS = default_settings("mf", embedding_dim=8, batch_size=128, epochs=6)
SPEC = RunSpec("planted", "random", SETTINGS)
MAP = "window.__filmMap"
AT_REST = f"{MAP}.owner.origin === {MAP}.owner.target"


# --- A run's snapshots ----------------------------------------------------------------------------------


@pytest.fixture
def run(workers):
    run = workers.open("a session", SPEC, 9600, user_index=3)
    yield run
    workers.close(run)


def done(run):
    return wait_for(lambda: not run.working)


def test_a_run_keeps_how_it_began_and_each_epoch(workers, run):
    workers.train(run)
    done(run)
    assert [one.epoch for one in run.snapshots.all] == list(range(7))
    trainer, start = trainer_of(SPEC)
    trainer.restore(start)
    for one in run.snapshots.all[:4]:
        for _event in trainer.events(75 * one.epoch, 75):
            pass
        np.testing.assert_allclose(one.vectors, trainer.model.item_vectors(), atol=2e-3)
    assert run.snapshots.nbytes < 50_000_000
    workers.reset(run)
    assert run.snapshots.all == ()


def test_an_epoch_learnt_batch_by_batch_is_kept_when_it_is_whole(workers, run):
    workers.one_batch(run)
    done(run)
    assert [one.epoch for one in run.snapshots.all] == [0]
    workers.one_epoch(run)
    done(run)
    assert [one.epoch for one in run.snapshots.all] == [0, 1]


def test_a_worker_answers_for_a_run_while_it_learns(workers, run):
    workers.train(run)
    vectors = np.random.default_rng(0).normal(size=(40, 3))
    kept, k = workers.submit(run, map_routes.map_work.kept_by_point, vectors, vectors[:, :2]).result(60)
    assert (len(kept), k) == (40, 15)
    done(run)
    assert run.mode == "finished"


# --- The link -------------------------------------------------------------------------------------------


def test_a_link_holds_what_the_map_shows_and_gives_it_back():
    shown = Shown("axis", "year", 7, 49, 3, 25, True, 3, [3, 17, 40])
    params = map_links.to_params(shown)
    assert map_links.from_params(params, 200) == (shown, [])
    assert map_links.to_params(Shown()) == {}
    assert map_links.from_params({}, 200) == (Shown(), [])


def test_a_link_holds_no_more_of_a_selection_than_it_says():
    most, more = (Shown(selection=list(range(n))) for n in (map_links.MOST_SELECTED, map_links.MOST_SELECTED + 1))
    assert map_links.from_params(map_links.to_params(most), 200) == (most, [])
    assert map_links.to_params(more) == {}


@pytest.mark.parametrize(
    "part",
    [
        {"kind": "../../etc"},
        {"kind": "seed"},
        {"a": "200"},
        {"epoch": "-1"},
        {"near": "1e9"},
        {"only": "<b>"},
        {"dims": "4"},
        {"selection": "3_200"},
        {"selection": "3_3"},
        {"selection": "_".join(map(str, range(map_links.MOST_SELECTED + 1)))},
    ],
)
def test_a_part_of_a_link_that_makes_no_sense_is_left_out_and_named(part):
    shown, problems = map_links.from_params({"colour": "mean"} | part, 200)
    assert shown == Shown(colour="mean")
    assert len(problems) == 1
    assert "makes no sense" in problems[0]


# --- The page -------------------------------------------------------------------------------------------


def script():
    from recsys_edu.studio.screens import map as map_page

    map_page.page()


@pytest.fixture
def page(workers, request):
    """The page as a link opens it; a test may ask for more of the link by `parametrize`."""
    page = AppTest.from_function(script, default_timeout=60)
    link = {"data": "planted", "batch_size": "128", "embedding_dim": "8", "epochs": "4"}
    for name, value in (link | getattr(request, "param", {})).items():
        page.query_params[name] = value
    yield page.run()
    workers.close(current(workers, page))


def current(workers, page):
    return workers.get(page.session_state["run"])


def press(page, label):
    next(button for button in page.button if button.label == label).click()
    return page.run()


def component(page, part):
    """What a component was given: the one whose data has this part."""
    found = [json.loads(each.proto.json) for each in page.get("bidi_component") if each.proto.json]
    return next(data for data in found if part in data)


def test_a_run_that_learnt_nothing_is_trained_here(workers, page):
    assert not page.exception
    press(page, "Train")
    run = current(workers, page)
    done(run)
    page.run()
    assert not page.exception
    assert len(run.snapshots.all) == 5
    figure = component(page, "figure")["figure"]
    a, b = page.session_state["map_a"], page.session_state["map_b"]
    assert figure["data"][0]["x"] == [0, 1, 2, 3, 4]
    assert figure["data"][0]["y"] == pytest.approx(run.snapshots.cosines(a, b)[1])


@pytest.mark.parametrize("page", [{"epoch": "1", "picked": "5", "similarity": "euclid"}], indirect=True)
def test_the_lists_speak_of_the_epoch_on_the_screen(workers, page):
    press(page, "Train")
    run = current(workers, page)
    done(run)
    first = run.snapshots.at(1).vectors
    rows, _ = recommend.nearest(first, 5, 10, "euclid")
    last, _ = recommend.nearest(run.item_vectors, 5, 10, "euclid")
    assert rows.tolist() != last.tolist()
    page.run()
    assert not page.exception
    assert [film["item_index"] for film in component(page, "films")["films"]] == rows.tolist()
    assert component(page, "pins")["neighbours"] == rows.tolist()


def test_what_is_taken_away_is_the_projectors_files_of_that_epoch(workers, run, planted, monkeypatch):
    workers.train(run)
    done(run)
    monkeypatch.setattr(map_take_away.st, "session_state", {"map_epoch": 2})
    vectors_tsv, metadata_tsv = map_take_away._texts(run)
    rows = [[float(x) for x in line.split("\t")] for line in vectors_tsv.splitlines()]
    np.testing.assert_array_equal(np.array(rows, "float32"), run.snapshots.at(2).vectors)
    assert metadata_tsv == projector.texts(run.item_vectors, random_split(planted).train.items)[1]


def test_a_token_with_underscores_is_no_obstacle(workers, monkeypatch):
    monkeypatch.setattr(runs.secrets, "token_urlsafe", lambda _n: "_a__b_")  # 2 % of all tokens have two in a row
    page = AppTest.from_function(script, default_timeout=60)
    page.query_params["data"] = "planted"
    page.run()
    assert current(workers, page).token == "_a__b_"
    assert not page.exception
    workers.close(current(workers, page))


def test_pins_and_colours_reach_the_map_and_the_address(workers, page):
    next(box for box in page.selectbox if box.key == "map_colour").set_value("mean")
    next(box for box in page.selectbox if box.key == "box_map_b").set_value(17)
    page.run()
    page.run()
    data = component(page, "pins")
    assert (data["colour"], data["pins"][1]) == ("mean", 17)
    assert page.query_params["colour"] == "mean"
    assert page.query_params["b"] == "17"
    assert all(box.help for box in page.selectbox)


@pytest.mark.parametrize("page", [{"dims": "3", "kind": "pca"}], indirect=True)
def test_a_link_opens_the_map_in_3d_and_an_axis_is_flat(page):
    assert component(page, "pins")["film"].endswith("kind=pca&dims=3")
    assert page.query_params["dims"] == "3"
    kind, dims = (next(box for box in page.segmented_control if box.key == key) for key in ("map_kind", "map_dims"))
    assert (dims.value, dims.disabled) == (3, False)
    kind.set_value("axis")
    page.run()
    assert "dims" not in component(page, "pins")["film"]
    assert next(box for box in page.segmented_control if box.key == "map_dims").disabled
    assert all(box.help for box in page.segmented_control)


def test_the_selected_films_are_listed_with_what_they_share(workers, page, planted):
    page.session_state["map_selection"] = [3, 17, 40]
    page.run()
    assert not page.exception
    data = component(page, "pins")
    assert (data["only"], data["selected_only"]) == ([3, 17, 40], True)
    rows, _counts = film_selection.by_ratings(planted, [3, 17, 40])
    assert [film["item_index"] for film in component(page, "films")["films"]] == rows.tolist()
    shared = film_selection.common(planted, [3, 17, 40])
    assert any(f"Mean rating {shared.rating:.2f} (all films" in text.value for text in page.text)
    press(page, "Train")  # another run of the same films
    done(current(workers, page))
    page.run()
    assert component(page, "pins")["only"] == [3, 17, 40]


@pytest.mark.parametrize("page", [{"selection": "3_17_40"}], indirect=True)
def test_a_selection_comes_back_from_its_link_and_a_large_one_is_said_not_to(page):
    data = component(page, "pins")
    assert (data["only"], data["selected_only"]) == ([3, 17, 40], True)
    assert page.query_params["selection"] == "3_17_40"
    page.session_state["map_selection"] = list(range(map_links.MOST_SELECTED + 1))
    page.run()
    assert "selection" not in page.query_params
    (title,) = (text for text in page.markdown if "films selected" in text.value)
    assert f"Up to {map_links.MOST_SELECTED} selected films stand in the page's address" in title.help


# --- In Chromium ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def learnt(browser, studio):
    """A page whose run has learnt its eight epochs."""
    with browser.new_context(accept_downloads=True) as context:
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(error.stack))
        open_map(page, studio, "&a=3&b=40&picked=5")
        page.get_by_role("button", name="Train", exact=True).click()
        until(page, f"{MAP}.epochs.length === 9")
        yield page


@pytest.fixture
def chrome(learnt):
    """That page as it is at first: UMAP, genres, the last epoch."""
    learnt.set_viewport_size({"width": 1280, "height": 800})
    arrange(learnt, "UMAP")
    until(learnt, f"{MAP}.loaded.includes('kind=umap') && {MAP}.epochs.length === 9")
    learnt.get_by_role("slider", name=re.compile("^Epoch")).press("End")
    if learnt.evaluate(f"{MAP}.owner.colour") != "genre":
        choose(learnt, "Colour by", "genre")
    until(learnt, f"{MAP}.at === 8 && {MAP}.kept && {MAP}.owner.colour === 'genre' && {AT_REST}")
    yield learnt
    assert learnt.errors == []


def open_map(page, studio, more=""):
    page.goto(f"{studio.url}/map?data=planted&batch_size=128&embedding_dim=8&epochs=8{more}")
    expect(page.get_by_role("button", name=re.compile("^(Train|Pause)")).first).to_be_enabled(timeout=30_000)
    until(page, MAP)


def until(page, condition, argument=None, seconds=60):
    page.wait_for_function(condition, arg=argument, timeout=1000 * seconds, polling=20)


def choose(page, label, option):
    """Open a box and take one of its options; a rerun of the page that closes the list is waited for."""
    for _attempt in range(4):
        page.get_by_role("combobox", name=label).click()
        with contextlib.suppress(TimeoutError):
            return page.get_by_role("option", name=option, exact=True).click(timeout=3000)
    raise AssertionError(f"{label} does not offer {option}")


def arrange(page, kind):
    page.get_by_role("radio", name=kind, exact=True).click()


def positions(page):
    return np.array(page.evaluate(f"Array.from({MAP}.positions)")).reshape(-1, 2)


SCRUB = """async () => {
    const map = window.__filmMap;
    const slider = map.owner.bar.slider;
    const times = [];
    for (const k of [7, 3, 0, 5, 1, 6, 2, 4]) {
        const start = performance.now();
        slider.value = k;
        slider.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame);
        await new Promise((done) => { const { port1, port2 } = new MessageChannel();
                                      port1.onmessage = done; port2.postMessage(0); }); // after that frame
        const shown = map.owner.film[k].positions;
        if (map.positions.some((x, i) => Math.abs(x - shown[i] / 32767) > 1e-4)) throw new Error(`not at ${k}`);
        times.push(performance.now() - start);
    }
    return times;
}"""


@pytest.mark.browser
def test_scrubbing_shows_the_epoch_at_once_and_asks_no_server(chrome):
    asked = []
    chrome.on("request", lambda request: asked.append(request.url))
    times = chrome.evaluate(SCRUB)
    assert sorted(times)[len(times) // 2] < 100, times
    assert [url for url in asked if "frames.bin" in url] == []
    until(chrome, f"{MAP}.epoch === 4 && {MAP}.kept")  # at rest: how honest it is there
    expect(chrome.get_by_text("epoch 4 of 8")).to_be_visible()
    until(chrome, "window.__figures['Cosine of A and B, by epoch'].figure.layout.shapes?.[0].x0 === 4")
    slider = chrome.get_by_role("slider", name=re.compile("^Epoch"))
    slider.press("ArrowLeft")
    until(chrome, f"{MAP}.epoch === 3")
    expect(chrome).to_have_url(re.compile("epoch=3"))


@pytest.mark.browser
def test_play_goes_through_all_epochs_and_comes_to_rest_at_the_last(chrome):
    chrome.evaluate("""() => {
        window.seen = new Set();
        const look = () => {
            window.seen.add(window.__filmMap.epoch);
            window.looking = requestAnimationFrame(look);
        };
        look();
    }""")
    chrome.get_by_role("button", name="Play the epochs").click()
    chrome.get_by_role("button", name="Stand still").wait_for()
    until(chrome, f"!{MAP}.playing")
    chrome.evaluate("cancelAnimationFrame(window.looking)")
    assert chrome.evaluate("[...window.seen].sort()") == list(range(9))
    assert chrome.evaluate(f"{MAP}.epoch") == 8


@pytest.mark.browser
def test_the_honesty_meter_is_the_share_of_true_neighbours(chrome):
    arrange(chrome, "PCA")
    until(chrome, f"{MAP}.loaded.includes('kind=pca') && {MAP}.kept")
    until(chrome, AT_REST)
    kept = np.array(chrome.evaluate(f"{MAP}.kept"))
    neighbours, _ = embedding_map.true_neighbours(recommend.unit(own_vectors(8)))
    true = embedding_map.kept_by_point(neighbours, positions(chrome))
    assert np.mean(kept == true) > 0.9  # two distances alike may change places by rounding
    assert kept.mean() == pytest.approx(true.mean(), abs=0.1)
    percent = round(100 * kept.mean() / 15)
    expect(chrome.get_by_text(f"keeps {percent} % of true neighbours")).to_be_visible()
    assert chrome.locator(".time b").inner_text() == f"{percent} %"
    choose(chrome, "Colour by", "honesty")
    until(chrome, f"{MAP}.owner.colour === 'honesty' && {MAP}.owner.palette.ordered")
    groups = np.array(chrome.evaluate(f"{MAP}.groups"))
    order = np.argsort(kept, kind="stable")
    assert (np.diff(groups[order]) >= 0).all()  # brighter is more honest
    assert len(set(groups[kept == kept.max()])) == 1


def own_vectors(epochs):
    """The item vectors of the run that `trained` opens, learnt here."""
    from recsys_edu import sources, training

    parts = random_split(sources.load("planted"), seed=0)
    settings = default_settings("mf", embedding_dim=8, batch_size=128, epochs=epochs)
    return training.fit(settings, parts.train, parts.test).model.item_vectors()


@pytest.mark.browser
def test_an_axis_has_film_a_at_its_left_and_film_b_at_its_right(chrome):
    arrange(chrome, "Axis")
    until(chrome, f"{MAP}.method === 'Axis' && {AT_REST}")
    x = positions(chrome)[:, 0]
    assert x[3] == pytest.approx(-x[40], abs=1e-3)
    vectors = recommend.unit(own_vectors(8))
    expected = vectors @ (vectors[40] - vectors[3])
    assert np.corrcoef(x, expected)[0, 1] > 0.999
    assert x[40] > x[3]


@pytest.mark.browser
@pytest.mark.parametrize(("label", "column"), [("number of ratings", "count"), ("mean rating", "mean")])
def test_a_scale_of_colours_follows_the_numbers(chrome, label, column):
    choose(chrome, "Colour by", label)
    until(chrome, f"{MAP}.owner.colour === '{column}'")
    values = chrome.evaluate(f"{MAP}.owner.films.{column}")
    steps = [group for _, group in sorted(zip(values, chrome.evaluate(f"{MAP}.groups"), strict=True))]
    assert steps == sorted(steps)
    assert {steps[0], steps[-1]} == {0, 7}


@pytest.mark.browser
def test_only_the_picked_film_and_its_neighbours_remain(chrome):
    until(chrome, f"{MAP}.links.length === 10")
    chrome.get_by_text("Show only these").click()
    until(chrome, f"{MAP}.shown.length === 11")
    assert set(chrome.evaluate(f"{MAP}.shown")) == {5, *chrome.evaluate(f"{MAP}.links")}
    chrome.get_by_text("Show only these").click()
    until(chrome, f"{MAP}.shown.length === 200")


@pytest.mark.browser
def test_another_seed_draws_the_last_epoch_anew(chrome):
    before = positions(chrome)
    arrange(chrome, "Seed")
    chrome.get_by_role("button", name="Draw", exact=True).click()
    until(chrome, f"{MAP}.epochs.length === 1 && {MAP}.method === 'UMAP' && {MAP}.kept && {AT_REST}")
    assert np.abs(positions(chrome) - before).max() > 0.05
    assert chrome.evaluate(f"{MAP}.honesty") > 0.1
    expect(chrome.get_by_role("slider", name=re.compile("^Epoch"))).to_be_disabled()


@pytest.mark.browser
def test_picture_and_table_are_of_the_map_on_the_screen(chrome, planted):
    with chrome.expect_download() as picture:
        chrome.get_by_role("button", name="Save the map as a picture").click()
    assert picture.value.suggested_filename.endswith("-epoch-8.png")
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    assert picture.value.path().stat().st_size > 5000  # an empty canvas has 2 KB
    chrome.evaluate(f"{MAP}.owner.films.title[2] = '\"a\", <b>b</b>'")
    with chrome.expect_download() as table:
        chrome.get_by_role("button", name="Save the places").click()
    with table.value.path().open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["item_id"] for row in rows] == planted.items["item_id"].astype(str).tolist()
    assert rows[2]["title"] == '"a", <b>b</b>'
    np.testing.assert_allclose([[float(r["x"]), float(r["y"])] for r in rows], positions(chrome), atol=1e-4)
    assert [int(row["true_neighbours"]) for row in rows] == chrome.evaluate(f"{MAP}.kept")


@pytest.mark.browser
def test_the_table_holds_no_formula_for_a_spreadsheet(chrome):
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x", "y")']
    before = chrome.evaluate(f"{MAP}.owner.films.title.splice(0, {len(formulas)}, ...{json.dumps(formulas)})")
    with chrome.expect_download() as table:
        chrome.get_by_role("button", name="Save the places").click()
    chrome.evaluate(f"{MAP}.owner.films.title.splice(0, {len(formulas)}, ...{json.dumps(before)})")
    with table.value.path().open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["title"] for row in rows[: len(formulas)]] == [f"'{formula}" for formula in formulas]
    assert rows[-1]["title"][0] != "'"
    assert min(float(row["x"]) for row in rows) < 0  # a number is one, whatever its sign


@pytest.mark.browser
def test_a_link_brings_run_map_and_epoch_back(browser, studio):
    steps, chrome = 75 * 4, browser.new_page()
    open_map(chrome, studio, f"&step={steps}&kind=pca&epoch=2&colour=count&a=3&b=40&near={quote('4')}&picked=5")
    until(chrome, f"{MAP}.epochs.length === 5 && {MAP}.epoch === 2 && {MAP}.method === 'PCA'")
    until(chrome, f"{MAP}.links.length === 4 && {MAP}.owner.pins.join() === '3,40' && {MAP}.owner.colour === 'count'")
    expect(chrome).to_have_url(re.compile(f"step={steps}.*kind=pca.*epoch=2"))
    chrome.close()


@pytest.mark.browser
def test_a_route_that_is_asked_nonsense_answers_with_a_sentence(chrome, studio):
    for path in (
        "frames.bin?kind=axis&a=3&b=3",
        "frames.bin?kind=x",
        "frames.bin?a=x",
        "honesty.bin?kind=umap&epoch=x",
    ):
        url = f"{studio.url}/live/{chrome.evaluate(f'{MAP}.owner.run')}/{path}"
        answer = chrome.request.get(url)
        assert answer.status == 404
        assert answer.json()["error"].endswith(".")
    assert chrome.request.get(f"{studio.url}/live/none/frames.bin").status == 404


@pytest.mark.browser
@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_nothing_spills_over_the_page(chrome, size):
    chrome.set_viewport_size({"width": size[0], "height": size[1]})
    assert chrome.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
def test_what_was_chosen_here_outlives_a_visit_to_the_train_page(chrome):
    choose(chrome, "Nearness", "Euclid")
    chrome.evaluate(f"{MAP}.owner.seek(4)")
    expect(chrome).to_have_url(re.compile("similarity=euclid.*epoch=4"))
    chrome.get_by_role("link", name="Train").click()
    expect(chrome.get_by_role("button", name="One epoch", exact=True)).to_be_enabled()
    expect(chrome.get_by_text("Recommended now")).to_be_visible()
    chrome.get_by_role("link", name="Map").click()
    until(chrome, f"{MAP}?.epochs?.length === 9 && {MAP}.epoch === 4 && {MAP}.owner.pins.join() === '3,40'")
    expect(chrome.get_by_text(re.compile(r"\d apart")).first).to_be_visible()
    choose(chrome, "Nearness", "cosine")
