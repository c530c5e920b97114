"""Numbers and vectors of the Microscope in LaTeX, rounded to three digits; and the formula that its models share."""

from __future__ import annotations

import numpy as np

from recsys_edu.studio.microscope import Look

SHOWN = 4  # numbers of a vector


def number(x: float) -> str:
    """Three digits."""
    text = f"{float(x) + 0.0:.3g}"  # -0.0 + 0.0 is 0.0
    if "e" not in text:
        return text
    digits, power = text.split("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}"


def signed(x: float) -> str:
    """As a term of a sum or a factor: a negative one in brackets."""
    return number(x) if x >= 0 else rf"({number(x)})"


def vector(numbers: np.ndarray) -> str:
    """The first numbers of a vector."""
    more = [r"\dots"] if len(numbers) > SHOWN else []
    return "(" + r",\, ".join([*map(number, numbers[:SHOWN]), *more]) + ")"


def lines(*parts: str) -> str:
    """One formula over several lines, its equals signs below each other."""
    return r"\begin{aligned}" + r" \\ ".join(parts) + r"\end{aligned}"


def loss(look: Look, penalty: str | None) -> list[str]:
    """The error, the penalty Ω where the model has one, and the loss."""
    e, total = look.rating - look.prediction, look.forward["loss"]
    found = [rf"e = r_{{ui}} - \hat r_{{ui}} = {number(look.rating)} - {signed(look.prediction)} = {number(e)}"]
    if penalty is None:
        return [*found, rf"L = e^2 = {signed(e)}^2 = {number(total)}"]
    return [
        *found, penalty,
        rf"L = e^2 + \Omega = {number(e**2)} + {number(look.forward['penalty'])} = {number(total)}",
    ]  # fmt: skip
