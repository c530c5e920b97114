"""How long a page takes until something of use is there: `python -m tests.studio.paint_measures` prints the seconds.

Each page is opened in a browser context of its own, with nothing cached, as somebody opens a link for the first time;
the studio and its workers are up. The clock stops when the page's own first control is visible.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.studio.conftest import Studio, wait_for

OPENINGS = 7
RUN = "?data=planted&model=mf"
FIRST = {
    "Train": ("", "Train"), "Map": (f"map{RUN}", "Train"), "You": (f"you{RUN}", "Train"),
    "Compare": ("compare?data=planted", "Race"), "Break it": ("break-it?data=planted", "Run it"),
    "World": ("world", "Try all densities"), "Challenges": ("challenges?data=planted&tab=loop", "Play"),
    "Microscope": (f"microscope{RUN}", "Train"),
}  # fmt: skip


def seconds_until(browser, address, name):
    """From the moment that the address is asked for."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        start = time.perf_counter()
        page.goto(address, wait_until="commit")
        main = page.get_by_test_id("stMain")
        main.get_by_role("button", name=name, exact=True).first.wait_for(timeout=30_000)
        return time.perf_counter() - start


def main():
    from playwright.sync_api import sync_playwright

    from recsys_edu import doctor
    from tests.conftest import QUIET_CHROMIUM

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        studio = Studio(RECSYS_EDU_RUNS=str(Path(folder) / "runs.sqlite"))
        browser = playwright.chromium.launch(executable_path=doctor.find_browser(), args=QUIET_CHROMIUM)
        try:
            wait_for(studio.warm, 180)
            for page, (path, name) in FIRST.items():
                took = [seconds_until(browser, f"{studio.url}/{path}", name) for _opening in range(OPENINGS)]
                print(f"{page:<12} median {statistics.median(took):.2f} s, worst {max(took):.2f} s", flush=True)
            print(f"load of the machine, one minute: {os.getloadavg()[0]:.1f}")
        finally:
            browser.close()
            studio.close()


if __name__ == "__main__":
    main()
