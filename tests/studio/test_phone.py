"""On a phone the open sidebar lies over the page: nothing of the page lies over the sidebar."""

import pytest
from playwright.sync_api import expect


@pytest.mark.browser
def test_the_open_sidebar_can_be_closed_and_the_tour_is_offered_beside_it(browser, studio):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{studio.url}/?data=planted")
    tour = page.get_by_role("button", name="Take the tour")
    expect(tour).to_be_visible(timeout=30_000)
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_label("Epochs", exact=True)).to_be_visible()
    expect(tour).to_be_hidden()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(tour).to_be_visible()
    page.close()
