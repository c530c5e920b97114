"""A small class at the shared studio: the whole load test in some seconds. `python -m tests.load` is the large one."""

from tests.load.__main__ import load
from tests.load.student import SEEDS, Log, undisturbed
from tests.studio.conftest import apart


def test_six_students_see_no_error_and_no_wrong_curve(studio):
    log, host = Log(), studio.url.removeprefix("http://")
    apart(undisturbed(host, log, "planted"))
    assert len(log.undisturbed) == SEEDS
    assert all(len(curve) >= 10 for curve in log.undisturbed.values())
    apart(load(host, log, sessions=6, seconds=5, think=0.5, arrive=1))
    assert log.errors == []
    assert log.wrong == []
    assert log.checked >= 6
    assert len(log.seconds["page usable"]) >= 6
    assert len(log.seconds["first epoch"]) >= 6
    assert len(log.seconds["answer to a click"]) >= 12
