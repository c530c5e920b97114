"""A student at the studio: opens it, trains, watches, changes her mind. Which, is drawn by chance from her seed."""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import time
from collections import defaultdict
from urllib.request import Request, urlopen

from tests.load.curve import Curve, wrong_in
from tests.load.tab import Tab, TabError

SCRIPT = re.compile(r'(?:src|href)="\./(static/[^"]+)"')
PATIENCE = 60.0  # seconds until a visitor takes the page for broken
SEEDS = 4  # as many different runs there are of a model
EPOCHS = 10
LOST_SECONDS = 10.0
CONNECTIONS = 6  # of a browser to a server, for files


class Log:
    """What all students measured, and what went wrong."""

    def __init__(self):
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.wrong: list[str] = []
        self.checked = 0  # curves compared with an undisturbed one
        self.lost_clicks = 0  # that had no effect in LOST_SECONDS, and were made again
        self.whole = 0  # of them, those of runs that came to their end
        self.come_backs = 0
        self.undisturbed: dict[str, dict[float, float]] = {}

    def compare(self, query: str, curve: Curve) -> None:
        if curve.twice:
            self.wrong.append(f"{query}: epochs {curve.twice} were told twice, differently")
        if not curve.loss or query not in self.undisturbed:
            return
        self.checked += 1
        self.whole += curve.state == "finished"
        if wrong := wrong_in(curve.loss, self.undisturbed[query]):
            self.wrong.append(f"{query}: {wrong}")


