"""Each loss against arithmetic that can be seen, or against another library."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from recsys_edu import losses


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def array(tensor):
    return np.asarray(tensor)


@pytest.mark.parametrize("shape", [(9,), (9, 1)])
def test_mse_is_the_square_of_each_error(rng, shape):
    rating, predicted = rng.normal(size=shape), rng.normal(size=shape)
    expected = ((rating - predicted) ** 2).reshape(9)
    np.testing.assert_allclose(array(losses.mse(rating, predicted)), expected, rtol=1e-6)


def test_bpr_is_minus_the_log_of_the_sigmoid_of_the_difference(rng):
    positive, negative = rng.normal(size=20), rng.normal(size=20)
    expected = -np.log(1 / (1 + np.exp(-(positive - negative))))
    np.testing.assert_allclose(array(losses.bpr(positive, negative)), expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(30,), (10, 3)])
def test_binary_cross_entropy_agrees_with_scikit_learn(rng, shape):
    label, logit = rng.integers(0, 2, shape).astype("float64"), rng.normal(size=shape) * 3
    own = array(losses.binary_cross_entropy(label, logit))
    assert own.shape == shape
    assert own.mean() == pytest.approx(log_loss(label.ravel(), 1 / (1 + np.exp(-logit.ravel()))), rel=1e-5)


@pytest.mark.parametrize("shape", [(8, 5), (4, 3, 5)])
def test_softmax_agrees_with_keras(rng, shape):
    scores, target = rng.normal(size=shape).astype("float32") * 3, rng.integers(0, 5, shape[:-1])
    theirs = keras.losses.sparse_categorical_crossentropy(target, scores, from_logits=True)
    own = array(losses.softmax(scores, target))
    assert own.shape == shape[:-1]
    np.testing.assert_allclose(own, array(theirs), rtol=1e-5, atol=1e-6)


def test_in_batch_softmax_is_a_softmax_over_the_corrected_scores_of_the_batch(rng):
    p, q = rng.normal(size=(6, 4)).astype("float32"), rng.normal(size=(6, 4)).astype("float32")
    log_q = np.log(rng.dirichlet(np.ones(6))).astype("float32")
    s = p @ q.T - log_q[None, :]  # the correction belongs to the column: to the item that got into the batch
    expected = -np.diagonal(log_softmax(s, axis=1))
    own = array(losses.in_batch_softmax(p, q, np.arange(6), log_q))
    np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-5)


def test_in_batch_softmax_leaves_out_a_second_copy_of_the_own_item():
    """Rows 0 and 2 hold item 5. Scores p_a · q_b by hand:  row 0: 1, 0, 1;  row 1: 2, 3, 2;  row 2: 1, 1, 1."""
    p, q = np.array([[1.0, 0], [2, 3], [1, 1]], "float32"), np.array([[1.0, 0], [0, 1], [1, 0]], "float32")
    own = array(losses.in_batch_softmax(p, q, np.array([5, 9, 5]), np.zeros(3, "float32")))
    e = np.exp
    expected = [
        -np.log(e(1) / (e(1) + e(0))),  # column 2 is the own item again
        -np.log(e(3) / (e(2) + e(3) + e(2))),  # both copies of another item count
        -np.log(e(1) / (e(1) + e(1))),  # column 0 is the own item again
    ]
    np.testing.assert_allclose(own, expected, rtol=1e-5)


FAR = 1000.0


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda s: losses.bpr(s, -s), [2000.0, 0.0]),
        (lambda s: losses.binary_cross_entropy(np.ones(2, "float32"), s), [1000.0, 0.0]),
        (lambda s: losses.binary_cross_entropy(np.zeros(2, "float32"), s), [0.0, 1000.0]),
        (lambda s: losses.softmax(keras.ops.stack([s, -s], axis=1), np.array([0, 0])), [2000.0, 0.0]),
        (
            lambda s: losses.in_batch_softmax(s[:, None], np.ones((2, 1), "float32"), np.arange(2), np.zeros(2, "f4")),
            [np.log(2), np.log(2)],
        ),
    ],
)
def test_neither_a_loss_nor_its_gradient_overflows_far_out(loss, expected):
    import tensorflow as tf

    s = tf.constant([-FAR, FAR])
    with tf.GradientTape() as tape:
        tape.watch(s)
        value = loss(s)
    np.testing.assert_allclose(array(value), expected, rtol=1e-5, atol=1e-4)  # float32 near 1000 has steps of 6e-5
    assert np.isfinite(array(tape.gradient(value, s))).all()
