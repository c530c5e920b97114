"""GRU4Rec: its steps by hand, and that its states know nothing of the future."""

import numpy as np
import pytest

from recsys_edu.models.gru4rec import GRU4Rec


@pytest.fixture(scope="module")
def model():
    model = GRU4Rec(num_users=2, num_items=9, embedding_dim=3, length=4, units=2)
    model(np.zeros((1, 2), dtype="int32"))
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    return model


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_each_step_is_the_formula(model):
    items = np.array([4, 7, 1, 7])
    W, U, b = (np.asarray(weight) for weight in model.gru.get_weights())  # Keras keeps z, r and h side by side
    (W_z, W_r, W_h), (U_z, U_r, U_h), (b_z, b_r, b_h) = (np.split(weight, 3, axis=-1) for weight in (W, U, b))
    h, expected = np.zeros(2), []
    for q in model.item_vectors()[items]:
        z = sigmoid(q @ W_z + h @ U_z + b_z)
        r = sigmoid(q @ W_r + h @ U_r + b_r)
        candidate = np.tanh(q @ W_h + (r * h) @ U_h + b_h)
        h = z * h + (1 - z) * candidate
        expected.append(h @ model.out.get_weights()[0])
    np.testing.assert_allclose(np.asarray(model.states(items[None]))[0], expected, rtol=1e-4, atol=1e-5)


def test_one_step_of_one_neuron_in_plain_numbers():
    """W_z = W_r = 0, so z = r = 1/2: from h = 0.2, with q = 1, W_h = 0.5, U_h = 2: h̃ = tanh(0.5 + 2 · 0.1)."""
    model = GRU4Rec(num_users=1, num_items=2, embedding_dim=1, length=2, units=1)
    model(np.zeros((1, 2), dtype="int32"))
    model.item_embedding.embeddings.assign([[np.arctanh(0.4) * 2], [1.0]])
    model.gru.set_weights([np.array([[0, 0, 0.5]]), np.array([[0, 0, 2.0]]), np.zeros(3)])
    model.out.set_weights([np.array([[1.0]])])
    states = np.asarray(model.states(np.array([[0, 1]])))[0, :, 0]
    np.testing.assert_allclose(states, [0.2, 0.5 * 0.2 + 0.5 * np.tanh(0.7)], atol=1e-6)


def test_later_items_change_no_earlier_state(model):
    clean, poisoned = np.array([[4, 7, 1, 3]]), np.array([[4, 7, 8, -1]])
    before, after = np.asarray(model.states(clean)), np.asarray(model.states(poisoned))
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert np.abs(before[:, 2] - after[:, 2]).max() > 0.01
