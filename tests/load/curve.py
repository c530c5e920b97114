"""What a run's own WebSocket tells, and whether a curve is what it should be."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.load.tab import TabError

SAME = 1e-5  # relative; a slice that is learnt again gives the same numbers


class Curve:
    """A listener at /live/<token>, from now until `close`."""

    def __init__(self, host: str, token: str, cookie: str = ""):
        self.headers = {"Cookie": cookie} if cookie else {}
        self.url, self.origin = f"ws://{host}/live/{token}", f"http://{host}"
        self.state, self.sentence, self.frames = "", "", 0
        self.was_reset = self.is_gone = False
        self.loss: dict[float, float] = {}  # by the epoch: on the held-out part
        self.twice: list[float] = []  # epochs that came twice with different numbers
        self.first_epoch: float | None = None  # when it came, by time.monotonic
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._listen())

    async def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Raises TabError when it does not come, or when the run is gone."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: condition() or self.is_gone)
        except TimeoutError as error:
            raise TabError(f"waited {seconds:g} s in vain for {what}; the run is {self.state!r}") from error
        if not condition():
            raise TabError(f"the run was gone before {what}")

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            told = {"origin": self.origin, "additional_headers": self.headers}
            async with connect(self.url, compression=None, max_size=2**24, **told) as socket:
                async for message in socket:
                    self._take(message)
                    async with self._changed:
                        self._changed.notify_all()
        except (OSError, WebSocketException, InvalidHandshake):
            pass
        self.is_gone = True
        async with self._changed:
            self._changed.notify_all()

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames += 1
            return
        told = json.loads(message)
        if told["type"] == "hello":
            self._add(told["history"].get("validation_epoch", []), told["history"].get("validation", []))
        elif told["type"] == "validation":
            self._add(told["epoch"], told["validation"])
        elif told["type"] == "state":
            self.state, self.sentence = told["state"], told["sentence"]
        elif told["type"] == "reset":
            self.loss, self.was_reset = {}, True

    def _add(self, epochs: list, values: list) -> None:
        for epoch, value in zip(epochs, values, strict=True):
            value = math.nan if value is None else value
            if epoch in self.loss and not same(self.loss[epoch], value):
                self.twice.append(epoch)
            self.loss[epoch] = value
        if self.loss and self.first_epoch is None:
            self.first_epoch = time.monotonic()


def same(a: float, b: float) -> bool:
    return a == b or math.isclose(a, b, rel_tol=SAME) or (math.isnan(a) and math.isnan(b))


def wrong_in(loss: dict[float, float], undisturbed: dict[float, float]) -> str | None:
    """What is wrong with a curve, as far as it goes: an epoch that is missing, or not as in a run that nobody
    disturbed. None: nothing."""
    whole = sorted(epoch for epoch in loss if epoch == int(epoch))
    if whole != [float(k) for k in range(1, len(whole) + 1)]:
        return f"epochs are missing: {whole}"
    for epoch in whole:
        if epoch in undisturbed and not same(loss[epoch], undisturbed[epoch]):
            return f"epoch {epoch:g} is {loss[epoch]:.6f} and should be {undisturbed[epoch]:.6f}"
    return None
