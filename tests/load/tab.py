"""A browser tab without a browser: Streamlit's WebSocket protocol, with the protobufs that ship in its wheel.

What Streamlit's own JavaScript does is done here: the first run of the script, runs of a fragment every so often
(auto-reruns) until the server ends them, the page's address as the script writes it, messages that are kept and not
sent twice, and a connection that comes back to its session.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

LIVE_URL = re.compile(rb"/live/([\w-]{20,})")
MOST_BYTES = 64 * 2**20  # of a message
RECONNECT_SECONDS = 0.5


class TabError(Exception):
    """What a visitor would see go wrong."""


@dataclass(frozen=True)
class Widget:
    """A button or a box on the page, and the fragment that is run when it is used."""

    id: str
    fragment_id: str
    disabled: bool
    options: tuple[str, ...] = ()


class Tab:
    """One open page. `told` gets every sentence about something that went wrong."""

    def __init__(self, host: str, told: Callable[[str], None], cookie: str = ""):
        self.host, self.told = host, told
        self.headers = {"Cookie": cookie} if cookie else {}
        self.query, self.page, self.session = "", "", ""
        self.pages: dict[str, str] = {}  # the path of each page, and what it is called in the protocol
        self.finished = 0  # full runs of the script that came to their end
        self.answered = 0  # runs, of fragments as well
        self._clear_page()
        self._kept: dict[str, ForwardMsg] = {}
        self._states: dict[str, WidgetState] = {}
        self._changed = asyncio.Condition()
        self._reading: asyncio.Task | None = None
        self._socket = None
        self._is_full_run = True

    async def open(self, query: str = "", page: str = "") -> None:
        """Connect, and ask for the page. Comes back by itself when the connection breaks, until `close`."""
        self.query, self.page = query, page
        await self._connect()
        self._reading = asyncio.create_task(self._read())
        await self.run()

    async def close(self) -> None:
        self._end_timers()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    # --- what a visitor does -----------------------------------------------------------------------------------

    async def press(self, key: str) -> None:
        """Press the button whose widget has this key, once it can be pressed. Raises TabError."""
        await self.until(lambda: self.can(key), what=f"{key}, to be pressed")
        button = self._widget(key)
        pressed = WidgetState(id=button.id, trigger_value=True)
        await self.run(button.fragment_id, pressed)

    async def choose(self, key: str, place: int) -> None:
        """Choose an entry of a select box."""
        box = self._widget(key)
        self._states[box.id] = WidgetState(id=box.id, string_value=box.options[place])
        await self.run(box.fragment_id)

    async def go(self, path: str) -> None:
        """Change to another page of the studio; "" is the first one."""
        self.page, self.query = self.pages[path], ""
        await self.run()

    def can(self, key: str) -> bool:
        found = [widget for widget in self.widgets.values() if _has_key(widget.id, key)]
        return bool(found) and not found[-1].disabled

    async def until(self, condition: Callable[[], bool], seconds: float = 60, what: str = "an answer") -> None:
        """Wait until the page is as `condition` wants it. Raises TabError."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError as error:
            raise TabError(f"waited {seconds:g} s in vain for {what}") from error

    # --- the protocol ------------------------------------------------------------------------------------------

    async def run(self, fragment_id: str = "", pressed: WidgetState | None = None, automatic: bool = False) -> None:
        """Ask for a run of the script, or of one fragment."""
        if not fragment_id:
            self._end_timers()
        message = BackMsg()
        ask = message.rerun_script
        ask.query_string, ask.page_script_hash, ask.fragment_id = self.query, self.page, fragment_id
        ask.is_auto_rerun = automatic
        ask.context_info.url = f"http://{self.host}/"
        ask.cached_message_hashes.extend(self._kept)
        ask.widget_states.widgets.extend(self._states.values())
        if pressed is not None:
            ask.widget_states.widgets.append(pressed)
        with contextlib.suppress(WebSocketException):  # it is being mended, and the page is then asked for again
            await self._socket.send(message.SerializeToString())

    async def _connect(self) -> None:
        protocols = ["streamlit", "none", *filter(None, [self.session])]
        url = f"ws://{self.host}/_stcore/stream"
        self._socket = await connect(
            url,
            subprotocols=protocols,
            origin=f"http://{self.host}",
            max_size=MOST_BYTES,
            compression=None,
            additional_headers=self.headers,
        )

    async def _read(self) -> None:
        while True:
            try:
                async for data in self._socket:
                    await self._take(ForwardMsg.FromString(data))
            except WebSocketException:
                pass
            await self._come_back()

    async def _come_back(self) -> None:
        """As a browser does when the server goes away: try until it is there again."""
        self._end_timers()
        while True:
            try:
                await self._connect()
                break
            except (OSError, InvalidHandshake, TimeoutError):
                await asyncio.sleep(RECONNECT_SECONDS)
        self.come_backs += 1
        self._kept.clear()
        self._clear_page()
        await self.run()

    come_backs = 0

    async def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            original = self._kept[message.ref_hash]
            restored = ForwardMsg()
            restored.CopyFrom(original)
            restored.metadata.CopyFrom(message.metadata)
            message, kind = restored, original.WhichOneof("type")
        elif message.metadata.cacheable and message.hash:
            self._kept[message.hash] = message
        if take := getattr(self, f"_take_{kind}", None):
            take(getattr(message, kind), message.metadata)
        async with self._changed:
            self._changed.notify_all()

    def _take_new_session(self, new, metadata) -> None:
        self.session = new.initialize.session_id
        self._is_full_run = not metadata.run.fragment_ids
        if self._is_full_run:
            self._end_timers()
            self.shown = new.page_script_hash
            self.main = new.main_script_hash

    def _take_navigation(self, navigation, metadata) -> None:
        self.pages = {page.url_pathname if not page.is_default else "": page.page_script_hash
                      for page in navigation.app_pages}  # fmt: skip
        self.shown = navigation.page_script_hash

    def _take_page_info_changed(self, info, metadata) -> None:
        self.query = info.query_string

    def _take_script_finished(self, status, metadata) -> None:
        self.answered += 1
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.told("the script does not compile")
        if self._is_full_run and status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.finished += 1

    def _take_session_event(self, event, metadata) -> None:
        if event.HasField("script_compilation_exception"):
            self.told("the script does not compile")

    def _take_auto_rerun(self, asked, metadata) -> None:
        self._end_timer(asked.fragment_id)
        self._timers[asked.fragment_id] = asyncio.create_task(self._again(asked.fragment_id, asked.interval))

    def _take_stop_auto_rerun(self, asked, metadata) -> None:
        for fragment_id in asked.fragment_ids:
            self._end_timer(fragment_id)

    def _take_delta(self, delta, metadata) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.told(f"exception on the page: {element.exception.type} {element.exception.message[:200]}")
        elif kind == "button":
            self._keep_widget(element.button, delta.fragment_id)
        elif kind == "selectbox":
            self._keep_widget(element.selectbox, delta.fragment_id, tuple(element.selectbox.options))
        elif kind == "alert" and element.alert.format == element.alert.ERROR:
            self.alerts.append(element.alert.body)
        elif kind == "alert" and element.alert.format == element.alert.SUCCESS:
            self.said.append(element.alert.body)
        elif kind == "bidi_component" and (found := LIVE_URL.search(element.bidi_component.SerializeToString())):
            self.token = found[1].decode()

    def _keep_widget(self, proto, fragment_id: str, options: tuple[str, ...] = ()) -> None:
        self.widgets[proto.id] = Widget(proto.id, fragment_id, proto.disabled, options)

    def _widget(self, key: str) -> Widget:
        found = [widget for widget in self.widgets.values() if _has_key(widget.id, key)]
        if not found:
            raise TabError(f"there is no {key} on the page")
        return found[-1]

    def _clear_page(self) -> None:
        self.widgets: dict[str, Widget] = {}
        self.alerts: list[str] = []  # what the page says in red, and in green
        self.said: list[str] = []
        self.token = self.shown = self.main = ""
        self._timers: dict[str, asyncio.Task] = {}

    async def _again(self, fragment_id: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.run(fragment_id, automatic=True)

    def _end_timer(self, fragment_id: str) -> None:
        if timer := self._timers.pop(fragment_id, None):
            timer.cancel()

    def _end_timers(self) -> None:
        for fragment_id in list(self._timers):
            self._end_timer(fragment_id)


def _has_key(widget_id: str, key: str) -> bool:
    return widget_id.endswith(f"-{key}")
