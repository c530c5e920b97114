"""Fixtures that several test files share. What is dear to make has session scope; treat it as read-only."""

import os

import pytest
from hypothesis import settings

from recsys_edu import sources

# The same examples each time, and no deadline: a busy machine is no failure.
settings.register_profile("recsys_edu", deadline=None, derandomize=True)
settings.load_profile("recsys_edu")


@pytest.fixture(scope="session")
def movielens():
    """MovieLens-100K, fetched on first use."""
    return sources.load("movielens-100k")


@pytest.fixture(scope="session")
def planted():
    """The bundled planted-truth set."""
    return sources.load("planted")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """In CI a browser test that is skipped has failed: nobody would miss it otherwise."""
    report = yield
    if (
        report.skipped
        and not hasattr(report, "wasxfail")
        and item.get_closest_marker("browser")
        and os.environ.get("CI") == "true"
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped, though CI must run it: {report.longrepr[-1]}"
    return report
