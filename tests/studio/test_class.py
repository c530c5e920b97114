"""The studio of a class: what a student sees of it, what only the teacher does, and two browsers side by side."""

import re
import subprocess
import sys

import numpy as np
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from recsys_edu import challenge, models
from recsys_edu.classroom import archive, board, lead, roster, votes
from recsys_edu.classroom.store import Store, open_class
from recsys_edu.data import random_split
from recsys_edu.errors import DataError
from recsys_edu.recommend import top_n
from recsys_edu.studio import class_figures, class_files, class_mode, class_switch, class_work
from recsys_edu.studio.screens.class_card import as_text
from recsys_edu.studio.slices import RunSpec
from tests.studio.conftest import ROOT, Studio, wait_for

HOSTILE = "<img src=x onerror=window.hacked=1>"


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A class in this process; `store.be(token)` says whose browser it is."""
    monkeypatch.setenv(class_switch.SWITCH, "1")
    monkeypatch.setenv("RECSYS_EDU_CLASS", str(tmp_path / "class.sqlite"))
    made, cookies = class_mode.store(), {}
    made.code, made.secret = open_class(made, "7c")
    made.be = cookies.update
    monkeypatch.setattr(class_mode, "cookies", lambda: cookies)
    yield made
    made.close()
    class_mode._store.cache_clear()


def shown(screen):
    """The page that calls this, as Streamlit runs it."""
    return AppTest.from_function(screen, default_timeout=30).run()


def teacher_page():
    from recsys_edu.studio.screens import class_teacher

    class_teacher.page()


def push_break_it():
    from recsys_edu.studio.screens import class_frame

    class_frame._push_this("break-it", ["break-it"])


def card():
    from recsys_edu.studio import class_mode
    from recsys_edu.studio.screens import class_card

    class_card.card(class_mode.led(), class_mode.student())


def report():
    from recsys_edu.clinic.diagnosis import Diagnosis, Findings
    from recsys_edu.studio.screens import break_it

    findings = Findings(False, None, None, None, None, 0.0, 1.0, 0.0, None, 0.0)
    diagnosis = Diagnosis("explodes", "It rose.", "Its steps are too long.", "Take shorter ones.")
    break_it._report("learning_rate", None, [1.0, None], findings, diagnosis)


def texts(page):
    return [part.value for kind in ("text", "markdown", "info", "header", "caption") for part in page.get(kind)]


def test_outside_a_class_nothing_of_it_is_loaded():
    code = "import app, sys; assert not [m for m in sys.modules if 'classroom' in m or 'class_m' in m], sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_a_student_finds_a_sentence_where_the_teachers_page_is(store):
    store.be({class_mode.STUDENT: roster.join(store, store.code, "Ada")})
    page = shown(teacher_page)
    assert not page.exception
    assert [info.value for info in page.info] == [
        "This page is the teacher's. The terminal of the studio shows the link that opens it."
    ]
    assert not [*page.toggle, *page.button, *page.text_input]
    assert store.code not in str(texts(page))


def test_the_teacher_sees_the_way_in_and_leads(store):
    store.be({class_mode.TEACHER: roster.enter_as_teacher(store, store.secret)})
    page = shown(teacher_page)
    assert not page.exception
    assert store.code in [title.value for title in page.title]
    next(toggle for toggle in page.toggle if toggle.label == "Lock step").set_value(True).run()
    next(toggle for toggle in page.toggle if toggle.label == "Show solutions").set_value(False).run()
    assert (lead.now(store).locked, lead.now(store).solutions) == (True, False)


def test_a_teacher_who_shows_a_page_shows_neither_a_guess_nor_what_came_of_it(store):
    page = AppTest.from_function(push_break_it, default_timeout=30)
    for name, value in {"mistake": "popularity", "guess": "same", "ran": "True"}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    assert lead.now(store).link == "break-it?mistake=popularity"


def test_a_vote_is_answered_changed_and_shown_as_text(store):
    store.be({class_mode.STUDENT: roster.join(store, store.code, "Ada")})
    votes.ask(store, HOSTILE, ["**up**", ":red[down]"])
    page = shown(card)
    assert not page.exception
    assert HOSTILE in [text.value for text in page.text]
    assert page.radio[0].options == [r"\*\*up\*\*", r"\:red\[down\]"]
    page.radio[0].set_value(1).run()
    assert votes.answers(store, lead.now(store).vote) == [1]
    page.radio[0].set_value(0).run()
    assert votes.answers(store, lead.now(store).vote) == [0]
    vote = lead.now(store).vote
    votes.close(store, show=True)
    page.radio[0].set_value(1).run()  # a click that comes too late
    assert votes.answers(store, vote) == [0]
    assert not page.exception
    assert "1 answers" in str(texts(page))


def test_a_reload_brings_the_own_answer_back(store):
    store.be({class_mode.STUDENT: roster.join(store, store.code, "Ada")})
    votes.ask(store, "RMSE?")
    votes.answer(store, lead.now(store).vote, 1, 0.91)
    assert shown(card).number_input[0].value == 0.91


def test_solutions_stay_hidden_until_the_teacher_shows_them(store):
    student = roster.join(store, store.code, "Ada")
    lead.set_solutions(store, False)
    store.be({class_mode.STUDENT: student})
    page = shown(report)
    assert not page.exception
    assert "It rose." in texts(page)
    assert not page.code
    assert "Take shorter ones." not in texts(page)
    lead.set_solutions(store, True)
    assert "Take shorter ones." in texts(shown(report))
    lead.set_solutions(store, False)
    store.be({class_mode.TEACHER: roster.enter_as_teacher(store, store.secret)})
    assert "Take shorter ones." in texts(shown(report))


def test_the_histogram_counts_options_and_numbers():
    by_option = class_figures.vote_figure(votes.Vote(1, "q", ("<b>a</b>", "b", "c"), False, True), [0, 0, 2], own=2)
    (bars,) = by_option["data"]
    assert (bars["x"], bars["y"]) == (["&lt;b&gt;a&lt;/b&gt;", "b", "c"], [2, 0, 1])
    assert bars["marker"]["opacity"] == [0.45, 0.45, 1.0]
    number = votes.Vote(1, "q", (), False, True)
    (few,) = class_figures.vote_figure(number, [0.9, 0.9, 1.5])["data"]
    assert (few["x"], few["y"]) == (["0.9", "1.5"], [2, 1])
    (many,) = class_figures.vote_figure(number, [float(n) for n in range(40)], own=39.0)["data"]
    assert (sum(many["y"]), len(many["y"])) == (40, class_figures.MOST_BARS)
    assert many["marker"]["opacity"][-1] == 1.0
    assert class_figures.vote_figure(number, [])["data"][0]["y"] == []


def test_markdown_in_a_text_says_what_it_says():
    assert as_text("a*b_c`$x$ [l](u) :red[x]!") == r"a\*b\_c\`\$x\$ \[l\]\(u\) \:red\[x\]\!"


def test_a_worker_makes_a_runs_lists_from_what_is_published(workers, planted):
    settings = models.default_settings("mf", embedding_dim=4, epochs=1)
    run = workers.open("a session", RunSpec("planted", "random", settings), len(random_split(planted).train), 7)
    workers.train(run)
    wait_for(lambda: not run.working)
    made = workers.submit(run, class_work.lists, run.spec, run.state, np.array([3, 7]), 10).result(60)
    seen, scores = planted.seen(), run.scores
    workers.close(run)
    assert run.scored_user == 7
    np.testing.assert_array_equal(made[1], top_n(scores[None], seen[[7]], 10)[0])
    assert not seen[[[3], [7]], made].any()  # nor what the run's own split held out


# --- Two browsers ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def school(workers, tmp_path_factory):
    """A studio of a class, on the workers of all tests."""
    folder = tmp_path_factory.mktemp("school")
    path = folder / "class.sqlite"
    store = Store(path)
    store.code, store.secret = open_class(store, "7c")
    environment = {class_switch.SWITCH: "1", "RECSYS_EDU_CLASS": str(path), "RECSYS_EDU_RUNS": str(folder / "r")}
    running = Studio(RECSYS_EDU_SCHEDULER=workers.address, **environment)
    running.store = store
    wait_for(running.warm, 60)
    yield running
    running.close()
    archive.erase(store)


@pytest.mark.browser
def test_a_class_from_the_door_to_the_board(browser, school):
    store, teacher, student = school.store, browser.new_context().new_page(), browser.new_context().new_page()
    errors = []
    for page in (teacher, student):
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    student.goto(f"{school.url}/world")
    student.get_by_label("Join code").fill(store.code)
    student.get_by_label("Nickname").fill(HOSTILE[:24])
    student.get_by_role("button").click()
    expect(student).to_have_url(re.compile("/world"))
    expect(student.get_by_text(f"{HOSTILE[:24]} · 7c")).to_be_visible()
    student.goto(f"{school.url}/class-challenge")  # a reload keeps who one is
    expect(student.get_by_text("has not opened a challenge")).to_be_visible()

    # The teacher: a link for all, a vote, lock step.
    teacher.goto(f"{school.url}/class/teacher/{store.secret}")
    assert store.secret not in teacher.url
    teacher.get_by_role("textbox", name="Link for all").fill("/world")
    teacher.get_by_role("button", name="Show to all", exact=True).click()
    student.get_by_role("link", name="Go").click()
    expect(student).to_have_url(re.compile("/world"))
    teacher.get_by_text("Vote", exact=True).click()
    votes.ask(store, "What happens?", ["It falls", "It explodes"])
    student.get_by_text("It explodes").click()
    expect(student.get_by_text("Your answer is in.")).to_be_visible()
    teacher.get_by_text("Who is where").click()
    expect(teacher.get_by_role("rowheader", name=HOSTILE[:24])).to_be_visible()
    expect(teacher.get_by_role("cell", name="World")).to_be_visible()
    teacher.get_by_text("Vote", exact=True).click()
    expect(teacher.get_by_text("1 answers · Open")).to_be_visible()
    bars = "document.querySelector('.js-plotly-plot')?.data?.[0].y.join()"
    teacher.wait_for_function(f"{bars} === '0,1'")
    student.get_by_text("It falls").click()
    teacher.wait_for_function(f"{bars} === '1,0'")
    teacher.get_by_role("button", name="Close and show to all").click()
    expect(student.get_by_text("Yours stands out.")).to_be_visible()

    # The challenge: a run, one click, and the board.
    contest = board.open_contest(store, "planted")
    lead.push(store, "class-challenge", ["class-challenge"])
    lead.set_locked(store, True)
    expect(student).to_have_url(re.compile("/class-challenge"))
    expect(student.get_by_role("link", name="Microscope")).to_have_count(0)
    student.get_by_role("button", name="Take the challenge's data").click()
    student.get_by_role("button", name="Train", exact=True).click()
    expect(student.get_by_text(re.compile("Finished"))).to_be_visible()
    student.get_by_role("button", name="Send this run").click()
    expect(student.get_by_text("Public score:")).to_be_visible()
    (row,) = board.leaderboard(store, contest)
    line = student.get_by_role("table", name="Leaderboard").get_by_role("row", name=re.compile("Matrix"))
    expect(line).to_contain_text(f"{row.public:.4f}")
    student.locator("input[type=file]").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": f"user_id,{HOSTILE}\n1,2\n".encode()}
    )
    student.get_by_role("button", name="Send this file").click()
    expect(student.get_by_text("the first line must be user_id")).to_be_visible()
    assert student.evaluate("window.hacked") is None
    assert errors == []


def test_what_anybody_may_ask_of_the_server_names_no_run(school):
    answer = school.status()
    assert answer["warm"] is True
    assert all(isinstance(value, bool | int | float) for value in answer.values()), answer
    assert "Join the class" in school.get("/live")  # no list of runs, but the door


def test_files_of_the_challenge_are_read_and_bounded(planted):
    task, _truth = challenge.make(planted)
    example = class_files.example(task)
    assert class_files.read(example, task).top.shape == (300, 10)
    with pytest.raises(DataError, match="more than"):
        class_files.read(b"x" * (class_files.MOST_BYTES + 1), task)
    for wrong in (b"", b"\x00" * 100, b"\xff\xfe", example[:-20], b"PK\x03\x04" + bytes(500)):
        with pytest.raises(DataError):
            class_files.read(wrong, task)
    published = class_files.published(task).decode().splitlines()
    assert published[0] == "user_id,item_id,rating,timestamp"
    assert len(published) == 1 + len(task.train)
