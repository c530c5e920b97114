"""The Challenges page: what it draws is what the labs of chapter 8 compute, long work can be stopped, pictures move."""

import functools
import os
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu import planted as planted_set
from recsys_edu.challenges import cold_start, feedback_loop, privacy_price, reranking
from recsys_edu.data import random_split
from recsys_edu.errors import DataError
from recsys_edu.models.ease import EASE
from recsys_edu.studio import challenge_figures, challenge_labs
from recsys_edu.studio import dials as codec
from recsys_edu.studio.background import Work
from recsys_edu.studio.challenge_labs import DIALS, NOISES, ROUNDS
from tests.studio.conftest import ROOT, wait_for

# --- Work off the page's thread -------------------------------------------------------------------------


def test_work_grows_step_by_step_and_is_finished():
    gate = threading.Event()

    def waits():
        gate.wait(10)
        return "second"

    work = Work([lambda: "first", waits])
    wait_for(lambda: work.results == ["first"])
    assert (work.busy, work.finished, work.total) == (True, False, 2)
    gate.set()
    work.wait(10)
    assert (work.results, work.busy, work.finished) == (["first", "second"], False, True)


def test_stop_ends_after_the_step_under_way_and_keeps_it():
    gate, begun, calls = threading.Event(), threading.Event(), []

    def waits():
        begun.set()
        gate.wait(10)
        return 1

    work = Work([waits, functools.partial(calls.append, 2)])
    assert begun.wait(10)
    work.stop()
    gate.set()
    work.wait(10)
    assert (work.results, calls, work.busy, work.finished) == ([1], [], False, False)


def test_a_step_that_fails_is_told_in_a_sentence_and_frees_the_turn():
    def refuses():
        raise DataError("There is nothing here. Choose another data set.")

    work = Work([lambda: 1, refuses, lambda: 3])
    work.wait(10)
    assert (work.problem, work.results) == ("There is nothing here. Choose another data set.", [1])
    other = Work([lambda: 1 / 0])
    other.wait(10)
    assert other.problem.startswith("Something unexpected went wrong")
    after = Work([lambda: 4])
    after.wait(10)
    assert after.results == [4]


# --- The labs, as the page uses them --------------------------------------------------------------------


def test_a_newcomers_list_is_the_fold_in_of_what_was_told():
    who = challenge_labs.strangers("planted")
    u = who.newcomers.users[1]
    shown = challenge_labs.list_of_newcomer("planted", 2, 7)
    assert (shown.given.user_index == u).all()
    assert len(shown.given) == 7
    assert not set(shown.items) & set(shown.given.item_index.tolist())
    b_u, p_u = cold_start.fold_in(who.factors, shown.given.item_index, shown.given.rating)
    best = shown.items[0]
    expected = who.factors.mu + b_u + who.factors.b_i[best] + who.factors.Q[best] @ p_u
    assert shown.predicted[0] == pytest.approx(expected)
    nothing = [challenge_labs.list_of_newcomer("planted", k, 0).items.tolist() for k in (1, 2)]
    assert nothing[0] == nothing[1]  # of whom nothing is known gets what everybody gets
    assert shown.items.tolist() != nothing[0]


def test_more_ratings_of_a_newcomer_help():
    both = challenge_labs.error_by_given("planted")["b_u, p_u"]
    assert both.index.tolist() == [*map(str, range(21)), "all"]
    assert both["0"] > both["5"] > both["20"] > both["all"]


def test_reranked_lists_are_those_of_the_frontier(planted):
    parts = random_split(planted, seed=0)
    scores = EASE().fit(parts.train).scores(np.arange(planted.num_users))
    rows = reranking.frontier(scores, parts.train, parts.test, strengths=(0, 0.5), reserved=(3,))
    for (penalty, reserved), (_row, row) in zip([(0.0, 0), (0.5, 0), (0.0, 3)], rows.iterrows(), strict=True):
        shown = challenge_labs.reranked("planted", penalty, reserved)
        assert shown.figures == pytest.approx(row[["ndcg", "gini", "coverage", "tail"]].to_dict())
    assert shown.figures["tail"] == pytest.approx(0.3)
    assert shown.bands["of places"].sum() == pytest.approx(1)


def test_the_loop_is_the_mean_of_three_runs():
    start, truth = planted_set.generate(density=0.05)
    runs = [
        feedback_loop.simulate(start, truth, "popularity", feedback_loop.World(explore=0.1, seed=seed))
        for seed in (0, 1, 2)
    ]
    rows = challenge_labs.loop("popularity", 0.1)
    assert rows["round"].tolist() == list(range(1, ROUNDS + 1))
    np.testing.assert_allclose(rows["gini"], np.mean([run["gini"] for run in runs], axis=0))


