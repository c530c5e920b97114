r"""The Microscope's formulas in LaTeX, with the numbers of one step put in, rounded to three digits.

The letters are those of the models' own pages. With the error e = r_ui − r̂_ui of a single pair the gradients of mf are

    ∂L/∂p_u = −2e q_i + 2λ w_u p_u,   ∂L/∂q_i = −2e p_u + 2λ w_i q_i,   ∂L/∂b_u = −2e + 2λ w_u b_u, b_i alike
"""

from __future__ import annotations

import numpy as np

from recsys_edu.models import Settings
from recsys_edu.studio.i18n import _
from recsys_edu.studio.microscope import Look
from recsys_edu.studio.screens import microscope_dense
from recsys_edu.studio.screens.microscope_latex import lines, loss, number, signed, vector

BETA_1, BETA_2, EPSILON = 0.9, 0.999, "10^{-7}"  # Adam's, as Keras has them


def stages(settings: Settings, look: Look) -> dict[str, list[str]]:
    """The formulas of each stage of the page."""
    own = (_mf if settings.model == "mf" else microscope_dense.formulas)(settings, look)
    vectors = [
        rf"{name} = {vector(look.value[name])} \in \mathbb{{R}}^{{{len(look.value[name])}}}" for name in ("p_u", "q_i")
    ]
    return {"vectors": vectors} | own | {"update": _update(settings, look), "after": _after(look)}


def shared(spec) -> str:
    """Why a step on one pair moves the predictions of others."""
    if spec.settings.model == "mf":
        why = _("The same user's other films share p_u and b_u, the same film's other users share q_i and b_i.")
    else:
        why = _("All pairs share the layers; the same user's share p_u as well, the same film's q_i.")
    return why + " " + _("Adam also goes on in the direction of earlier batches, so that all other rows move a little.")


def _mf(settings: Settings, look: Look) -> dict[str, list[str]]:
    value, forward, gradient = look.value, look.forward, look.gradient
    p, q, b_u, b_i = value["p_u"], value["q_i"], value["b_u"][0], value["b_i"][0]
    w_u, w_i, λ, e = forward["w_u"][0], forward["w_i"][0], settings.l2, look.rating - look.prediction
    dot, mu = forward["product"].sum(), forward["mu"]
    more = r" + \dots" if len(p) > 1 else ""
    prediction = lines(
        rf"p_u \cdot q_i &= {signed(p[0])} \cdot {signed(q[0])}{more} = {number(dot)}",
        r"\hat r_{ui} &= \mu + b_u + b_i + p_u \cdot q_i",
        rf"&= {number(mu)} + {signed(b_u)} + {signed(b_i)} + {signed(dot)}",
        rf"&= {number(look.prediction)}",
    )
    squares = [np.sum(p**2), b_u**2, np.sum(q**2), b_i**2]
    penalty = lines(
        r"\Omega &= \lambda \bigl[ w_u (\|p_u\|^2 + b_u^2) + w_i (\|q_i\|^2 + b_i^2) \bigr]",
        rf"&= {number(λ)} \bigl[ {number(w_u)} ({number(squares[0])} + {number(squares[1])})",
        rf"&\quad + {number(w_i)} ({number(squares[2])} + {number(squares[3])}) \bigr] = {number(forward['penalty'])}",
    )
    gradients = []
    for name, other, w in (("p_u", "q_i", w_u), ("q_i", "p_u", w_i)):
        letter = f"w_{name[-1]}"
        x, y = value[other][0], value[name][0]
        gradients.append(
            lines(
                rf"\frac{{\partial L}}{{\partial {name}}} &= -2e\,{other} + 2 \lambda {letter}\,{name}",
                rf"&= {number(-2 * e)} \cdot ({number(x)}, \dots) + {number(2 * λ * w)} \cdot ({number(y)}, \dots)",
                rf"&= {vector(gradient[name])}",
            )
        )
    for name, letter, w in (("b_u", "w_u", w_u), ("b_i", "w_i", w_i)):
        gradients.append(
            rf"\frac{{\partial L}}{{\partial {name}}} = -2e + 2 \lambda {letter} {name} = "
            rf"{number(-2 * e)} + {signed(2 * λ * w * value[name][0])} = {number(gradient[name][0])}"
        )
    return {"prediction": [prediction], "loss": loss(look, penalty), "gradients": gradients}


def _update(settings: Settings, look: Look) -> list[str]:
    t, η = look.step, settings.learning_rate
    rate = η * np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    m, v = (part[0] for part in look.memory["p_u"])
    old, step = look.value["p_u"][0], look.update["p_u"][0]
    found = [
        lines(
            r"g &= \partial L / \partial \theta",
            rf"m &\leftarrow {BETA_1}\,m + {1 - BETA_1:.1g}\,g, \quad v \leftarrow {BETA_2}\,v + {1 - BETA_2:.1g}\,g^2",
            rf"\eta_t &= \eta\,\frac{{\sqrt{{1 - {BETA_2}^t}}}}{{1 - {BETA_1}^t}} = {number(rate)}, \qquad t = {t}",
            rf"\theta &\leftarrow \theta - \eta_t\, m / (\sqrt v + {EPSILON})",
        ),
        lines(
            rf"p_{{u,1}} &\leftarrow {number(old)} - {number(rate)} \cdot \frac{{{number(m)}}}{{\sqrt{{{number(v)}}}}}"
            rf" = {number(old + step)}",
            *(rf"\Delta {name} &= {vector(look.update[name])}" for name in ("p_u", "q_i")),
        ),
    ]
    small = [name for name in ("b_u", "b_i", "b") if name in look.update]
    found.append(r", \quad ".join(rf"\Delta {name} = {number(look.update[name][0])}" for name in small))
    large = [name for name, change in look.update.items() if change.ndim == 2]
    if large:
        found.append(
            r", \quad ".join(rf"\|\Delta {name}\| = {number(np.linalg.norm(look.update[name]))}" for name in large)
        )
    return found


def _after(look: Look) -> list[str]:
    e, after = look.rating - look.prediction, look.rating - look.after
    return [
        rf"\hat r_{{ui}}:\; {number(look.prediction)} \;\to\; {number(look.after)}",
        rf"e:\; {number(e)} \;\to\; {number(after)}, \qquad L:\; {number(look.forward['loss'])} \;\to\; "
        rf"{number(look.loss_after)}",
    ]
