"""formulas.py against TensorFlow's autodiff, Keras' optimizers, finite differences, arithmetic on paper."""

import inspect
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_edu import formulas as F
from recsys_edu.errors import SettingsError, UnknownIdError

close = np.testing.assert_allclose
few = settings(max_examples=25, deadline=None, derandomize=True)
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)
activations = st.sampled_from(list(F.ACTIVATIONS))


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


@pytest.fixture(scope="module")
def keras(tf):
    import keras

    return keras


def tf_activation(tf, name):
    return tf.identity if name == "identity" else getattr(tf.nn, name)


def random_factors(rng, num_users, num_items, d):
    return F.Factors(
        P=rng.normal(size=(num_users, d)),
        Q=rng.normal(size=(num_items, d)),
        b_u=rng.normal(size=num_users),
        b_i=rng.normal(size=num_items),
    )


def random_pairs(rng, num_users, num_items, n):
    """More pairs than users or items, as a rule: rows occur more than once."""
    return rng.integers(0, num_users, n), rng.integers(0, num_items, n), rng.uniform(1, 5, n)


# 1. A layer


def test_layer_is_the_arithmetic_one_does_on_paper():
    layer = F.Layer(W=np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.0]]), b=np.array([0.5, 0.0, -1.0]), activation="relu")
    Y, _ = F.dense_forward(np.array([[2.0, 1.0]]), layer)
    assert Y.tolist() == [[1 * 2 + 2 * 1 + 0.5, 0.0, 3 * 2 + 0 * 1 - 1]]  # the second, −1, is cut off by ReLU


def test_sigmoid_is_stable_where_the_plain_formula_overflows():
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        close(
            F.sigmoid(np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0])),
            [0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1],
        )
        assert F.sigmoid(np.float32([-1000, 1000])).dtype == np.float32
        assert np.isfinite(F.sigmoid_derivative(np.array([-1000.0, 1000.0]))).all()


@pytest.mark.parametrize("name", F.ACTIVATIONS)
def test_activation_and_derivative_agree_with_tensorflow(tf, name):
    z = np.append(np.linspace(-8, 8, 33), [-1000.0, 1000.0])  # 0 is among them: ReLU's kink
    variable = tf.Variable(z)
    with tf.GradientTape() as tape:
        y = tf_activation(tf, name)(variable)
    σ, σ_derivative = F.ACTIVATIONS[name]
    close(σ(z), y, rtol=1e-12, atol=1e-300)
    close(σ_derivative(z), tape.gradient(y, variable), rtol=1e-9, atol=1e-12)


@few
@given(seed=seeds, batch=sizes, widths=st.lists(sizes, min_size=2, max_size=4), data=st.data())
def test_mlp_gradients_agree_with_gradient_tape(tf, seed, batch, widths, data):
    rng = np.random.default_rng(seed)
    layers = [
        F.Layer(rng.normal(size=(d_out, d_in)), rng.normal(size=d_out), data.draw(activations))
        for d_in, d_out in pairwise(widths)
    ]
    X, dY = rng.normal(size=(batch, widths[0])), rng.normal(size=(batch, widths[-1]))
    Y, caches = F.mlp_forward(X, layers)
    dX, gradients = F.mlp_backward(dY, caches)

    x, weights = tf.Variable(X), [(tf.Variable(layer.W), tf.Variable(layer.b)) for layer in layers]
    with tf.GradientTape() as tape:
        y = x
        for layer, (W, b) in zip(layers, weights, strict=True):
            y = tf_activation(tf, layer.activation)(tf.matmul(y, W, transpose_b=True) + b)
        L = tf.reduce_sum(y * dY)  # its gradient with respect to y is dY
    expected_dX, expected = tape.gradient(L, [x, weights])
    close(Y, y, rtol=1e-9, atol=1e-9)
    close(dX, expected_dX, rtol=1e-8, atol=1e-9)
    for (dW, db), (expected_dW, expected_db) in zip(gradients, expected, strict=True):
        close(dW, expected_dW, rtol=1e-8, atol=1e-9)
        close(db, expected_db, rtol=1e-8, atol=1e-9)


