"""Chapter 4 of the article: the math of a neural recommender, in NumPy only. Read it from top to bottom.

1. a layer           y = σ(Wx + b)
2. an embedding      one-hot vector times a matrix
3. f(u, i)           layers stacked on [p_u; q_i]
4. the loss          L = Σ (r_ui − r̂_ui)²
5. the dot product   r̂_ui = μ + b_u + b_i + p_u · q_i
6. a step            θ ← θ − η ∂L/∂θ, and Adam

Convention for shapes. W is (d_out, d_in), as in the article's Wx. A batch X is (batch, d_in): one example
a row. Row k of the output is W x_k + b, so the whole batch is X Wᵀ + b. Keras stores Wᵀ, (d_in, d_out), and
calls it the kernel.

Convention for names. dA is the gradient ∂L/∂A of the loss L with respect to A. It has the shape of A.

All functions leave their arguments unchanged. A wrong shape or setting raises SettingsError, a row index
that a matrix does not have raises UnknownIdError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from recsys_edu.errors import SettingsError, UnknownIdError

Array = np.ndarray


# 1. A layer: y = σ(Wx + b) ------------------------------------------------------------------------


def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + e^(−z)), between 0 and 1, any shape.

    For z < 0 we compute the equal e^z / (1 + e^z): e^(−|z|) never overflows.
    """
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1.0, e) / (1.0 + e)


def sigmoid_derivative(z: Array) -> Array:
    """σ′(z) = σ(z) (1 − σ(z)). At most 1/4, at z = 0."""
    return sigmoid(z) * (1.0 - sigmoid(z))


def relu(z: Array) -> Array:
    """ReLU(z) = max(0, z)."""
    return np.maximum(z, 0.0)


def relu_derivative(z: Array) -> Array:
    """1 where z > 0, else 0. At z = 0 there is no derivative; 0 is the usual choice (TensorFlow's too)."""
    return np.where(np.asarray(z) > 0, 1.0, 0.0)


def tanh(z: Array) -> Array:
    """tanh(z) = (e^z − e^(−z)) / (e^z + e^(−z)), between −1 and 1."""
    return np.tanh(z)


def tanh_derivative(z: Array) -> Array:
    """tanh′(z) = 1 − tanh(z)²."""
    return 1.0 - np.tanh(z) ** 2


def identity(z: Array) -> Array:
    """σ(z) = z: a layer without an activation."""
    return np.asarray(z)


def identity_derivative(z: Array) -> Array:
    """σ′(z) = 1."""
    return np.ones_like(z, dtype=float)


ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "sigmoid": (sigmoid, sigmoid_derivative),
    "relu": (relu, relu_derivative),
    "tanh": (tanh, tanh_derivative),
    "identity": (identity, identity_derivative),
}


class Layer(NamedTuple):
    """The weights of one layer: W (d_out, d_in), b (d_out,), and the name of σ (a key of ACTIVATIONS)."""

    W: Array
    b: Array
    activation: str


class LayerCache(NamedTuple):
    """What the backward pass needs from the forward pass."""

    X: Array  # (batch, d_in)
    Z: Array  # (batch, d_out)
    layer: Layer


def dense_forward(X: Array, layer: Layer) -> tuple[Array, LayerCache]:
    """Z = X Wᵀ + b and Y = σ(Z): the article's y = σ(Wx + b) for each row x of X.

    X: (batch, d_in). Returns Y: (batch, d_out), and the cache for `dense_backward`.
    """
    W, b, activation = layer
    _require(activation in ACTIVATIONS, f"Unknown activation {activation!r}. Known: {', '.join(ACTIVATIONS)}.")
    _require(np.ndim(X) == 2, f"X must be (batch, d_in), one example a row; its shape is {np.shape(X)}.")
    _require(
        np.ndim(W) == 2 and W.shape[1] == X.shape[1],
        f"W x needs W of shape (d_out, {X.shape[1]}) because x has {X.shape[1]} numbers; "
        f"W is {np.shape(W)}. If W came from Keras, transpose it.",
    )
    _require(np.shape(b) == (W.shape[0],), f"b needs one number an output, ({W.shape[0]},); it is {np.shape(b)}.")
    Z = X @ W.T + b  # (batch, d_in) @ (d_in, d_out) -> (batch, d_out)
    σ, _ = ACTIVATIONS[activation]
    return σ(Z), LayerCache(X, Z, layer)


