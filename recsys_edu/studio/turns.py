"""Whose turn it is: requests for work wait here until one of a few places at the workers is free.

The next one is, in this order:

1. a small errand of a reader (another user's scores, a look through the Microscope),
2. the first epoch of a run, in the order in which the runs asked first, so that nobody looks at an empty chart,
3. of the rest, that of the reader who was served least in the last seconds; of that reader's runs, the least served.

Who had FAIR_SECONDS of the first two kinds in the last seconds (or FAIR_TURNS, where turns are long: a busy machine)
stands in the third line with all of it: four runs at once, or a Reset again and again, gain nothing. Work of t seconds
ago counts 2^(−t / HALF_LIFE) of its time.

Knows nothing of runs, Dask or screens. All is called in one event loop.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ERRAND, FIRST, NEXT = range(3)  # the three lines
HALF_LIFE = 10.0  # seconds
FAIR_SECONDS, FAIR_TURNS = 1.5, 6
FORGOTTEN = 0.001  # seconds of work that are no longer worth remembering


class Tally:
    """Seconds of work, of which half is forgotten every HALF_LIFE."""

    def __init__(self):
        self._seconds, self._at = 0.0, 0.0

    def add(self, seconds: float, now: float) -> None:
        self._seconds, self._at = max(self.at(now) + seconds, 0.0), now

    def at(self, now: float) -> float:
        return self._seconds * 2 ** ((self._at - now) / HALF_LIFE)


@dataclass(eq=False)
class Request:
    owner: Hashable
    run: Hashable
    line: int
    number: int  # of the run's first request of this line
    served: asyncio.Future = field(repr=False)
    paid: float = 0.0  # seconds that are counted already


class Turns:
    """`places`: how many may work at once. `mean_seconds`: what a turn took lately."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic):
        self.places, self.busy, self.mean_seconds = places, 0, 0.2
        self._clock, self._numbers = clock, itertools.count()
        self._waiting: list[Request] = []
        self._served: dict[tuple, Tally] = {}  # by owner, by (owner, run), and what an owner had out of turn
        self._first_asked: dict[Hashable, int] = {}  # by run, until it has left the first line

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, owner: Hashable, run: Hashable, line: int = NEXT) -> AsyncIterator[None]:
        """Waits for a place, and holds it."""
        request = self._new(owner, run, line)
        self._waiting.append(request)
        self._serve()
        try:
            await request.served
        except asyncio.CancelledError:
            self._give_up(request)
            raise
        start, at_least = self._clock(), 0.0
        try:
            yield
        except asyncio.CancelledError:  # it costs a whole turn: the worker works on for a while
            at_least = request.paid
            raise
        finally:
            self._end(request, max(self._clock() - start, at_least))

    def place_of(self, run: Hashable) -> tuple[int, float] | None:
        """How many are to come before the run, and about how many seconds that takes; None: it does not wait."""
        for place, request in enumerate(self._in_order()):
            if request.run == run:
                return place, (place + 1) * self.mean_seconds / self.places
        return None

    def grow(self, places: int) -> None:
        """Workers came or went."""
        self.places = places
        self._serve()

    def forget(self, run: Hashable) -> None:
        """The run is gone; what its owner had still counts."""
        self._first_asked.pop(run, None)
        now = self._clock()
        self._served = {
            key: tally for key, tally in self._served.items() if key[-1] != run and tally.at(now) > FORGOTTEN
        }

    def _new(self, owner: Hashable, run: Hashable, line: int) -> Request:
        number = next(self._numbers)
        if line == FIRST:  # keeps its place between two slices of its first epoch
            number = self._first_asked.setdefault(run, number)
        else:
            self._first_asked.pop(run, None)
        return Request(owner, run, line, number, asyncio.get_running_loop().create_future())

    def _in_order(self) -> list[Request]:
        now, fair = self._clock(), max(FAIR_SECONDS, FAIR_TURNS * self.mean_seconds)

        def rank(request: Request) -> tuple:
            early = self._tally("early", request.owner).at(now)
            line = request.line if early < fair else NEXT
            if line != NEXT:
                return line, request.number
            by_owner, by_run = self._tally("owner", request.owner), self._tally(request.owner, request.run)
            return line, by_owner.at(now), by_run.at(now), request.number

        return sorted(self._waiting, key=rank)

    def _serve(self) -> None:
        self._waiting = [request for request in self._waiting if not request.served.cancelled()]
        while self._waiting and self.busy < self.places:
            request = self._in_order()[0]
            self._waiting.remove(request)
            self.busy += 1
            request.paid = self.mean_seconds  # before it is known: two runs of one reader do not both slip in
            self._count(request, request.paid)
            request.served.set_result(None)

    def _give_up(self, request: Request) -> None:
        if request in self._waiting:
            self._waiting.remove(request)
        elif request.served.done() and not request.served.cancelled():  # it was served in the very moment
            self._end(request, 0.0)

    def _end(self, request: Request, seconds: float) -> None:
        self.busy -= 1
        self._count(request, seconds - request.paid)
        self.mean_seconds += 0.1 * (min(seconds, 5.0) - self.mean_seconds)
        self._serve()

    def _count(self, request: Request, seconds: float) -> None:
        now = self._clock()
        self._tally("owner", request.owner).add(seconds, now)
        self._tally(request.owner, request.run).add(seconds, now)
        if request.line != NEXT:
            self._tally("early", request.owner).add(seconds, now)

    def _tally(self, *key: Hashable) -> Tally:
        return self._served.setdefault(key, Tally())