def test_keras_kernel_is_the_transpose_of_W(keras):
    rng = np.random.default_rng(0)
    X, W, b = rng.normal(size=(5, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)
    dense = keras.layers.Dense(2, activation="tanh", dtype="float64")
    dense.build(X.shape)
    dense.set_weights([W.T, b])
    close(F.dense_forward(X, F.Layer(W, b, "tanh"))[0], dense(X))


# 2. and 3. Embeddings and f(u, i)


@few
@given(seed=seeds, num_rows=sizes, d=sizes, batch=sizes)
def test_embedding_lookup_is_a_one_hot_product_forwards_and_backwards(seed, num_rows, d, batch):
    rng = np.random.default_rng(seed)
    P, index, d_rows = (
        rng.normal(size=(num_rows, d)),
        rng.integers(0, num_rows, batch),
        rng.normal(size=(batch, d)),
    )
    close(F.embedding_lookup(P, index), F.embedding_by_one_hot(P, index))
    close(F.embedding_backward(d_rows, index, num_rows), F.one_hot(index, num_rows).T @ d_rows, atol=1e-12)


def test_a_row_that_occurs_twice_gets_both_gradients():
    dP = F.embedding_backward(np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]), np.array([2, 0, 2]), num_rows=3)
    assert dP.tolist() == [[2, 20], [0, 0], [1 + 4, 10 + 40]]


@few
@given(seed=seeds, num_users=sizes, num_items=sizes, d=sizes, hidden=sizes, n=st.integers(1, 12), σ=activations)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_f_of_u_i_gradients_agree_with_gradient_tape(tf, reduction, seed, num_users, num_items, d, hidden, n, σ):
    rng = np.random.default_rng(seed)
    P, Q, _, _ = random_factors(rng, num_users, num_items, d)
    user_index, item_index, r = random_pairs(rng, num_users, num_items, n)
    W1, b1 = rng.normal(size=(hidden, 2 * d)), rng.normal(size=hidden)
    W2, b2 = rng.normal(size=(1, hidden)), rng.normal(size=1)
    layers = [F.Layer(W1, b1, σ), F.Layer(W2, b2, "identity")]
    r_hat, cache = F.f_forward(user_index, item_index, P, Q, layers)
    dP, dQ, [(dW1, db1), (dW2, db2)] = F.f_backward(F.squared_loss_gradient(r, r_hat, reduction=reduction), cache)

    θ = [tf.Variable(value) for value in (P, Q, W1, b1, W2, b2)]
    with tf.GradientTape() as tape:
        x = tf.concat([tf.gather(θ[0], user_index), tf.gather(θ[1], item_index)], axis=1)
        y = tf_activation(tf, σ)(x @ tf.transpose(θ[2]) + θ[3]) @ tf.transpose(θ[4]) + θ[5]
        L = getattr(tf, f"reduce_{reduction}")((r - y[:, 0]) ** 2)
    close(F.squared_loss_observed(r, r_hat, reduction=reduction), L, rtol=1e-9)
    for gradient, expected in zip((dP, dQ, dW1, db1, dW2, db2), tape.gradient(L, θ), strict=True):
        close(gradient, tf.convert_to_tensor(expected), rtol=1e-8, atol=1e-9)


# 4. The loss


def test_both_losses_by_hand():
    R, R_hat = np.array([[5.0, 1.0], [4.0, 2.0]]), np.array([[4.0, 1.0], [4.0, 5.0]])
    assert F.squared_loss_all(R, R_hat) == (5 - 4) ** 2 + 0 + 0 + (2 - 5) ** 2
    r, r_hat = np.array([5.0, 2.0]), np.array([4.0, 5.0])
    assert F.squared_loss_observed(r, r_hat, reduction="sum") == 1 + 9
    assert F.squared_loss_observed(r, r_hat, reduction="mean") == (1 + 9) / 2
    assert F.squared_loss_gradient(r, r_hat, reduction="sum").tolist() == [-2 * 1, -2 * -3]


