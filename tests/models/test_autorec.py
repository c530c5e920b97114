"""AutoRec: an item's loss is about its own observed ratings, and no test rating reaches the model."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from recsys_edu import models
from recsys_edu.data import random_split
from recsys_edu.models.biases import Biases


@pytest.fixture(scope="module")
def parts(planted):
    return random_split(planted, seed=0)


def built(train, **changes):
    return models.build(models.default_settings("autorec", **{"embedding_dim": 5, "l2": 0.0} | changes), train)


def test_predicts_what_the_formula_says(parts):
    train, model = parts.train, built(parts.train)
    biases = Biases().fit(train)
    v, mu, w, c = (np.asarray(x, "float64") for x in (*model.encoder.weights, *model.decoder.weights))
    for u, i in [(0, 0), (7, 41), (299, 199)]:
        x = np.zeros(train.num_users)
        for k in np.flatnonzero(train.item_index == i):
            user = train.user_index[k : k + 1]
            x[user] = train.rating[k] - biases.predict_pairs(user, np.array([i]))
        q_i = np.maximum(x @ v + mu, 0)
        expected = biases.predict_pairs(np.array([u]), np.array([i]))[0] + w[:, u] @ q_i + c[u]
        assert model.predict_pairs([u], [i])[0] == pytest.approx(expected, rel=1e-4)


def test_the_loss_of_an_item_touches_the_rows_of_the_users_who_rated_it_alone(parts):
    model, item = built(parts.train, dropout=0.0), 11
    with tf.GradientTape() as tape:
        loss = model.batch_loss(tf.constant([item]))
    of_w, of_c = tape.gradient(loss, model.decoder.trainable_variables)  # (d, num_users), (num_users,)
    rated = parts.train.seen()[:, item]
    assert 0 < rated.sum() < len(rated)
    assert (np.abs(of_w).sum(axis=0) > 0).tolist() == rated.tolist()
    assert (np.abs(of_c) > 0).tolist() == rated.tolist()


def test_the_mean_of_the_losses_is_the_mean_squared_error_over_the_ratings(parts):
    train, model = parts.train, built(parts.train, dropout=0.0)
    error = train.rating - model.predict_pairs(train.user_index, train.item_index)
    losses = np.asarray(model.batch_loss(np.arange(train.num_items)))
    assert losses.shape == (train.num_items,)
    assert losses.mean() == pytest.approx((error**2).mean(), rel=1e-4)


def test_the_l2_strength_weighs_encoder_and_decoder(parts):
    model = built(parts.train, l2=0.3)
    squares = sum((np.asarray(layer.kernel) ** 2).sum() for layer in (model.encoder, model.decoder))
    assert float(sum(model.losses)) == pytest.approx(0.3 * squares, rel=1e-5)


def test_the_own_rating_is_seen_in_training_and_the_test_part_never(parts):
    model = built(parts.train)
    tables = np.asarray(model.columns), np.asarray(model.rated)
    assert (tables[1] == parts.train.seen().T).all()
    assert (tables[0][parts.train.item_index, parts.train.user_index] != 0).mean() > 0.99
    assert (tables[0][parts.test.item_index, parts.test.user_index] == 0).all()
    assert not tables[1][parts.test.item_index, parts.test.user_index].any()
    before = model.predict_pairs([3], [4])
    other = replace(parts.train, rating=parts.train.rating[::-1])  # the tables are what a prediction rests on
    model.start_from(other)
    assert model.predict_pairs([3], [4]) != pytest.approx(before)
