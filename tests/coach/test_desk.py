"""The learner's side: what is said, what is kept, what happens to a broken file."""

import json

import numpy as np
import pytest

from recsys_edu import coach
from recsys_edu.coach import desk, records
from recsys_edu.coach.exercise import Choice, Exercise, Question, Wrong, call, expect, expect_array
from recsys_edu.errors import SettingsError


def _check(answer):
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    total = expect_array(call(answer, x), (2,), "One sum a row is asked for.")
    expect(np.allclose(total, [3, 8]), "The sums are not those of the rows: which axis is summed away?")


EXERCISE = Exercise(
    "77.1",
    "Write the function that sums each row.",
    _check,
    ("Think of the shape of the result.", "Which axis disappears?", "The axis of length d is axis 1."),
    "answer = lambda x: x.sum(axis=1)",
    "One number a row.",
)
QUESTION = Question(
    "77.q1",
    "What is <b>σ(0)</b>?",
    (Choice("0", "That is what ReLU gives."), Choice("1/2", "Yes: 1 / (1 + 1).", right=True)),
)


@pytest.fixture(autouse=True)
def said(monkeypatch, tmp_path):
    """A chapter 77, a progress file of its own, and everything that reaches the screen."""
    shown = []
    monkeypatch.setenv("RECSYS_EDU_PROGRESS", str(tmp_path / "folder" / "progress.json"))
    monkeypatch.setattr(desk, "chapters", lambda: ["77"])
    monkeypatch.setattr(desk, "_entries", lambda chapter: [EXERCISE, QUESTION] if chapter == "77" else [])

    def display(thing, raw=False):
        shown.append(thing if raw else thing.data)

    monkeypatch.setattr("IPython.display.display", display)
    return shown


def test_a_learner_goes_from_the_stub_to_the_solution(said):
    coach.check("77.1", ...)
    coach.check("77.1", lambda x: x.sum(axis=0))
    coach.check("77.1", lambda x: x.sum())
    coach.check("77.1", lambda x: x.sum(axis=1))
    words = ["not started", "which axis is summed away", "expected", "right"]
    assert [word in text for word, text in zip(words, said, strict=True)] == [True] * 4
    assert "hint('77.1')" not in said[1]
    assert "hint('77.1')" in said[2]  # offered after the second try
    assert records.read()["77.1"] == {"tries": 2, "solved": True}


def test_hints_come_one_after_the_other_and_then_the_solution(said):
    for _ in range(4):
        coach.hint("77.1")
    assert [next(k for k, hint in enumerate(EXERCISE.hints) if hint in text) for text in said] == [0, 1, 2, 2]
    coach.solution("77.1")
    assert "x.sum(axis=1)" in said[-1]
    assert "expect_array" not in said[-1]
    coach.check("77.1", lambda x: x.sum(1))
    coach.progress()
    assert "solved, after the solution" in said[-1]
    with pytest.raises(SettingsError, match="1 to 3, not 4"):
        coach.hint("77.1", 4)


def test_a_quiz_answers_each_choice_and_is_text_not_html(said):
    coach.quiz("77.q1", 1)
    coach.quiz("77.q1", 2)
    assert "No." in said[0]
    assert "That is what ReLU gives" in said[0]
    assert "Right." in said[1]
    coach.quiz("77.q1")
    bundle = said[-1]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"].count("<details>") == 2
    with pytest.raises(SettingsError, match="choices 1 to 2, not 3"):
        coach.quiz("77.q1", 3)


def test_a_click_is_an_answer(said):
    import ipywidgets

    coach.quiz("77.q1")
    view = said[-1]["application/vnd.jupyter.widget-view+json"]["model_id"]
    box = ipywidgets.Widget._instances[view] if hasattr(ipywidgets.Widget, "_instances") else None
    box = box or ipywidgets.widgets.widget._instances[view]
    wrong, right, feedback = box.children
    wrong.click()
    assert "ReLU" in feedback.value
    right.click()
    assert "1 / (1 + 1)" in feedback.value
    assert records.read()["77.q1"]["solved"] is True


def test_a_guess_is_kept_until_the_outcome(said):
    coach.predict("77.p1", "Which is larger?", ["this", "that"], choice=2)
    coach.reveal("77.p1", "this")
    assert "You guessed: that" in said[-1]
    coach.predict("77.p1", "Which is larger?", ["this", "that"], choice=1)
    coach.reveal("77.p1", "this")
    assert "as you guessed" in said[-1]
    coach.reveal("77.p2", "this")
    assert "No guess was made" in said[-1]


def test_a_broken_file_or_folder_does_not_stop_the_lesson(said):
    records.path().parent.mkdir()
    records.path().write_text("{broken", encoding="utf-8")
    coach.check("77.1", lambda x: x.sum(axis=1))
    assert json.loads(records.path().read_text(encoding="utf-8")) == {"77.1": {"solved": True}}
    records.path().unlink()
    records.path().mkdir()
    coach.check("77.1", lambda x: x.sum(axis=1))
    assert "right" in said[-1]


def test_what_a_learners_function_can_do_wrong_is_said():
    for function, part in [
        (3, "Give the function itself"),
        (lambda x: 1 / 0, "raised ZeroDivisionError"),
        (lambda x: x.fill(0), "changes the array"),
        (lambda x: None, "Is the `return` missing"),
    ]:
        with pytest.raises(Wrong, match=part):
            call(function, np.ones(2))


@pytest.mark.parametrize(
    "array",
    [
        np.array(["Alien", "Brazil"]),
        np.array(["Alien", None, float("nan")], dtype=object),
        np.array([1.0, np.nan]),
        np.array(["2026-11-24", "NaT"], dtype="datetime64[D]"),
        np.array([True, False]),
        np.zeros((0, 3)),
    ],
    ids=lambda array: str(array.dtype),
)
def test_a_function_may_be_given_arrays_of_any_type(array):
    def changes(x):
        x[...] = x[::-1].copy()
        return len(x)

    assert call(len, array) == len(array)
    if len(array):
        with pytest.raises(Wrong, match="changes the array"):
            call(changes, array)


def test_a_function_that_changes_a_shape_changes_the_array():
    with pytest.raises(Wrong, match="changes the array"):
        call(lambda x: setattr(x, "shape", (4, 1)) or x.sum(), np.ones((2, 2)))


def test_an_unknown_exercise_is_answered_with_those_there_are():
    with pytest.raises(SettingsError, match=r"no exercise '77\.9'\. Chapter 77 has: 77\.1\."):
        coach.check("77.9", 1)
    with pytest.raises(SettingsError, match="There is no chapter '8'"):
        coach.hint("8.1")
