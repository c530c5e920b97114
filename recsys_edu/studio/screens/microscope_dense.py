r"""The Microscope's formulas of the perceptron and of the article's model, which is one without a hidden layer.

δ = −2e,   ∂L/∂w = δ h_K,   δ_K = δ w ⊙ σ′(z_K),   δ_(k−1) = W_kᵀ δ_k ⊙ σ′(z_(k−1)),   ∂L/∂W_k = δ_k h_(k−1)ᵀ
"""

from __future__ import annotations

import numpy as np

from recsys_edu.models import Settings
from recsys_edu.studio.i18n import _
from recsys_edu.studio.microscope import Look
from recsys_edu.studio.screens.microscope_latex import lines, loss, number, signed, vector


def formulas(settings: Settings, look: Look) -> dict[str, list[str]]:
    """Of the stages from the prediction to the gradients."""
    value, forward, λ = look.value, look.forward, settings.l2
    depth = sum(name.startswith("z_") for name in forward)
    prediction = [rf"h_0 = [p_u ; q_i] = {vector(forward['h_0'])} \in \mathbb{{R}}^{{{len(forward['h_0'])}}}"]
    prediction += [_layer(look, k) for k in range(1, depth + 1)]
    summed, b = forward["product"].sum(), value["b"][0]
    prediction.append(
        rf"\hat r_{{ui}} = w \cdot h_{depth} + b = {number(summed)} + {signed(b)} = {number(look.prediction)}"
    )
    squares = [np.sum(value["p_u"] ** 2), np.sum(value["q_i"] ** 2)]
    penalty = lines(
        r"\Omega &= \lambda (\|p_u\|^2 + \|q_i\|^2)",
        rf"&= {number(λ)} ({number(squares[0])} + {number(squares[1])}) = {number(forward['penalty'])}",
    )
    return {
        "prediction": prediction,
        "loss": loss(look, penalty if "l2" in settings.card.knobs else None),
        "gradients": _dense_gradients(look, depth, λ if "l2" in settings.card.knobs else None),
    }


def _layer(look: Look, k: int) -> str:
    """z = Wx + b and ReLU(z); the first neuron's sum in full."""
    W, b, below = look.value[f"W_{k}"], look.value[f"b_{k}"], look.forward[f"h_{k - 1}"]
    z, h = look.forward[f"z_{k}"], look.forward[f"h_{k}"]
    on = int((h > 0).sum())
    return lines(
        rf"z_{k} &= W_{k} h_{k - 1} + b_{k} = {vector(z)} \in \mathbb{{R}}^{{{len(z)}}}",
        rf"z_{{{k},1}} &= {signed(W[0, 0])} \cdot {signed(below[0])} + \dots + {signed(b[0])} = {number(z[0])}",
        rf"h_{k} &= \sigma(z_{k}) = \max(0, z_{k}) = {vector(h)}",
        rf"&\phantom{{=}} \;\text{{{_('{on} of {all} neurons are on').format(on=on, all=len(h))}}}",
    )


def _dense_gradients(look: Look, depth: int, λ: float | None) -> list[str]:
    gradient = look.gradient
    found = [
        rf"\delta = \frac{{\partial L}}{{\partial \hat r_{{ui}}}} = \frac{{\partial L}}{{\partial b}} = -2e = "
        rf"{number(gradient['b'][0])}",
        rf"\frac{{\partial L}}{{\partial w}} = \delta\,h_{depth} = {vector(gradient['w'][0])}",
    ]
    above = r"\delta\,w"
    for k in range(depth, 0, -1):
        W = gradient[f"W_{k}"]
        found.append(
            lines(
                rf"\delta_{k} &= {above} \odot \sigma'(z_{k}) = \frac{{\partial L}}{{\partial b_{k}}} = "
                rf"{vector(gradient[f'b_{k}'])}",
                rf"\frac{{\partial L}}{{\partial W_{k}}} &= \delta_{k}\,h_{k - 1}^\top \in "
                rf"\mathbb{{R}}^{{{W.shape[0]} \times {W.shape[1]}}}, \quad \|\cdot\| = {number(np.linalg.norm(W))}",
            )
        )
        above = rf"W_{k}^\top \delta_{k}"
    d = len(gradient["p_u"])
    for name, part in (("p_u", rf"1..{d}"), ("q_i", rf"{d + 1}..{2 * d}")):
        decay = "" if λ is None else rf" + 2 \lambda {name}"
        whole = rf"\bigl[ {above} \bigr]_{{{part}}}{decay}"
        found.append(rf"\frac{{\partial L}}{{\partial {name}}} = {whole} = {vector(gradient[name])}")
    return found
