"""The studio's own routes beside Streamlit's: live data over a WebSocket, titles, and Plotly's JavaScript.

- /live/<token>: what a run does, as it does it (see runs.Run for the messages)
- /live/<token>/items.json: item_id, titles, years, genres, numbers and means of ratings: fetched once a run
- /live/<token>/frames.bin, honesty.bin: the maps of all epochs (map_routes.py)
- /assets/plotly.min.js: shipped with the plotly package
- /status.json: whether the workers are warm, and how many runs there are
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import importlib.util
import json
import logging
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from starlette.requests import HTTPConnection
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.runtime import Runtime

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import jobs, map_routes, slices

log = logging.getLogger(__name__)

GONE = 4404  # close code: there is no such run, do not come back
PAGE_SECONDS = 5  # the workers start by then, whether a page was opened or not
PAUSE_AFTER, FORGET_AFTER = 3, 120  # seconds since a page was closed
CACHE_A_DAY = {"Cache-Control": "private, max-age=86400"}

_page_is_there = asyncio.Event()


@asynccontextmanager
async def lifespan(app):
    """Loads what the first page needs before it is asked for; frees what closed pages held; ends the workers."""
    with suppress(RecsysEduError):  # the page says it better
        slices.split_of(slices.default_data(), "random", 0)
    jobs.shared()
    await asyncio.to_thread(_plotly_packed)
    tasks = [asyncio.create_task(task) for task in (_warm_up(), _sweep())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.to_thread(jobs.shared().shut_down)


async def _warm_up() -> None:
    """The workers start to load TensorFlow once the first page is there, so as not to slow it."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_page_is_there.wait(), PAGE_SECONDS)
    await asyncio.to_thread(jobs.shared().warm_up)


async def _sweep() -> None:
    """Every second: runs whose page has been gone for a while are paused, then forgotten."""
    absent_since: dict[str, float] = {}
    while True:
        await asyncio.sleep(1)
        absent = [owner for owner in jobs.shared().owners() if not Runtime.instance().is_active_session(owner)]
        absent_since = {owner: absent_since.get(owner, time.monotonic()) for owner in absent}
        for owner, since in absent_since.items():
            seconds = time.monotonic() - since
            if seconds > PAUSE_AFTER:
                await _leave(owner, for_good=seconds > FORGET_AFTER)


async def _leave(owner: str, for_good: bool) -> None:
    try:
        await asyncio.to_thread(jobs.shared().leave, owner, for_good)
    except Exception:  # the next second tries again
        log.exception("The work of a closed page could not be freed")


async def live(socket: WebSocket) -> None:
    """Send all that a run publishes until the page goes away."""
    if not same_origin(socket):
        await socket.close()  # before it is accepted: HTTP 403
        return
    await socket.accept()
    _page_is_there.set()
    run = jobs.shared().get(socket.path_params["token"])
    if run is None:
        await socket.close(GONE)
        return
    queue: asyncio.Queue = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def send(message):
        loop.call_soon_threadsafe(queue.put_nowait, message)

    await asyncio.to_thread(jobs.shared().subscribe, run, send)
    sending = asyncio.create_task(_send_all(socket, queue))
    try:
        while True:
            await socket.receive_text()  # the page says nothing; this notices that it left
    except WebSocketDisconnect:
        pass
    finally:
        sending.cancel()
        await asyncio.to_thread(jobs.shared().unsubscribe, run, send)


async def _send_all(socket: WebSocket, queue: asyncio.Queue) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # the page left in the middle of a message
        while True:
            message = await queue.get()
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            elif message["type"] == "gone":
                await socket.close(GONE)
                return
            else:
                await socket.send_text(json.dumps(message))


def same_origin(connection: HTTPConnection) -> bool:
    """Other web sites that the reader has open may not listen in, nor speak for the reader."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


def items(request) -> Response:
    run = jobs.shared().get(request.path_params["token"])
    if run is None:
        return JSONResponse({"error": "no such run"}, status_code=404)
    ratings = slices.ratings_of(run.spec.data)
    table = ratings.items
    count = np.bincount(ratings.item_index, minlength=ratings.num_items)
    total = np.bincount(ratings.item_index, weights=ratings.rating, minlength=ratings.num_items)
    body = {
        "item_id": table["item_id"].astype(str).tolist(),
        "title": table["title"].tolist(),
        "year": table["year"].astype(object).where(table["year"].notna(), None).tolist(),
        "genres": table["genres"].tolist(),
        "count": count.tolist(),
        "mean": [round(t / c, 3) if c else None for t, c in zip(total.tolist(), count.tolist(), strict=True)],
    }
    return JSONResponse(body, headers=CACHE_A_DAY)


def plotly(request) -> Response:
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(_plotly_path(), media_type="text/javascript", headers=CACHE_A_DAY)
    headers = CACHE_A_DAY | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(_plotly_packed(), media_type="text/javascript", headers=headers)


def _plotly_path() -> Path:
    package = importlib.util.find_spec("plotly").origin  # found, not imported: that takes a second
    return Path(package).parent / "package_data" / "plotly.min.js"


@functools.cache
def _plotly_packed() -> bytes:
    """Packed once: for each page anew, as Streamlit would do it, that takes a third of a second of all readers."""
    return gzip.compress(_plotly_path().read_bytes(), compresslevel=6, mtime=0)


def status(request) -> Response:
    """Are the workers warm, how many runs are there, how many of them want to learn: for a teacher, and for tests."""
    return JSONResponse(jobs.shared().status())


ROUTES = [
    Route("/status.json", status),
    WebSocketRoute("/live/{token}", live),
    Route("/live/{token}/items.json", items),
    Route("/assets/plotly.min.js", plotly),
    *map_routes.ROUTES,
]
