"""The chooser's promises: who is out never appears, nothing is out without a reason, and what is alike is called so."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_edu import measured
from recsys_edu.chooser import EXPLAIN, Needs, choose
from recsys_edu.errors import SettingsError
from recsys_edu.measured import Estimate, Level
from recsys_edu.models import MODELS

needs = st.builds(
    Needs,
    task=st.sampled_from(list(measured.TASKS)),
    ratings_per_user=st.floats(0.5, 1000),
    side_information=st.booleans(),
    time_order=st.booleans(),
    new_items=st.booleans(),
    seconds=st.sampled_from([0.001, 0.3, 1, 2, 8, 20, math.inf]),
    explain=st.sampled_from(EXPLAIN),
)


def names(advice):
    return [one.model for one in advice.ranked]


@given(needs)
def test_each_model_is_ranked_or_excluded_with_a_sentence(n):
    advice = choose(n)
    assert sorted([*names(advice), *advice.excluded]) == sorted(MODELS)
    for reason in advice.excluded.values():
        assert reason.endswith(".")
        assert len(reason.split()) > 5


@given(needs)
def test_what_is_taken_is_the_fastest_of_those_that_are_like_the_best(n):
    advice = choose(n)
    first = [one for one in advice.ranked if one.first]
    assert advice.sure
    if not advice.ranked:
        assert advice.take is None
        return
    assert advice.ranked[0].first
    assert advice.take in [one.model for one in first]
    assert all(one.fit_seconds >= min(c.fit_seconds for c in first if c.model == advice.take) for one in first)
    values = [one.figure.value * measured.TASKS[n.task].best for one in advice.ranked]
    assert values == sorted(values, reverse=True)


@given(needs)
def test_stars_come_from_models_that_predict_stars(n):
    advice = choose(replace(n, task="stars"))
    assert all(MODELS[name].predicts_ratings for name in names(advice))


@given(needs, st.sampled_from([0.001, 0.3, 1, 2, 8, 20]))
def test_less_time_never_adds_a_model(n, seconds):
    assert set(names(choose(replace(n, seconds=min(seconds, n.seconds))))) <= set(names(choose(n)))


@given(needs)
def test_more_needs_never_add_a_model(n):
    plain = set(names(choose(n)))
    for harder in (
        replace(n, explain="reasons"),
        replace(n, new_items=True),
        replace(n, side_information=False),
        replace(n, time_order=False),
    ):
        assert set(names(choose(harder))) <= plain


@given(needs)
def test_what_is_ranked_keeps_the_limits(n):
    for one in choose(n).ranked:
        card = MODELS[one.model]
        assert one.fit_seconds <= n.seconds
        assert n.time_order or card.family != "sequence"
        assert n.explain != "reasons" or one.reasons
        assert n.explain == "no" or card.family not in ("deep", "features", "sequence") or one.model == "article"


def world(low, high, seconds):
    """The file, with two models that predict stars and differ by [low, high]."""
    known = measured.read()
    level = Level(
        100, {"mf": Estimate(0.9, 0.8, 1.0), "biases": Estimate(0.95, 0.85, 1.05)}, {("mf", "biases"): (low, high)}
    )
    rows = [replace(row, fit_seconds=seconds[row.model]) for row in known.table if row.model in seconds]
    others = [row for row in known.table if row.model not in seconds]
    return replace(known, curves={"stars": [level]}, table=[*rows, *others])


def test_a_tie_goes_to_the_faster():
    advice = choose(Needs("stars"), world(-0.1, 0.01, {"mf": 5.0, "biases": 1.0}))
    assert names(advice) == ["mf", "biases"]
    assert advice.take == "biases"
    assert "cannot be told apart" in advice.sure[0]


def test_overlapping_intervals_are_no_tie_when_the_difference_is_clear():
    advice = choose(Needs("stars"), world(-0.1, -0.01, {"mf": 5.0, "biases": 1.0}))
    assert advice.take == "mf"
    assert [one.first for one in advice.ranked] == [True, False]


def test_far_from_what_was_measured_it_says_so():
    assert any("guess" in sentence for sentence in choose(Needs(ratings_per_user=1)).sure)
    assert not any("guess" in sentence for sentence in choose(Needs(ratings_per_user=80)).sure)


@given(needs)
def test_new_items_need_a_model_that_reads_what_is_known_of_them(n):
    advice = choose(replace(n, new_items=True))
    assert {"popularity", "biases", "mf", "neumf", "sasrec"} <= set(advice.excluded)
    assert n.side_information or not advice.ranked


def test_new_items_leave_the_content_based_model_for_lists():
    assert names(choose(Needs("list", new_items=True))) == ["content"]


def test_nothing_left_is_said():
    advice = choose(Needs("stars", seconds=1e-9))
    assert advice.take is None
    assert not advice.ranked
    assert "Give up one" in advice.sure[0]


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"task": "money"}, "stars, list, next"),
        ({"explain": "all"}, "no, parts, reasons"),
        ({"seconds": 0}, "above 0"),
        ({"ratings_per_user": float("nan")}, "above 0"),
        ({"ratings_per_user": float("inf")}, "such as 100"),
    ],
)
def test_needs_that_make_no_sense_are_refused(wrong, part):
    with pytest.raises(SettingsError, match=part):
        Needs(**wrong)
