"""The book: all chapters, on pages that open without a network and without a kernel."""

import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from recsys_edu import cli
from recsys_edu.book import build, pages, running
from recsys_edu.errors import RecsysEduError

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def book(executed, tmp_path_factory):
    """The folder of a book made of the chapters as they run in this session."""
    out = tmp_path_factory.mktemp("book") / "html"
    build.write({path: executed(path).notebook for path in running.chapters()}, out)
    return out


def test_every_chapter_is_a_page_and_the_first_page_leads_there(book):
    first = (book / "index.html").read_text(encoding="utf-8")
    for path in running.chapters():
        assert (book / f"{path.stem}.html").exists()
        assert f'href="{path.stem}.html"' in first


def test_no_page_asks_the_network_for_anything(book):
    for page in book.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        asked = re.findall(r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"(?:https?:)?//[^\"]+\"", text)
        assert not asked, page.name


@pytest.mark.browser
def test_a_page_shows_pictures_and_formulas_offline(book, browser):
    context = browser.new_context(offline=True)
    page = context.new_page()
    failed, errors = [], []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for path in running.chapters():
        page.goto((book / f"{path.stem}.html").as_uri())
        places = page.locator(".course-figure")
        assert places.count() > 0
        for k in range(places.count()):
            places.nth(k).scroll_into_view_if_needed()
            places.nth(k).locator(".main-svg").first.wait_for()
        formula = page.locator(".math").first
        formula.locator("svg").first.wait_for()
        assert page.locator("mjx-merror").count() == 0  # no formula that MathJax cannot read
    context.close()
    assert not failed
    assert not errors


def test_a_picture_is_data_that_cannot_leave_its_script():
    html = pages.picture({"data": [{"text": HOSTILE}], "layout": {"title": {"text": HOSTILE}, "height": 300}}, "f")
    assert html.count("<script") == html.count("</script>") == 1
    assert "<img" not in html
    assert "height: 300px" in html
    content = re.search(r"<script[^>]*>(.*)</script>", html)[1]
    assert json.loads(content)["data"][0]["text"] == HOSTILE


def test_a_widget_gives_way_to_what_stands_in_for_it():
    data = {pages.WIDGET: {"model_id": "m"}, "text/html": "<ol><li>a choice</li></ol>", "text/plain": "VBox()"}
    drawn = {pages.WIDGET: {"model_id": "m"}, pages.PLOTLY: {"data": [], "layout": {}}}
    outputs = [new_output("display_data", data=data), new_output("display_data", data=drawn)]
    notebook = new_notebook(cells=[new_code_cell("quiz()", outputs=outputs)])
    quiz, figure = pages.still(notebook, "01").cells[0].outputs
    assert quiz.data == {"text/html": "<ol><li>a choice</li></ol>"}
    assert list(figure.data) == ["text/html"]
    assert pages.WIDGET in notebook.cells[0].outputs[0].data  # the notebook stays as it was


def test_a_folder_that_is_no_book_stays(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(RecsysEduError, match="no book of ours"):
        build.write({}, tmp_path)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def small(path, code):
    cells = [new_markdown_cell("# Chapter 1: small"), new_code_cell(code, id="ch01-cell")]
    nbformat.write(new_notebook(cells=cells), path)


def test_a_cell_that_fails_is_named_and_the_old_book_stays(tmp_path, monkeypatch, capsys):
    chapter = tmp_path / "01_small.ipynb"
    monkeypatch.setattr(running, "CHAPTERS", tmp_path)
    out = tmp_path / "out"
    small(chapter, "print('σ')")
    assert cli.main(["book", "--out", str(out), "--no-browser"]) == 0
    assert "σ" in (out / "01_small.html").read_text(encoding="utf-8")
    small(chapter, "1 / 0")
    assert cli.main(["book", "--out", str(out), "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert "01_small.ipynb, cell ch01-cell" in said
    assert "ZeroDivisionError" in said
    assert "Traceback" not in said
    assert "σ" in (out / "01_small.html").read_text(encoding="utf-8")
