"""The Class Challenge under load: students who send their runs, and whether all that was acknowledged is kept.

The studio serves a class here, as `python -m recsys_edu class` makes it, but on localhost alone. What a student saw as
sent ("Public score: …") must be in the class's file at the end, whatever was killed in between.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

from recsys_edu.classroom import board, roster
from recsys_edu.classroom.store import Store, open_class
from recsys_edu.studio import class_mode
from tests.load.student import PATIENCE
from tests.load.tab import Tab, TabError

SEND_EVERY = 16.0  # seconds: four submissions a minute are the most


class Class:
    """A class in a folder, with an open challenge on the planted set; made before the studio starts."""

    def __init__(self, folder: Path):
        self.environment = {
            "RECSYS_EDU_CLASS_MODE": "1", "RECSYS_EDU_CLASS": str(folder / "class.sqlite"),
            "RECSYS_EDU_DATA": str(folder / "data"),
        }  # fmt: skip
        os.environ |= {"RECSYS_EDU_DATA": self.environment["RECSYS_EDU_DATA"]}  # where the challenge is published
        self.store = Store(self.environment["RECSYS_EDU_CLASS"])
        self.code, _secret = open_class(self.store, "Load")
        self.contest = board.open_contest(self.store, "planted")
        self.acknowledged: Counter[str] = Counter()

    def cookie(self, nickname: str) -> str:
        """Somebody joins; the cookie that a browser would have then."""
        return f"{class_mode.STUDENT}={roster.join(self.store, self.code, nickname)}"

    def result(self) -> dict:
        """How many submissions were acknowledged, how many are there, and who lost one."""
        kept = Counter()
        for person in roster.people(self.store):
            kept[person.nickname] = len(board.sent_by(self.store, self.contest, person.id))
        lost = {name: n - kept[name] for name, n in self.acknowledged.items() if kept[name] < n}
        return {"acknowledged": self.acknowledged.total(), "kept": kept.total(), "lost": lost}


class Sender:
    """A student who stays on the page of the challenge: trains there, and sends the run again and again."""

    def __init__(self, number: int, host: str, log, group: Class, server_may_go: bool):
        self.name, self.log, self.group, self.server_may_go = f"sender {number}", log, group, server_may_go
        self.host, self.cookie = host, group.cookie(self.name)

    async def attend(self, until: float) -> None:
        tab = Tab(self.host, self._wrong, self.cookie)
        await tab.open("data=planted&model=mf&epochs=3")
        try:
            while time.monotonic() < until:
                come_backs = tab.come_backs
                try:
                    await self._send(tab)
                    await asyncio.sleep(SEND_EVERY)
                except (TabError, KeyError) as error:
                    if not (self.server_may_go and tab.come_backs > come_backs):
                        self._wrong(str(error))
                    await asyncio.sleep(1)
        finally:
            await tab.close()

    async def _send(self, tab: Tab) -> None:
        await tab.until(lambda: tab.finished and "class-challenge" in tab.pages, PATIENCE, "the class's pages")
        if tab.shown != tab.pages["class-challenge"]:
            await tab.go("class-challenge")
            shown = ("class_data", "class_train")
            await tab.until(lambda: any(tab.can(key) for key in shown), PATIENCE, "the challenge")
        if tab.can("class_data") and not tab.can("class_train"):
            await tab.press("class_data")
            await tab.until(lambda: tab.can("class_train"), PATIENCE, "the challenge's data")
        if not tab.can("class_send"):
            await tab.press("class_train")
        await tab.until(lambda: tab.can("class_send") and tab.can("class_train"), PATIENCE, "a run to send")
        start, come_backs = time.monotonic(), tab.come_backs
        await tab.press("class_send")
        await tab.until(lambda: not tab.can("class_send") or tab.come_backs > come_backs, PATIENCE, "Send")
        tab.said.clear()
        await tab.until(lambda: tab.said or tab.alerts or tab.come_backs > come_backs, PATIENCE, "a score")
        if tab.come_backs > come_backs:  # the server went; nothing was acknowledged
            return
        if tab.alerts:
            raise TabError(f"the page says: {tab.alerts.pop()}")
        if "Public score" in tab.said[-1] and tab.can("class_send"):
            self.group.acknowledged[self.name] += 1
            self.log.seconds["submission"].append(time.monotonic() - start)

    def _wrong(self, sentence: str) -> None:
        self.log.errors.append(f"{self.name}: {sentence}")
