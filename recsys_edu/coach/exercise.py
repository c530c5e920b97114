"""What an exercise and a quiz are, and the words with which a chapter states what it expects of an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


class Wrong(Exception):
    """An answer misses a property; the message speaks to the learner: what is so, and where to look."""


class NotStarted(Exception):
    """The answer is still the stub: `...` or None."""


@dataclass(frozen=True)
class Exercise:
    """`id` is "chapter.number". `check` raises Wrong with a message of its own for each misconception that it knows.
    `hints` go from a nudge to nearly the answer. `solution` is code that defines `answer`; `names` says what it may use
    (imports are part of the code)."""

    id: str
    task: str
    check: Callable[[object], None]
    hints: tuple[str, str, str]
    solution: str
    praise: str = "Right."


@dataclass(frozen=True)
class Choice:
    """One answer of a question, and what is said to whoever picks it."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question of a quiz, `id` "chapter.qnumber", with one right choice."""

    id: str
    text: str
    choices: tuple[Choice, ...]


def expect(condition: bool, message: str) -> None:
    """Raise Wrong unless the condition holds."""
    if not condition:
        raise Wrong(message)


def expect_array(answer: object, shape: tuple[int, ...], message: str) -> np.ndarray:
    """The answer as an array of finite numbers of this shape, or Wrong, with what was found instead."""
    try:
        array = np.asarray(answer, dtype="float64")
    except (TypeError, ValueError):
        raise Wrong(f"{message} Yours is a {type(answer).__name__}, not an array of numbers.") from None
    expect(array.shape == shape, f"{message} Yours has shape {array.shape}, expected {shape}.")
    expect(bool(np.isfinite(array).all()), f"{message} Yours has NaN or infinite numbers in it.")
    return array


def call(answer: object, *arguments: object) -> object:
    """What the learner's function gives, on copies of the arguments; Wrong if it is no function or raises."""
    if not callable(answer):
        raise Wrong(f"Give the function itself, without calling it: check(id, f), not check(id, f(x)). "
                    f"Yours is a {type(answer).__name__}.")  # fmt: skip
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        result = answer(*copies)
    except Exception as error:
        shapes = ", ".join(str(a.shape) if isinstance(a, np.ndarray) else repr(a)[:30] for a in arguments)
        raise Wrong(f"Your function raised {type(error).__name__}: {error} (it was called with {shapes}).") from error
    for copy, original in zip(copies, arguments, strict=True):
        if isinstance(original, np.ndarray) and not _unchanged(copy, original):
            raise Wrong("Your function changes the array that it was given. Work on a copy, or make a new array.")
    if result is None or result is Ellipsis:
        raise Wrong("Your function returns nothing. Is the `return` missing?")
    return result


def _unchanged(copy: np.ndarray, original: np.ndarray) -> bool:
    """Equal in shape and in every entry, whatever the type; NaN, alone unequal to itself, counts as equal to NaN."""
    if copy.shape != original.shape:
        return False
    same = (copy == original) | ((copy != copy) & (original != original))  # `array_equal(…, equal_nan)` knows no text
    return bool(np.all(same))
