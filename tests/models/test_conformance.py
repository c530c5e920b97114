"""The promises that every model of the register keeps. A new model is tested by being registered."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from recsys_edu import models, training
from recsys_edu.baselines import Biases
from recsys_edu.data import random_split
from recsys_edu.errors import SettingsError, UnknownIdError
from recsys_edu.metrics import rmse

NAMES = list(models.MODELS)


def small(name, **changes):
    """Settings with which every model learns the planted set in a second or two."""
    l2 = {"l2": 0.02} if models.MODELS[name].has_l2 else {}
    return models.default_settings(
        name, **{"batch_size": 128, "learning_rate": 0.01, "epochs": 12, "embedding_dim": 8} | l2 | changes
    )


def test_error(trainer, part):
    return rmse(part.rating, trainer.model.predict_pairs(part.user_index, part.item_index))


test_error.__test__ = False


@pytest.fixture(scope="module")
def parts(planted):
    return random_split(planted, seed=0)


@pytest.fixture(scope="module")
def fitted(parts):
    return {name: training.fit(small(name), parts.train, parts.test) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_row_depends_on_its_own_pair_alone(fitted, name):
    model, rng = fitted[name].model, np.random.default_rng(1)
    pairs = np.stack([rng.integers(0, model.num_users, 50), rng.integers(0, model.num_items, 50)], axis=1)
    together = np.asarray(model(pairs))
    assert together.shape == (50, 1)
    alone = np.concatenate([np.asarray(model(pairs[k : k + 1])) for k in range(50)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together.std() > 0.05  # a constant would pass the line above


@pytest.mark.parametrize("name", NAMES)
def test_learns_a_planted_signal(fitted, parts, name):
    of_the_mean = rmse(parts.test.rating, parts.train.rating.mean())
    assert test_error(fitted[name], parts.test) < 0.93 * of_the_mean


@pytest.mark.parametrize("name", ["mf", "mlp"])
def test_the_successors_learn_taste_beyond_biases(fitted, parts, name):
    biases = Biases().fit(parts.train)
    of_biases = rmse(parts.test.rating, biases.predict_pairs(parts.test.user_index, parts.test.item_index))
    assert test_error(fitted[name], parts.test) < 0.95 * of_biases


@pytest.mark.parametrize("name", NAMES)
def test_learns_nothing_from_noise(parts, planted, name):
    shuffled = replace(planted, rating=np.random.default_rng(3).permutation(planted.rating))
    noise = random_split(shuffled, seed=0)
    error = test_error(training.fit(small(name, epochs=4), noise.train), noise.test)
    spread = noise.test.rating.std()
    assert 0.99 * spread < error < 1.15 * spread


@pytest.mark.parametrize("name", NAMES)
def test_saves_and_loads(fitted, name, tmp_path):
    model = fitted[name].model
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is type(model)
    users = np.arange(5)
    np.testing.assert_allclose(again.scores(users), model.scores(users), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_numbers(parts, name):
    first, second, other = (training.fit(small(name, epochs=1, seed=s), parts.train) for s in (4, 4, 5))
    np.testing.assert_array_equal(first.model.item_vectors(), second.model.item_vectors())
    assert not np.allclose(first.model.item_vectors(), other.model.item_vectors(), atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_unseen_rows_are_refused_with_a_sentence(fitted, name):
    model = fitted[name].model
    with pytest.raises(UnknownIdError, match="user_index 300 is not in the model: it learnt rows 0 to 299"):
        model.predict_pairs([300], [0])
    with pytest.raises(UnknownIdError, match="item_index -1 is not in the model"):
        model.predict_pairs([0], [-1])
    with pytest.raises(UnknownIdError, match="whole row numbers"):
        model.scores(np.array(["196"]))
    assert model.predict_pairs([], np.array([], int)).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_the_predictions_of_all_items(fitted, name):
    model = fitted[name].model
    scores = model.scores(np.array([7, 3]))
    assert scores.shape == (2, model.num_items)
    np.testing.assert_allclose(scores[1, :4], model.predict_pairs([3, 3, 3, 3], [0, 1, 2, 3]), atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"embedding_dim": 0}, "embedding size is 0"),
        ({"learning_rate": float("nan")}, "learning rate is nan"),
        ({"batch_size": -1}, "batch size is -1"),
        ({"epochs": 0}, "number of epochs is 0"),
    ],
)
def test_settings_without_sense_are_refused(changes, sentence):
    with pytest.raises(SettingsError, match=sentence):
        models.default_settings("mf", **changes)


def test_an_unknown_model_is_named_with_those_there_are():
    with pytest.raises(SettingsError, match=r"no model 'mv'\. Choose one of: mf, mlp, article"):
        models.default_settings("mv")
    with pytest.raises(SettingsError, match="'article' has no L2 term"):
        models.default_settings("article", l2=0.1)
