"""Background work of the studio: what Train, Pause, One batch, One epoch, Stop, Reset do, and what a run may hold.

Never imports streamlit. One event loop in a thread of its own keeps all runs. A run asks for one slice at a time and
waits for its turn in between (turns.py), so that readers share the workers fairly and a command takes effect at once:
the slice that is still on its way is dropped, and the run stands where its last accepted slice left it. What nobody
touches is put away when memory is scarce (attic.py).
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager

from recsys_edu import uploads
from recsys_edu.errors import RecsysEduError, SettingsError
from recsys_edu.studio.attic import Attic
from recsys_edu.studio.cluster import Cluster, WorkerLostError
from recsys_edu.studio.i18n import _
from recsys_edu.studio.races import Lane
from recsys_edu.studio.runs import BaseRun, Run, Send
from recsys_edu.studio.slices import RunSpec
from recsys_edu.studio.turns import ERRAND, FIRST, NEXT, Turns

log = logging.getLogger(__name__)
LOADING = _("The workers are still loading TensorFlow (about 10 seconds). Then it starts.")
CLOSED = _("This run has ended on the server. Press Train for a new one.")
STARTING_SECONDS = 600  # a worker that has not reported by then will not come
WAITING = _("Waiting: {n} before you, about {seconds:.0f} s.")
PATIENCE = 0.7  # seconds that a run waits before its place is told
TIDY_SECONDS = 2
CROWD = 4  # waiting for a turn
MOST_LOSSES = 5  # a slice that loses its worker this often in a row is not asked for again
TURNS = min(2, os.cpu_count() or 1)  # slices under way at once, at least: one for each worker of the sidecar


class Jobs:
    """All runs of this server. The public methods may be called from any thread and return when they are done."""

    def __init__(self):
        self._runs: dict[str, BaseRun] = {}
        self._tasks: dict[str, asyncio.Task] = {}
        self._errands: dict[str, set[asyncio.Task]] = {}
        self.attic = Attic()
        self.warm = threading.Event()  # set when a worker has reported for work
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="jobs").start()
        self._call(self._start())

    # --- what the pages call -----------------------------------------------------------------------------------

    def open(self, owner: str, spec: RunSpec, examples: int, user_index: int = 0) -> Run:
        """A new run, ready to be trained. It belongs to `owner`, a session."""
        run = Run(owner, spec, examples, user_index=user_index)
        self._runs[run.token] = run
        return run

    def admit(self, run: BaseRun) -> None:
        """A run that was made elsewhere, as a recording is."""
        self._runs[run.token] = run

    def open_lane(self, owner: str, spec: RunSpec, examples: int, budget: float) -> Lane:
        """A new lane of a race, ready to be trained for `budget` seconds. It belongs to `owner`, a session."""
        lane = Lane(owner, spec, examples, budget=budget)
        self._runs[lane.token] = lane
        return lane

    def get(self, token: str | None) -> BaseRun | None:
        return self._runs.get(token) if token else None

    def train(self, run: BaseRun) -> None:
        """Go on to the last epoch. A finished run goes on for as many again, a stopped or failed one starts afresh."""
        self._call(self._begin(run, lambda: _next_goal(run)))

    def one_batch(self, run: BaseRun) -> None:
        """Learn one mini-batch, then stand still."""
        self._call(self._begin(run, lambda: run.step + 1))

    def one_epoch(self, run: BaseRun) -> None:
        """Learn to the end of the epoch, then stand still."""
        self._call(self._begin(run, lambda: (run.step // run.steps_per_epoch + 1) * run.steps_per_epoch))

    def learn_to(self, run: BaseRun, step: int) -> None:
        """Learn until `step` mini-batches are learnt in all, then stand still."""
        self._call(self._begin(run, lambda: step))

    def pause(self, run: BaseRun) -> None:
        """Stand still now; nothing is lost."""
        self._call(self._halt(run, "paused"))

    def stop(self, run: BaseRun) -> None:
        """End the run; what it learnt stays on the screen."""
        self._call(self._halt(run, "stopped"))

    def reset(self, run: BaseRun) -> None:
        """Forget all that was learnt."""
        self._call(self._reset(run))

    def watch(self, run: Run, user_index: int) -> None:
        """Score all items for this user from now on."""
        self._call(self._watch(run, user_index))

    def adjust(self, run: Run, pace: str | None = None, judge_lists: bool | None = None) -> None:
        """How fast the run learns from now on (pace.PACES), and whether its lists are judged after each epoch; None: as
        it is. It learns the same."""
        self._call(self._adjust(run, pace, judge_lists))

    def close(self, run: BaseRun) -> None:
        """Free all that the run held."""
        self._call(self._close(run))

    def warm_up(self) -> None:
        """Start the workers, so that they have loaded TensorFlow when the first run asks for them."""
        self._call(self._warm_up())

    def submit(self, run: BaseRun, function: Callable, *arguments) -> Future:
        """Have a worker make function(*arguments) when it is the run's turn; the run's own learning goes on. The
        result raises RecsysEduError where no worker is to be had. A cancelled one is not waited for."""
        return asyncio.run_coroutine_threadsafe(self._errand(run, function, *arguments), self._loop)

    @property
    def address(self) -> str | None:
        """Where the scheduler is, as RECSYS_EDU_SCHEDULER takes it."""
        return self._cluster.address

    def status(self) -> dict:
        """`waiting`: runs and errands in the line for a turn; `memory`: megabytes that the runs hold."""
        runs = list(self._runs.values())
        return {
            "warm": self.warm.is_set(), "runs": len(runs), "working": sum(run.working for run in runs),
            "waiting": self._turns.waiting, "workers": self._turns.places, "memory": round(self.attic.bytes / 1e6, 1),
        }  # fmt: skip

    def owners(self) -> set[str]:
        return {run.owner for run in list(self._runs.values())}

    def leave(self, owner: str, for_good: bool) -> None:
        """The owner's page is gone: free the workers; and, `for_good`, the memory too."""
        for run in [run for run in list(self._runs.values()) if run.owner == owner]:
            if for_good:
                self.close(run)
            elif run.working:
                self._call(self._halt(run, "paused", _("Paused, because the page was closed.")))

    def subscribe(self, run: BaseRun, send: Send) -> None:
        """`send` is called, in the thread of `jobs`, with what a new screen must know and then with all that is new."""
        self._call(self._subscribe(run, send))

    def unsubscribe(self, run: BaseRun, send: Send) -> None:
        self._call(self._unsubscribe(run, send))

    def shut_down(self) -> None:
        for run in list(self._runs.values()):
            self.close(run)
        self._call(self._shut_down())
        self.attic.close()

    # --- in the event loop -------------------------------------------------------------------------------------

    def _call(self, coroutine: Coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    async def _start(self) -> None:
        self._cluster = Cluster()
        self._turns = Turns(TURNS)
        self._warming: asyncio.Task | None = None
        self._tidying = asyncio.create_task(self._tidy())

    async def _tidy(self) -> None:
        """Every now and then: what was not touched for longest is put away if the runs hold too much."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            try:
                await asyncio.to_thread(self.attic.tidy, list(self._runs.values()))
            except Exception:  # the next time tries again
                log.exception("The runs' memory could not be tidied")

    async def _shut_down(self) -> None:
        self._tidying.cancel()
        if self._warming is not None:
            self._warming.cancel()
        await self._cluster.close()

    async def _warm_up(self) -> None:
        if self._warming is None or self._warming.done():
            self._warming = asyncio.create_task(self._wait_for_worker())

    async def _wait_for_worker(self) -> None:
        self.warm.clear()
        try:
            await self._cluster.wait_for_worker(STARTING_SECONDS)
        except Exception:
            log.exception("The worker processes did not start")
            return
        self.warm.set()
        try:
            self._turns.grow(max(TURNS, await self._cluster.threads()))  # a cluster of many workers
        except RecsysEduError as error:  # the screen of whoever wants to learn says so as well
            log.error("%s", error)

    async def _begin(self, run: BaseRun, goal) -> None:
        self._drop_task(run)
        if run.mode in ("stopped", "failed"):
            self._clear(run)
        run.until_step, run.notice = goal(), ""
        mode, sentence = ("running", "") if self.warm.is_set() else ("waiting", LOADING)
        run.set_mode(mode, sentence)
        self._tasks[run.token] = asyncio.create_task(self._work(run))

    async def _halt(self, run: BaseRun, mode: str, sentence: str = "") -> None:
        if not (run.working or (mode == "stopped" and run.mode in ("paused", "finished"))):
            return
        self._drop_task(run)
        run.set_mode(mode, sentence)

    async def _reset(self, run: BaseRun) -> None:
        self._drop_task(run)
        self._clear(run)
        run.set_mode("ready")

    async def _watch(self, run: Run, user_index: int) -> None:
        run.watch(user_index)
        stands = run.state is not None and not run.working
        if stands and user_index not in (run.scored_user, run.asked_user):
            run.asked_user = user_index
            self._drop_task(run)
            self._tasks[run.token] = asyncio.create_task(self._score(run))

    async def _adjust(self, run: Run, pace: str | None, judge_lists: bool | None) -> None:
        run.adjust(pace, judge_lists)

    async def _close(self, run: BaseRun) -> None:
        self._drop_task(run)
        self._runs.pop(run.token, None)
        for errand in self._errands.pop(run.token, ()):
            errand.cancel()
        self._turns.forget(run.token)
        self.attic.drop(run.token)
        run.publish({"type": "gone"})

    async def _subscribe(self, run: BaseRun, send: Send) -> None:
        for message in run.hello():
            send(message)
        run.subscribers.append(send)

    async def _unsubscribe(self, run: BaseRun, send: Send) -> None:
        if send in run.subscribers:
            run.subscribers.remove(send)

    def _clear(self, run: BaseRun) -> None:
        run.clear()
        run.publish({"type": "reset"})

    def _drop_task(self, run: BaseRun) -> None:
        task = self._tasks.pop(run.token, None)
        if task is not None:
            task.cancel()

    async def _work(self, run: BaseRun) -> None:
        """The run learns up to its goal."""
        try:
            await run.learn(functools.partial(self._ask, run))
        except RecsysEduError as error:
            run.set_mode("failed", str(error))
        except Exception:
            log.exception("Run %s failed", run.token[:6])
            run.set_mode("failed", _("Something unexpected went wrong; the terminal says what. Reset starts afresh."))
        if isinstance(run, Run) and run.by_workers and run.mode in ("finished", "paused"):
            # What follows can no longer make the run fail.
            await self._catch_up(run)

    async def _catch_up(self, run: Run) -> None:
        if run.scored_user != run.user_index:  # another user was chosen while the last slice was on its way
            await self._score(run)
        try:
            await self._settle_map(run)
        except Exception:
            log.exception("The map of run %s could not be drawn by UMAP", run.token[:6])

    async def _settle_map(self, run: Run) -> None:
        """A run that ended while the workers still loaded UMAP is drawn by it as soon as it is there."""
        for _attempt in range(30):
            if run.mode != "finished" or run.frame is None or run.frame.method == "umap":
                return
            await asyncio.sleep(2)
            run.accept(await self._ask(run, lambda: run.task(0)))

    async def _score(self, run: Run) -> None:
        """Nothing is learnt; the watched user is scored. It is not tried again for the same user if that fails."""
        try:
            result = await self._ask(run, lambda: run.task(0), ERRAND)
        except Exception:
            log.exception("Run %s could not score a user", run.token[:6])
            run.failed_user = run.user_index
            return
        run.scores, run.scored_user = result.scores, result.user_index

    async def _errand(self, run: BaseRun, function: Callable, *arguments):
        """What a page wants to know of a run, until the run is closed."""
        errand = asyncio.current_task()
        if run.token not in self._runs:
            raise SettingsError(CLOSED)
        self._errands.setdefault(run.token, set()).add(errand)
        try:
            return await self._ask(run, lambda: (function, *arguments), ERRAND)
        except asyncio.CancelledError:
            if run.token in self._runs:  # the page does not wait any more
                raise
            raise SettingsError(CLOSED) from None
        finally:
            self._errands.get(run.token, set()).discard(errand)

    async def _ask(self, run: BaseRun, task: Callable[[], tuple], line: int | None = None):
        """What a worker makes of the function and the arguments that `task` names when it is the run's turn: one slice,
        asked for again when its worker dies."""
        for _attempt in range(MOST_LOSSES):
            if not self.warm.is_set():
                await self._until_a_worker_is_there(run)
            async with self._turn(run, line):
                await self._until_a_worker_is_there(run)
                if isinstance(run, Run):
                    run.crowded = self._turns.waiting > CROWD
                try:  # no other studio at this scheduler may use the same key
                    return await self._cluster.run(*task(), key=f"slice-{secrets.token_hex(12)}")
                except uploads.GoneError as gone:  # the worker is on another machine, which learns it now
                    await self._cluster.on_each_worker(uploads.keep, gone.name, uploads.text_of(gone.name))
                    continue
                except WorkerLostError:
                    log.warning("A worker of run %s stopped; its slice is asked for again", run.token[:6])
            self._tell_of_loss(run)
        lost = _(
            "The worker process stopped {n} times in a row, perhaps for lack of memory. Try a smaller embedding size."
        )
        raise SettingsError(lost.format(n=MOST_LOSSES))

    @asynccontextmanager
    async def _turn(self, run: BaseRun, line: int | None) -> AsyncIterator[None]:
        """A turn for the run; while it waits, the screen says how many come before it."""
        if line is None:
            line = FIRST if run.epoch < 1 else NEXT
        telling = asyncio.create_task(self._tell_place(run))
        try:
            async with self._turns.turn(run.owner, run.token, line):
                telling.cancel()
                yield
        finally:
            telling.cancel()

    async def _tell_place(self, run: BaseRun) -> None:
        mode, sentence, told = run.mode, run.sentence, None
        try:
            while True:
                await asyncio.sleep(PATIENCE)
                place = self._turns.place_of(run.token)
                if place is not None and run.working:
                    told = WAITING.format(n=place[0], seconds=max(place[1], 1))
                    run.set_mode("waiting", told)
        finally:
            if told is not None and run.sentence == told:
                run.set_mode(mode, sentence)

    async def _until_a_worker_is_there(self, run: BaseRun) -> None:
        """Waits, and says so on the screen, while the workers load TensorFlow. Raises SettingsError when none comes."""
        if self.warm.is_set() and await self._cluster.threads():
            return
        if self.warm.is_set():  # there were some
            self._tell_of_loss(run)
        elif run.working:
            run.set_mode("waiting", LOADING)
        await self._warm_up()
        await asyncio.shield(self._warming)
        if run.sentence == LOADING:
            run.set_mode("running")
        if not self.warm.is_set():
            raise SettingsError(self._cluster.absent)

    def _tell_of_loss(self, run: BaseRun) -> None:
        if run.working:
            lost = _("A worker process stopped. Nothing is lost: the run goes on from {place}.")
            run.notice = lost.format(place=run.place)
            run.set_mode("waiting", run.notice)


def _next_goal(run: BaseRun) -> int:
    """Batches to have learnt when Train is done: the epochs of the settings; from a finished run, as many more."""
    epochs = run.spec.settings.epochs
    if run.goal_epochs == 0:
        run.goal_epochs = epochs
    while run.epoch >= run.goal_epochs:
        run.goal_epochs += epochs
    return run.goal_epochs * run.steps_per_epoch


_making = threading.Lock()


def shared() -> Jobs:
    """The one Jobs of this process."""
    with _making:  # a cache alone would make two for two threads that come at once
        return _only()


@functools.cache
def _only() -> Jobs:
    return Jobs()