def dense_backward(dY: Array, cache: LayerCache) -> tuple[Array, tuple[Array, Array]]:
    """The chain rule through y = σ(Wx + b).

    dZ = dY ⊙ σ′(Z),   dW = dZᵀ X,   db = Σ_rows dZ,   dX = dZ W.

    dY: (batch, d_out). Sums over the batch: a mean, if there is one, is already in dY.
    Returns dX (batch, d_in) and (dW, db).
    """
    X, Z, layer = cache
    _require_same_shape("dY", dY, "the layer's output", Z)
    _, σ_derivative = ACTIVATIONS[layer.activation]
    dZ = dY * σ_derivative(Z)  # (batch, d_out)
    return dZ @ layer.W, (dZ.T @ X, dZ.sum(axis=0))


# 2. An embedding: a one-hot vector times a matrix -------------------------------------------------


def one_hot(index: Array, num_rows: int) -> Array:
    """(batch, num_rows): row k is all 0 but for a 1 in column index[k]."""
    _require_rows(index, num_rows)
    return np.eye(num_rows)[index]


def embedding_by_one_hot(P: Array, index: Array) -> Array:
    """p_u = Pᵀ onehot(u), for a batch: (batch, U) @ (U, d) -> (batch, d). Right, and wasteful."""
    return one_hot(index, len(P)) @ P


def embedding_lookup(P: Array, index: Array) -> Array:
    """The same numbers as `embedding_by_one_hot` without the multiplications: pick row u of P. (batch, d)"""
    _require_rows(index, len(P))
    return P[index]


def embedding_backward(d_rows: Array, index: Array, num_rows: int) -> Array:
    """dP = onehotᵀ d_rows: row u is the sum over all places in the batch where u occurs.

    d_rows: (batch, ...), index: (batch,). Returns (num_rows, ...). `dP[index] += d_rows` would keep only the
    last occurrence of a row that occurs twice; np.add.at adds them all.
    """
    _require_rows(index, num_rows)
    _require(
        len(d_rows) == len(index),
        f"{len(d_rows)} gradient rows for {len(index)} indices: give one row an index.",
    )
    dP = np.zeros((num_rows, *np.shape(d_rows)[1:]))
    np.add.at(dP, index, d_rows)
    return dP


# 3. f(u, i): layers stacked on [p_u; q_i] ---------------------------------------------------------


def mlp_forward(X: Array, layers: list[Layer]) -> tuple[Array, list[LayerCache]]:
    """y_l = σ_l(W_l y_(l−1) + b_l) for l = 1..n, with y_0 = x. X: (batch, d_in). Returns (batch, d_out)."""
    caches = []
    for layer in layers:
        X, cache = dense_forward(X, layer)
        caches.append(cache)
    return X, caches


def mlp_backward(dY: Array, caches: list[LayerCache]) -> tuple[Array, list[tuple[Array, Array]]]:
    """`dense_backward` from the last layer to the first. Returns dX, and (dW, db) of each layer in order."""
    gradients = []
    for cache in reversed(caches):
        dY, gradient = dense_backward(dY, cache)
        gradients.append(gradient)
    return dY, gradients[::-1]


class PairCache(NamedTuple):
    user_index: Array
    item_index: Array
    num_users: int
    num_items: int
    layers: list[LayerCache]


def f_forward(user_index: Array, item_index: Array, P: Array, Q: Array, layers: list[Layer]) -> tuple[Array, PairCache]:
    """r̂_ui = f(u, i): the layers on the concatenation [p_u; q_i]. The last layer must have one output.

    P: (U, d), Q: (I, d), user_index and item_index: (batch,). Returns r̂ (batch,) and `f_backward`'s cache.
    """
    _require_same_shape("user_index", user_index, "item_index", item_index)
    p, q = embedding_lookup(P, user_index), embedding_lookup(Q, item_index)  # (batch, d) each
    Y, caches = mlp_forward(np.concatenate([p, q], axis=1), layers)  # (batch, 2d) -> (batch, 1)
    _require(Y.shape[1] == 1, f"f(u, i) is one number a pair, but the last layer has {Y.shape[1]} outputs.")
    return Y[:, 0], PairCache(user_index, item_index, len(P), len(Q), caches)  # (batch, 1) -> (batch,)


def f_backward(d_r_hat: Array, cache: PairCache) -> tuple[Array, Array, list[tuple[Array, Array]]]:
    """From ∂L/∂r̂ (batch,) to dP (U, d), dQ (I, d) and (dW, db) of each layer."""
    dX, gradients = mlp_backward(d_r_hat[:, None], cache.layers)  # (batch, 1) -> (batch, 2d)
    dp, dq = np.split(dX, 2, axis=1)  # the concatenation backwards: (batch, d) each
    dP = embedding_backward(dp, cache.user_index, cache.num_users)
    dQ = embedding_backward(dq, cache.item_index, cache.num_items)
    return dP, dQ, gradients


