"""A reader's own CSV in a real Chromium: sent, reported, used, forgotten; what is in it is text."""

import os
import re

import pytest
from playwright.sync_api import expect

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


@pytest.mark.browser
def test_a_file_is_sent_reported_used_and_forgotten(browser, studio):
    page = browser.new_page()
    page.goto(f"{studio.url}?data=planted&epochs=2")
    page.get_by_role("button", name="Your own ratings…").click()
    send(page, "x.csv", b"\x80\x04\x95cos\nsystem\n")
    expect(page.get_by_text("this is not UTF-8")).to_be_visible(timeout=30_000)
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
