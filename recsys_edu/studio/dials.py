"""Dials of a page as the parameters of a link, and back. Never imports streamlit.

A dial has a few possible values, so a link can name one of them and nothing else: no file, no code. What is as usual is
left out of a link; what makes no sense in one is left out with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys_edu.studio.i18n import _


@dataclass(frozen=True)
class Dial:
    """The values that a dial can have, and the one that it has at first."""

    values: Sequence
    first: Any


def to_params(chosen: Mapping[str, Any], dials: Mapping[str, Dial]) -> dict[str, str]:
    """The link's parameters."""
    return {name: str(chosen[name]) for name, dial in dials.items() if chosen[name] != dial.first}


def from_params(params: Mapping[str, str], dials: Mapping[str, Dial]) -> tuple[dict[str, Any], list[str]]:
    """A value for every dial, and a sentence for each part of the link that makes no sense."""
    chosen, problems = {}, []
    for name, dial in dials.items():
        text = params.get(name, str(dial.first))
        known = {str(value): value for value in dial.values}
        if text not in known:
            problems.append(
                _("The link's {name} = {value} makes no sense here; {usual} is used.").format(
                    name=name, value=repr(text[:40]), usual=dial.first
                )
            )
        chosen[name] = known.get(text, dial.first)
    return chosen, problems
