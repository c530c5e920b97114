"""The Map page in three dimensions, and the loop around films: what is turned, picked and selected is what is seen."""

import csv
import re
import statistics

import numpy as np
import pytest
from playwright.sync_api import expect

from recsys_edu.studio import film_selection
from recsys_edu.studio.screens import map_selection
from tests.studio import map_measures
from tests.studio.map_measures import MAP
from tests.studio.test_components import RENDERERS
from tests.studio.test_map import open_map


def until(page, condition, seconds=30):
    page.wait_for_function(condition, timeout=1000 * seconds, polling=20)


def flat(page):
    return np.array(page.evaluate(f"Array.from({MAP}.flat)")).reshape(-1, 2)


def camera(page):
    return page.evaluate(f"{MAP}.camera")


def places_on_screen(page):
    """(n, 2) CSS pixels of the page."""
    each = f"Array.from({{length: {MAP}.n}}, (_, i) => {MAP}.screenOf(i)).flatMap(({{x, y}}) => [x, y])"
    return np.array(page.evaluate(each)).reshape(-1, 2)


def projected(places, yaw, pitch):
    """Rotation matrices and a pinhole, written down another way: (n, 3) -> (n, 2)."""
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    x, y, z = about_x @ about_y @ places.T
    return 0.93 * np.column_stack([x, y]) / (1 - z / 3.2)[:, None]


# --- The component alone --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def still(browser):
    """A map of 1,682 films in 3-D for readers who want no motion; and the places in space that it was given."""
    with map_measures.shown(browser, 1682, 3, motion="reduce") as (page, studio):
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page, studio
        assert errors == []


@pytest.fixture
def space(still):
    """That map as it was at first."""
    page, studio = still
    page.evaluate("data => { window.picks = []; window.mountTime(data, {fresh: true}); }", studio.time_data())
    until(page, f"{MAP}?.epochs?.length === 8 && {MAP}.dims === 3 && {MAP}.owner.films")
    return page, studio


@pytest.mark.browser
def test_what_is_seen_is_the_map_turned_and_in_perspective(space):
    page, studio = space
    seen = camera(page)
    assert not seen.pop("turning")  # asked for by the reader's system
    np.testing.assert_allclose(flat(page), projected(studio.shown[-1], **seen), atol=1e-3)
    canvas = page.locator("canvas.overlay")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    now = camera(page)
    assert (now["yaw"] - seen["yaw"], now["pitch"] - seen["pitch"]) == pytest.approx((np.pi / 24, np.pi / 24))
    np.testing.assert_allclose(flat(page), projected(studio.shown[-1], now["yaw"], now["pitch"]), atol=1e-3)
    page.keyboard.press("Home")
    np.testing.assert_allclose(flat(page), projected(studio.shown[-1], 0, 0), atol=1e-3)
    assert np.abs(flat(page)).max() <= 1


@pytest.mark.browser
def test_a_drag_turns_and_the_picture_changes_and_nothing_is_picked(space):
    page, studio = space
    page.keyboard.press("Escape")
    box = page.locator("canvas.overlay").bounding_box()
    before, picture = camera(page), page.screenshot(clip=box)
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 160, steps=5)
    page.mouse.up()
    now = camera(page)
    assert now["yaw"] > before["yaw"] + 0.5  # the front goes with the hand
    assert now["pitch"] > before["pitch"] + 0.1
    np.testing.assert_allclose(flat(page), projected(studio.shown[-1], now["yaw"], now["pitch"]), atol=1e-3)
    assert page.screenshot(clip=box) != picture
    assert page.evaluate("window.picks.filter(([name]) => name === 'picked')") == []


@pytest.mark.browser
def test_the_picked_film_is_the_one_in_front_under_the_pointer(space):
    page, _studio = space
    order = np.array(page.evaluate(f"Array.from({MAP}.owner.space.order)"))
    near = np.array(page.evaluate(f"Array.from({MAP}.owner.space.near)"))
    assert sorted(order) == list(range(1682))
    assert (np.diff(near[order]) > -1 / 256).all()  # far ones are drawn first
    places = places_on_screen(page)
    radii = np.array(page.evaluate(f"Array.from({{length: 1682}}, (_, i) => {MAP}.owner.radius(i))"))
    for i in order[[-1, -40, 900]]:
        covering = np.flatnonzero(np.linalg.norm(places - places[i], axis=1) < radii)
        front = covering[np.argmax(near[covering])]
        page.mouse.click(*places[i])
        assert page.evaluate("window.picks.at(-1)") == ["picked", int(front)]
        expect(page.locator("canvas.overlay")).to_have_attribute("aria-label", re.compile("Arrow keys turn"))


