"""What the teacher leads reaches all pages, and costs them nothing while nothing changes."""

import pytest

from recsys_edu.classroom import lead, votes
from recsys_edu.errors import SettingsError

PAGES = ["", "map", "you"]


def test_each_thing_that_the_teacher_does_is_seen(store):
    first = lead.now(store)
    assert (first.name, first.locked, first.solutions, first.link, first.vote) == ("7c", False, True, None, None)
    assert lead.push(store, "http://localhost:8501/map?kind=pca&epoch=3#x", PAGES) == 1
    lead.set_locked(store, True)
    lead.set_solutions(store, False)
    seen = lead.now(store)
    assert (seen.link, seen.link_page, seen.link_number) == ("map?kind=pca&epoch=3", "map", 1)
    assert (seen.locked, seen.solutions) == (True, False)
    assert seen.version > first.version
    assert lead.push(store, "/?model=mf", PAGES) == 2
    assert (lead.now(store).link, lead.now(store).link_page) == ("?model=mf", "")


def test_a_page_that_looks_again_reads_one_row_by_its_key(store):
    lead.now(store)
    asked = []
    store._connection.set_trace_callback(asked.append)
    same = [lead.now(store) for _look in range(5)]
    store._connection.set_trace_callback(None)
    assert asked == ["SELECT version, board FROM class WHERE id = 1"] * 5
    assert all(seen is same[0] for seen in same)
    (plan,) = store.read(f"EXPLAIN QUERY PLAN {asked[0]}")
    assert "USING INTEGER PRIMARY KEY" in plan[-1]


@pytest.mark.parametrize(
    "link",
    ["http://localhost/nowhere", "javascript:alert(1)", "//evil.example/elsewhere", "map\\..\\x", "../map", "map\nx",
     "http://[", "map?" + "x" * 3000, "class/teacher/guess"],
)  # fmt: skip
def test_a_link_that_leads_out_of_the_studio_gets_a_sentence(store, link):
    with pytest.raises(SettingsError):
        lead.push(store, link, PAGES)
    assert lead.now(store).link is None


def test_a_link_to_another_host_opens_the_page_here(store):
    lead.push(store, "https://evil.example/map?a=1", PAGES)
    assert lead.now(store).link == "map?a=1"


def test_one_answer_a_person_that_can_be_changed_until_the_vote_is_closed(store, join):
    ada, bob = join("Ada"), join("Bob")
    votes.ask(store, "What  will\nhappen?", ["up", "down"])
    vote = lead.now(store).vote
    assert (vote.question, vote.options, vote.open) == ("What will happen?", ("up", "down"), True)
    votes.answer(store, vote, ada.id, 0)
    votes.answer(store, vote, bob.id, 1)
    votes.answer(store, vote, ada.id, 1)
    assert votes.answers(store, vote) == [1, 1]
    assert votes.answer_of(store, vote, ada.id) == 1
    for wrong in (2, -1, 0.5, float("nan")):
        with pytest.raises(SettingsError):
            votes.answer(store, vote, ada.id, wrong)
    votes.close(store, show=True)
    shown = lead.now(store).vote
    assert (shown.open, shown.shown) == (False, True)
    with pytest.raises(SettingsError, match="closed"):
        votes.answer(store, vote, ada.id, 0)
    votes.close(store, show=False)
    assert lead.now(store).vote is None
    assert votes.last(store).id == vote.id


def test_a_vote_for_a_number_takes_numbers(store, join):
    votes.ask(store, "RMSE?")
    vote = lead.now(store).vote
    votes.answer(store, vote, join("Ada").id, 0.91)
    for wrong in (float("inf"), float("nan"), 1e30):
        with pytest.raises(SettingsError):
            votes.answer(store, vote, 1, wrong)
    assert votes.answers(store, vote) == [0.91]


@pytest.mark.parametrize(
    ("question", "options"),
    [("", ["a", "b"]), ("q" * 201, []), ("q", ["a"]), ("q", ["a", "a"]), ("q", list("abcdef")), ("q", ["a", "b" * 61])],
)
def test_a_vote_that_nobody_could_answer_gets_a_sentence(store, question, options):
    with pytest.raises(SettingsError):
        votes.ask(store, question, options)
    assert lead.now(store).vote is None


def test_a_new_question_closes_the_one_before(store, join):
    votes.ask(store, "one", ["a", "b"])
    first = lead.now(store).vote
    votes.ask(store, "two", ["a", "b"])
    assert lead.now(store).vote.question == "two"
    with pytest.raises(SettingsError, match="closed"):
        votes.answer(store, first, join("Ada").id, 0)