def test_the_articles_sum_refuses_missing_ratings():
    with pytest.raises(SettingsError, match="1 of 4 are missing"):
        F.squared_loss_all(np.array([[5.0, np.nan], [4.0, 2.0]]), np.zeros((2, 2)))


# 5. The dot product


def test_dot_product_prediction_and_loss_by_hand():
    θ = F.Factors(P=np.array([[1.0, 2.0]]), Q=np.array([[3.0, -1.0]]), b_u=np.array([0.5]), b_i=np.array([-0.25]))
    pair = np.array([0]), np.array([0])
    assert F.mf_predict(θ, 3.0, *pair).tolist() == [3 + 0.5 - 0.25 + (1 * 3 + 2 * -1)]  # 4.25
    penalty = (1 + 4) + (9 + 1) + 0.5**2 + 0.25**2
    close(F.mf_loss(θ, 3.0, *pair, np.array([4.0]), λ=0.1), 0.25**2 + 0.1 * penalty)


@few
@given(seed=seeds, num_users=sizes, num_items=sizes, d=sizes, n=st.integers(1, 12), λ=st.sampled_from([0.0, 0.3]))
def test_mf_gradients_agree_with_gradient_tape(tf, seed, num_users, num_items, d, n, λ):
    rng = np.random.default_rng(seed)
    θ = random_factors(rng, num_users, num_items, d)
    u, i, r = random_pairs(rng, num_users, num_items, n)
    variables = [tf.Variable(value) for value in θ]
    with tf.GradientTape() as tape:
        p, q, b_u, b_i = (tf.gather(v, k) for v, k in zip(variables, (u, i, u, i), strict=True))
        e = r - (3.5 + b_u + b_i + tf.reduce_sum(p * q, axis=1))
        norms = tf.reduce_sum(p**2, axis=1) + tf.reduce_sum(q**2, axis=1) + b_u**2 + b_i**2
        L = tf.reduce_mean(e**2) + λ * tf.reduce_mean(norms)
    close(F.mf_loss(θ, 3.5, u, i, r, λ), L, rtol=1e-9)
    for gradient, expected in zip(F.mf_gradients(θ, 3.5, u, i, r, λ), tape.gradient(L, variables), strict=True):
        close(gradient, tf.convert_to_tensor(expected), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("field", F.Factors._fields)
def test_mf_gradients_agree_with_finite_differences(field):
    rng = np.random.default_rng(1)
    θ, pairs = random_factors(rng, 4, 3, 2), random_pairs(rng, 4, 3, 15)

    def L(value):
        return F.mf_loss(θ._replace(**{field: value}), 3.5, *pairs, λ=0.1)

    gradient = getattr(F.mf_gradients(θ, 3.5, *pairs, λ=0.1), field)
    close(gradient, F.numerical_gradient(L, getattr(θ, field)), rtol=1e-6, atol=1e-8)


def test_mf_means_what_the_keras_model_means(tf):
    """Same prediction, loss and gradients as models/mf.py, in its float32."""
    from recsys_edu.models.mf import MatrixFactorization

    rng = np.random.default_rng(4)
    θ, (u, i, r) = random_factors(rng, 5, 4, 3), random_pairs(rng, 5, 4, 20)
    model = MatrixFactorization(5, 4, 3, l2=0.1)
    model(np.stack([u, i], axis=1))  # builds the weights
    model.start_at(3.5)
    tables = [model.user_embedding, model.item_embedding, model.user_bias, model.item_bias]
    for table, value in zip(tables, θ, strict=True):
        table.set_weights([value.reshape(len(value), -1)])
    with tf.GradientTape() as tape:
        r_hat = model(np.stack([u, i], axis=1))[:, 0]
        L = tf.reduce_mean((r.astype("float32") - r_hat) ** 2) + sum(model.losses)
    expected = tape.gradient(L, [table.embeddings.value for table in tables])
    close(F.mf_predict(θ, 3.5, u, i), r_hat, rtol=1e-5)
    close(F.mf_loss(θ, 3.5, u, i, r, λ=0.1), L, rtol=1e-5)
    for gradient, theirs in zip(F.mf_gradients(θ, 3.5, u, i, r, λ=0.1), expected, strict=True):
        close(gradient, tf.reshape(tf.convert_to_tensor(theirs), gradient.shape), rtol=1e-4, atol=1e-5)


# 6. A step


RNG = np.random.default_rng(2)
START = RNG.normal(size=(3, 4))
GRADIENTS = RNG.normal(size=(6, 3, 4)) * 10.0 ** RNG.integers(-6, 4, size=(6, 3, 4))  # from 1e-6 to 1e3


def steps_of(keras, optimizer):
    """θ after each of Keras' own steps, in float64."""
    θ = keras.Variable(START, dtype="float64")
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [θ])
        yield θ.value.numpy()


