"""A real Chromium for tests marked `browser`: one a session, a fresh context (cookies, cache, size) a test.

`from browser_fixtures import browser, chromium_path` in a conftest makes them known.
"""

import os
import shutil

import pytest

QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def chromium_path():
    """The system's Chromium; RECSYS_EDU_CHROMIUM names another; without one its tests are skipped."""
    path = os.environ.get("RECSYS_EDU_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on the PATH: install it, or set RECSYS_EDU_CHROMIUM to its path")
    return path


@pytest.fixture(scope="session")
def browser(chromium_path):
    """One headless Chromium for the whole session (about a second to start)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=QUIET)
        yield chromium
        chromium.close()
