"""Turns are fair by reader and by run. No worker, no clock of the wall."""

import asyncio
from collections import Counter

import pytest

from recsys_edu.studio.turns import ERRAND, FIRST, HALF_LIFE, NEXT, Turns
from tests.studio.conftest import apart


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Room:
    """A room of runs that ask again and again, with workers that take `seconds` a turn by the room's own clock."""

    def __init__(self, places=2):
        self.clock = Clock()
        self.turns = Turns(places, self.clock)
        self.log = []  # (when the turn began, owner, run)
        self.asks, self.ends = [], {}

    def run(self, owner, run, seconds=0.2, first=0):
        """Asks for ever; its first `first` turns are of its first epoch."""

        async def learn():
            for number in range(10_000):
                async with self.turns.turn(owner, run, FIRST if number < first else NEXT):
                    self.log.append((self.clock.now, owner, run))
                    await self._work(seconds)

        self.asks.append(asyncio.create_task(learn()))

    def errand(self, owner, seconds=0.01):
        async def ask():
            async with self.turns.turn(owner, f"errand of {owner}", ERRAND):
                self.log.append((self.clock.now, owner, "errand"))
                await self._work(seconds)

        self.asks.append(asyncio.create_task(ask()))

    async def _work(self, seconds):
        done = asyncio.get_running_loop().create_future()
        self.ends[done] = self.clock.now + seconds
        await done

    async def until(self, now):
        """Let the clock run; what ends, ends in its order."""
        while True:
            for _ in range(8):  # all that can go on without time passing
                await asyncio.sleep(0)
            done = min(self.ends, key=self.ends.get, default=None)
            if done is None or self.ends[done] > now:
                self.clock.now = now
                return
            self.clock.now = self.ends.pop(done)
            if not done.cancelled():
                done.set_result(None)

    def close(self):
        for ask in self.asks:
            ask.cancel()

    def turns_of(self, since=0.0):
        return Counter(owner for when, owner, _run in self.log if when >= since)

    def began(self, run):
        return next(when for when, _owner, own in self.log if own == run)


def test_forty_readers_have_their_first_turns_one_after_the_other():
    async def scene():
        room = Room()
        for k in range(40):
            room.run(k, k, first=2)
        await room.until(8.5)  # 80 first turns of 0.2 s at two places: 8 s
        firsts = [[when for when, _owner, run in room.log if run == k][:2] for k in range(40)]
        assert all(len(two) == 2 for two in firsts)
        assert max(two[1] for two in firsts) <= 8.01
        assert firsts[0][1] <= 0.2  # its second slice does not wait for the first ones of all the others
        room.close()

    apart(scene())


def test_a_newcomer_comes_before_those_that_had_many_turns():
    async def scene():
        room = Room()
        for k in range(40):
            room.run(k, k)
        await room.until(30.0)
        room.run("new", "new", first=2)
        await room.until(31.0)
        assert room.began("new") <= 30.2
        assert room.turns_of(since=30.0)["new"] >= 2
        room.close()

    apart(scene())


def test_four_runs_of_one_reader_have_the_share_of_one():
    async def scene():
        room = Room()
        for k in range(9):
            room.run(k, k, first=3)
        for k in range(4):
            room.run("racer", f"lane {k}", first=3)
        await room.until(60.0)
        turns = room.turns_of(since=20.0)
        others = [turns[k] for k in range(9)]
        assert turns["racer"] == pytest.approx(sum(others) / 9, rel=0.25)
        lanes = Counter(run for when, owner, run in room.log if owner == "racer" and when > 20)
        assert max(lanes.values()) - min(lanes.values()) <= 3  # and the four share it
        room.close()

    apart(scene())


def test_long_slices_are_paid_for():
    """Who needs ten times as long for a slice has the same time, not the same number of turns."""

    async def scene():
        room = Room(places=1)
        room.run("long", "long", seconds=1.0)
        for k in range(4):
            room.run(k, k, seconds=0.1)
        await room.until(100.0)
        turns = room.turns_of(since=20.0)
        assert turns["long"] * 1.0 == pytest.approx(80 / 5, rel=0.25)
        assert turns[0] * 0.1 == pytest.approx(80 / 5, rel=0.25)
        room.close()

    apart(scene())


def test_an_errand_comes_before_what_learns_but_not_for_ever():
    async def scene():
        room = Room(places=1)
        for k in range(20):
            room.run(k, k, first=2)
        await room.until(1.0)
        room.errand(7)
        await room.until(1.5)
        assert [when for when, _owner, run in room.log if run == "errand"] == [pytest.approx(1.0, abs=0.21)]
        await room.until(40.0)
        for _ in range(100):  # somebody who asks for work of half a second a hundred times
            room.errand("greedy", seconds=0.5)
        await room.until(50.0)
        turns = room.turns_of(since=40.0)
        assert turns["greedy"] * 0.5 < 4.0  # of ten seconds
        assert min(turns[k] for k in range(20)) >= 1
        room.close()

    apart(scene())


def test_reset_again_and_again_gains_nothing():
    async def scene():
        room = Room(places=1)
        for k in range(5):
            room.run(k, k)
        await room.until(20.0)
        for number in range(200):  # each a new first epoch
            room.run("again", f"again {number}", first=1)
        await room.until(40.0)
        turns = room.turns_of(since=25.0)
        assert turns["again"] == pytest.approx(sum(turns[k] for k in range(5)) / 5, rel=0.4)
        room.close()

    apart(scene())


def test_the_place_in_the_line_is_told():
    async def scene():
        room = Room(places=1)
        for k in range(5):
            room.run(k, k, first=1)
        await room.until(0.1)
        assert room.turns.place_of(0) is None  # at work
        assert [room.turns.place_of(k)[0] for k in range(1, 5)] == [0, 1, 2, 3]
        assert room.turns.place_of(4)[1] == pytest.approx(4 * room.turns.mean_seconds)
        assert room.turns.waiting == 4
        room.close()

    apart(scene())


def test_whoever_gives_up_holds_nothing():
    """Cancelled while it waits, in the moment it is served, and at work: all places are free again."""

    async def scene():
        room = Room(places=1)
        room.run("a", "a", first=1)
        room.run("b", "b")
        room.run("c", "c")
        await room.until(0.1)
        room.asks[1].cancel()
        await room.until(0.1)
        assert room.turns.waiting == 1
        room.asks[0].cancel()  # at work: its place goes to c ...
        await asyncio.sleep(0)
        room.asks[2].cancel()  # ... which gives up in the same moment
        for _ in range(5):
            await asyncio.sleep(0)
        assert (room.turns.busy, room.turns.waiting) == (0, 0)
        room.run("d", "d")
        await room.until(1.0)
        assert room.turns_of()["d"] >= 1
        room.close()

    apart(scene())


def test_what_was_served_long_ago_is_forgotten():
    async def scene():
        room = Room(places=1)
        for k in range(50):
            room.run(f"owner {k}", f"run {k}", first=1)
        await room.until(20.0)
        room.close()
        await room.until(20.0)
        room.clock.now += 30 * HALF_LIFE
        for k in range(50):
            room.turns.forget(f"run {k}")
        assert room.turns._served == {}
        assert room.turns._first_asked == {}

    apart(scene())
