"""Caser: its convolutions by hand, its padding, and that no example sees its own item."""

import numpy as np
import pytest

from recsys_edu import models
from recsys_edu.data import leave_last_out
from recsys_edu.models.caser import Caser
from tests.models import worlds


@pytest.fixture(scope="module")
def model():
    model = Caser(num_users=3, num_items=9, embedding_dim=4, length=3, filters=2, columns=2)
    model(np.zeros((1, 2), dtype="int32"))
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    return model


def by_hand(model, u, items):
    """z + p_u with loops: filters slide down the image one place at a time."""
    E = np.asarray(model.image_embedding.embeddings)[items] * (np.array(items) >= 0)[:, None]  # (L, d)
    features = []
    for h, convolution in enumerate(model.horizontal, start=1):
        F, b = convolution.get_weights()  # (h, d, filters), (filters,)
        for k in range(model.filters):
            features.append(max(max(0, np.sum(F[..., k] * E[t : t + h]) + b[k]) for t in range(len(E) - h + 1)))
    F_vertical = model.vertical.get_weights()[0]  # (L, columns)
    features.extend((E.T @ F_vertical).ravel())
    W, b = model.hidden.get_weights()
    return np.maximum(0, np.array(features) @ W + b) + np.asarray(model.user_embedding.embeddings)[u]


@pytest.mark.parametrize("items", [[4, 7, 1], [4, 7, -1], [-1, -1, -1]])
def test_a_state_is_the_formula(model, items):
    state = np.asarray(model.state(np.array([2]), np.array([items])))[0]
    np.testing.assert_allclose(state, by_hand(model, 2, items), rtol=1e-4, atol=1e-5)


def test_one_filter_in_plain_numbers():
    """One-number items 1, 3, 2 and the filter of height 2 with weights (1, 10): the larger of 1 + 30 and 3 + 20."""
    model = Caser(num_users=1, num_items=3, embedding_dim=1, length=3, filters=1, columns=1)
    model(np.zeros((1, 2), dtype="int32"))
    model.image_embedding.embeddings.assign([[1.0], [3.0], [2.0]])
    for convolution, weights in zip(model.horizontal, ([1.0], [1.0, 10.0], [0.0, 0.0, -1.0]), strict=True):
        convolution.set_weights([np.array(weights).reshape(-1, 1, 1), np.zeros(1)])
    model.vertical.set_weights([np.array([[1.0], [0.5], [0.25]])])
    features = np.asarray(model.features(model.image(np.array([[0, 1, 2]]))))[0]
    #                                      h = 1: max(1, 3, 2), h = 2, h = 3: ReLU(−2), vertical: 1 + 1.5 + 0.5
    np.testing.assert_allclose(features, [3.0, 31.0, 0.0, 3.0])


def test_what_comes_last_is_in_no_example_that_it_is_learnt_from():
    parts = leave_last_out(worlds.chains(num_users=40), seed=0)
    model = models.build(models.default_settings("caser"), parts.train)
    user, items, target = model.examples(parts.train)
    seen = parts.train.seen()
    assert seen[user, target].all()
    assert (seen[user[:, None], items] | (items < 0)).all()
    assert (items != target[:, None]).all()