def test_the_price_is_that_of_the_lab(planted):
    parts = random_split(planted, seed=0)
    members = privacy_price.half_of_users(parts.train)
    settings = replace(challenge_labs.WAYS["modest"], clip=1.0, noise=2.0)
    expected = privacy_price.run(parts.train, parts.test, settings, members)
    assert challenge_labs.price("planted", "modest", 2.0) == expected
    assert [step.args[-1] for step in challenge_labs.prices("planted", "modest")] == list(NOISES)


# --- The figures ----------------------------------------------------------------------------------------


def test_the_loop_is_drawn_up_to_a_round_on_axes_that_stand_still():
    runs = {name: pd.DataFrame({"round": [1, 2, 3], "gini": values}) for name, values in
            {"<b>": [0.1, 0.2, 0.3], "b": [0.5, 0.6, 0.7]}.items()}  # fmt: skip
    early, late = (challenge_figures.loop_figure(runs, "gini", "Gini", until) for until in (1, 3))
    assert [trace["x"] for trace in early["data"]] == [[1], [1]]
    assert [trace["y"] for trace in late["data"]] == [[0.1, 0.2, 0.3], [0.5, 0.6, 0.7]]
    assert early["layout"]["xaxis"] == late["layout"]["xaxis"]
    assert early["layout"]["yaxis"] == late["layout"]["yaxis"]
    assert early["data"][0]["name"] == "&lt;b&gt;"


def test_the_ring_is_where_the_dial_stands():
    rows = [{"noise": z, "rmse": 1 + z, "auc": 0.6, "epsilon": 9.0, "ceiling": 0.9} for z in (0.0, 1.0)]
    path, limit, ring = challenge_figures.price_figure(rows, 1.0)["data"]
    assert (path["x"], path["text"]) == ([1, 2], ["z = 0", "z = 1"])
    assert limit["y"] == [0.9, 0.9]
    assert (ring["x"], ring["y"]) == ([2], [0.6])
    assert challenge_figures.price_figure(rows, 4.0)["data"][2]["x"] == []  # not computed yet
    errors = challenge_labs.error_by_given("planted")
    ring = challenge_figures.cold_start_figure(errors, 3)["data"][-1]
    assert (ring["x"], ring["y"]) == ([3], [errors.loc["3", "b_u, p_u"]])


# --- The page -------------------------------------------------------------------------------------------


def script():
    from recsys_edu.studio.screens import challenges

    challenges.page()


def opened(**params):
    page = AppTest.from_function(script, default_timeout=60)
    for name, value in ({"data": "planted"} | params).items():
        page.query_params[name] = value
    return page.run()


def dial(page, name):
    return next(w for w in [*page.select_slider, *page.selectbox] if w.key == f"challenge_{name}")


def figures(page):
    return {metric.label: metric.value for metric in page.metric}


def test_a_newcomers_slider_moves_the_error():
    page = opened(given="0")
    assert not page.exception
    errors = challenge_labs.error_by_given("planted")["b_u, p_u"]
    assert figures(page)["Test RMSE of all newcomers, stars"] == f"{errors['0']:.3f} → {errors['0']:.3f}"
    dial(page, "given").set_value(10)
    page.run()
    assert figures(page)["Test RMSE of all newcomers, stars"] == f"{errors['0']:.3f} → {errors['10']:.3f}"
    assert page.query_params == {"data": "planted", "given": "10"}


def test_the_rerank_sliders_move_places_and_price():
    page = opened(tab="rerank", reserved="0")
    before = figures(page)
    assert before["Places of the long tail"].split(" → ")[0] == before["Places of the long tail"].split(" → ")[1]
    dial(page, "reserved").set_value(4)
    page.run()
    assert not page.exception
    assert figures(page)["Places of the long tail"].endswith("→ 40%")
    ndcg = [float(value) for value in figures(page)["NDCG@10"].split(" → ")]
    assert ndcg[1] < ndcg[0]


def test_the_loop_plays_round_by_round_and_stops():
    page = opened(tab="loop", show="popularity")
    page.button(key="challenge_play").click()
    page.run()
    assert page.session_state["challenge_round"] == 1
    page.run()
    assert page.session_state["challenge_round"] == 2
    assert [button.label for button in page.button] == ["Stop"]
    page.button(key="challenge_play").click()
    page.run()
    assert page.session_state["challenge_round"] == 2
    assert not page.exception
    rows = challenge_labs.loop("popularity", 0.2)["satisfaction"]
    assert figures(page)["Round 1 → 2"] == f"{rows[0]:.2f} → {rows[1]:.2f}"


def test_the_price_of_privacy_appears_and_the_slider_scrubs_it():
    page = opened(tab="privacy", way="modest", z="8.0")
    kept, work = page.session_state["challenge_work"]
    assert kept == ("planted", "modest")
    work.wait(60)
    assert work.finished
    page.run()
    dial(page, "z").set_value(1.0)
    page.run()
    assert not page.exception
    rows = {row["noise"]: row for row in work.results}
    assert figures(page)["AUC of the attack"] == f"{rows[0.0]['auc']:.2f} → {rows[1.0]['auc']:.2f}"
    assert figures(page)["Promise ε"] == f"∞ → {rows[1.0]['epsilon']:.1f}"
    assert page.session_state["challenge_work"][1] is work  # nothing was computed anew


