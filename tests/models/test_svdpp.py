"""SVD++: the matrix product is the paper's double sum, over the training part alone."""

import numpy as np
import pytest

from recsys_edu import models
from recsys_edu.data import random_split


@pytest.fixture(scope="module")
def parts(planted):
    return random_split(planted, seed=0)


@pytest.fixture(scope="module")
def model(parts):
    model = models.build(models.default_settings("svdpp", embedding_dim=3, l2=0.1), parts.train)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:  # biases and y start at or near 0, where a mistake would not show
        weight.assign(rng.normal(size=weight.shape))
    return model


def test_equals_the_sum_of_the_paper_written_as_loops(model, parts):
    train = parts.train
    p, q, y = model.user_embedding.embeddings, model.item_embedding.embeddings, model.choice_vectors
    p, q, y, b_u, b_i = (np.asarray(w, "float64") for w in (p, q, y, *_biases(model)))
    for u, i in [(0, 0), (7, 41), (299, 199)]:
        n_u = train.item_index[train.user_index == u]
        total = np.zeros(3)
        for j in n_u:
            total += y[j]
        expected = train.rating.mean() + b_u[u, 0] + b_i[i, 0] + q[i] @ (p[u] + len(n_u) ** -0.5 * total)
        assert model.predict_pairs([u], [i])[0] == pytest.approx(expected, rel=1e-4)


def test_the_choice_vectors_pay_a_penalty_of_their_own(model, parts):
    """λ_y · mean over the pairs of w_i ‖y_i‖², w_i in proportion to n_i^−1/2 with a mean of 1 over the ratings."""
    train = parts.train
    model(train.pairs)
    n = np.bincount(train.item_index, minlength=model.num_items)[train.item_index].astype("float64")
    w = n**-0.5 / np.mean(n**-0.5)
    y = (np.asarray(model.choice_vectors, "float64") ** 2).sum(axis=1)[train.item_index]
    expected = model.choice_l2 * np.mean(w * y)
    assert min(abs(float(loss) / expected - 1) for loss in model.losses) < 1e-4


def test_what_a_user_chose_moves_the_prediction_and_test_ratings_do_not(model, parts):
    before = model.predict_pairs([5], [9])[0]
    y = np.asarray(model.choice_vectors).copy()
    own = np.unique(parts.train.item_index[parts.train.user_index == 5])
    others = np.setdiff1d(np.arange(model.num_items), own)  # among them all items of the user's test ratings
    changed = y.copy()
    changed[others] += 1
    model.choice_vectors.assign(changed)
    assert model.predict_pairs([5], [9])[0] == pytest.approx(before, rel=1e-6)
    changed = y.copy()
    changed[own[0]] += 1
    model.choice_vectors.assign(changed)
    moved = np.asarray(model.item_embedding.embeddings)[9].sum() / np.sqrt(len(own))
    assert model.predict_pairs([5], [9])[0] - before == pytest.approx(moved, rel=1e-3)
    model.choice_vectors.assign(y)


def _biases(model):
    return model.user_bias.embeddings, model.item_bias.embeddings
