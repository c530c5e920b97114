"""The page You: a visitor's vector is fitted to a few ratings, and the list, the point and the account follow it."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu import training
from recsys_edu.challenges import cold_start
from recsys_edu.challenges.alternating import Factors
from recsys_edu.data import random_split
from recsys_edu.models import default_settings
from recsys_edu.studio import slices, visitor, visitor_figures, visitor_link
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import wait_for

RATED = {3: 5.0, 17: 1.0, 40: 4.0, 77: 2.0}


@pytest.fixture(scope="module")
def train(planted):
    return random_split(planted).train


@pytest.fixture(scope="module")
def factors(train):
    """Films with random numbers: what follows from them is known by arithmetic alone."""
    rng = np.random.default_rng(4)
    items = np.column_stack([rng.normal(0, 0.6, (train.num_items, 5)), rng.normal(0, 0.3, train.num_items)])
    return Factors(3.4, np.empty((0, 6)), items, cold_start.USER_L2)


@pytest.fixture(scope="module")
def visit(factors, train):
    return visitor.visit(factors, train, RATED, at_least=10)


# --- What is computed -----------------------------------------------------------------------------------


def test_a_worker_reads_from_a_run_what_its_model_predicts_with():
    spec = RunSpec("planted", "random", default_settings("mf", embedding_dim=4, batch_size=128, epochs=2))
    parts = slices.split_of("planted", "random", 0)
    run = training.fit(spec.settings, parts.train, parts.test)
    factors = visitor.learnt(spec, run.state())
    u, i = np.repeat(np.arange(3), 200), np.tile(np.arange(200), 3)
    own = np.asarray(run.model.user_bias.embeddings)[u, 0] + np.einsum(
        "nd,nd->n", run.model.user_vectors()[u], factors.item_vectors()[i]
    )
    keras = run.model.predict_pairs(u, i)
    np.testing.assert_allclose(factors.mean + factors.items[i, -1] + own, keras, atol=1e-5)


def test_only_the_visitor_is_fitted_as_in_the_chapter_on_cold_start(factors, visit):
    known = cold_start.Factors(factors.mean, np.zeros(0), factors.items[:, -1], np.zeros((0, 5)), factors.items[:, :-1])
    b_u, p_u = cold_start.fold_in(known, np.array(list(RATED)), np.array(list(RATED.values())))
    np.testing.assert_allclose(visit.who.x, [*p_u, b_u])
    np.testing.assert_allclose(visit.r_hat, factors.mean + b_u + known.b_i + known.Q @ p_u)


def test_the_list_is_the_best_of_what_is_neither_rated_nor_rare(visit, train):
    rare = np.bincount(train.item_index, minlength=train.num_items) < 10
    assert rare.any()
    allowed = [i for i in range(train.num_items) if i not in RATED and not rare[i]]
    assert visit.order.tolist() == sorted(allowed, key=lambda i: -visit.r_hat[i])


def test_without_a_rating_the_list_is_that_of_anybody(factors, train):
    visit = visitor.visit(factors, train, {})
    np.testing.assert_allclose(visit.r_hat, factors.mean + factors.items[:, -1])
    assert visitor.near(visit)[0].tolist() == []
    assert visitor.reasons(visit, 5, train.scale) == []
    assert visitor.gained(visit.order[:10], visit.before) == [0] * 10


def test_places_are_gained_against_the_list_before_the_last_rating(factors, train, visit):
    earlier = visitor.visit(factors, train, dict(list(RATED.items())[:-1]), at_least=10)
    np.testing.assert_array_equal(visit.before, earlier.order)
    assert visitor.gained(np.array([4, 8, 6]), np.array([8, 4, 9])) == [1, -1, None]


def test_a_rating_that_is_left_out_does_not_count_but_is_not_recommended_either(factors, train, visit):
    left = visitor.visit(factors, train, RATED, without=17, at_least=10)
    others = visitor.visit(factors, train, {i: r for i, r in RATED.items() if i != 17}, at_least=10)
    np.testing.assert_allclose(left.who.x, others.who.x)
    assert 17 in others.order
    assert 17 not in left.order
    np.testing.assert_array_equal(left.before, visit.order)  # it is compared with the list from all ratings


def test_the_parts_and_the_ratings_add_up_and_leaving_one_out_is_computed_anew(factors, train, visit):
    item = int(visit.order[4])
    assert sum(visitor.parts(visit, item).values()) == pytest.approx(visit.r_hat[item])
    reasons = visitor.reasons(visit, item, train.scale)
    assert {reason.item_index: reason.rating for reason in reasons} == RATED
    everybody = factors.mean + factors.items[item, -1]
    assert everybody + sum(reason.adds for reason in reasons) == pytest.approx(visit.r_hat[item])
    assert [abs(r.adds) for r in reasons] == sorted((abs(r.adds) for r in reasons), reverse=True)
    for reason in reasons:
        again = visitor.visit(factors, train, RATED, without=reason.item_index, at_least=10)
        assert reason.without == pytest.approx(again.r_hat[item])
        assert reason.place == 1 + again.order.tolist().index(item)


def test_nearest_liked_are_films_that_were_liked(factors, train, visit):
    q = factors.item_vectors()
    cosine = (q @ q[9]) / np.linalg.norm(q, axis=1) / np.linalg.norm(q[9])
    near = visitor.nearest_liked(visitor.reasons(visit, 9, train.scale), 9)
    expected = [i for i in (3, 40) if cosine[i] > 0]  # of five and four stars
    assert [r.item_index for r in near] == sorted(expected, key=lambda i: -cosine[i])
    own = visitor.nearest_liked(visitor.reasons(visit, 3, train.scale), 3)
    assert 3 not in [r.item_index for r in own]


def test_one_bad_rating_is_no_film_that_was_liked(factors, train):
    only = visitor.visit(factors, train, {3: 1.0})
    assert not any(reason.liked for reason in visitor.reasons(only, 9, train.scale))


def test_the_point_lies_amid_the_films_nearest_to_p(factors, visit):
    rows, weights = visitor.near(visit)
    p, q = visit.who.x[:-1], factors.item_vectors()
    cosine = np.where(visit.rare, -1, q @ p / np.linalg.norm(q, axis=1) / np.linalg.norm(p))
    assert rows.tolist() == np.argsort(-cosine)[: visitor.NEAR].tolist()
    np.testing.assert_allclose(weights, cosine[rows] / cosine[rows].sum())


def test_the_waterfall_goes_from_the_mean_to_the_prediction():
    parts = {"mean": 3.5, "user bias": 0.25, "item bias": -0.5} | {f"factor {k}": k / 100 for k in range(1, 10)}
    (trace,) = visitor_figures.waterfall(parts)["data"]
    assert trace["y"][:4] == ["the film, b_i", "you, b_u", "factor 9", "factor 8"]
    assert trace["y"][-2:] == ["3 other factors", "r̂, predicted"]
    assert trace["base"] + sum(trace["x"]) == pytest.approx(sum(parts.values()))
    assert (trace["text"][0], trace["text"][-2], trace["text"][-1]) == ("−0.50", "+0.06", "3.70")
    assert trace["measure"] == ["relative"] * 9 + ["total"]


# --- The link -------------------------------------------------------------------------------------------


def test_ratings_come_back_from_their_link():
    rated = {49: 5.0, 3: 3.5}
    params = visitor_link.to_params(rated, 3)
    assert params == {"rated": "49-5_3-3.5", "without": "3"}
    found, without, problems = visitor_link.from_params(params, 50, (1.0, 5.0))
    assert (list(found.items()), without, problems) == (list(rated.items()), 3, [])
    assert visitor_link.to_params({}, None) == {}


@pytest.mark.parametrize("bad", ["50-5", "3-6", "3-0", "3-nan", "x", "", "3-4-5", "²-4", "-1-4", "3-4e0", "9" * 99])
def test_a_rating_that_makes_no_sense_is_left_out_with_a_sentence(bad):
    found, _without, problems = visitor_link.from_params({"rated": f"7-4_{bad}"}, 50, (1.0, 5.0))
    assert found == {7: 4.0}
    assert problems == ["1 of the link's ratings make no sense for these films and are left out."]


@given(st.dictionaries(st.sampled_from(["rated", "without"]), st.text("0123456789-_.x", max_size=30)))
def test_no_link_raises(params):
    found, without, problems = visitor_link.from_params(params, 50, (1.0, 5.0))
    assert all(0 <= i < 50 and 1 <= stars <= 5 for i, stars in found.items())
    assert without is None or without in found
    assert len(problems) <= 2


# --- The page -------------------------------------------------------------------------------------------


def script():
    from recsys_edu.studio.screens import you

    you.page()


@pytest.fixture
def open_page(workers):
    pages = []

    def open_page(**params):
        page = AppTest.from_function(script, default_timeout=60)
        for name, value in ({"data": "planted", "embedding_dim": "4", "batch_size": "128"} | params).items():
            page.query_params[name] = value
        pages.append(page)
        return page.run()

    yield open_page
    for page in pages:
        workers.close(run_of(workers, page))


def run_of(workers, page):
    return workers.get(page.session_state["run"])


def trained(workers, page, step):
    run = run_of(workers, page)
    wait_for(lambda: run.step >= step and not run.working)
    return page.run()


def told(page, key):
    """What a component was given: the data of the one with this key."""
    found = [part.proto for part in page.get("bidi_component") if part.proto.id.endswith(f"-{key}")]
    assert len(found) == 1
    return json.loads(found[0].json)


def button(page, key):
    return next(button for button in page.button if button.key == key)


def test_a_first_visit_says_what_to_do_and_can_train_here(workers, open_page):
    page = open_page()
    assert not page.exception
    assert told(page, "you_top")["empty"] == "Nothing is learnt yet. Press Train."
    assert len(told(page, "you_stars")["films"]) == 10
    assert all(widget.help for widget in [*page.button, *page.selectbox])
    button(page, "you_train").click()
    page.run()
    trained(workers, page, 75)
    assert not page.exception
    assert any("Rate a film and watch it change" in caption.value for caption in page.caption)
    assert len(told(page, "you_top")["films"]) == 10
    assert told(page, "you_map")["visitor"] is None


def test_what_the_page_shows_is_what_the_model_makes_of_the_ratings(workers, open_page):
    page = trained(workers, open_page(step="375", rated="3-5_17-1_40-4_77-2"), 375)
    assert not page.exception
    run = run_of(workers, page)
    train = slices.split_of("planted", "random", 0).train
    visit = visitor.visit(visitor.learnt(run.spec, run.state), train, RATED, None, 10)
    films = told(page, "you_top")["films"]
    assert [film["item_index"] for film in films] == visit.order[:10].tolist()
    assert films[0]["number"].endswith(f"★ {min(visit.r_hat[visit.order[0]], 5):.2f}")
    assert told(page, "you_map")["visitor"]["films"] == visitor.near(visit)[0].tolist()
    adds = told(page, "you_adds")["films"]
    reasons = visitor.reasons(visit, int(visit.order[0]), train.scale)
    assert [film["number"] for film in adds] == [f"{reason.adds:+.2f}".replace("-", "−") for reason in reasons]
    assert any("not the cause of anybody's taste" in caption.value for caption in page.caption)
    assert page.query_params["rated"] == "3-5_17-1_40-4_77-2"
    rows = {film["item_index"]: film["stars"] for film in told(page, "you_stars")["films"]}
    assert {i: stars for i, stars in rows.items() if stars} == RATED


def test_leaving_one_out_changes_the_list_and_the_link_and_forgetting_all_forgets(workers, open_page):
    page = trained(workers, open_page(step="375", rated="3-5_17-1_40-4_77-2"), 375)
    everything = [film["item_index"] for film in told(page, "you_top")["films"]]
    next(box for box in page.selectbox if box.key == "you_without").set_value(3)
    page.run()
    run = run_of(workers, page)
    train = slices.split_of("planted", "random", 0).train
    left = visitor.visit(visitor.learnt(run.spec, run.state), train, RATED, 3, 10)
    films = told(page, "you_top")["films"]
    assert [film["item_index"] for film in films] == left.order[:10].tolist() != everything
    assert page.query_params["without"] == "3"
    arrows = {0: "★"} | dict.fromkeys(range(1, 200), "▲") | dict.fromkeys(range(-199, 0), "▼")
    gained = visitor.gained(left.order[:10], left.before)
    assert any(gained)
    assert [film["number"][0] for film in films] == [arrows[places] for places in gained]
    button(page, "you_forget").click()
    page.run()
    assert not page.exception
    assert "rated" not in page.query_params
    assert "without" not in page.query_params
    assert told(page, "you_map")["visitor"] is None


def test_a_film_that_is_found_can_be_rated_and_is_explained(workers, open_page):
    page = trained(workers, open_page(step="75"), 75)
    next(box for box in page.selectbox if box.key == "you_find").set_value(123)
    page.run()
    assert told(page, "you_stars")["films"][0]["item_index"] == 123
    assert told(page, "you_star")["films"][0]["item_index"] == 123
    button(page, "you_others").click()
    first = told(page, "you_stars")["films"]
    later = told(page.run(), "you_stars")["films"]
    assert first[0] == later[0]
    assert not {film["item_index"] for film in first[1:]} & {film["item_index"] for film in later[1:]}


def test_the_films_that_are_offered_are_the_same_after_a_reload(open_page):
    page = open_page()
    for item_index in (123, 150):
        next(box for box in page.selectbox if box.key == "you_find").set_value(item_index)
        page.run()
    button(page, "you_others").click()
    offered = [film["item_index"] for film in told(page.run(), "you_stars")["films"]]
    assert offered[:2] == [150, 123]
    again = open_page(**{name: page.query_params[name] for name in ("ten", "found")})
    assert [film["item_index"] for film in told(again, "you_stars")["films"]] == offered
    assert (again.query_params["ten"], again.query_params["found"]) == ("1", "123_150")


@pytest.mark.parametrize("bad", [{"ten": "20"}, {"ten": "-1"}, {"found": "5_200"}, {"found": "5-3"}, {"found": ""}])
def test_an_offer_that_makes_no_sense_is_left_out_with_a_sentence(bad):
    ten, found, problems = visitor_link.offer_from_params(bad, 200, 20)
    assert (ten, found) == (0, [])
    assert "makes no sense" in problems[0]


def test_the_newest_films_that_were_found_stay_in_a_link():
    found = list(range(100))
    params = visitor_link.offer_to_params(3, found)
    assert visitor_link.offer_from_params(params, 200, 20) == (3, found[-visitor_link.MOST_FOUND :], [])
    assert visitor_link.offer_to_params(0, []) == {}


def test_another_model_is_named_with_a_way_to_one_that_works(workers, open_page):
    page = open_page(model="mlp", step="75")
    assert "Multi-layer perceptron" in page.info[0].value
    assert not page.get("bidi_component")
    page.button[0].click()
    page.run()
    run = run_of(workers, page)
    assert run.spec.settings.model == "mf"
    trained(workers, page, 75)
    assert len(told(page, "you_top")["films"]) == 10


def test_a_bad_link_opens_the_page_and_says_what_was_wrong(open_page):
    page = open_page(rated="3-5_<img>")
    assert not page.exception
    assert "1 of the link's ratings" in page.toast[0].value
    assert page.query_params["rated"] == "3-5"


# --- In the browser -------------------------------------------------------------------------------------

YOU = "window.__youOnTheMap?.()"
RATE_AND_WAIT = """async ([row, star]) => {
    const roots = () => [...document.querySelectorAll("*")].map((node) => node.shadowRoot).filter(Boolean);
    const list = (label) => roots().map((root) => root.querySelector(`[aria-label="${label}"]`)).find(Boolean);
    const before = list("Your top 10").textContent;
    const start = performance.now();
    list("Films to rate").children[row].querySelectorAll("input")[star - 1].click();
    while (list("Your top 10").textContent === before) await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


@pytest.fixture
def browse(browser, studio):
    """browse(link): the page You on the planted set, as a reader opens it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    errors = []

    def browse(link):
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(studio.url + link)
        expect(page.get_by_text("Only your own vector is fitted here")).to_be_visible(timeout=60_000)
        expect(films_of(page, "Your top 10")).to_have_count(10)
        page.wait_for_function("window.__filmMap?.frames >= 1")
        return page

    yield browse
    assert errors == []
    context.close()


def films_of(page, label):
    return page.get_by_role("list", name=label).get_by_role("listitem")


def rate(page, row, stars):
    group = films_of(page, "Films to rate").nth(row).get_by_role("radiogroup")
    group.get_by_role("radio", name=f"{stars} of 5 stars").check(force=True)


LINK = "/you?data=planted&embedding_dim=4&batch_size=128&step=375"


@pytest.mark.browser
def test_each_rating_moves_the_star_and_the_list_and_a_click_explains(browse):
    page = browse(LINK)
    before = films_of(page, "Your top 10").all_inner_texts()
    assert page.evaluate(YOU) is None
    rate(page, 0, 5)
    page.wait_for_function(YOU)
    expect(page.get_by_text("places won or lost by your last rating")).to_be_visible()
    wait_for(lambda: films_of(page, "Your top 10").all_inner_texts() != before)
    first = page.evaluate(YOU)
    rate(page, 1, 1)
    page.wait_for_function(f"(([x, y]) => Math.hypot(x - {first[0]}, y - {first[1]}) > 0.02)({YOU})")
    expect(films_of(page, "What each of your ratings adds")).to_have_count(2)
    chosen = films_of(page, "Your top 10").nth(3)
    title = chosen.locator(".title").inner_text()
    chosen.get_by_role("button").click()
    expect(films_of(page, "The film that is explained")).to_contain_text(title)
    figure = "window.__figures['r̂, part by part']?.plot"
    told = re.search(r"\d\.\d\d", chosen.inner_text())[0]
    page.wait_for_function(f"{figure}?.data?.[0].text.at(-1) === '{told}'")
    drawn = page.evaluate(f"[...{figure}.querySelectorAll('.bartext')].map((node) => node.textContent)")
    assert drawn[-1] == told  # Plotly's own sum, from the base over all bars
    films_of(page, "Films to rate").nth(1).get_by_role("button", name=re.compile("Forget")).click()
    expect(films_of(page, "What each of your ratings adds")).to_have_count(1)


@pytest.mark.browser
def test_a_link_brings_ratings_back_and_they_survive_a_visit_elsewhere(browse):
    page = browse(f"{LINK}&rated=3-5_17-1_40-4&without=17")
    expect(page.get_by_text("against the list from all your ratings")).to_be_visible()
    again = browse("/you" + page.url.partition("/you")[2])
    top, top_again = films_of(page, "Your top 10"), films_of(again, "Your top 10")
    wait_for(lambda: top_again.all_inner_texts() == top.all_inner_texts(), 10)
    again.get_by_role("link", name="Compare").click()
    expect(again.get_by_role("button", name="Race", exact=True)).to_be_visible(timeout=30_000)
    again.get_by_role("link", name="You", exact=True).click()
    expect(films_of(again, "What each of your ratings adds")).to_have_count(2, timeout=30_000)
    expect(again.get_by_text("against the list from all your ratings")).to_be_visible()
    assert top_again.all_inner_texts() == top.all_inner_texts()
    assert "without=17" in again.url


@pytest.mark.browser
def test_a_rating_shows_its_list_within_300_ms(browse, movielens):
    page = browse("/you?data=movielens-100k&step=158&rated=49-5")
    pairs = [(1, 5), (2, 1), (3, 4), (4, 2), (5, 5), (1, 2), (2, 4)]
    times = [page.evaluate(RATE_AND_WAIT, pair) for pair in pairs]
    assert min(times) < 300, times  # the machine of a test is busy with other things too