def test_stopped_work_can_go_on(monkeypatch):
    gate = threading.Event()

    def slow(data, way, noise):
        gate.wait(30)
        return {"noise": noise, "rmse": 1.0, "auc": 0.6, "caught": 0.1, "epsilon": 5.0, "ceiling": 0.9}

    monkeypatch.setattr(challenge_labs, "price", slow)
    page = opened(tab="privacy", way="heart")
    assert "0 of 7" in page.get("progress")[0].proto.text
    page.button(key="challenge_stop").click()
    page.run()
    gate.set()
    work = page.session_state["challenge_work"][1]
    work.wait(30)
    assert len(work.results) == 1
    page.run()
    page.button(key="challenge_go_on").click()
    page.run()
    assert page.session_state["challenge_work"][1] is not work
    page.session_state["challenge_work"][1].wait(30)
    page.run()
    assert not page.exception
    assert figures(page)["AUC of the attack"] == "0.60 → 0.60"


@pytest.mark.parametrize("tab", DIALS["tab"].values)
def test_every_tab_explains_its_controls_and_names_its_section(tab):
    page = opened(tab=tab, way="modest")
    assert not page.exception
    assert any("chapter 8, section **8." in caption.value for caption in page.caption)
    controls = [*page.select_slider, *page.selectbox, *page.button]
    assert controls
    assert all(control.help for control in controls)


def test_a_link_with_nonsense_says_so():
    page = opened(tab="../../etc", penalty="9")
    assert page.session_state["challenge_tab"] == "cold_start"
    assert "'../../etc' makes no sense here" in page.toast[0].value
    assert codec.from_params({"z": "16.0"}, DIALS)[0]["z"] == 16.0


def test_neither_page_imports_tensorflow():
    code = (
        "import sys; from recsys_edu.studio import challenge_labs as c, worlds; worlds.found_in(worlds.Dials());"
        "c.error_by_given('planted'), c.reranked('planted', .5, 2), c.loop('stars', .1);"
        "c.price('planted', 'modest', 1.);"
        "from recsys_edu.studio.screens import challenges, world;"
        "assert not {'tensorflow', 'keras', 'umap', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


# --- In a browser ---------------------------------------------------------------------------------------


def figure(label):
    return f"window.__figures?.['{label}']"


@pytest.mark.browser
def test_the_pictures_move(browser, studio):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(studio.url + "/challenges?data=planted&given=5&way=modest")
    cold = figure("Error by ratings given")
    page.wait_for_function(f"{cold}?.updates > 0", timeout=60_000)
    films = page.get_by_role("list", name="List of the newcomer").get_by_role("listitem")
    expect(films).to_have_count(10)
    slider = page.get_by_role("slider", name="Ratings that the newcomer gives")
    slider.focus()
    slider.press("Home")
    page.wait_for_function(f"{cold}.plot._fullData.at(-1).x[0] === 0", timeout=20_000)
    page.get_by_role("radio", name="Fairness").click()
    bars = figure("Who gets the places")
    page.wait_for_function(f"{bars}?.updates > 0", timeout=30_000)
    places = page.evaluate(f"{bars}.plot._fullData[2].y[1]")  # of films with 10 to 49 ratings
    slider = page.get_by_role("slider", name="Places of ten for the long tail")
    slider.focus()
    slider.press("End")
    page.wait_for_function(f"{bars}.plot._fullData[2].y[1] > {places} + 0.2", timeout=20_000)
    page.get_by_role("radio", name="Feedback loop").click()
    loop = figure("The loop by round")
    page.wait_for_function(f"{loop}?.updates > 0", timeout=30_000)
    page.get_by_role("button", name="Play", exact=True).click()
    drawn = f"{loop}?.plot._fullData?.[0].x.length"  # all rounds before Play is pressed
    page.wait_for_function(f"{drawn} > 1 && {drawn} < {ROUNDS}", timeout=30_000, polling=20)  # drawn as it goes
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"{drawn} === 1", timeout=20_000, polling=20)  # from the beginning
    page.wait_for_function(f"{drawn} === {ROUNDS}", timeout=60_000)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    rounds = page.get_by_role("slider", name="Rounds")
    rounds.focus()
    rounds.press("Home")
    page.wait_for_function(f"{drawn} === 1 && location.search.includes('round=1')", timeout=20_000)
    page.get_by_role("radio", name="Privacy").click()
    price = figure("The price of privacy")
    page.wait_for_function(f"{price}?.plot._fullData?.[0].x.length === {len(NOISES)}", timeout=60_000)
    expect(page.get_by_text("AUC of the attack", exact=True).first).to_be_visible()
    page.wait_for_function("location.search.includes('tab=privacy')")
    assert errors == []
    context.close()
