"""What the kit says of the article's model, shown on MovieLens-100K."""

import numpy as np
import pytest

from recsys_edu import models, training
from recsys_edu.data import random_split
from recsys_edu.metrics import rmse
from recsys_edu.models.article import Recommender
from recsys_edu.models.biases import Biases


@pytest.fixture(scope="module")
def parts(movielens):
    return random_split(movielens, seed=0)


@pytest.fixture(scope="module")
def trained(parts):
    return training.fit(models.default_settings("article"), parts.train).model


def test_as_printed_the_names_are_undefined():
    with pytest.raises(NameError, match="num_users"):
        exec("Recommender(num_users, num_items, embedding_dim)", {"Recommender": Recommender})


def test_as_printed_fit_takes_a_list_and_fails(parts):
    model = Recommender(parts.train.num_users, parts.train.num_items, 16)
    model.compile(optimizer="adam", loss="mse")
    with pytest.raises(TypeError, match="indices must be integers or slices, not tuple"):
        model.fit([parts.train.user_index, parts.train.item_index], parts.train.rating, epochs=10, verbose=0)


def test_with_one_array_of_pairs_plain_fit_trains(parts):
    model = Recommender(parts.train.num_users, parts.train.num_items, 16)
    model.compile(optimizer="adam", loss="mse")
    few = slice(0, 20_000)
    history = model.fit(parts.train.pairs[few], parts.train.rating[few], epochs=3, batch_size=256, verbose=0)
    assert history.history["loss"][-1] < 0.3 * history.history["loss"][0]


def test_it_is_additive_so_every_user_gets_the_same_ranking(trained):
    scores = trained.scores(np.arange(trained.num_users))  # (943, 1682)
    item_part = scores - scores[:, :1]  # what is left of b(i) when a(u) and c are gone
    np.testing.assert_allclose(item_part, np.tile(item_part[0], (len(scores), 1)), atol=1e-4)
    assert scores[0].std() > 0.1  # and the items do differ


def test_its_error_does_not_beat_biases_alone(trained, parts):
    biases = Biases().fit(parts.train)

    def error(model):
        return rmse(
            parts.test.rating,
            np.clip(model.predict_pairs(parts.test.user_index, parts.test.item_index), 1, 5),
        )

    assert 0.94 <= error(trained) <= 0.96
    assert error(trained) > error(biases) - 0.002


def test_flatten_does_nothing(trained):
    vectors = np.asarray(trained.user_embedding(np.array([1, 2, 3])))
    np.testing.assert_array_equal(np.asarray(trained.flatten(vectors)), vectors)
