"""How fast the map is, and what a run's snapshots weigh: `python -m tests.studio.map_measures` prints the figures.

In headless Chromium, whose WebGL is in software, so that the map draws on a 2-D canvas: what a machine without a
graphics card does.
"""

import contextlib
import statistics

import numpy as np

from recsys_edu import embedding_map
from recsys_edu.studio.snapshots import Snapshots
from tests.studio.component_harness import FakeStudio, invented_films, map_frame, space_film

MAP = "window.__filmMap"
SCRUB = """async (times) => {
    const map = window.__filmMap.owner;
    const took = [];
    for (let k = 0; k < times; k++) {
        const start = performance.now();
        map.bar.slider.value = (5 * k + 3) % map.film.length;
        map.bar.slider.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame);
        await new Promise((done) => { const { port1, port2 } = new MessageChannel();
                                      port1.onmessage = done; port2.postMessage(0); }); // after that frame
        if (map.frame !== map.film[(5 * k + 3) % map.film.length]) throw new Error("another epoch is shown");
        took.push(performance.now() - start);
    }
    return took;
}"""
PLAY = """() => {
    const map = window.__filmMap.owner;
    let k = 0;
    window.playing = setInterval(() => map.setFrame(map.film[(k += 1) % map.film.length]), 125);
}"""


@contextlib.contextmanager
def shown(browser, n, dims, motion="no-preference", script=""):
    """A page with the time machine of n films, and the fake studio behind it; `script` runs there first."""
    with FakeStudio().running() as studio, browser.new_context(reduced_motion=motion) as context:
        page = context.new_page()
        page.add_init_script(script)
        page.set_viewport_size({"width": 1000, "height": 900})
        studio.films = invented_films(n) | {"item_id": list(range(n)), "mean": [3.5] * n}
        film = space_film(studio.films, dims=dims)
        studio.film = film.as_bytes()
        studio.last_frame = map_frame(film.positions[-1, :, :2] / 32767, 7.0, method=0)
        studio.shown = film.positions / 32767
        page.goto(studio.url)
        page.wait_for_function("window.ready")
        page.evaluate("data => window.mountTime(data)", studio.time_data())
        page.wait_for_function(f"{MAP}?.epochs?.length === 8 && {MAP}.dims === {dims} && {MAP}.groups.length === {n}")
        yield page, studio


def move(page):
    """In 2-D films pass from epoch to epoch; in 3-D the map is turned meanwhile, too."""
    page.evaluate(PLAY)
    if page.evaluate(f"{MAP}.dims") == 3:
        page.evaluate(f"{MAP}.owner.turnByItself(true)")


def frames_per_second(page, seconds=3):
    """Over the last whole second of movement."""
    move(page)
    page.evaluate("ms => new Promise((done) => setTimeout(done, ms))", 1000 * seconds)
    page.evaluate("clearInterval(window.playing)")
    return page.evaluate(f"{MAP}.fps")


def scrub(page, times=24):
    """Milliseconds from the slider's move until the epoch is drawn, once for each move."""
    return page.evaluate(SCRUB, times)


def bytes_of_a_run(n, d, epochs=100):
    """Of all its snapshots, drawn in 3-D; and how many epochs are kept."""
    snapshots, vectors = Snapshots(), np.random.default_rng(0).normal(size=(n, d))
    frame = embedding_map.sketch(vectors)
    for epoch in range(1, epochs + 1):
        snapshots.keep(epoch, vectors, frame)
        snapshots.keep_space(snapshots.at(), np.ones((n, 3), "int16"))
    return snapshots.nbytes, len(snapshots.all)


def main():
    from playwright.sync_api import sync_playwright

    from recsys_edu import doctor
    from tests.conftest import QUIET_CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=doctor.find_browser(), args=QUIET_CHROMIUM)
        for n in (1682, 9066):
            for dims in (2, 3):
                with shown(browser, n, dims) as (page, _studio):
                    took = scrub(page)
                    said = f"median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms"
                    print(f"{n} films, {dims}-D: {frames_per_second(page):.0f} frames a second; epoch scrubbed: {said}")
        browser.close()
    for n, d in ((1682, 32), (9066, 64)):
        held, epochs = bytes_of_a_run(n, d)
        print(f"{n} films x {d}, 100 epochs: {held / 1e6:.1f} MB, {epochs} of them kept")


if __name__ == "__main__":
    main()
