"""The doors of a class, without Streamlit behind them: who gets in, and who gets what."""

import warnings

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from recsys_edu.classroom import lead, roster
from recsys_edu.classroom.keys import Limiter
from recsys_edu.classroom.store import open_class
from recsys_edu.studio import class_mode, class_routes

with warnings.catch_warnings():  # it would like the successor of httpx better
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HOSTILE = '"><img src=x onerror=1>'


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_CLASS", str(tmp_path / "class.sqlite"))
    made = class_mode.store()
    made.code, made.secret = open_class(made, "<i>7c</i>")
    monkeypatch.setattr(class_routes, "BY_BROWSER", Limiter(5, 60))
    monkeypatch.setattr(class_routes, "BY_ADDRESS", Limiter(30, 60))
    yield made
    made.close()
    class_mode._store.cache_clear()


@pytest.fixture
def browser_of(store):
    """browser_of(): somebody's browser, before the doors and two pages."""

    async def page(request):
        return PlainTextResponse(f"page {request.url.path}")

    async def socket(websocket):
        await websocket.accept()
        await websocket.close()

    routes = [*class_routes.ROUTES, WebSocketRoute("/live/{token}", socket), Route("/{path:path}", page)]
    middleware = [*class_routes.MIDDLEWARE, Middleware(SessionMiddleware, secret_key="of a test")]
    app = Starlette(routes=routes, middleware=middleware)
    return lambda: TestClient(app, base_url="http://school:8501", follow_redirects=False)


def join(browser, code, nickname, to="", **headers):
    form = {"code": code, "nickname": nickname, "to": to}
    return browser.post("/class/join", data=form, headers=headers)


def test_every_page_leads_to_the_door_first_and_from_there_to_what_was_asked_for(store, browser_of):
    browser = browser_of()
    for path in ("/", "/map?kind=pca", "/teacher", "/class-challenge"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"][:14]) == (303, "/class/join?to")
    door = browser.get(browser.get("/map?kind=pca&a=1").headers["location"])
    assert 'name="to" value="map?kind=pca&amp;a=1"' in door.text
    answer = join(browser, store.code, "Ada", "map?kind=pca&a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/map?kind=pca&a=1")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert browser.get("/map").text == "page /map"
    assert [person.nickname for person in roster.people(store)] == ["Ada"]


def test_nothing_of_a_run_is_told_to_who_is_not_in_the_class(store, browser_of):
    outside, inside = browser_of(), browser_of()
    join(inside, store.code, "Ada")
    assert outside.get("/live/abc/items.json").status_code == 403
    assert inside.get("/live/abc/items.json").status_code == 200
    with pytest.raises(WebSocketDisconnect), outside.websocket_connect("ws://school:8501/live/abc"):
        pass
    with inside.websocket_connect("ws://school:8501/live/abc"):
        pass


def test_who_left_stands_before_the_door_again(store, browser_of):
    browser = browser_of()
    join(browser, store.code, "Ada")
    roster.leave(store, roster.people(store)[0].id)
    assert browser.get("/map").status_code == 303


def test_a_guesser_is_heard_no_more_though_the_next_guess_be_right(store, browser_of):
    guesser, classmate = browser_of(), browser_of()
    guesser.get("/class/join")
    answers = [join(guesser, "222222", "Eve") for _try in range(5)]
    assert {answer.status_code for answer in answers} == {403}
    blocked = join(guesser, store.code, "Eve")
    assert (blocked.status_code, "Wait a minute" in blocked.text) == (429, True)
    assert join(classmate, store.code, "Ada").status_code == 303


def test_a_guesser_who_forgets_the_cookies_is_stopped_by_the_address(store, browser_of):
    for _try in range(30):
        assert join(browser_of(), "222222", "Eve").status_code == 403
    assert join(browser_of(), store.code, "Eve").status_code == 429
    assert browser_of().get(f"/class/teacher/{store.secret}").status_code == 429
    assert roster.people(store) == []


def test_a_wrong_nickname_costs_no_try(store, browser_of):
    browser = browser_of()
    browser.get("/class/join")
    for _try in range(8):
        assert "at least one letter" in join(browser, store.code, " ").text
    assert join(browser, store.code, "Ada").status_code == 303


def test_whatever_is_typed_is_shown_as_text(store, browser_of):
    browser = browser_of()
    answer = join(browser, HOSTILE, HOSTILE, HOSTILE)
    assert "<img" not in answer.text
    assert "&quot;&gt;&lt;img src=x onerror=1&gt;" in answer.text
    assert "<h1>&lt;i&gt;7c&lt;/i&gt;</h1>" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script" not in answer.text.lower().replace("<!doctype", "")


@pytest.mark.parametrize(
    "to", ["//evil.example/x", "https://evil.example/x", "\\\\evil.example", "/\\evil.example", "http:evil.example"]
)
def test_the_door_never_leads_to_another_web_site(store, browser_of, to):
    location = join(browser_of(), store.code, "Ada", to).headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_another_web_site_cannot_send_the_form(store, browser_of):
    assert join(browser_of(), store.code, "Ada", origin="http://evil.example").status_code == 403
    assert join(browser_of(), store.code, "Ada", origin="http://school:8501").status_code == 303


def test_a_form_of_a_megabyte_is_cut(store, browser_of):
    answer = join(browser_of(), "x" * 2**20, "Ada")
    assert answer.status_code == 403
    assert len(answer.text) < 10_000


def test_only_the_secret_makes_a_teacher(store, browser_of):
    student, teacher = browser_of(), browser_of()
    join(student, store.code, "Ada")
    token = student.cookies[class_mode.STUDENT]
    for guess in (token, store.code, "x" * 3000):
        assert student.get(f"/class/teacher/{guess}").status_code == 403
    assert class_mode.TEACHER not in student.cookies
    forged = browser_of()
    forged.cookies.set(class_mode.TEACHER, token)
    assert forged.get("/teacher").status_code == 303
    answer = teacher.get(f"/class/teacher/{store.secret}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/teacher")
    assert roster.is_teacher(store, teacher.cookies[class_mode.TEACHER])


def test_the_teachers_link_is_noted_as_followed(store, browser_of):
    browser = browser_of()
    join(browser, store.code, "Ada")
    assert browser.get("/class/go/1").headers["location"] == "/"
    number = lead.push(store, "map?kind=pca", ["map"])
    assert browser.get(f"/class/go/{number}").headers["location"] == "/map?kind=pca"
    assert roster.people(store)[0].followed == number