class Student:
    """`server_may_go`: the server is killed on purpose, so that a broken connection is no error by itself."""

    def __init__(
        self, number: int, host: str, log: Log, data: str, seed: int, server_may_go: bool = False, cookie: str = ""
    ):
        self.cookie = cookie
        self.name, self.host, self.log, self.data = f"student {number}", host, log, data
        self.dice = random.Random(f"{seed}-{number}")
        self.server_may_go = server_may_go
        self.kept: set[str] = set()  # paths of files in the browser's cache
        self.tab: Tab | None = None
        self.curve: Curve | None = None

    async def attend(self, until: float, think: float) -> None:
        """Lessons one after the other until then; thinking takes `think` seconds on average."""
        while time.monotonic() < until:
            try:
                await self.lesson(until, think)
            except TabError as error:
                self._wrong(str(error))
            except OSError as error:
                self._wrong(f"no connection: {error}")
                await asyncio.sleep(1)
            finally:
                await self._leave()

    async def lesson(self, until: float, think: float) -> None:
        self.query = query_of(self.data, self.dice.randrange(SEEDS))
        await self.open()
        await self.train()
        while time.monotonic() < until:
            await asyncio.sleep(self.dice.expovariate(1 / think))
            what = self.dice.choices(
                [self.look, self.another_user, self.pause_and_go_on, self.start_again, self.map_and_back, None],
                [4, 4, 2, 1, 1, 1],
            )[0]
            if what is None:  # she closes the tab, and opens another
                return
            try:
                await what()
            except TabError:
                if not (self.server_may_go and self.tab.come_backs):
                    raise
            await self._follow()

    async def open(self) -> None:
        """The page as a browser gets it: HTML, scripts, the socket; usable once Train can be pressed."""
        start = time.monotonic()
        await self._fetch_page()
        self.tab = Tab(self.host, self._wrong, self.cookie)
        await self.tab.open(self.query)
        await self.tab.until(self._is_usable, PATIENCE, "the page")
        self._took("page usable", start)
        self.curve = Curve(self.host, self.tab.token, self.cookie)
        await self._get(f"/live/{self.tab.token}/items.json")

    async def train(self) -> None:
        start = time.monotonic()
        await self._press("press_train", lambda: self.curve.state in ("running", "waiting", "finished"))
        await self.curve.until(lambda: self.curve.loss, PATIENCE, "the first epoch")
        self.log.seconds["first epoch"].append(self.curve.first_epoch - start)

    async def look(self) -> None:
        """She watches the curve; nothing is asked of the server but what the page asks by itself."""

    async def another_user(self) -> None:
        place, start = self.dice.randrange(1, 40), time.monotonic()
        wanted = f"user_index={place}"
        if re.search(rf"\b{wanted}\b", self.tab.query):
            return
        await self.tab.choose("user_index", place)
        await self.tab.until(lambda: re.search(rf"\b{wanted}\b", self.tab.query), PATIENCE, "another user's list")
        self._took("answer to a click", start)

    async def pause_and_go_on(self) -> None:
        if self.tab.can("press_pause") and self.curve.state in ("running", "waiting"):
            await self._press("press_pause", lambda: self.curve.state in ("paused", "finished"))
        if self.curve.state == "paused":
            await self._press("press_train", lambda: self.curve.state != "paused")

    async def start_again(self) -> None:
        self.log.compare(self.query, self.curve)
        self.curve.was_reset, self.curve.first_epoch = False, None
        await self._press("press_reset", lambda: self.curve.was_reset)
        await self.train()

    async def map_and_back(self) -> None:
        for path in ("map", ""):
            start, before = time.monotonic(), self.tab.finished
            await self.tab.go(path)
            wanted = self.tab.pages[path]
            await self.tab.until(
                lambda b=before, w=wanted: self.tab.finished > b and self.tab.shown == w, PATIENCE, "another page"
            )
            self._took("answer to a click", start)
            if path == "map":
                await self._get(f"/live/{self.tab.token}/frames.bin?kind=pca")

    async def _press(self, key: str, answer) -> None:
        """Press a button and wait for what it does; press again when nothing comes, as people do."""
        start = time.monotonic()
        while True:
            await self.tab.press(key)
            try:
                await self.curve.until(answer, LOST_SECONDS, key)
                break
            except TabError:
                if self.curve.is_gone or time.monotonic() - start > PATIENCE:
                    raise
                self.log.lost_clicks += 1
        self._took("answer to a click", start)

    def _is_usable(self) -> bool:
        return bool(self.tab.finished and self.tab.token and self.tab.can("press_train"))

    async def _follow(self) -> None:
        """After the connection was lost the page has another run: listen to that one."""
        if not self.curve.is_gone:
            return
        if not (self.server_may_go and self.tab.come_backs):
            raise TabError("the run's socket was closed")
        self.log.compare(self.query, self.curve)
        await self.tab.until(lambda: self.tab.finished and self.tab.token, 2 * PATIENCE, "the page after the server")
        await self.curve.close()
        self.curve = Curve(self.host, self.tab.token, self.cookie)

    async def _leave(self) -> None:
        if self.curve is not None:
            self.log.compare(self.query, self.curve)
            if self.curve.state == "failed":
                self._wrong(f"the run failed: {self.curve.sentence}")
            await self.curve.close()
        if self.tab is not None:
            for alert in self.tab.alerts:
                self._wrong(f"the page says: {alert}")
            self.log.come_backs += self.tab.come_backs
            await self.tab.close()
        self.tab = self.curve = None

    async def _fetch_page(self) -> None:
        """What a browser has once it does not ask for again: these files are told to be kept."""
        html = await self._get("/")
        new = {"assets/plotly.min.js", *SCRIPT.findall(html.decode())} - self.kept
        self.kept |= new
        connections = asyncio.Semaphore(CONNECTIONS)

        async def fetch(path: str) -> None:
            async with connections:
                await self._get(f"/{path}")

        await asyncio.gather(*map(fetch, sorted(new)))

    async def _get(self, path: str) -> bytes:
        """Raises TabError for any status but 200."""
        try:
            return await asyncio.to_thread(_get, f"http://{self.host}{path}", self.cookie)
        except OSError as error:
            if self.server_may_go:
                return b""
            raise TabError(f"{path.split('?')[0][:40]}: {error}") from error

    def _took(self, what: str, start: float) -> None:
        self.log.seconds[what].append(time.monotonic() - start)

    def _wrong(self, sentence: str) -> None:
        if self.server_may_go and ("no connection" in sentence or "waited" in sentence or "gone" in sentence):
            return
        self.log.errors.append(f"{self.name}: {sentence}")


def _get(url: str, cookie: str) -> bytes:
    headers = {"Accept-Encoding": "gzip", "Cookie": cookie}
    with urlopen(Request(url, headers=headers), timeout=PATIENCE) as response:
        body = response.read()
    if response.headers.get("Content-Encoding") == "gzip":
        return gzip.decompress(body)
    return body


def query_of(data: str, seed: int) -> str:
    """The link of a lesson: a usual matrix factorization from this seed."""
    return f"data={data}&split=random&model=mf&epochs={EPOCHS}&seed={seed}"


async def undisturbed(host: str, log: Log, data: str, cookie: str = "") -> None:
    """One run after the other from each seed, alone, before the class comes."""
    for seed in range(SEEDS):
        query, alone = query_of(data, seed), Student(-seed, host, log, data, seed, cookie=cookie)
        alone.tab = Tab(host, alone._wrong, cookie)
        await alone.tab.open(query)
        await alone.tab.until(alone._is_usable, PATIENCE, "the page")
        alone.curve = alone_curve = Curve(host, alone.tab.token, cookie)
        await alone.tab.press("press_train")
        await alone_curve.until(lambda c=alone_curve: c.state in ("finished", "failed"), 120, "the end of a run")
        log.undisturbed[query] = dict(alone_curve.loss)
        alone.query = ""
        await alone._leave()