def test_sgd_takes_the_steps_of_keras(keras):
    θ = START
    for gradient, expected in zip(GRADIENTS, steps_of(keras, keras.optimizers.SGD(0.125)), strict=True):
        θ = F.sgd_step(θ, gradient, η=0.125)
        close(θ, expected, rtol=1e-12)


# Keras rounds β1 and β2 to float32, and 1 − 0.999 is then wrong by 1.3e-5. Sums of powers of 2 are exact.
@pytest.mark.parametrize(
    ("β1", "β2", "ε", "atol"),
    [(0.9, 0.999, 1e-7, 6 * 0.125 * 1.3e-5), (0.875, 1 - 2**-10, 1e-7, 1e-12), (0.5, 0.75, 2.0**-4, 1e-12)],
)
def test_adam_takes_the_steps_of_keras(keras, β1, β2, ε, atol):
    θ, m, v = START, np.zeros((3, 4)), np.zeros((3, 4))
    optimizer = keras.optimizers.Adam(0.125, beta_1=β1, beta_2=β2, epsilon=ε)
    for t, (gradient, expected) in enumerate(zip(GRADIENTS, steps_of(keras, optimizer), strict=True), start=1):
        θ, m, v = F.adam_step(θ, gradient, m, v, t, 0.125, β1, β2, ε)
        close(θ, expected, rtol=0, atol=atol)


def test_adams_defaults_are_those_of_keras(keras):
    theirs, ours = keras.optimizers.Adam(), inspect.signature(F.adam_step).parameters
    assert [ours[name].default for name in ("β1", "β2", "ε")] == [
        theirs.beta_1,
        theirs.beta_2,
        theirs.epsilon,
    ]


def test_adam_differs_from_algorithm_1_by_the_size_of_epsilon_alone():
    rng = np.random.default_rng(3)
    θ = θ_paper = rng.normal(size=5)
    m, v, m_paper, v_paper = np.zeros((4, 5))
    for t in range(1, 8):
        gradient, β1, β2, ε = rng.normal(size=5), 0.9, 0.999, 1e-3
        θ, m, v = F.adam_step(θ, gradient, m, v, t, η=0.1, ε=ε)
        m_paper = β1 * m_paper + (1 - β1) * gradient
        v_paper = β2 * v_paper + (1 - β2) * gradient**2
        m_hat, v_hat = m_paper / (1 - β1**t), v_paper / (1 - β2**t)
        θ_paper = θ_paper - 0.1 * m_hat / (np.sqrt(v_hat) + ε / np.sqrt(1 - β2**t))
        close(θ, θ_paper, rtol=1e-12)
    assert 1 / np.sqrt(1 - 0.999**1) == pytest.approx(32, abs=0.5)  # the docstring's 32


