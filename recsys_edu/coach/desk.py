"""The learner's side of the coach: what the cells of a chapter call."""

from __future__ import annotations

import html
import importlib
import pkgutil
import re
from collections.abc import Callable

from recsys_edu import coach
from recsys_edu.coach import records
from recsys_edu.coach.exercise import Exercise, NotStarted, Question, Wrong
from recsys_edu.errors import SettingsError

RIGHT, WRONG, NOTE = "#1b7837", "#b35806", "#4d4d4d"


def check(id: str, answer: object = ...) -> None:
    """Say whether the answer to exercise `id` has what it needs, and if not, what to look at."""
    exercise = _find(id, Exercise)
    try:
        judge(exercise, answer)
    except NotStarted:
        return _say(f"**{id}: not started.** {exercise.task} Put your answer in the place of `...`.", NOTE)
    except Wrong as wrong:
        tries = records.note(id, tries=records.read().get(id, {}).get("tries", 0) + 1)["tries"]
        more = f"\n\n`hint({id!r})` helps." if tries >= 2 else ""
        return _say(f"**{id}: not yet.** {wrong}{more}", WRONG)
    records.note(id, solved=True)
    return _say(f"**{id}: right.** {exercise.praise}", RIGHT)


def judge(exercise: Exercise, answer: object) -> None:
    """Raises NotStarted or Wrong; returns for a right answer."""
    if answer is None or answer is Ellipsis:
        raise NotStarted
    try:
        exercise.check(answer)
    except Wrong:
        raise
    except Exception as error:  # an answer of a kind that nobody thought of
        raise Wrong(f"Your answer, a {type(answer).__name__}, cannot be examined: {error}.") from error


def hint(id: str, level: int | None = None) -> None:
    """The next of three hints, or the one of this level (1 to 3)."""
    exercise = _find(id, Exercise)
    level = min(records.read().get(id, {}).get("hints", 0) + 1, 3) if level is None else level
    if level not in (1, 2, 3):
        raise SettingsError(f"There are three levels of hint, 1 to 3, not {level}.")
    records.note(id, hints=level)
    after = f"`hint({id!r})` says more." if level < 3 else f"`solution({id!r})` shows one way to do it."
    _say(f"**{id}, hint {level} of 3.** {exercise.hints[level - 1]}\n\n{after}", NOTE)


def solution(id: str) -> None:
    """One way to solve it. Looking is no shame; typing it yourself afterwards helps."""
    exercise = _find(id, Exercise)
    records.note(id, seen_solution=True)
    _say(f"**{id}, a solution.**\n\n```python\n{exercise.solution.strip()}\n```", NOTE)


def quiz(id: str, choice: int | None = None) -> None:
    """A question with its choices to click on; `choice` (counted from 1) answers it without a click."""
    question = _find(id, Question)
    if choice is not None:
        return _say(*_answer(question, choice))
    return _clickable(
        question.text,
        [option.text for option in question.choices],
        lambda chosen: _answer(question, chosen),
        [_feedback(question, k + 1)[0] for k in range(len(question.choices))],
    )


def predict(id: str, question: str, options: list[str], choice: int | None = None) -> None:
    """Commit to a guess before the next cell shows what is so. `choice` (counted from 1) guesses without a click."""

    def commit(chosen: int) -> tuple[str, str]:
        records.note(id, guess=options[chosen - 1])
        return f"Your guess is kept: **{options[chosen - 1]}**. Now run on.", NOTE

    if choice is not None:
        return _say(*commit(choice))
    return _clickable(question, options, commit, [])


def reveal(id: str, outcome: str) -> None:
    """What is so, beside what was guessed."""
    guess = records.read().get(id, {}).get("guess")
    if guess is None:
        missed = "(No guess was made: next time, commit to one first. It makes the surprise stay.)"
        _say(f'**{outcome}** <span class="no-guess">{missed}</span>', NOTE)
    elif guess == outcome:
        _say(f"**{outcome}**, as you guessed.", RIGHT)
    else:
        _say(f"**{outcome}**. You guessed: {guess}. What did your picture of it leave out?", WRONG)


