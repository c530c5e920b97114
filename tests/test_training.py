"""The trainer: the same numbers as Keras' own fit, however it is cut up; events that tell what happened."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from recsys_edu import models, training
from recsys_edu.data import random_split
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.events import BatchEvent, EpochEvent, FailedEvent, FinishedEvent, SnapshotEvent
from tests.models.test_conformance import small

TWO_SIDED = ["mf", "mlp", "article", "svdpp", "neumf", "two_tower", "caser"]
SETTINGS = models.default_settings("mf", batch_size=256, epochs=2, embedding_dim=4)


@pytest.fixture(scope="module")
def parts(planted):
    return random_split(planted, seed=0)


@pytest.fixture(scope="module")
def whole(parts):
    heard = []
    return training.fit(SETTINGS, parts.train, parts.test, heard.append), heard


def test_events_tell_the_run_in_order(whole, parts):
    trainer, heard = whole
    kinds = [type(event) for event in heard]
    assert kinds == [BatchEvent, EpochEvent, SnapshotEvent] * 2 + [FinishedEvent]
    first, second = (event for event in heard if isinstance(event, EpochEvent))
    assert (first.epoch, second.epoch) == (1.0, 2.0)
    assert second.train_loss < first.train_loss
    assert second.validation_mse == pytest.approx(trainer.validation_mse())
    assert heard[-1].parameters == trainer.parameters == 300 * 5 + 200 * 5
    assert heard[2].item_vectors.shape == (200, 4)
    assert heard[0].as_dict() == {
        "event": "batch", "epoch": 1.0, "step": 38, "batches": 38, "train_loss": heard[0].train_loss
    }  # fmt: skip


def test_it_learns_what_plain_keras_fit_learns(parts):
    """The same start, the same order, the same loss: after an epoch, the same weights."""
    trainer = training.trainer(SETTINGS, parts.train)
    plain = models.build(SETTINGS, parts.train)
    plain.compile(optimizer=keras.optimizers.Adam(SETTINGS.learning_rate), loss="mse")
    order = np.random.default_rng([SETTINGS.seed, 0]).permutation(len(parts.train))
    plain.fit(parts.train.pairs[order], parts.train.rating[order], batch_size=256, shuffle=False, verbose=0)
    trainer.run_batches(trainer.steps_per_epoch)
    np.testing.assert_allclose(trainer.model.item_vectors(), plain.item_vectors(), atol=1e-4)
    np.testing.assert_allclose(trainer.model.user_vectors(), plain.user_vectors(), atol=1e-4)


def test_a_run_cut_into_pieces_and_moved_ends_at_the_same_weights(whole, parts):
    here, there = (training.trainer(SETTINGS, parts.train, parts.test) for _ in range(2))
    for _ in here.events(until_step=17, batches_at_once=1):
        pass
    there.restore(here.state())
    epochs = [event for event in there.events(batches_at_once=7) if isinstance(event, EpochEvent)]
    np.testing.assert_array_equal(there.model.item_vectors(), whole[0].model.item_vectors())
    assert epochs[0].train_loss == pytest.approx(whole[1][1].train_loss, abs=1e-6)


def test_the_loss_that_is_told_does_not_depend_on_where_a_run_was_cut(whole, parts):
    """Bit for bit: the sum runs batch by batch, and the points of the curve are counted from the epoch's begin."""
    told = {}
    for cuts in ((), (1, 2, 3, 17, 38, 40)):
        trainer = training.trainer(SETTINGS, parts.train, parts.test)
        heard = []
        for cut in (*cuts, None):
            heard += trainer.events(until_step=cut, batches_at_once=5)
        told[cuts] = heard
    plain, cut = told.values()
    epochs = [[event.train_loss for event in heard if isinstance(event, EpochEvent)] for heard in (plain, cut)]
    assert epochs[0] == epochs[1] == [event.train_loss for event in whole[1] if isinstance(event, EpochEvent)]
    points = [{e.step: e.train_loss for e in heard if isinstance(e, BatchEvent)} for heard in (plain, cut)]
    assert points[0].keys() - points[1].keys() == set()
    steps = [step for step in points[0] if step > 22 and step != 40 and step != 43]  # behind the cuts: the same batches
    assert len(steps) > 5
    assert [points[0][step] for step in steps] == [points[1][step] for step in steps]


