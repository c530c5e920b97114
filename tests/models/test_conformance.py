"""The promises that every model of the register keeps. A new model is tested by being registered."""

import random
import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest

from recsys_edu import models, training
from recsys_edu.data import Split, leave_last_out, random_split
from recsys_edu.errors import SettingsError, UnknownIdError
from recsys_edu.metrics import evaluate, rmse
from recsys_edu.models.biases import Biases
from tests.models import worlds

NAMES = list(models.MODELS)
RATING = [name for name in NAMES if models.MODELS[name].predicts_ratings]
RANKING = [name for name in NAMES if not models.MODELS[name].predicts_ratings]
GRADIENT = [name for name in NAMES if models.MODELS[name].by_gradient]
NO_TASTE = {"popularity", "biases", "article"}  # the same order of items for every user
QUICK = {"batch_size": 128, "learning_rate": 0.01, "epochs": 12, "embedding_dim": 8, "l2": 0.02}
SMALL = {  # what a model needs otherwise
    "bpmf": {"embedding_dim": 4, "sweeps": 60, "burn_in": 20},
    "autorec": {"batch_size": 16, "l2": 0.001},
    "content": {"l2": 8.0},
    "ease": {"l2": 20.0},
    "gru4rec": {"length": 10, "units": 32, "embedding_dim": 16, "epochs": 20},
    "neumf": {"l2": 0.002, "embedding_dim": 16},
    "sasrec": {"length": 10},
    "svdpp": {"choice_l2": 0.02},
    "two_tower": {"embedding_dim": 16},
}


def small(name, **changes):
    """Settings with which every model learns a small world in a few seconds."""
    card = models.MODELS[name]
    quick = {knob: QUICK[knob] for knob in card.knobs if knob in QUICK} | SMALL.get(name, {})
    return models.default_settings(name, **quick | changes)


def test_error(trainer, part):
    return rmse(part.rating, trainer.model.predict_pairs(part.user_index, part.item_index))


test_error.__test__ = False


@dataclass
class Fitted:
    """A model that has learnt its small world, with the states that it started and ended in."""

    trainer: training.Trainer
    parts: Split
    start: dict
    end: dict

    @property
    def model(self):
        return self.trainer.model


@pytest.fixture(scope="module")
def rated(planted):
    return random_split(planted, seed=0)


@pytest.fixture(scope="module")
def chained():
    return leave_last_out(worlds.chains(), seed=0)


@pytest.fixture(scope="module")
def world_of(rated, chained):
    return lambda name: rated if name in RATING else chained


@pytest.fixture(scope="module")
def fitted(world_of):
    """Each model is fitted once, when a test first asks for it."""
    kept = {}

    def of(name):
        if name not in kept:
            parts = world_of(name)
            trainer = training.trainer(small(name), parts.train, parts.test)
            start = trainer.state()
            for _ in trainer.events():
                pass
            kept[name] = Fitted(trainer, parts, start, trainer.state())
        return kept[name]

    return of