# 4. The loss: L = Σ (r_ui − r̂_ui)² ---------------------------------------------------------------


def squared_loss_all(R: Array, R_hat: Array) -> float:
    """The article's L = Σ_(u ∈ U) Σ_(i ∈ I) (r_ui − r̂_ui)²: a sum over all cells of the (U, I) matrices.

    It needs every rating. Real data has a few per cent of them: a missing one (NaN) raises SettingsError.
    """
    _require_same_shape("R", R, "R_hat", R_hat)
    missing = int(np.isnan(R).sum())
    _require(
        missing == 0,
        f"The sum over U × I needs all ratings, and {missing:,} of {np.size(R):,} are missing. "
        "Use squared_loss_observed, which sums over the observed pairs only.",
    )
    return float(np.sum((R - R_hat) ** 2))


def squared_loss_observed(r: Array, r_hat: Array, *, reduction: str) -> float:
    """The loss as it is used: over the n observed pairs only.

    reduction="sum": Σ (r_ui − r̂_ui)².  reduction="mean": the same divided by n. r, r̂: (n,).
    """
    return float(np.sum((r - r_hat) ** 2) * _reduction_scale(r, r_hat, reduction))


def squared_loss_gradient(r: Array, r_hat: Array, *, reduction: str) -> Array:
    """∂L/∂r̂_ui = −2 (r_ui − r̂_ui) of `squared_loss_observed`, divided by n for the mean. (n,)"""
    return -2.0 * (r - r_hat) * _reduction_scale(r, r_hat, reduction)


def _reduction_scale(r: Array, r_hat: Array, reduction: str) -> float:
    _require_same_shape("r", r, "r_hat", r_hat)
    _require(reduction in ("sum", "mean"), f"reduction must be 'sum' or 'mean', not {reduction!r}.")
    _require(np.size(r) > 0, "The loss of no ratings is undefined: give at least one pair.")
    return 1.0 if reduction == "sum" else 1.0 / np.size(r)


# 5. The dot product: r̂_ui = μ + b_u + b_i + p_u · q_i --------------------------------------------


class Factors(NamedTuple):
    """What matrix factorisation learns. Gradients come in the same shape, as Factors too."""

    P: Array  # (U, d), row u is p_u
    Q: Array  # (I, d), row i is q_i
    b_u: Array  # (U,)
    b_i: Array  # (I,)


def mf_predict(θ: Factors, μ: float, user_index: Array, item_index: Array) -> Array:
    """r̂_ui = μ + b_u + b_i + p_u · q_i, (batch,). Koren, Bell & Volinsky 2009, eq. 4.

    μ is the mean of the training ratings: a constant, not learned.
    """
    p, q, b_u, b_i = _factors_of_pairs(θ, user_index, item_index)
    return μ + b_u + b_i + np.sum(p * q, axis=1)  # the dot product row by row: (batch, d) -> (batch,)


def mf_loss(θ: Factors, μ: float, user_index: Array, item_index: Array, r: Array, λ: float = 0.0) -> float:
    """L = mean over the batch of (r_ui − r̂_ui)² + λ (‖p_u‖² + ‖q_i‖² + b_u² + b_i²).

    The penalty counts a user once for each of their pairs in the batch (Koren, Bell & Volinsky 2009, eq. 5,
    divided by the number of pairs).
    """
    loss = squared_loss_observed(r, mf_predict(θ, μ, user_index, item_index), reduction="mean")
    p, q, b_u, b_i = _factors_of_pairs(θ, user_index, item_index)
    penalty = np.sum(p**2, axis=1) + np.sum(q**2, axis=1) + b_u**2 + b_i**2  # (batch,)
    return loss + λ * float(np.mean(penalty))