PIXELS = """() => {
    const map = window.__filmMap.owner;
    map.draw(performance.now());
    const source = map.renderer.canvas;
    const canvas = Object.assign(document.createElement("canvas"), { width: source.width, height: source.height });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff"; // as the page behind a WebGL canvas
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, 0, 0);
    return Array.from({ length: map.n }, (_, i) => {
        const { x, y } = map.place(i);
        const [r, g, b] = context.getImageData(Math.round(x), Math.round(y), 1, 1).data;
        const [red, green, blue] = rgb(map.palette[map.groupOf[i]]);
        return 1 - Math.hypot(r - red, g - green, b - blue) / Math.hypot(255 - red, 255 - green, 255 - blue);
    });
    function rgb(hex) { return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)); }
}"""


@pytest.mark.browser
@pytest.mark.parametrize("renderer", ["webgl2", "canvas"])
def test_near_films_cover_far_ones_and_far_ones_are_small_and_pale(browser, renderer):
    with map_measures.shown(browser, 1682, 3, motion="reduce", script=RENDERERS[renderer]) as (page, _studio):
        assert page.evaluate(f"{MAP}.renderer") == renderer
        strength = np.array(page.evaluate(PIXELS))  # of its colour where the film is: 1 is all of it, 0 the page's
        order = np.array(page.evaluate(f"Array.from({MAP}.owner.space.order)"))
        sizes = "Array.from(map.space.order, (i) => map.radius(i) / map.radii[i])"
        radius = np.array(page.evaluate(f"() => {{ const map = {MAP}.owner; return {sizes}; }}"))
        assert (np.diff(radius) > -0.02).all()
        assert radius[-1] > 1.5 * radius[0]
        front = strength[order[-20:]]
        assert (front > 0.75).mean() > 0.8
        places = places_on_screen(page)
        apart = np.linalg.norm(places[:, None] - places, axis=2) + 99 * np.eye(len(places))
        alone = order[apart.min(axis=1)[order] > 9]  # nothing else is drawn there
        near = np.array(page.evaluate(f"Array.from({MAP}.owner.space.near)"))[alone]
        assert len(alone) > 50
        assert near.max() - near.min() > 0.3
        assert np.median(np.abs(strength[alone] - 0.92 * (0.45 + 0.55 * near))) < 0.02
        np.testing.assert_allclose(strength[alone], 0.92 * (0.45 + 0.55 * near), atol=0.08)


@pytest.mark.browser
def test_scrubbing_in_3d_shows_the_epoch_at_once(space):
    page, studio = space
    page.get_by_role("slider").press("Home")
    until(page, f"{MAP}.epoch === 0")
    seen = camera(page)
    np.testing.assert_allclose(flat(page), projected(studio.shown[0], seen["yaw"], seen["pitch"]), atol=1e-3)
    assert statistics.median(map_measures.scrub(page)) < 100


@pytest.mark.browser
@pytest.mark.parametrize(("n", "dims", "least"), [(1682, 3, 30), (9066, 3, 20)])
def test_it_turns_by_itself_until_it_is_touched_and_fast(browser, n, dims, least):
    with map_measures.shown(browser, n, dims) as (page, _studio):
        assert page.evaluate(f"{MAP}.renderer") == "canvas"
        map_measures.move(page)
        until(page, f"{MAP}.fps >= {least}")
        if dims == 3:
            assert camera(page)["turning"]
            page.locator("canvas.overlay").click(position={"x": 3, "y": 3})
            assert not camera(page)["turning"]


def draw_loop(page, corners, shift=False):
    """Around these corners, in CSS pixels of the page."""
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


def inside_box(page, low, high):
    """The films whose place on the screen lies in the box."""
    places = places_on_screen(page)
    return np.flatnonzero(((places > low) & (places < high)).all(axis=1)).tolist()


@pytest.mark.browser
@pytest.mark.parametrize("by", ["button", "shift"])
def test_the_selection_is_the_films_inside_the_loop(space, by):
    page, studio = space
    box = page.locator("canvas.overlay").bounding_box()
    low = (box["x"] + box["width"] / 2 + 13.3, box["y"] + 60.7)
    high = (low[0] + 170.4, low[1] + 200.6)
    films, before = inside_box(page, low, high), camera(page)
    assert 20 < len(films) < 1000
    if by == "button":
        page.get_by_role("button", name="Select", exact=True).click()
    draw_loop(page, [low, (high[0], low[1]), high, (low[0], high[1])], shift=by == "shift")
    assert page.evaluate("window.picks.filter(([name]) => name !== 'epoch')") == [["selection", {"films": films}]]
    assert page.evaluate(f"{MAP}.shown") == films
    assert camera(page) == before  # drawn, not turned
    expect(page.get_by_text(f"{len(films)} films selected")).to_be_visible()
    page.get_by_role("slider").press("Home")
    page.evaluate("data => window.mountTime(data)", studio.time_data(only=films, selected_only=True))
    until(page, f"{MAP}.epoch === 0 && {MAP}.shown.length === {len(films)}")
    page.mouse.move(*low)  # the next drag turns again
    page.mouse.down()
    page.mouse.move(*high, steps=4)
    page.mouse.up()
    assert camera(page)["yaw"] != before["yaw"]
    page.get_by_role("button", name="All again").click()
    assert page.evaluate(f"{MAP}.shown.length") == 1682
    assert page.evaluate("window.picks.at(-1)") == ["selection", {"films": None}]