@pytest.mark.parametrize("name", NAMES)
def test_each_row_depends_on_its_own_pair_alone(fitted, name):
    model, rng = fitted(name).model, np.random.default_rng(1)
    users, items = rng.integers(0, model.num_users, 50), rng.integers(0, model.num_items, 50)
    together = model.predict_pairs(users, items)
    assert together.shape == (50,)
    alone = np.concatenate([model.predict_pairs(users[k : k + 1], items[k : k + 1]) for k in range(50)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together.std() > 0.05  # a constant would pass the line above


@pytest.mark.parametrize("name", GRADIENT)
def test_a_keras_model_maps_pairs_to_a_column(fitted, name):
    model = fitted(name).model
    pairs = np.array([[0, 1], [2, 3], [2, 0]], dtype="int32")
    column = np.asarray(model(pairs))
    assert column.shape == (3, 1)
    np.testing.assert_allclose(column[:, 0], model.predict_pairs(pairs[:, 0], pairs[:, 1]), atol=1e-5)


@pytest.mark.parametrize("name", RATING)
def test_learns_a_planted_signal(fitted, rated, name):
    of_the_mean = rmse(rated.test.rating, rated.train.rating.mean())
    assert test_error(fitted(name).trainer, rated.test) < 0.93 * of_the_mean


@pytest.mark.parametrize("name", [name for name in RATING if name not in NO_TASTE])
def test_learns_taste_beyond_biases(fitted, rated, name):
    biases = Biases().fit(rated.train)
    of_biases = rmse(rated.test.rating, biases.predict_pairs(rated.test.user_index, rated.test.item_index))
    assert test_error(fitted(name).trainer, rated.test) < 0.95 * of_biases


@pytest.mark.parametrize("name", [name for name in RANKING if name not in NO_TASTE])
def test_learns_a_planted_order(fitted, chained, name):
    """A walk along one of four chains: who knows the taste has it among a handful of items."""
    chance = worlds.ndcg_of_chance(chained.train.num_items - 8)
    assert evaluate(fitted(name).model, chained.train, chained.test)["ndcg@10"] > 4 * chance


@pytest.mark.parametrize("name", RATING)
def test_learns_nothing_from_noise(rated, planted, name):
    shuffled = replace(planted, rating=np.random.default_rng(3).permutation(planted.rating))
    noise = random_split(shuffled, seed=0)
    changes = {"epochs": 4} if name in GRADIENT else {}
    error = test_error(training.fit(small(name, **changes), noise.train), noise.test)
    spread = noise.test.rating.std()
    assert 0.99 * spread < error < 1.15 * spread


@pytest.mark.parametrize("name", RANKING)
def test_finds_no_order_where_there_is_none(name):
    """Three standard errors of a mean over 300 users are 0.034."""
    parts = leave_last_out(worlds.coins(), seed=0)
    changes = {"epochs": 4} if name in GRADIENT else {}
    model = training.fit(small(name, **changes), parts.train).model
    chance = worlds.ndcg_of_chance(parts.train.num_items - 9)
    assert abs(evaluate(model, parts.train, parts.test)["ndcg@10"] - chance) < 0.035


@pytest.mark.parametrize("name", NAMES)
def test_saves_and_loads(fitted, name, tmp_path):
    model = fitted(name).model
    users = np.arange(5)
    if name in GRADIENT:
        import keras

        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
    else:
        model.save(tmp_path / "model.npz")
        again = type(model).load(tmp_path / "model.npz")
    assert type(again) is type(model)
    np.testing.assert_allclose(again.scores(users), model.scores(users), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_cut_into_pieces_and_moved_ends_at_the_same_numbers(fitted, name):
    """The same seed gives the same start; a run that is stopped, carried elsewhere and taken up again the same end."""
    whole = fitted(name)
    here, there = whole.trainer, training.trainer(small(name), whole.parts.train, whole.parts.test)
    for key, array in there.state().items():
        np.testing.assert_array_equal(array, whole.start[key], err_msg=key)
    here.restore(whole.start)
    for _ in here.events(until_step=here.last_step // 2, batches_at_once=3):
        pass
    there.restore(here.state())
    for _ in there.events(batches_at_once=7):
        pass
    here.restore(whole.end)
    users = np.arange(20)
    np.testing.assert_array_equal(there.model.scores(users), here.model.scores(users))


@pytest.mark.parametrize("name", GRADIENT)
def test_another_seed_gives_other_numbers(fitted, name):
    whole = fitted(name)
    other = training.trainer(small(name, seed=5), whole.parts.train)
    vectors = [key for key, array in whole.start.items() if array.ndim == 2 and array.std() > 0]
    assert vectors
    assert not any(np.allclose(other.state()[key], whole.start[key], atol=1e-4) for key in vectors)


def test_a_thread_that_draws_at_random_beside_changes_nothing(rated):
    """As a library that is loaded in the background does."""
    alone, over = models.build(small("mf"), rated.train).get_weights(), threading.Event()

    def draw():
        while not over.is_set():
            random.random()

    beside = threading.Thread(target=draw)
    beside.start()
    try:
        again = [models.build(small("mf"), rated.train).get_weights() for _ in range(5)]
    finally:
        over.set()
        beside.join()
    for weights in again:
        assert all(np.array_equal(a, b) for a, b in zip(weights, alone, strict=True))


@pytest.mark.parametrize("name", GRADIENT)
def test_no_two_tables_start_alike(rated, chained, name):
    """A user who starts at the vector of some item is given a taste by chance of its row number."""
    train = (rated if name in RATING else chained).train
    weights = models.build(small(name), train).trainable_weights
    tables = [np.asarray(weight) for weight in weights if len(weight.shape) == 2 and np.std(weight) > 0]
    assert tables
    for k, table in enumerate(tables):
        for other in tables[k + 1 :]:
            assert table.shape[1] != other.shape[1] or not np.allclose(table[0], other[0], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_an_epoch_has_as_many_steps_as_is_known_beforehand(fitted, name):
    whole = fitted(name)
    settings = small(name)
    examples = models.num_examples(settings, whole.parts.train)
    assert whole.trainer.steps_per_epoch == -(-examples // settings.batch_size)
    assert whole.trainer.epoch == settings.epochs


@pytest.mark.parametrize("name", NAMES)
def test_unseen_rows_are_refused_with_a_sentence(fitted, name):
    model = fitted(name).model
    with pytest.raises(UnknownIdError, match="user_index 300 is not in the model: it learnt rows 0 to 299"):
        model.predict_pairs([300], [0])
    with pytest.raises(UnknownIdError, match="item_index -1 is not in the model"):
        model.predict_pairs([0], [-1])
    with pytest.raises(UnknownIdError, match="whole row numbers"):
        model.scores(np.array(["196"]))
    assert model.predict_pairs([], np.array([], int)).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_the_predictions_of_all_items(fitted, name):
    model = fitted(name).model
    scores = model.scores(np.array([7, 3]))
    assert scores.shape == (2, model.num_items)
    np.testing.assert_allclose(scores[1, :4], model.predict_pairs([3, 3, 3, 3], [0, 1, 2, 3]), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_who_has_rated_nothing_and_what_nobody_rated_get_an_answer(world_of, name):
    parts = world_of(name)
    train = parts.train.take(np.flatnonzero((parts.train.user_index > 1) & (parts.train.item_index > 1)))
    changes = {"epochs": 1} if name in GRADIENT else {}
    model = training.fit(small(name, **changes), train, parts.test).model
    assert np.isfinite(model.scores(np.arange(3))).all()
    vectors = model.item_vectors()
    assert vectors.shape[0] == train.num_items
    assert vectors.ndim == 2
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_what_the_model_is(fitted, name):
    card, model = models.MODELS[name], fitted(name).model
    assert card.predicts_ratings == model.predicts_ratings
    assert card.title
    assert card.source
    trainer = fitted(name).trainer
    assert trainer.parameters > 0


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
    with pytest.raises(SettingsError, match=r"no model 'mv'\. Choose one of: .*mf, mlp, article"):
        models.default_settings("mv")
    with pytest.raises(SettingsError, match=r"'article' has no L2 term.*one of: .*mf, mlp"):
        models.default_settings("article", l2=0.1)


def test_an_option_that_the_model_does_not_have_is_refused():
    with pytest.raises(SettingsError, match=r"'mf' has no option 'neighbours'"):
        models.default_settings("mf", neighbours=3)


def test_equal_settings_are_equal_whatever_the_order_of_their_options():
    assert models.default_settings("mf") == models.Settings(**{"model": "mf"} | models.MODELS["mf"].settings)
