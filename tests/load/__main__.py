"""A class at the studio, without a class: `python -m tests.load --sessions 40 --minutes 30`.

The real studio is started on a free port; N students speak Streamlit's WebSocket protocol with it, from this process.
--kill-workers and --kill-server end processes with kill -9 while they do. Exit code 1 when a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.load import report
from tests.load.classroom import Class, Sender
from tests.load.server import Server, Watch
from tests.load.student import CONNECTIONS, Log, Student, undisturbed

SAMPLE_SECONDS = 2


async def load(
    host: str, log: Log, sessions: int, seconds: float, data: str = "planted", seed: int = 0, think: float = 3.0,
    arrive: float = 10.0, server_may_go: bool = False, group: Class | None = None, senders: int = 0,
) -> None:  # fmt: skip
    """So many students come within `arrive` seconds and stay; `log` gets what they measured."""
    dice, end = random.Random(seed), time.monotonic() + seconds
    # With asyncio's usual few threads, students would stand in line here, before they stand in line at the studio.
    threads = ThreadPoolExecutor(2 * CONNECTIONS * (sessions + senders))
    asyncio.get_running_loop().set_default_executor(threads)

    async def one(number: int) -> None:
        await asyncio.sleep(dice.uniform(0, min(arrive, seconds / 4)))
        cookie = group.cookie(f"student {number}") if group else ""
        await Student(number, host, log, data, seed, server_may_go, cookie).attend(end, think)

    sending = [Sender(number, host, log, group, server_may_go).attend(end) for number in range(1, senders + 1)]
    await asyncio.gather(*(one(number) for number in range(1, sessions + 1)), *sending)


async def _every(times: int, seconds: float, do) -> int:
    """`do()` so many times, spread over these seconds; how often it was done."""
    done = 0
    for _time in range(times):
        await asyncio.sleep(seconds / (times + 1))
        done += bool(await asyncio.to_thread(do))
    return done


async def _sampling(watch: Watch) -> None:
    while True:
        watch.sample()
        await asyncio.sleep(SAMPLE_SECONDS)


async def measure(server: Server, options, group: Class | None) -> dict:
    seconds, dice = options.minutes * 60, random.Random(options.seed)
    watch, disturbed = Watch(server), bool(options.kill_workers or options.kill_server)

    def restart() -> bool:
        server.kill()
        server.start()
        server.wait()
        return True

    log = Log()
    await undisturbed(server.host, log, options.data, group.cookie("alone") if group else "")
    sampling = asyncio.create_task(_sampling(watch))
    *kills, _nothing = await asyncio.gather(
        _every(options.kill_workers, seconds, lambda: server.kill_a_worker(dice)),
        _every(options.kill_server, seconds, restart),
        load(
            server.host, log, options.sessions, seconds, options.data, options.seed, options.think, options.arrive,
            server_may_go=bool(options.kill_server), group=group, senders=options.senders,
        ),
    )  # fmt: skip
    workers, servers = kills
    sampling.cancel()
    found = report.figures(log, watch, server.tracebacks(), disturbed)
    if group is not None:
        found["class"] = group.result()
        found["verdicts"]["no submission lost"] = not found["class"]["lost"] if group.acknowledged else None
    return {"sessions": options.sessions, "minutes": options.minutes, "data": options.data,
            "kills": {"workers": workers, "server": servers}} | found  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--data", default="planted", help="a data set that is here (default planted)")
    parser.add_argument("--think", type=float, default=3, help="mean seconds between two clicks of a student")
    parser.add_argument("--arrive", type=float, default=10, help="seconds within which all come (at most)")
    parser.add_argument("--kill-workers", type=int, default=0, metavar="N")
    parser.add_argument("--kill-server", type=int, default=0, metavar="N")
    parser.add_argument("--senders", type=int, default=0, metavar="N", help="more, who send runs to a Class Challenge")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        group = Class(Path(folder)) if options.senders else None
        server = Server(Path(folder), group.environment if group else {})
        try:
            server.wait_until_warm()
            found = asyncio.run(measure(server, options, group))
        finally:
            server.close()
    print(json.dumps(found, indent=1) if options.json else report.as_text(found))
    return 1 if False in found["verdicts"].values() else 0


if __name__ == "__main__":
    sys.exit(main())
