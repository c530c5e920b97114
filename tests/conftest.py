"""Fixtures that several test files share. What is dear to make has session scope; treat it as read-only."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings

from recsys_edu import doctor, sources

QUIET_CHROMIUM = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

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


@pytest.fixture(scope="session")
def executed(request, movielens):
    """executed(path): a chapter, run in a real kernel once a session, two at a time. (MovieLens is in the cache before
    they start.) Those that the session's tests ask for are begun at once."""
    from recsys_edu.book.running import AT_ONCE, chapters, execute

    tests = [test for test in request.session.items if "executed" in test.fixturenames]
    named = {test.callspec.params["path"] for test in tests if hasattr(test, "callspec")}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wanted = sorted(named) if all(hasattr(test, "callspec") for test in tests) else chapters()
        running = {path: pool.submit(execute, path) for path in wanted}
        yield lambda path: running[path].result()
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def chromium_path():
    """The system's Chromium; RECSYS_EDU_CHROMIUM names another; without one the browser tests are skipped."""
    path = doctor.find_browser()
    if path is None:
        pytest.skip("no Chromium found: install it, or set RECSYS_EDU_CHROMIUM to its path")
    return path


@pytest.fixture(scope="session")
def browser(chromium_path):
    """One headless Chromium for the whole session (about a second to start)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=QUIET_CHROMIUM)
        yield chromium
        chromium.close()


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
