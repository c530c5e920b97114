"""item2vec: its pairs and its noise by hand, planted groups found, nothing found where there is nothing."""

import numpy as np
import pytest

from recsys_edu import evaluation, recommend
from recsys_edu.applications import spotify
from recsys_edu.data import leave_last_out
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.events import EpochEvent, FinishedEvent
from recsys_edu.models.popularity import Popularity
from tests.applications.small import log
from tests.models.worlds import CHAIN, GROUPS, HITS, chains, coins

QUICK = {"embedding_dim": 8, "window": 3, "epochs": 20, "batch_size": 512, "learning_rate": 0.02}


def test_pairs_are_those_within_the_window():
    ratings = log([(0, 3, 5, 30), (0, 1, 1, 10), (0, 2, 3, 20), (0, 4, 3, 40), (1, 5, 4, 2)], 2, 6)  # 1, 2, 3, 4; 5
    pairs = spotify.context_pairs(ratings, window=2)
    assert sorted(map(tuple, pairs.tolist())) == [(2, 1), (3, 1), (3, 2), (4, 2), (4, 3)]
    with pytest.raises(DataError, match="No user has two ratings"):
        spotify.context_pairs(log([(0, 1, 1, 1), (1, 2, 2, 2)], 2, 3), window=2)


def test_noise_lies_between_counts_and_no_counts():
    ratings = log([(u, 0, 3, 1) for u in range(16)] + [(0, 1, 3, 2)], 16, 3)
    np.testing.assert_allclose(spotify.noise(ratings, power=0.75), np.array([8, 1, 0]) / 9)
    np.testing.assert_allclose(spotify.noise(ratings, power=0), [0.5, 0.5, 0])


def test_the_logits_are_the_products_of_centre_and_context():
    model = spotify.SkipGram(num_items=6, embedding_dim=3)
    rows = np.array([[0, 1, 2, 3], [5, 5, 0, 1]])
    logits = np.asarray(model(rows))
    q, y = np.asarray(model.centre.embeddings), np.asarray(model.context.embeddings)
    np.testing.assert_allclose(logits, [y[[1, 2, 3]] @ q[0], y[[5, 0, 1]] @ q[5]], rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def learnt():
    parts, heard = leave_last_out(chains()), []
    return parts, spotify.item2vec(parts.train, on_event=heard.append, **QUICK), heard


def test_finds_the_planted_groups(learnt):
    _, q, _ = learnt
    taste = (np.arange(len(q)) - HITS) // CHAIN
    own = [taste[recommend.nearest(q, i, k=5)[0]] == taste[i] for i in range(HITS, len(q))]
    assert np.mean(own) > 0.9  # chance: 0.22


def test_the_loss_is_told_after_each_epoch_and_falls(learnt):
    *heard, last = learnt[2]
    assert isinstance(last, FinishedEvent)
    assert [event.epoch for event in heard] == list(range(1, QUICK["epochs"] + 1))
    assert all(isinstance(event, EpochEvent) for event in heard)
    assert abs(heard[0].train_loss - 6 * np.log(2)) < 0.5  # small vectors: σ(0) = 1/2, six times
    assert heard[-1].train_loss < 0.8 * heard[0].train_loss


def test_continues_a_session_better_than_popularity(learnt):
    parts, q, _ = learnt
    model = spotify.Continuation(q, parts.train, last=2)
    ours, popular = (
        evaluation.evaluate(m, parts.train, parts.test).figures()["ndcg@10"]
        for m in (model, Popularity().fit(parts.train))
    )
    assert ours > 3 * popular


def test_finds_nothing_where_there_is_nothing():
    q = spotify.item2vec(coins(), **QUICK)
    taste = (np.arange(len(q)) - HITS) // CHAIN
    own = [taste[recommend.nearest(q, i, k=5)[0]] == taste[i] for i in range(HITS, len(q))]
    assert np.mean(own) < 1 / GROUPS + 0.1


def test_same_seed_same_vectors(learnt):
    parts, quick = learnt[0], QUICK | {"epochs": 1}
    one, two = (spotify.item2vec(parts.train, seed=4, **quick) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - spotify.item2vec(parts.train, seed=5, **quick)).max() > 0.01


def test_a_continuation_reads_the_last_items_alone_and_each_user_alone():
    ratings = log([(0, 0, 5, 1), (0, 1, 5, 2), (0, 2, 5, 3), (1, 2, 5, 9)], num_users=3, num_items=4)
    q = np.array([[5.0, 0], [0, 3], [2, 2], [0, -1]])
    scores = spotify.Continuation(q, ratings, last=2).scores(np.arange(3))
    mean = np.array([0, 1]) + np.array([1, 1]) / np.sqrt(2)  # of items 1 and 2, at length 1; item 0 is too long ago
    np.testing.assert_allclose(scores[0], (q / np.linalg.norm(q, axis=1)[:, None]) @ mean / np.linalg.norm(mean))
    np.testing.assert_allclose(scores[1], [0.5**0.5, 0.5**0.5, 1, -(0.5**0.5)])
    assert not scores[2].any()
    np.testing.assert_array_equal(spotify.Continuation(q, ratings, last=2).scores(np.array([1])), scores[[1]])


def test_no_epochs_is_an_error_in_words():
    with pytest.raises(SettingsError, match="at least 1"):
        spotify.item2vec(chains(num_users=10), epochs=0)
