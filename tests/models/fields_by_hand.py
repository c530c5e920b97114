"""A pair of integers whose prediction can be followed on paper, and helpers for models over fields."""

import importlib
import threading

import numpy as np
import pytest

SIZES = [("user_id", "user", 3, 1), ("item_id", "item", 3, 1), ("genres", "item", 3, 2)]
E = np.array([[1, 2], [3, -1], [2, 1]], "float32")  # e_f of user_id, item_id and genres of the pair (0, 1)
LINEAR = 1 + 2 + (0.5 * 4 + 0.5 * 2)  # w of the user, of the item, and half of each genre's


def by_hand(model_class, **arguments):
    """A model for 2 users and 2 items with d = 2; user 0 and item 1 have e = E and linear = LINEAR. Its deep part gives
    ReLU(1·h_0 − 1) and ReLU(…) of it, by weights that `deep_by_hand` repeats."""
    model = model_class(2, 2, 2, SIZES, units=2, **arguments)
    model(np.zeros((1, 2), "int32"))
    model.rows["user_id"].assign([[1], [2]])
    model.rows["item_id"].assign([[4], [5]])
    model.rows["genres"].assign([[6, 6], [7, 8]])
    model.x["user_id"].assign([[1], [1]])
    model.x["item_id"].assign([[1], [1]])
    model.x["genres"].assign([[1, 0], [0.5, 0.5]])
    v = np.zeros((9, 2))
    v[1], v[5], v[7], v[8] = (1, 2), (3, -1), (4, 0), (0, 2)  # genres: ((4, 0) + (0, 2)) / 2 = (2, 1)
    w = np.zeros((9, 1))
    w[1], w[5], w[7], w[8] = 1, 2, 4, 2
    model.v.embeddings.assign(v)
    model.w.embeddings.assign(w)
    first = np.array([[1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, -1]]).T  # the sum, and minus the last
    model.hidden[0].set_weights([first, np.array([-1, 0])])
    model.hidden[1].set_weights([np.array([[2], [5]]), np.array([1])])
    model.out.set_weights([np.array([[10]]), np.array([3])])
    return model


DEEP = 10 * (2 * (1 + 2 + 3 - 1 + 2 + 1 - 1) + 5 * 0 + 1) + 3  # the second neuron, −1, is cut to 0 by the ReLU


def random_fields(model_class, planted, **arguments):
    """A model over the planted set's fields whose weights are all random, and 20 pairs."""
    rng = np.random.default_rng(0)
    model = model_class.of(planted, embedding_dim=3, **arguments)
    model(np.zeros((1, 2), "int32"))
    model.start_from(planted)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.5, variable.shape))
    return model, np.stack([rng.integers(0, 300, 20), rng.integers(0, 200, 20)], axis=1).astype("int32")


def read_slowly(model, user, item):
    """e_f and linear of one pair, by loops over the formulas."""
    v, w = np.asarray(model.v.embeddings), np.asarray(model.w.embeddings)
    linear, e = 0.0, []
    for name, of, _, width in model.sizes:
        row = item if of == "item" else user
        e_f = np.zeros(model.embedding_dim)
        for place in range(width):
            j, x_j = int(model.rows[name][row, place]), float(model.x[name][row, place])
            e_f += x_j * v[j]
            linear += x_j * w[j, 0]
        e.append(e_f)
    return np.array(e), linear


def deep_slowly(model, e):
    h = e.reshape(-1)
    for layer in model.hidden:
        W, b = layer.get_weights()
        h = np.maximum(h @ W + b, 0)
    w, b = model.out.get_weights()
    return float(h @ w[:, 0] + b[0])


def deepctr_layers(monkeypatch):
    """`deepctr.layers.interaction`, or the test is skipped. Its import starts a thread that asks the network for a
    newer version: that thread is not let go."""
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)
    pytest.importorskip("deepctr")
    interaction = importlib.import_module("deepctr.layers.interaction")
    monkeypatch.undo()
    return interaction
