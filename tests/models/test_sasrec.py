"""SASRec: its attention against Keras' own and by hand, and that its states know nothing of the future."""

import keras
import numpy as np
import pytest

from recsys_edu.models.sasrec import CausalAttention, SASRec


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = SASRec(num_users=2, num_items=9, embedding_dim=4, length=5, blocks=2)
    model(np.zeros((1, 2), dtype="int32"))
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    return model


def test_attention_equals_keras_multi_head_attention_with_one_head():
    X = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
    ours, theirs = CausalAttention(4), keras.layers.MultiHeadAttention(num_heads=1, key_dim=4, use_bias=False)
    S = np.asarray(ours(X))
    theirs(X, X)  # makes the weights
    W_Q, W_K, W_V = (layer.get_weights()[0] for layer in (ours.query, ours.key, ours.value))
    theirs.set_weights([W_Q[:, None], W_K[:, None], W_V[:, None], np.eye(4)[None]])  # no projection of the output
    np.testing.assert_allclose(S, np.asarray(theirs(X, X, use_causal_mask=True)), atol=1e-5)


def test_attention_in_plain_numbers():
    """d = 1, W_Q = W_V = 1, W_K = ln 3: the second place, 1, weighs the places 2 and 1 as 9 to 3."""
    attention = CausalAttention(1)
    X = np.array([[[2.0], [1.0]]], dtype="float32")
    attention(X)
    for layer, weight in ((attention.query, 1.0), (attention.key, np.log(3)), (attention.value, 1.0)):
        layer.set_weights([np.array([[weight]])])
    np.testing.assert_allclose(np.asarray(attention(X))[0, :, 0], [2.0, (9 * 2 + 3 * 1) / 12], atol=1e-6)


def normed(x, layer):
    gamma, beta = layer.get_weights()
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + layer.epsilon) * gamma + beta


def test_the_states_are_the_formula(model):
    items = np.array([4, 7, 1, 7, 0])
    x = model.item_vectors()[items] * 2 + np.asarray(model.position_embedding.embeddings)  # √d = 2
    for block in model.blocks:
        X = normed(x, block.first_norm)
        Q, K, V = (X @ getattr(block.attention, name).get_weights()[0] for name in ("query", "key", "value"))
        S = np.zeros_like(x)
        for t in range(len(items)):
            weights = np.exp(Q[t] @ K[: t + 1].T / 2)
            S[t] = weights / weights.sum() @ V[: t + 1]
        x = x + S
        (W_1, b_1), (W_2, b_2) = block.inner.get_weights(), block.outer.get_weights()
        x = x + np.maximum(0, normed(x, block.second_norm) @ W_1 + b_1) @ W_2 + b_2
    expected = normed(x, model.norm)
    np.testing.assert_allclose(np.asarray(model.states(items[None]))[0], expected, rtol=1e-3, atol=1e-4)


def test_later_items_change_no_earlier_state(model):
    clean, poisoned = np.array([[4, 7, 1, 3, 5]]), np.array([[4, 7, 8, -1, -1]])
    before, after = np.asarray(model.states(clean)), np.asarray(model.states(poisoned))
    np.testing.assert_allclose(before[:, :2], after[:, :2], atol=1e-6)
    assert np.abs(before[:, 2] - after[:, 2]).max() > 0.01


def test_a_short_history_is_read_up_to_its_end_and_none_means_popularity(model):
    model.histories.assign([[4, 7, -1, -1, -1], [-1] * 5])
    states = np.asarray(model.states(np.array([[4, 7, 3, 3, 3]])))
    np.testing.assert_allclose(model.user_vectors(), [states[0, 1], np.zeros(4)], atol=1e-5)
    np.testing.assert_allclose(model.scores([1])[0], np.asarray(model.item_bias.embeddings)[:, 0], atol=1e-6)


def test_padding_adds_nothing_to_the_loss(model):
    """A window of two steps costs the mean of the two, whatever stands behind."""
    items, targets = np.array([[4, 7, -1, -1, -1]]), np.array([[7, 2, -1, -1, -1]])
    model.dropout.rate, kept = 0.0, model.dropout.rate
    for block in model.blocks:
        block.dropout.rate = 0.0
    loss = float(model.batch_loss(items, targets)[0])
    model.dropout.rate = kept
    for block in model.blocks:
        block.dropout.rate = kept
    scores = np.asarray(model.states(items))[0, :2] @ model.item_vectors().T
    scores = scores + np.asarray(model.item_bias.embeddings)[:, 0]
    log_share = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    assert loss == pytest.approx(-(log_share[0, 7] + log_share[1, 2]) / 2, rel=1e-4)
