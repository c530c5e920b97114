"""DeepFM agrees with its formula, with the sum on paper, and with DeepCTR."""

import numpy as np

from recsys_edu.models.deepfm import DeepFM, pairwise
from tests.models.fields_by_hand import (
    DEEP,
    LINEAR,
    E,
    by_hand,
    deep_slowly,
    deepctr_layers,
    random_fields,
    read_slowly,
)


def test_a_pair_on_paper():
    e, linear = by_hand(DeepFM).read_fields(np.array([[0, 1]], "int32"))
    np.testing.assert_array_equal(e[0], E)
    assert float(linear[0, 0]) == LINEAR == 6
    products = (1 * 3 - 2 * 1) + (1 * 2 + 2 * 1) + (3 * 2 - 1 * 1)  # user·item + user·genres + item·genres
    assert by_hand(DeepFM).predict_pairs([0], [1]) == [LINEAR + products + DEEP] == [6 + 10 + 153]


def test_the_loss_adds_the_squares_of_what_was_read():
    model = by_hand(DeepFM, l2=0.5)
    model(np.array([[0, 1]], "int32"))
    squares = (1 + 4) + (9 + 1) + (4 + 1) + 1**2 + 2**2 + 3**2
    assert float(sum(model.losses)) == 0.5 * squares


def test_the_double_sum_of_the_formula(planted):
    model, pairs = random_fields(DeepFM, planted, time=True)
    assert len(model.sizes) == 8
    for (user, item), predicted in zip(pairs, model.predict_pairs(*pairs.T), strict=True):
        e, linear = read_slowly(model, user, item)
        products = sum(e[f] @ e[g] for f in range(8) for g in range(f + 1, 8))
        np.testing.assert_allclose(predicted, linear + products + deep_slowly(model, e), rtol=1e-4, atol=1e-4)


def test_equals_deepctrs_layer(planted, monkeypatch):
    """DeepCTR 0.9.4's FM on TensorFlow 2.21 and Keras 3.15, on the same field vectors."""
    layer = deepctr_layers(monkeypatch).FM()
    model, pairs = random_fields(DeepFM, planted)
    e, linear = model.read_fields(pairs)
    np.testing.assert_allclose(pairwise(e), layer(e), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model(pairs), linear + layer(e) + model.deep(e), rtol=1e-5, atol=1e-5)


def test_with_two_fields_and_no_deep_part_it_is_matrix_factorisation(planted):
    model, pairs = random_fields(DeepFM, planted, side=False)
    model.out.set_weights([np.zeros((32, 1)), np.array([3.5])])
    w = np.asarray(model.w.embeddings)[:, 0]
    b_u, b_i = w[1:301], w[302:]  # after the unknown of each field
    u, i = pairs.T
    product = (model.user_vectors()[u] * model.item_vectors()[i]).sum(axis=1)
    expected = 3.5 + b_u[u] + b_i[i] + product
    np.testing.assert_allclose(model.predict_pairs(u, i), expected, rtol=1e-5, atol=1e-5)


def test_many_pairs_are_scored_in_blocks(planted, monkeypatch):
    model, pairs = random_fields(DeepFM, planted)
    at_once = model.predict_pairs(*pairs.T)
    monkeypatch.setattr(DeepFM, "pairs_at_once", 7)
    np.testing.assert_allclose(model.predict_pairs(*pairs.T), at_once, atol=1e-5)
