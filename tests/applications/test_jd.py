"""DIN: its attention by hand, blind to padding and to its neighbours in the batch, and it learns what is planted."""

import numpy as np
import pytest

from recsys_edu import evaluation
from recsys_edu.applications import jd
from recsys_edu.data import leave_last_out
from recsys_edu.errors import UnknownIdError
from recsys_edu.models.popularity import Popularity
from tests.models.worlds import chains, coins, ndcg_of_chance

QUICK = {"embedding_dim": 8, "length": 6, "negatives": 4, "epochs": 15, "batch_size": 128, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def network():
    network = jd.InterestNetwork(num_items=9, embedding_dim=3, length=4, units=5)
    network(np.zeros((1, 6), "int32"))
    rng = np.random.default_rng(0)
    for weight in network.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    return network


def weights(network, history, candidates):
    return np.asarray(network.weights_of(np.array(history), network.item_embedding(np.array(candidates))))


def test_attention_is_the_formula(network):
    W_1, b = network.of_history.get_weights()
    (W_2,), (W_3,) = network.of_candidate.get_weights(), network.of_both.get_weights()
    w, c = network.relevance.get_weights()
    q = np.asarray(network.item_embedding.embeddings)
    a = weights(network, [[4, 7, 1, 3]], [[2, 8]])[0]
    for place, i in enumerate([2, 8]):
        for k, j in enumerate([4, 7, 1, 3]):
            h = np.maximum(q[j] @ W_1 + q[i] @ W_2 + (q[j] * q[i]) @ W_3 + b, 0)
            np.testing.assert_allclose(a[place, k], (h @ w + c)[0] / 4, rtol=1e-4)


def test_padding_has_no_weight_and_says_nothing(network):
    a = weights(network, [[4, 7, -1, -1], [-1, -1, -1, -1]], [[2, 8], [2, 8]])
    assert not a[0, :, 2:].any()
    assert not a[1].any()
    assert np.abs(a[0, :, :2]).min() > 0
    whole = weights(network, [[4, 7, 0, 0]], [[2, 8]])
    np.testing.assert_allclose(a[0, :, :2], whole[0, :, :2] * 2, rtol=1e-4)  # divided by 2 items instead of 4
    before = np.asarray(network.item_embedding.embeddings)
    network.item_embedding.embeddings.assign(np.concatenate([before[:1] + 100, before[1:]]))  # the row that fills up
    row = np.array([[4, 7, -1, -1, 2, 8]])
    moved = np.asarray(network(row))
    network.item_embedding.embeddings.assign(before)
    np.testing.assert_allclose(moved, np.asarray(network(row)), rtol=1e-5)


def test_each_candidate_and_each_row_stand_alone(network):
    rng = np.random.default_rng(1)
    rows = np.concatenate([rng.integers(-1, 9, (5, 4)), rng.integers(0, 9, (5, 7))], axis=1)
    together = np.asarray(network(rows))
    for k, row in enumerate(rows):
        alone = [np.asarray(network(np.append(row[:4], i)[None]))[0, 0] for i in row[4:]]
        np.testing.assert_allclose(together[k], alone, rtol=1e-4, atol=1e-5)


def test_the_weights_depend_on_the_candidate_and_without_attention_they_do_not(network):
    a = weights(network, [[4, 7, 1, 3]], [[2, 8]])[0]
    assert np.abs(a[0] - a[1]).max() > 0.05
    mean = jd.InterestNetwork(num_items=9, embedding_dim=3, length=4, attention=False)
    mean(np.zeros((1, 6), "int32"))
    np.testing.assert_allclose(weights(mean, [[4, 7, 1, -1]], [[2, 8]])[0], [[1 / 3, 1 / 3, 1 / 3, 0]] * 2, rtol=1e-6)


@pytest.mark.parametrize("attention", [True, False])
def test_learns_what_comes_next(attention):
    parts = leave_last_out(chains())
    model = jd.fit(parts.train, attention=attention, **QUICK)
    ours, popular = (
        evaluation.evaluate(m, parts.train, parts.test).figures()["ndcg@10"]
        for m in (model, Popularity().fit(parts.train))
    )
    assert ours > 3 * popular


def test_learns_nothing_from_coins():
    parts = leave_last_out(coins())
    model = jd.fit(parts.train, **QUICK | {"epochs": 5})
    found = evaluation.evaluate(model, parts.train, parts.test).figures()["ndcg@10"]
    assert found < 1.6 * ndcg_of_chance(parts.train.num_items - 9)


def test_a_model_of_lists_that_shows_its_attention():
    world = chains(num_users=40)
    model = jd.fit(world, **QUICK | {"epochs": 1})
    scores = model.scores(np.arange(40))
    assert scores.shape == (40, world.num_items)
    np.testing.assert_allclose(model.scores(np.array([33]))[0], scores[33], rtol=1e-4, atol=1e-5)
    items, a = model.attention(user_index=3, item_index=0)
    assert items.tolist() == model.histories[3][model.histories[3] >= 0].tolist()
    assert a.shape == items.shape
    with pytest.raises(UnknownIdError):
        model.scores(np.array([40]))
    with pytest.raises(UnknownIdError):
        model.attention(0, 10_000)