@pytest.mark.browser
def test_a_loop_around_nothing_says_so(space):
    page, _studio = space
    box = page.locator("canvas.overlay").bounding_box()
    x, y = box["x"] + 6, box["y"] + 6
    draw_loop(page, [(x, y), (x + 14, y), (x + 14, y + 14), (x, y + 14)], shift=True)
    expect(page.get_by_text("No film lies inside that loop")).to_be_visible()
    assert page.evaluate(f"{MAP}.shown.length") == 1682


# --- The page -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{"films": [5, 999, -1]}, {"films": [5, 5]}])
def test_what_the_browser_selects_is_films_of_the_data_set(said, monkeypatch):
    kept = {}
    monkeypatch.setattr(map_selection.st, "session_state", kept)
    monkeypatch.setattr(map_selection.st, "rerun", lambda scope: None)
    map_selection.take(None, 200)
    assert kept == {}
    map_selection.take(said, 200)
    assert kept["map_selection"] == [5]
    map_selection.take({"films": None}, 200)
    assert kept["map_selection"] is None


@pytest.mark.browser
def test_on_the_page_umap_draws_in_3d_and_a_loop_lists_its_films(browser, studio):
    with browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 800}) as context:
        chrome = context.new_page()
        errors = []
        chrome.on("pageerror", lambda error: errors.append(error.stack))
        open_map(chrome, studio, f"&step={75 * 3}&dims=3")
        until(
            chrome, f"{MAP}.epochs.length === 4 && {MAP}.dims === 3 && {MAP}.method === 'UMAP'", 150
        )  # UMAP is loaded
        until(chrome, f"{MAP}.owner.film.every((frame) => frame.method === 'UMAP') && {MAP}.kept", 60)
        expect(chrome.get_by_text(re.compile(r"keeps \d+ % of true neighbours · in 2-D \d+ %"))).to_be_visible()
        box = chrome.locator("canvas.overlay").bounding_box()
        low, high = (box["x"] + 20.5, box["y"] + 20.5), (box["x"] + box["width"] / 2, box["y"] + box["height"] - 20)
        films = inside_box(chrome, low, high)
        draw_loop(chrome, [low, (high[0], low[1]), high, (low[0], high[1])], shift=True)
        expect(chrome.get_by_text(f"{len(films)} films selected").first).to_be_visible()
        expect(chrome.get_by_role("list", name="Selected films").get_by_role("button")).to_have_count(
            min(len(films), 50)
        )
        chrome.get_by_role("slider", name=re.compile("^Epoch")).press("Home")
        expect(chrome).to_have_url(re.compile("epoch=0"))  # the page was drawn again since
        assert chrome.evaluate(f"{MAP}.shown") == films
        with chrome.expect_download() as table:
            chrome.get_by_role("button", name="Save the places").click()
        assert table.value.suggested_filename == "map-umap-3d-epoch-0.csv"
        with table.value.path().open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        places = np.array(chrome.evaluate(f"Array.from({MAP}.positions)")).reshape(-1, 3)
        np.testing.assert_allclose([[float(row[axis]) for axis in "xyz"] for row in rows], places, atol=1e-4)
        chrome.get_by_role("button", name="All again").click()
        expect(chrome.get_by_text(f"{len(films)} films selected")).to_have_count(0)
        chrome.get_by_role("radio", name="2-D").click()
        until(chrome, f"{MAP}.dims === 2 && {MAP}.shown.length === 200")
        expect(chrome).not_to_have_url(re.compile("dims"))
        assert errors == []


# --- What films have in common --------------------------------------------------------------------------


def test_a_genre_is_over_represented_against_all_films():
    genres = ["A|B"] * 10 + ["B"] * 40 + ["C"] * 50
    inside = np.zeros(100, bool)
    inside[:8] = inside[50:52] = True  # 8 of 10 bear A and B, 2 bear C
    found = film_selection.over_represented(genres, inside)
    assert [(g.name, g.share, g.usual) for g in found] == [
        ("A", 0.8, 0.1),
    ]
    assert film_selection.over_represented(genres, np.ones(100, bool)) == []


def test_what_is_said_of_a_selection_is_so(planted):
    chosen = [3, 17, 40, 41]
    said = film_selection.common(planted, chosen)
    rated = np.isin(planted.item_index, chosen)
    assert said.rating == pytest.approx(planted.rating[rated].mean())
    assert said.usual_rating == pytest.approx(planted.rating.mean())
    rows, counts = film_selection.by_ratings(planted, chosen)
    assert sorted(rows) == chosen
    assert counts.tolist() == sorted((int((planted.item_index == i).sum()) for i in chosen), reverse=True)
    assert counts[0] == (planted.item_index == rows[0]).sum()