@pytest.mark.parametrize("name", TWO_SIDED)
@pytest.mark.parametrize("learns", ["users", "items"])
def test_one_side_learns_and_the_other_stays_as_it_starts(parts, name, learns):
    """Bit for bit, in whatever pieces; only what learns is counted; what belongs to no side learns."""
    settings = replace(small(name, epochs=1), learns=learns)
    trainer = training.trainer(settings, parts.train, parts.test)
    model, sides, other = trainer.model, settings.card.sides, {"users": "items", "items": "users"}[learns]
    start, vectors = {side: _numbers(model, sides[side]) for side in sides}, _vectors(model)
    for _ in trainer.events(batches_at_once=7, until_step=3):
        pass
    end, moved = {side: _numbers(model, sides[side]) for side in sides}, _vectors(model)
    assert all(np.array_equal(a, b) for a, b in zip(start[other], end[other], strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(start[learns], end[learns], strict=True))
    assert not np.array_equal(vectors[learns], moved[learns])
    both = training.trainer(small(name), parts.train).parameters
    assert trainer.parameters == both - sum(numbers.size for numbers in start[other])


def _numbers(model, names):
    found = keras.tree.flatten([getattr(model, name) for name in names])
    return [np.asarray(w).copy() for part in found for w in getattr(part, "weights", [part])]


def _vectors(model):
    return {"users": model.user_vectors().copy(), "items": model.item_vectors().copy()}


def test_a_model_without_two_sides_says_so():
    assert [name for name, card in models.MODELS.items() if card.sides] == TWO_SIDED
    with pytest.raises(SettingsError, match=r"'sasrec' has no vectors of users that could learn alone.*mf, mlp"):
        models.default_settings("sasrec", learns="users")
    with pytest.raises(SettingsError, match=r"What learns is 'films'; it must be one of: both, users, items"):
        models.default_settings("mf", learns="films")
    assert "learns" not in models.default_settings("mf").as_dict()
    assert models.default_settings("mf", learns="items").as_dict()["learns"] == "items"


def test_recall_of_an_epoch_is_the_share_found_of_what_was_held_out(parts):
    heard = []
    trainer = training.fit(replace(SETTINGS, epochs=1), parts.train, parts.test, heard.append, judge_lists=True)
    (epoch,) = [event for event in heard if isinstance(event, EpochEvent)]
    users = np.unique(parts.test.user_index)
    chosen = np.sort(users[np.random.default_rng(0).permutation(len(users))[: training.JUDGED_USERS]])
    found = []
    for user in chosen:
        scores = np.where(parts.train.seen()[user], -np.inf, trainer.model.scores(np.array([user]))[0])
        mine = set(parts.test.item_index[parts.test.user_index == user].tolist())
        found.append(len(mine & set(np.argsort(-scores, kind="stable")[:10].tolist())) / len(mine))
    assert epoch.validation_recall == pytest.approx(np.mean(found))
    assert epoch.as_dict()["validation_recall"] == epoch.validation_recall


def test_a_loss_that_explodes_ends_the_run_with_advice(parts):
    wild = models.default_settings("mf", learning_rate=1e9, epochs=50, embedding_dim=4)
    heard = []
    trainer = training.fit(wild, parts.train, parts.test, heard.append)
    assert isinstance(heard[-1], FailedEvent)
    assert trainer.failure is heard[-1]
    assert "loss became" in heard[-1].reason
    assert "learning rate ten times smaller" in heard[-1].advice
    assert not any(isinstance(event, FinishedEvent) for event in heard)


def test_nothing_to_learn_from_is_said(parts):
    with pytest.raises(DataError, match="the training part is empty"):
        training.trainer(SETTINGS, parts.train.take(np.array([], int)))


def test_an_epochs_error_is_a_mean_over_ratings_not_over_batches(parts):
    """With a batch that is mostly full and one that is not; steps so small that the model stays as it was."""
    still = models.default_settings("mf", batch_size=8192, learning_rate=1e-9, epochs=1, embedding_dim=4)
    trainer = training.trainer(still, parts.train)
    predicted = trainer.model.predict_pairs(parts.train.user_index, parts.train.item_index)
    (epoch,) = [event for event in trainer.events(batches_at_once=1) if isinstance(event, EpochEvent)]
    assert epoch.train_loss == pytest.approx(np.mean((parts.train.rating - predicted) ** 2), rel=1e-5)


def test_a_huge_but_finite_loss_ends_the_run_as_well(parts):
    """Adam's steps are bounded, so a learning rate of 100 gives no NaN, only nonsense."""
    wild = models.default_settings("mf", learning_rate=100.0, epochs=50, embedding_dim=16, l2=0.0)
    trainer = training.fit(wild, parts.train)
    assert "the steps are too large" in trainer.failure.reason
