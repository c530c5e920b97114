"""The load test's own arithmetic: a verdict must be able to be no."""

import math

from tests.load import report
from tests.load.curve import wrong_in
from tests.load.report import Spread
from tests.load.server import ROOT
from tests.load.student import Log, Student, query_of
from tests.load.tab import _has_key

MINUTES = [60.0 * k for k in range(31)]


class Watch:
    def __init__(self, samples):
        self.samples, self.cpu = samples, 1.0


def watch(studio):
    return Watch([(t, m, 2e9) for t, m in zip(MINUTES, studio, strict=True)])


def test_percentiles_are_those_of_the_seconds():
    spread = Spread.of([float(k) for k in range(101)])
    assert (spread.count, spread.p50, spread.p95, spread.most) == (101, 50.0, 95.0, 100.0)
    assert Spread.of([]) is None


def test_memory_that_grows_is_not_flat_and_a_start_is_left_out():
    growing = [(t, 3e8 + 1e6 * t) for t in MINUTES]  # 60 MB a minute
    assert round(report.slope(growing)) == 60e6
    assert report.is_flat(growing) is False
    warming_up = [(t, 3e8 if t > 300 else 1e8) for t in MINUTES]
    assert report.is_flat(warming_up) is True
    assert report.is_flat(growing[:3]) is None  # too short to tell


def test_each_promise_can_be_broken():
    log = Log()
    log.seconds["page usable"], log.seconds["first epoch"] = [3.5] * 20, [11.0] * 20
    log.errors.append("student 1: an exception")
    log.wrong.append("epoch 3 is missing")
    log.checked = 1
    verdicts = report.figures(log, watch([1.6e9 + 1e6 * t for t in MINUTES]), 1, disturbed=False)["verdicts"]
    assert set(verdicts.values()) == {False}


def test_each_promise_can_be_kept():
    log = Log()
    log.seconds["page usable"], log.seconds["first epoch"] = [0.5] * 20, [4.0] * 20
    log.checked = 1
    found = report.figures(log, watch([3e8] * 31), 0, disturbed=False)
    assert set(found["verdicts"].values()) == {True}
    assert "page usable" in report.as_text(found)


def test_one_slow_visitor_in_a_hundred_does_not_break_the_p95_but_a_tenth_of_them_does():
    assert Spread.of([1.0] * 99 + [60.0]).p95 == 1.0
    assert Spread.of([1.0] * 90 + [60.0] * 10).p95 > report.PAGE_P95


def test_a_curve_is_wrong_that_misses_an_epoch_or_has_other_numbers():
    right = {1.0: 0.9, 2.0: 0.8, 3.0: 0.75}
    assert wrong_in(right, right) is None
    assert wrong_in({1.0: 0.9, 2.0: 0.8}, right) is None  # it did not come further
    assert wrong_in({1.0: 0.9, 1.5: 0.85, 2.0: 0.8}, right) is None
    assert "missing" in wrong_in({1.0: 0.9, 3.0: 0.75}, right)
    assert "should be" in wrong_in({1.0: 0.9, 2.0: 0.81}, right)
    assert "should be" in wrong_in({1.0: math.nan}, right)


def test_a_broken_promise_of_a_student_is_told_but_a_killed_server_is_forgiven_only_on_purpose():
    log = Log()
    Student(1, "nowhere", log, "planted", 0)._wrong("waited 60 s in vain for the page")
    assert len(log.errors) == 1
    calm = Log()
    lenient = Student(1, "nowhere", calm, "planted", 0, server_may_go=True)
    lenient._wrong("no connection")
    lenient._wrong("exception on the page")
    assert calm.errors == ["student 1: exception on the page"]


def test_widgets_are_found_by_their_key_and_lessons_are_links():
    assert _has_key("$$ID-0a1b-press_train", "press_train")
    assert not _has_key("$$ID-0a1b-press_train", "train_press")
    assert query_of("planted", 3).startswith("data=planted&")
    assert (ROOT / "app.py").is_file()
