"""A fake studio for the live components: assets, invented films, a WebSocket that a test speaks through."""

import asyncio
import contextlib
import json
import struct
import threading
from importlib.resources import files

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from recsys_edu.studio.charts import loss_figure
from recsys_edu.studio.components import mount
from recsys_edu.studio.snapshots import Film

MAGIC = 0x50414D46
HOSTILE_INDEX = 7
HOSTILE_TITLE = '<img src=x onerror="window.hacked=true"> & <b>Bold</b> (1996)'
ASSETS = {"film_map": mount.FILM_MAP, "loss_curves": mount.LOSS_CURVES, "time_map": mount.TIME_MAP}
GENRES = [
    "Drama", "Comedy", "Action", "Thriller", "Romance", "Children's", "Adventure", "Crime", "Horror",
    "Documentary", "Western"
]  # fmt: skip
SHARES = np.array([0.27, 0.22, 0.13, 0.09, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01])
FIRST = [
    "Silent", "Golden", "Last", "Crimson", "Paper", "Midnight", "Distant", "Broken", "Velvet", "Winter",
    "Electric", "Hidden", "Slow", "Blue"
]  # fmt: skip
SECOND = [
    "Harbour", "Letters", "Orchard", "Parade", "Kingdom", "Station", "Garden", "River", "Horizon",
    "Machine", "Promise", "Carnival"
]  # fmt: skip
LIGHT = {
    "--st-background-color": "#ffffff",
    "--st-secondary-background-color": "#f0f2f6",
    "--st-text-color": "#31333f",
    "--st-border-color": "#dddee2",
    "--st-primary-color": "#c2255c",
}
DARK = {
    "--st-background-color": "#0e1117",
    "--st-secondary-background-color": "#262730",
    "--st-text-color": "#fafafa",
    "--st-border-color": "#3a3b45",
    "--st-primary-color": "#ff8fab",
}

PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>:root{%(theme)s} body{margin:16px;background:var(--st-background-color);font-family:sans-serif;
display:grid;gap:24px;grid-template-columns:minmax(0,1fr)}</style>
<div id="map"></div><div id="curves"></div>
<script type="module">
import film_map from "/film_map.js";
import loss_curves from "/loss_curves.js";
import time_map from "/time_map.js";
const assets = %(assets)s;
window.picks = [];
function host(id, name, shadow) {
  const node = document.createElement("div");
  document.getElementById(id).replaceChildren(node);
  const parent = shadow ? node.attachShadow({mode: "open"}) : node;
  parent.innerHTML = `<div>${assets[name].html}</div><style>${assets[name].css}</style>`;
  return parent;
}
function mountable(id, name, render, shadow) {
  const state = {parent: null, cleanup: null};
  return (data, {fresh = false, overtaken = false} = {}) => {
    const setTriggerValue = (event, value) => window.picks.push([event, value]);
    const told = {setTriggerValue, setStateValue: setTriggerValue};
    const call = () => render({parentElement: state.parent, data, ...told, key: name, name});
    if (overtaken) return void call()(); // as Streamlit does: an older call that comes last is ended at once
    if (fresh || !state.parent) {
      state.parent = host(id, name, shadow); // the old place is gone when its call is ended
      state.cleanup?.();
    }
    state.cleanup = call();
  };
}
window.mountMap = mountable("map", "film_map", film_map, true);
window.mountTime = mountable("map", "time_map", time_map, true);
window.mountCurves = mountable("curves", "loss_curves", loss_curves, false);
window.ready = true;
</script>"""


def invented_films(n: int, seed: int = 0) -> dict:
    """Films in ML-100K's manner: titles with years, genres joined by |, few films with most ratings."""
    rng = np.random.default_rng(seed)
    first, second = rng.choice(FIRST, n), rng.choice(SECOND, n)
    title = [f"{'The ' if i % 3 else ''}{a} {b}" for i, (a, b) in enumerate(zip(first, second, strict=True))]
    year = [int(y) for y in rng.integers(1930, 1999, n)]
    title = [f"{t} ({y})" for t, y in zip(title, year, strict=True)]
    title[HOSTILE_INDEX], year[HOSTILE_INDEX] = HOSTILE_TITLE, 1996
    main = rng.choice(GENRES, n, p=SHARES)
    genres = [g if rng.random() < 0.5 else f"{g}|{rng.choice(GENRES)}" for g in main]
    count = [int(c) for c in np.minimum(583, 1 + rng.pareto(0.9, n) * 14)]
    return {"title": title, "year": year, "genres": genres, "count": count}


def clustered_positions(films: dict, seed: int = 0, spread: float = 0.12) -> np.ndarray:
    """(n, 2) in [-1, 1]: each genre has two centres, films scatter about one of them."""
    rng = np.random.default_rng(seed)
    angle = {g: 2 * np.pi * k / len(GENRES) for k, g in enumerate(GENRES)}
    theta = np.array([angle[g.split("|")[0]] for g in films["genres"]])
    reach = rng.choice([0.38, 0.7], len(theta)) + 0.05 * rng.normal(size=len(theta))
    centres = reach[:, None] * np.column_stack([np.cos(theta), np.sin(theta)])
    return np.clip(centres + spread * rng.normal(size=centres.shape), -1, 1)