def mf_gradients(θ: Factors, μ: float, user_index: Array, item_index: Array, r: Array, λ: float = 0.0) -> Factors:
    """The gradients of `mf_loss`. With the error e = r_ui − r̂_ui and n pairs, one pair adds

    (2/n) (−e q_i + λ p_u) to row u of dP,      (2/n) (−e + λ b_u) to db_u,
    (2/n) (−e p_u + λ q_i) to row i of dQ,      (2/n) (−e + λ b_i) to db_i.
    """
    d_r_hat = squared_loss_gradient(r, mf_predict(θ, μ, user_index, item_index), reduction="mean")  # −2e/n
    p, q, b_u, b_i = _factors_of_pairs(θ, user_index, item_index)
    num_users, num_items, decay = len(θ.P), len(θ.Q), 2.0 * λ / len(r)
    return Factors(
        P=embedding_backward(d_r_hat[:, None] * q + decay * p, user_index, num_users),
        Q=embedding_backward(d_r_hat[:, None] * p + decay * q, item_index, num_items),
        b_u=embedding_backward(d_r_hat + decay * b_u, user_index, num_users),
        b_i=embedding_backward(d_r_hat + decay * b_i, item_index, num_items),
    )


def _factors_of_pairs(θ: Factors, user_index: Array, item_index: Array) -> tuple[Array, Array, Array, Array]:
    """p_u, q_i (batch, d) and b_u, b_i (batch,) of each pair."""
    _require_same_shape("user_index", user_index, "item_index", item_index)
    users = embedding_lookup(θ.P, user_index), embedding_lookup(θ.b_u, user_index)
    items = embedding_lookup(θ.Q, item_index), embedding_lookup(θ.b_i, item_index)
    return users[0], items[0], users[1], items[1]


# 6. A step ----------------------------------------------------------------------------------------


def sgd_step(θ: Array, dθ: Array, η: float) -> Array:
    """θ − η ∂L/∂θ. Stochastic gradient descent (SGD) when dθ comes from a random batch."""
    _require_step(θ, dθ, η)
    return θ - η * dθ


def adam_step(
    θ: Array,
    dθ: Array,
    m: Array,
    v: Array,
    t: int,
    η: float,
    β1: float = 0.9,
    β2: float = 0.999,
    ε: float = 1e-7,
) -> tuple[Array, Array, Array]:
    """One step of Adam (Kingma & Ba 2015). Step t = 1, 2, ...; m = v = 0 before the first. Returns θ, m, v.

    m ← β1 m + (1 − β1) dθ,   v ← β2 v + (1 − β2) dθ²
    η_t = η √(1 − β2^t) / (1 − β1^t)
    θ ← θ − η_t m / (√v + ε)

    This is the order that the paper gives at the end of its section 2, and that Keras computes. The paper's
    algorithm 1 divides by √v̂ + ε with v̂ = v / (1 − β2^t): the same, but for ε, which counts there
    1 / √(1 − β2^t) times as little (32 times at t = 1). ε = 1e-7 as in Keras; the paper suggests 1e-8.
    """
    _require_step(θ, dθ, η)
    _require(t >= 1, f"Adam counts its steps from t = 1, not {t}: it would divide by 1 − β1^0 = 0.")
    m = β1 * m + (1 - β1) * dθ
    v = β2 * v + (1 - β2) * dθ**2
    η_t = η * np.sqrt(1 - β2**t) / (1 - β1**t)
    return θ - η_t * m / (np.sqrt(v) + ε), m, v


def numerical_gradient(L: Callable[[Array], float], θ: Array, h: float = 1e-5) -> Array:
    """∂L/∂θ_j ≈ (L(θ + h e_j) − L(θ − h e_j)) / 2h. Slow, but free of the chain rule. Shape of θ."""
    θ = np.array(θ, dtype=float)
    gradient = np.zeros_like(θ)
    for j in np.ndindex(θ.shape):
        step = np.zeros_like(θ)
        step[j] = h
        gradient[j] = (L(θ + step) - L(θ - step)) / (2 * h)
    return gradient


# Errors that are sentences ------------------------------------------------------------------------


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise SettingsError(sentence)


def _require_same_shape(name_a: str, a: Array, name_b: str, b: Array) -> None:
    _require(
        np.shape(a) == np.shape(b),
        f"{name_a} has shape {np.shape(a)} and {name_b} {np.shape(b)}: they must be equal.",
    )


def _require_rows(index: Array, num_rows: int) -> None:
    index = np.asarray(index)
    _require(
        index.ndim == 1 and np.issubdtype(index.dtype, np.integer),
        f"An index must be whole numbers, (batch,); this one is {index.dtype} of shape {index.shape}.",
    )
    outside = index[(index < 0) | (index >= num_rows)]
    if len(outside):
        raise UnknownIdError(f"There is no row {outside[0]}: the matrix has rows 0 to {num_rows - 1}.")


def _require_step(θ: Array, dθ: Array, η: float) -> None:
    _require_same_shape("θ", θ, "its gradient", dθ)
    _require(η > 0, f"The learning rate η must be above 0, not {η}: else the step does not go downhill.")
