"""What the reader did with a mistake, as parameters of the link beside those of the dials, and back.

?guess=same&ran=True is a guess, and that the mistake was run after it. It is run again, so the link holds no result.
As in links.py, a part that makes no sense is left out, with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

from recsys_edu.clinic.diagnosis import SYMPTOMS
from recsys_edu.studio import links
from recsys_edu.studio.links import one_of

READERS = {"guess": one_of(SYMPTOMS), "ran": one_of(["True"])}


def to_params(guess: str | None, ran: bool) -> dict[str, str]:
    """The link's parameters. Without a guess nothing runs."""
    if guess is None:
        return {}
    return {"guess": guess} | ({"ran": "True"} if ran else {})


def from_params(params: Mapping[str, str]) -> tuple[str | None, bool, list[str]]:
    """The guess, whether the mistake was run, and a sentence for each part that makes no sense."""
    values, problems = links.read(params, READERS)
    if "ran" in values and "guess" not in values:
        problems.append(links.left_out("ran", params["ran"]))
    return values.get("guess"), {"guess", "ran"} <= values.keys(), problems
