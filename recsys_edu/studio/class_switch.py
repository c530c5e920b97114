"""Whether this studio serves a class. Costs nothing where it does not."""

from __future__ import annotations

import os

SWITCH = "RECSYS_EDU_CLASS_MODE"  # "1": set by the command `class` alone


def is_on() -> bool:
    return os.environ.get(SWITCH) == "1"


def solutions_are_shown() -> bool:
    """Whether this reader may see solutions: outside a class always, in a class a teacher, or as the teacher has it."""
    if not is_on():
        return True
    from recsys_edu.studio import class_mode

    return class_mode.solutions_are_shown()