def map_frame(positions: np.ndarray, epoch: float, method: int = 1, honesty: float = 0.26) -> bytes:
    """The wire form of one frame of the map."""
    header = struct.pack("<IIfIf", MAGIC, len(positions), epoch, method, honesty)
    return header + np.round(positions * 32767).astype("<i2").tobytes()


def space_film(films: dict, epochs: int = 8, dims: int = 3, seed: int = 0) -> Film:
    """A film of invented PCA maps: the films wander from epoch to epoch."""
    rng = np.random.default_rng(seed)
    flat = clustered_positions(films, seed)
    first = np.column_stack([flat, rng.uniform(-0.5, 0.5, len(flat))])[:, :dims]
    places = first + np.cumsum(0.02 * rng.normal(size=(epochs, *first.shape)), axis=0)
    places = places / np.linalg.norm(places, axis=2).max()
    positions = np.round(places * 32767).astype("<i2")
    return Film(list(range(epochs)), ["pca"] * epochs, [float("nan")] * epochs, positions)


class FakeStudio:
    """Serves the harness page on 127.0.0.1 in a thread; its methods may be called from the test's thread."""

    def __init__(self):
        self.films = invented_films(1682)
        self.history = {"epoch": [], "train": [], "validation_epoch": [], "validation": []}
        self.last_frame = None
        self.film = b""  # all epochs, as frames.bin answers
        self.sockets = set()
        self.opened = 0
        self.plotly = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()

    def app(self) -> Starlette:
        scripts = ASSETS
        routes = [Route(f"/{name}.js", self._javascript(assets["js"].encode())) for name, assets in scripts.items()]
        return Starlette(
            middleware=[Middleware(CORSMiddleware, allow_origins=["*"])],  # a Streamlit page is another origin
            routes=[
                *routes,
                Route("/", self._page),
                Route("/frames", lambda request: Response(self.film)),
                Route("/honesty", lambda request: Response(bytes([15]) + bytes([6]) * len(self.films["title"]))),
                Route("/items", lambda request: JSONResponse(self.films)),
                Route("/plotly.min.js", self._javascript(self.plotly)),
                WebSocketRoute("/live/{token}", self._live),
            ],
        )

    @staticmethod
    def _javascript(text: bytes):
        return lambda request: Response(text, media_type="text/javascript")

    @staticmethod
    def _page(request) -> HTMLResponse:
        theme = DARK if request.query_params.get("theme") == "dark" else LIGHT
        values = {"theme": ";".join(f"{k}:{v}" for k, v in theme.items()), "assets": json.dumps(ASSETS)}
        return HTMLResponse(PAGE % {**values, "assets": values["assets"].replace("</", "<\\/")})

    async def _live(self, socket):
        await socket.accept()
        if socket.path_params["token"] == "gone":
            return await socket.close(4404)
        hello = {"type": "hello", "run": socket.path_params["token"], "state": "running"}
        frames = int(self.last_frame is not None)
        await socket.send_json({**hello, "history": self.history, "frames": frames})
        if self.last_frame is not None:
            await socket.send_bytes(self.last_frame)
        self.sockets.add(socket)
        self.opened += 1
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
        self.sockets.discard(socket)

    async def _send_all(self, message: dict | bytes):
        for socket in list(self.sockets):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_json(message))

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def send(self, message: dict | bytes):
        """Send a JSON message or a frame to every open socket."""
        if isinstance(message, bytes):
            self.last_frame = message
        self._run(self._send_all(message))

    def drop(self):
        """Close every socket as a dying server does."""

        async def close_all():
            for socket in list(self.sockets):
                await socket.close(1012)

        self._run(close_all())

    @contextlib.contextmanager
    def streaming(self, hertz: float = 8.0):
        """Frames that wander, `hertz` a second, for as long as the block lasts."""
        rng = np.random.default_rng(1)
        positions = clustered_positions(self.films)

        async def stream():
            epoch = 0.0
            while True:
                epoch += 0.1
                wandered = np.clip(positions + 0.03 * rng.normal(size=positions.shape), -1, 1)
                self.last_frame = map_frame(wandered, epoch)
                await self._send_all(self.last_frame)
                await asyncio.sleep(1 / hertz)

        task = asyncio.run_coroutine_threadsafe(stream(), self.loop)
        yield
        task.cancel()

    def map_data(self, **changes) -> dict:
        data = {"run": "run-1", "items_url": "/items", "live_url": "/live/run-1", "selected": None}
        return {**data, "neighbours": [], "height": 520, "strings": mount.map_strings(), **changes}

    def time_data(self, **changes) -> dict:
        urls = {"film": "/frames?kind=pca", "honesty": "/honesty?kind=pca", "space": "/space"}
        shown = {"epoch": None, "colour": "genre", "pins": [None, None], "only": None, "selected_only": False}
        return self.map_data(**{**urls, **shown, "strings": mount.time_strings("genre"), **changes})

    def curve_data(self, **changes) -> dict:
        data = {"figure": loss_figure(), "live_urls": ["/live/run-1"], "plotly_url": "/plotly.min.js"}
        return {**data, "strings": mount.curve_strings(), **changes}

    @contextlib.contextmanager
    def running(self):
        config = uvicorn.Config(self.app(), host="127.0.0.1", port=0, log_level="warning")
        server = uvicorn.Server(config)
        started = threading.Event()

        async def serve():
            self.loop = asyncio.get_running_loop()
            task = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            started.set()
            await task

        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        assert started.wait(20), "the fake studio did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        yield self
        server.should_exit = True
        thread.join(10)
