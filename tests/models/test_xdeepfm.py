"""xDeepFM's compressed interaction network agrees with its formula, with the sum on paper, and with DeepCTR."""

import numpy as np

from recsys_edu.models.xdeepfm import CIN, XDeepFM
from tests.models.fields_by_hand import (
    DEEP,
    LINEAR,
    by_hand,
    deep_slowly,
    deepctr_layers,
    random_fields,
    read_slowly,
)


def cin_slowly(x_0, weights):
    """p⁺ of one pair by loops: x_0 (m, D), weights W^k (H_k, H_{k-1}, m)."""
    x_k, p = x_0, []
    for W in weights:
        following = np.zeros((len(W), x_0.shape[1]))
        for h, i, j in np.ndindex(W.shape):
            following[h] += W[h, i, j] * x_k[i] * x_0[j]
        x_k = following
        p += [row.sum() for row in x_k]
    return np.array(p)


def test_two_layers_on_paper():
    """x_0 = (1, 2), (3, −1), (2, 1). One row a layer: X^1 = x_1∘x_2 + 2 x_3∘x_3, X^2 = X^1∘x_1 − X^1∘x_2."""
    cin = CIN([1, 1])
    x_0 = np.array([[[1, 2], [3, -1], [2, 1]]], "float32")
    cin(x_0)
    cin.W[0].assign([[[0, 1, 0], [0, 0, 0], [0, 0, 2]]])
    cin.W[1].assign([[[1, -1, 0]]])
    x_1 = (1 * 3 + 2 * 2 * 2, 2 * -1 + 2 * 1 * 1)  # (11, 0)
    x_2 = (x_1[0] * 1 - x_1[0] * 3, x_1[1] * 2 - x_1[1] * -1)  # (−22, 0)
    np.testing.assert_array_equal(cin(x_0), [[sum(x_1), sum(x_2)]])
    assert (sum(x_1), sum(x_2)) == (11, -22)


def test_a_pair_on_paper():
    model = by_hand(XDeepFM, maps=1, depth=2)
    model.cin.W[0].assign([[[0, 1, 0], [0, 0, 0], [0, 0, 2]]])
    model.cin.W[1].assign([[[1, -1, 0]]])
    model.w_cin.set_weights([np.array([[3], [2]])])
    assert model.predict_pairs([0], [1]) == [LINEAR + 3 * 11 + 2 * -22 + DEEP]


def test_the_triple_sum_of_the_formula(planted):
    model, pairs = random_fields(XDeepFM, planted, maps=4, depth=3)
    weights = [np.asarray(W) for W in model.cin.W]
    assert [W.shape for W in weights] == [(4, 7, 7), (4, 4, 7), (4, 4, 7)]
    for (user, item), predicted in zip(pairs, model.predict_pairs(*pairs.T), strict=True):
        e, linear = read_slowly(model, user, item)
        cin = cin_slowly(e, weights) @ model.w_cin.get_weights()[0][:, 0]
        np.testing.assert_allclose(predicted, linear + cin + deep_slowly(model, e), rtol=1e-4, atol=1e-4)


def test_equals_deepctrs_layer(planted, monkeypatch):
    """DeepCTR 0.9.4's CIN on TensorFlow 2.21 and Keras 3.15, with the same weights: its filter counts j before i."""
    layer = deepctr_layers(monkeypatch).CIN((5, 4, 3), activation="linear", split_half=False)
    model, pairs = random_fields(XDeepFM, planted)
    e, _ = model.read_fields(pairs)
    cin = CIN([5, 4, 3])
    cin(e)
    layer(e)
    for W, theirs in zip(cin.W, layer.filters, strict=True):
        h_k = W.shape[0]
        theirs.assign(np.transpose(W, (2, 1, 0)).reshape(1, -1, h_k))
    np.testing.assert_allclose(cin(e), layer(e), rtol=1e-4, atol=1e-5)