def progress() -> None:
    """All exercises, and how far you are."""
    kept = records.read()
    rows = [f"| {e.id} | {_state(kept.get(e.id, {}))} | {e.task} |" for e in exercises()]
    done = sum(bool(kept.get(e.id, {}).get("solved")) for e in exercises())
    table = "\n".join(["| | | |", "|---|---|---|", *rows])
    _say(f"**{done} of {len(rows)} exercises solved.**\n\n{table}", NOTE)


def _find(id: str, kind: type) -> Exercise | Question:
    """Raises SettingsError, with those of the chapter, for an id that does not exist."""
    chapter = str(id).partition(".")[0]
    known = {entry.id: entry for entry in _entries(chapter) if isinstance(entry, kind)}
    if id not in known:
        there = f"Chapter {chapter} has: {', '.join(known)}." if known else f"There is no chapter {chapter!r}."
        raise SettingsError(f"There is no {kind.__name__.lower()} {id!r}. {there}")
    return known[id]


def exercises() -> list[Exercise]:
    """Those of all chapters, in order."""
    return [entry for chapter in chapters() for entry in _entries(chapter) if isinstance(entry, Exercise)]


def questions() -> list[Question]:
    """Those of all chapters, in order."""
    return [entry for chapter in chapters() for entry in _entries(chapter) if isinstance(entry, Question)]


def chapters() -> list[str]:
    """The numbers of the chapters that have exercises."""
    names = [module.name for module in pkgutil.iter_modules(coach.__path__)]
    return sorted((m[1] for m in (re.fullmatch(r"chapter_(\d+)", name) for name in names) if m), key=int)


def _entries(chapter: str) -> list[Exercise | Question]:
    if chapter not in chapters():
        return []
    module = importlib.import_module(f"recsys_edu.coach.chapter_{chapter}")
    return [*module.EXERCISES, *module.QUESTIONS]


def _state(entry: dict) -> str:
    if entry.get("solved"):
        return "solved, after the solution" if entry.get("seen_solution") else "solved"
    return "tried" if entry.get("tries") else "–"


def _answer(question: Question, choice: int) -> tuple[str, str]:
    said = _feedback(question, choice)
    records.note(question.id, solved=question.choices[choice - 1].right)
    return said


def _feedback(question: Question, choice: int) -> tuple[str, str]:
    if not 1 <= choice <= len(question.choices):
        raise SettingsError(f"{question.id} has the choices 1 to {len(question.choices)}, not {choice}.")
    chosen = question.choices[choice - 1]
    return f"{'**Right.**' if chosen.right else '**No.**'} {chosen.feedback}", RIGHT if chosen.right else WRONG


def _say(text: str, colour: str) -> None:
    from IPython.display import Markdown, display

    display(Markdown(f'<div style="border-left: 4px solid {colour}; padding-left: 0.8em">\n\n{text}\n\n</div>'))


def _clickable(question: str, options: list[str], answer: Callable[[int], tuple[str, str]], static: list[str]) -> None:
    """Buttons where a kernel is; in a page without one, the choices, each with its answer folded below."""
    import ipywidgets
    from IPython.display import Markdown, display

    said = ipywidgets.HTML()
    layout = ipywidgets.Layout(width="auto", justify_content="flex-start")
    buttons = [ipywidgets.Button(description=text, layout=layout) for text in options]

    def clicked(button) -> None:
        text, colour = answer(buttons.index(button) + 1)
        said.value = f'<div style="border-left: 4px solid {colour}; padding-left: 0.8em">{_as_html(text)}</div>'

    for button in buttons:
        button.on_click(clicked)
    display(Markdown(f"**{question}**"))
    box = ipywidgets.VBox([*buttons, said])
    display(box._repr_mimebundle_() | {"text/html": _folded(options, static)}, raw=True)


def _folded(options: list[str], static: list[str]) -> str:
    texts = [html.escape(option) for option in options]
    if static:
        pairs = zip(texts, static, strict=True)
        texts = [f"<details><summary>{text}</summary>{_as_html(said)}</details>" for text, said in pairs]
    return "<ol>" + "".join(f"<li>{text}</li>" for text in texts) + "</ol>"


def _as_html(text: str) -> str:
    """Bold and code of our own sentences; everything else is text."""
    safe = html.escape(text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", safe))
