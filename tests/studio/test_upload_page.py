"""A reader's own CSV in a real Chromium: sent, reported, used, forgotten; what is in it is text."""

import os
import re

import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu import uploads
from recsys_edu.models import default_settings
from recsys_edu.studio import slices
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import ROOT, wait_for

HOSTILE = "<img src=x onerror=window.hacked=1>"


def a_file(first_line="who,what,how,when,name,kinds"):
    rows = [
        f"u{u},i{i},{1 + (u * i + u) % 5},{1000 + u},{HOSTILE if i == 1 else f'Film **{i}**'},Action"
        for u in range(40)
        for i in range(12)
    ]
    return "\n".join([first_line, *rows, "u1,i1,two,1,x,Action"]).encode()


def send(page, name, data):
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})


@pytest.fixture
def upload():
    """An upload of this process that no test before has used."""
    columns = {"user": 0, "item": 1, "rating": 2, "title": 4}
    taken, text = uploads.read(a_file() + b"\nu0,i99,5,1,one more,", "mine", columns)
    uploads.keep(taken.name, text)
    yield taken
    uploads.forget(taken.name)
    forget_what_was_read()


def forget_what_was_read():
    for cache in (slices.split_of, slices.ratings_of):
        cache.cache_clear()


def test_a_worker_on_another_machine_is_handed_the_file(workers, upload, tmp_path, monkeypatch):
    text = uploads.text_of(upload.name)
    uploads.forget(upload.name)  # from the folder that this process and the workers share
    monkeypatch.setenv("RECSYS_EDU_UPLOADS", str(tmp_path))  # now this process alone has one
    uploads.keep(upload.name, text)
    run = workers.open("teacher", RunSpec(upload.name, "random", default_settings("mf", epochs=1)), 385)
    workers.train(run)
    wait_for(lambda: not run.working)
    assert run.mode == "finished", run.sentence
    monkeypatch.undo()
    assert uploads.find(upload.name)  # the workers have it in theirs
    workers.close(run)


def test_a_file_that_goes_takes_its_run_along_with_a_sentence(workers, upload):
    page = AppTest.from_file(str(ROOT / "recsys_edu" / "studio" / "router.py"), default_timeout=60)
    page.query_params["data"] = upload.name
    page.query_params["step"] = "1"
    page.run()
    run = workers.get(page.session_state["run"])
    assert run.spec.data == upload.name
    wait_for(lambda: run.step == 1 and not run.working)
    uploads.forget(upload.name)  # somebody else's newer files came
    forget_what_was_read()
    page.run()
    assert not page.exception
    assert page.session_state["data"] == slices.default_data()
    assert workers.get(run.token) is None
    assert "no longer on this server" in page.toast[0].value
    workers.close(workers.get(page.session_state["run"]))


@pytest.mark.browser
def test_a_file_is_sent_reported_used_and_forgotten(browser, studio):
    page = browser.new_page()
    page.goto(f"{studio.url}?data=planted&epochs=2")
    page.get_by_role("button", name="Your own ratings…").click()
    send(page, "x.csv", b"\x80\x04\x95cos\nsystem\n")
    expect(page.get_by_text("this is not UTF-8")).to_be_visible(timeout=30_000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    picture = "![x](http://elsewhere.invalid/x.png)"
    send(page, "y.csv", f"user,item,rating\n{picture},a,1\n{picture},b,2".encode())
    expect(page.get_by_text(f"one user only ({picture})")).to_be_visible(timeout=30_000)
    assert not [url for url in asked if "elsewhere" in url]
    send(page, "mine <b>.csv", a_file())
    expect(page.get_by_text("Say which column holds the user and the item and the rating.")).to_be_visible()
    for label, option in (("User", "1: who"), ("Item", "2: what"), ("Rating", "3: how"), ("Title", "5: name")):
        page.get_by_role("combobox", name=re.compile(f"^{label}|{label}$")).click()
        page.get_by_role("option", name=option, exact=True).click()
    expect(page.get_by_text("481 lines read. Ratings go from 1 to 5.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Use these ratings").click()
    expect(page).to_have_url(re.compile("data=upload-[0-9a-f]{32}"))
    expect(page.get_by_role("combobox", name="Data")).to_have_value("mine <b>")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("window.__filmMap?.n === 12", timeout=60_000)
    page.get_by_placeholder("Find a film by title").fill("img")
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    assert page.evaluate("window.hacked ?? null") is None
    assert len(os.listdir(os.environ["RECSYS_EDU_UPLOADS"])) == 1
    page.get_by_role("button", name="Forget my file").click()
    expect(page).not_to_have_url(re.compile("upload-"))
    assert os.listdir(os.environ["RECSYS_EDU_UPLOADS"]) == []
    page.close()


@pytest.mark.browser
def test_a_link_to_ratings_that_are_gone_says_so(browser, studio):
    page = browser.new_page()
    page.goto(f"{studio.url}?data=upload-{'0' * 32}&epochs=2")
    expect(page.get_by_text("makes no sense here")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled(timeout=30_000)
    page.close()
