"""The doors of a class, beside Streamlit's routes: only a studio that serves a class has them.

- /class/join: asks for join code and nickname, and gives a student's cookie
- /class/go/<n>: to the teacher's n-th link, noted as followed
- /class/teacher/<secret>: gives the teacher's cookie

Before all routes stands the gate: who has no cookie is led to the first door, and gets nothing of a run.
"""

from __future__ import annotations

import asyncio
import html
import secrets
from urllib.parse import parse_qs, quote, urlsplit

from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from recsys_edu.classroom import lead, roster
from recsys_edu.classroom.keys import Limiter
from recsys_edu.errors import RecsysEduError
from recsys_edu.studio import class_mode
from recsys_edu.studio.class_page import JOIN_PAGE
from recsys_edu.studio.i18n import _
from recsys_edu.studio.live import same_origin

A_MONTH = 30 * 24 * 3600
MOST_BYTES = 4096  # of the form
OPEN_TO_ALL = ("/class/", "/_stcore/", "/static/", "/assets/", "/status.json", "/favicon", "/media/", "/component/")
FOR_THE_CLASS = ("/live/",)
BY_BROWSER, BY_ADDRESS = Limiter(5, 60), Limiter(30, 60)  # wrong codes and secrets; a school may share one address
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
GUARDED = NO_STORE | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
}


class Gate:
    """An ASGI middleware. Who is not of the class gets to the join page, whatever page was asked for."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        answer = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if answer is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4403})  # before it is accepted: HTTP 403
        else:
            await answer(scope, receive, send)

    def _refusal(self, scope) -> Response | None:
        path = scope["path"]
        if path.startswith(OPEN_TO_ALL):  # Streamlit's own: the router asks once more who is there
            return None
        cookies = HTTPConnection(scope).cookies
        if is_of_the_class(cookies):
            return None
        if path.startswith(FOR_THE_CLASS) or scope["type"] == "websocket":
            return PlainTextResponse(_("This is for the class alone. Join it first."), status_code=403)
        if scope["method"] != "GET" or path.rsplit("/", 1)[-1].count("."):  # a file of the front end
            return None
        wanted = path.lstrip("/") + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else "")
        return RedirectResponse(f"/class/join?to={quote(wanted, safe='')}", status_code=303, headers=NO_STORE)


def is_of_the_class(cookies) -> bool:
    store = class_mode.store()
    return (
        roster.person_of(store, cookies.get(class_mode.STUDENT)) is not None
        or roster.is_teacher(store, cookies.get(class_mode.TEACHER))
    )  # fmt: skip


def join_form(request: Request) -> Response:
    """The door. A link says what to fill in, and where to go afterwards."""
    request.session.setdefault("class_guest", secrets.token_hex(8))  # who tries again from this browser
    asked = request.query_params
    return _page(asked.get("code", "")[:20], "", asked.get("to", "")[: lead.LONGEST_LINK])


async def join(request: Request) -> Response:
    """Let in who has the code; the limit is on wrong codes alone, of a browser and of an address."""
    form = await _form(request)
    code, nickname, to = (form.get(name, "") for name in ("code", "nickname", "to"))
    if not same_origin(request):
        return _page(code, nickname, to, _("The form came from another web site. Open the address of the class."), 403)
    if _is_blocked(request):
        return _page(code, nickname, to, _("Too many wrong codes. Wait a minute, then try again."), 429)
    try:
        token = await asyncio.to_thread(roster.join, class_mode.store(), code, nickname)
    except RecsysEduError as error:
        if isinstance(error, roster.WrongCodeError):
            _missed(request)
        return _page(code, nickname, to, str(error), 403)
    return _let_in(request, class_mode.STUDENT, token, _inside(to))


async def teacher(request: Request) -> Response:
    if _is_blocked(request):
        return PlainTextResponse(_("Too many wrong links. Wait a minute, then try again."), 429)
    token = await asyncio.to_thread(roster.enter_as_teacher, class_mode.store(), request.path_params["secret"])
    if token is None:
        _missed(request)
        said = _("This is not the teacher's link of this start. The terminal of the studio shows it.")
        return PlainTextResponse(said, 403, headers=NO_STORE)
    return _let_in(request, class_mode.TEACHER, token, "/teacher")


async def go(request: Request) -> Response:
    """To where the teacher's link leads; what was followed is not offered again."""
    store, now = class_mode.store(), class_mode.led()
    person = roster.person_of(store, request.cookies.get(class_mode.STUDENT))
    if now is None or now.link is None:
        return RedirectResponse("/", 303, headers=NO_STORE)
    if person is not None:
        await asyncio.to_thread(roster.follow, store, person.id, now.link_number)
    return RedirectResponse(f"/{now.link}", 303, headers=NO_STORE)


async def _form(request: Request) -> dict[str, str]:
    """The fields of the form; a longer body is cut, so that nobody fills the memory."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            break
    fields = parse_qs(body[:MOST_BYTES].decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _limits(request: Request) -> list[tuple[Limiter, str]]:
    address = request.client.host if request.client else ""
    guest = request.session.get("class_guest")
    return [(BY_ADDRESS, address)] + ([(BY_BROWSER, guest)] if guest else [])


def _is_blocked(request: Request) -> bool:
    return any(limiter.blocks(key) for limiter, key in _limits(request))


def _missed(request: Request) -> None:
    for limiter, key in _limits(request):
        limiter.miss(key)


def _inside(to: str) -> str:
    """A path of this server, whatever the form says."""
    parts = urlsplit(to.replace("\\", "/")[: lead.LONGEST_LINK]) if to.isprintable() else urlsplit("")
    return f"/{parts.path.lstrip('/')}" + (f"?{parts.query}" if parts.query else "")


def _let_in(request: Request, cookie: str, token: str, to: str) -> Response:
    answer = RedirectResponse(to, 303, headers=NO_STORE)
    is_secure = request.url.scheme == "https"
    answer.set_cookie(cookie, token, max_age=A_MONTH, httponly=True, samesite="lax", secure=is_secure)
    return answer


def _page(code: str, nickname: str, to: str, problem: str = "", status: int = 200) -> Response:
    now = class_mode.led()
    words = {
        "title": now.name if now else _("No class"),
        "head": _("Join the class"),
        "intro": _("Your teacher shows the code. Nickname and answers stay on the teacher's computer."),
        "code_label": _("Join code"), "code": code,
        "nickname_label": _("Nickname, as all will see it"), "nickname": nickname,
        "longest": str(roster.LONGEST_NAME), "to": to, "button": _("Join"), "problem": problem,
    }  # fmt: skip
    text = JOIN_PAGE.format_map({name: html.escape(word) for name, word in words.items()})
    return HTMLResponse(text, status, headers=GUARDED)


ROUTES = [
    Route("/class/join", join_form, methods=["GET"]),
    Route("/class/join", join, methods=["POST"]),
    Route("/class/go/{number:int}", go, methods=["GET"]),
    Route("/class/teacher/{secret}", teacher, methods=["GET"]),
]
MIDDLEWARE = [Middleware(Gate)]
