"""Every exercise of every chapter: its solution passes, its stub is not started, typical wrong answers are understood.

The wrong answers of a chapter stand in tests/coach/wrong_answers/chapter_N.py: WRONG[id] is a list of (code that
defines `answer`, a part of the message that this thought should get)."""

import importlib

import pytest

from recsys_edu.coach import desk
from recsys_edu.coach.exercise import NotStarted, Wrong

EXERCISES = {exercise.id: exercise for exercise in desk.exercises()}


def answer_of(code: str) -> object:
    names = {}
    exec(compile(code, "answer.py", "exec"), names)
    return names["answer"]


def wrong_answers() -> list[tuple[str, str, str]]:
    cases = []
    for chapter in desk.chapters():
        module = importlib.import_module(f"tests.coach.wrong_answers.chapter_{chapter}")
        cases += [(id, code, part) for id, answers in module.WRONG.items() for code, part in answers]
    return cases


@pytest.mark.parametrize("id", EXERCISES)
def test_the_solution_passes(id):
    desk.judge(EXERCISES[id], answer_of(EXERCISES[id].solution))


@pytest.mark.parametrize("id", EXERCISES)
def test_the_stub_is_not_started(id):
    with pytest.raises(NotStarted):
        desk.judge(EXERCISES[id], ...)


@pytest.mark.parametrize("id", EXERCISES)
@pytest.mark.parametrize("nonsense", ["a text", 7, object(), [], lambda: None], ids=repr)
def test_nonsense_gets_a_sentence(id, nonsense):
    with pytest.raises(Wrong) as said:
        desk.judge(EXERCISES[id], nonsense)
    assert len(str(said.value)) > 20


@pytest.mark.parametrize(("id", "code", "part"), wrong_answers())
def test_a_typical_wrong_answer_gets_its_own_message(id, code, part):
    with pytest.raises(Wrong, match=part):
        desk.judge(EXERCISES[id], answer_of(code))


def test_every_exercise_knows_at_least_two_misconceptions():
    known = {}
    for id, _, part in wrong_answers():
        known.setdefault(id, set()).add(part)
    few = [id for id in EXERCISES if len(known.get(id, ())) < 2]
    assert not few


@pytest.mark.parametrize("chapter", desk.chapters())
def test_a_chapter_has_four_to_six_exercises_and_a_quiz(chapter):
    own = [exercise for exercise in EXERCISES.values() if exercise.id.startswith(f"{chapter}.")]
    assert 4 <= len(own) <= 6
    assert len([question for question in desk.questions() if question.id.startswith(f"{chapter}.")]) >= 3


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_hints_go_from_a_nudge_to_nearly_the_answer(exercise):
    assert len(exercise.hints) == len(set(exercise.hints)) == 3
    assert exercise.hints[0] not in exercise.solution
    assert len(exercise.hints[0]) > 15


@pytest.mark.parametrize("question", desk.questions(), ids=lambda q: q.id)
def test_a_question_has_one_right_choice_and_feedback_for_each(question):
    assert sum(choice.right for choice in question.choices) == 1
    assert len({choice.feedback for choice in question.choices}) == len(question.choices) >= 3
