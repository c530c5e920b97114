"""Two towers: unit vectors, a loss that is the batch's softmax, and a correction that pays."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax

from recsys_edu import models, training
from tests.models import worlds


def test_the_loss_is_the_corrected_softmax_over_the_items_of_the_batch():
    world = worlds.coins()
    model = models.build(models.default_settings("two_tower", embedding_dim=4, temperature=0.5), world)
    rows = np.unique(world.item_index, return_index=True)[1][:20]  # 20 pairs with 20 items
    pairs = world.pairs[rows]
    share = np.bincount(world.item_index, minlength=world.num_items) / len(world)
    scores = model.scores(np.arange(world.num_users))[pairs[:, :1], pairs[:, 1]]  # (20, 20)
    expected = -np.diagonal(log_softmax(scores - np.log(share[pairs[:, 1]]), axis=1))
    np.testing.assert_allclose(np.asarray(model.batch_loss(pairs)), expected, rtol=1e-4)


def test_scores_are_cosines_over_the_temperature():
    world = worlds.coins()
    model = models.build(models.default_settings("two_tower", embedding_dim=4, temperature=0.25), world)
    for vectors in (model.user_vectors(), model.item_vectors()):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    cosine = model.user_vectors()[7] @ model.item_vectors()[9]
    assert model.predict_pairs([7], [9])[0] == pytest.approx(cosine / 0.25, rel=1e-4)


def test_an_item_that_nobody_rated_has_a_finite_share():
    world = worlds.coins()
    train = world.take(np.flatnonzero(world.item_index > 1))
    model = models.build(models.default_settings("two_tower", embedding_dim=4), train)
    assert np.isfinite(np.asarray(model.log_q)).all()


def skewed(num_users=400, seed=0):
    """All users alike: item k is chosen in proportion to 1 / (k + 1). The full softmax's ranking is by popularity."""
    world, rng = worlds.coins(num_users=num_users), np.random.default_rng(seed)
    weight = 1 / (1 + np.arange(world.num_items))
    drawn = [rng.choice(world.num_items, 10, replace=False, p=weight / weight.sum()) for _ in range(num_users)]
    return replace(world, item_index=np.concatenate(drawn).astype("int32"))


def test_the_correction_recovers_the_ranking_of_the_full_softmax():
    """The full softmax has its minimum at s_i = log P(i) + constant: slope 1 over log popularity. Without the
    correction the batch's softmax has it at log P(i) − log Q(i), which here is the same for all items: slope 0."""
    world = skewed()
    log_p = np.log(np.bincount(world.item_index, minlength=world.num_items))
    slope = {}
    for correct in (True, False):
        settings = models.default_settings(
            "two_tower", embedding_dim=8, epochs=10, batch_size=128, learning_rate=0.01, correct=correct
        )
        scores = training.fit(settings, world).model.scores(np.arange(world.num_users)).mean(axis=0)
        slope[correct] = np.polyfit(log_p, scores, 1)[0]
    assert 0.8 < slope[True] < 1.2, slope
    assert abs(slope[False]) < 0.3, slope
