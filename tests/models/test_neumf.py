"""NeuMF: the forward pass by hand, and what its loss is made of."""

import keras
import numpy as np
import pytest

from recsys_edu import models
from tests.models import worlds


@pytest.fixture(scope="module")
def model():
    return models.build(models.default_settings("neumf", embedding_dim=2, l2=0.0, negatives=3), worlds.coins(50))


def test_the_forward_pass_by_hand(model):
    u, i = 3, 8
    weights = {
        "p_g": (model.user_embedding.embeddings, [2.0, -1.0]),
        "q_g": (model.item_embedding.embeddings, [0.5, 3.0]),
        "p_m": (model.user_embedding_mlp.embeddings, [1.0, 0.0, 0.0, 2.0]),
        "q_m": (model.item_embedding_mlp.embeddings, [0.0, 1.0, -1.0, 0.0]),
    }
    for name, (table, vector) in weights.items():
        changed = np.asarray(table).copy()
        changed[u if name[0] == "p" else i] = vector
        table.assign(changed)
    first, second = np.zeros((8, 4)), np.zeros((4, 2))
    first[0, 0], first[3, 1], first[6, 2], first[5, 3] = 1, 1, 1, 2  # z_1 = ReLU([1, 2, -1, 2] + b)
    second[0, 0], second[1, 0], second[3, 1] = 1, -1, 1  # z_2 = ReLU([1.5 - 2.5, 2.5] + b)
    model.hidden[0].set_weights([first, np.full(4, 0.5)])
    model.hidden[1].set_weights([second, np.full(2, 0.25)])
    model.out.set_weights([np.array([[1.0], [10.0], [100.0], [1000.0]])])
    z_1 = [1 + 0.5, 2 + 0.5, 0, 2 + 0.5]
    z_2 = [max(z_1[0] - z_1[1] + 0.25, 0), z_1[3] + 0.25]
    by_hand = 1 * (2.0 * 0.5) + 10 * (-1.0 * 3.0) + 100 * z_2[0] + 1000 * z_2[1]
    assert by_hand == 2721
    assert model.predict_pairs([u], [i])[0] == pytest.approx(by_hand)


def test_the_loss_is_the_mean_over_the_pair_and_negatives_that_the_user_has_not_rated():
    world = worlds.coins(50)
    model = models.build(models.default_settings("neumf", embedding_dim=4, negatives=3), world)
    pairs = world.pairs[:40]
    same_seed = keras.random.SeedGenerator(0)
    same_seed.state.assign(model.seed.state)
    drawn = np.asarray(model.unrated.draw(pairs[:, 0], 3, same_seed))
    assert not world.seen()[pairs[:, :1], drawn].any()
    items = np.concatenate([pairs[:, 1:], drawn], axis=1)  # (40, 4)
    s = model.scores(np.arange(50))[pairs[:, :1], items].astype("float64")
    probability = 1 / (1 + np.exp(-s))
    expected = -(np.log(probability[:, 0]) + np.log(1 - probability[:, 1:]).sum(axis=1)) / 4
    np.testing.assert_allclose(np.asarray(model.batch_loss(pairs)), expected, rtol=1e-4)