@given(gradient=st.floats(1e-2, 1e6), sign=st.sampled_from([-1, 1]))
@few
def test_adams_first_step_is_eta_long_whatever_the_gradient(gradient, sign):
    θ, _, _ = F.adam_step(np.zeros(1), np.array([sign * gradient]), np.zeros(1), np.zeros(1), t=1, η=0.01)
    close(θ, [-sign * 0.01], rtol=1e-3)


def test_steps_leave_their_arguments_alone():
    θ, dθ, m, v = np.ones((4, 3))
    F.sgd_step(θ, dθ, η=0.1)
    F.adam_step(θ, dθ, m, v, t=1, η=0.1)
    for array in (θ, dθ, m, v):
        assert array.tolist() == [1, 1, 1]


# Errors are sentences

LAYER = F.Layer(np.zeros((2, 3)), np.zeros(2), "relu")
MISTAKES = {
    "W from Keras": (lambda: F.dense_forward(np.zeros((5, 2)), LAYER), SettingsError, "transpose"),
    "x not a batch": (lambda: F.dense_forward(np.zeros(3), LAYER), SettingsError, "one example a row"),
    "b too long": (
        lambda: F.dense_forward(np.zeros((5, 3)), LAYER._replace(b=np.zeros(3))),
        SettingsError,
        "b needs",
    ),
    "no such σ": (
        lambda: F.dense_forward(np.zeros((5, 3)), LAYER._replace(activation="gelu")),
        SettingsError,
        "relu",
    ),
    "dY of another batch": (
        lambda: F.dense_backward(np.zeros((4, 2)), F.dense_forward(np.zeros((5, 3)), LAYER)[1]),
        SettingsError,
        r"\(4, 2\).*\(5, 2\)",
    ),
    "two outputs": (
        lambda: F.f_forward(
            np.array([0]),
            np.array([0]),
            np.zeros((1, 1)),
            np.zeros((1, 2)),
            [LAYER._replace(activation="tanh")],
        ),
        SettingsError,
        "2 outputs",
    ),
    "row past the end": (
        lambda: F.embedding_lookup(np.zeros((3, 2)), np.array([3])),
        UnknownIdError,
        "rows 0 to 2",
    ),
    "negative row": (
        lambda: F.embedding_lookup(np.zeros((3, 2)), np.array([-1])),
        UnknownIdError,
        "no row -1",
    ),
    "labels for rows": (
        lambda: F.embedding_lookup(np.zeros((3, 2)), np.array(["a"])),
        SettingsError,
        "whole numbers",
    ),
    "gradient rows": (
        lambda: F.embedding_backward(np.zeros((2, 1)), np.array([0]), 3),
        SettingsError,
        "2 gradient",
    ),
    "r and r̂": (
        lambda: F.squared_loss_observed(np.zeros(3), np.zeros((3, 1)), reduction="sum"),
        SettingsError,
        r"\(3,\).*\(3, 1\)",
    ),
    "sum or mean": (
        lambda: F.squared_loss_observed(np.zeros(3), np.zeros(3), reduction="avg"),
        SettingsError,
        "'sum' or 'mean'",
    ),
    "no ratings": (
        lambda: F.squared_loss_observed(np.zeros(0), np.zeros(0), reduction="mean"),
        SettingsError,
        "at least one",
    ),
    "η of 0": (lambda: F.sgd_step(np.zeros(1), np.zeros(1), η=0.0), SettingsError, "above 0"),
    "gradient of another shape": (
        lambda: F.sgd_step(np.zeros(1), np.zeros(2), η=0.1),
        SettingsError,
        "be equal",
    ),
    "Adam from 0": (
        lambda: F.adam_step(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1), t=0, η=0.1),
        SettingsError,
        "t = 1",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_a_sentence(mistake):
    call, error, words = MISTAKES[mistake]
    with pytest.raises(error, match=words):
        call()
