"""Two stages: the ranker re-orders its candidates and nothing else, and only new knowledge changes the order."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys_edu import evaluation, sequences
from recsys_edu.applications import youtube
from recsys_edu.data import leave_last_out
from recsys_edu.errors import DataError
from recsys_edu.models.popularity import Popularity
from tests.models.worlds import CHAIN, GROUPS, HITS, chains

N = 40  # of 65 items


class ByTaste:
    """A first stage that knows the taste and nothing of the order: its items are all alike, the popular ones first."""

    predicts_ratings = False

    def __init__(self, train):
        self.taste = (np.arange(train.num_items) - HITS) // CHAIN
        own = sequences.histories(train, 1)[0][:, 0]
        self.of_user = self.taste[own]
        self.count = Popularity().fit(train).count

    def scores(self, user_index):
        return 10 * (self.taste == self.of_user[user_index][:, None]) + self.count / self.count.max()


@pytest.fixture(scope="module")
def world():
    parts = leave_last_out(chains())
    hidden = youtube.hide_latest(parts.train, 2)
    x, y = youtube.examples(ByTaste(hidden[-1].train), hidden, N)
    return parts, hidden, x, y


def two_stages(world, groups, epochs=15):
    parts, _, x, y = world
    ranker = youtube.train_ranker(x, y, groups, epochs=epochs)
    return youtube.TwoStages(ByTaste(parts.train), ranker, parts.train, N, groups)


def test_hidden_steps_go_back_in_time(world):
    parts, hidden, _, _ = world
    train = parts.train
    when = np.zeros((train.num_users, train.num_items))
    when[train.user_index, train.item_index] = train.timestamp
    for part in hidden:
        latest = np.zeros(train.num_users)
        np.maximum.at(latest, part.train.user_index, part.train.timestamp)
        users = part.test.user_index
        assert (when[users, part.test.item_index] >= latest[users]).all()
    assert len(hidden[1].train) + len(hidden[1].test) == len(hidden[0].train)


def test_the_label_is_the_place_of_the_item_that_came_next(world):
    _, hidden, x, y = world
    part = hidden[0]
    users = part.test.user_index
    found, _ = youtube.retrieve(ByTaste(hidden[-1].train), users, part.train.seen()[users], N)
    hit = (found == part.test.item_index[:, None]).any(axis=1)
    assert (found[hit][np.arange(hit.sum()), y[: hit.sum(), 0]] == part.test.item_index[hit]).all()
    assert len(x) == len(y) > 400


def test_the_ranker_reorders_its_candidates_and_offers_nothing_else(world):
    two, users = two_stages(world, ("score", "context"), epochs=2), np.arange(300)
    found, _ = two.candidates(users)
    z = two.scores(users)
    for u in users[:20]:
        assert set(np.flatnonzero(np.isfinite(z[u]))) == set(found[u])
    assert not np.take_along_axis(world[0].train.seen(), found, axis=1).any()
    np.testing.assert_allclose(two.scores(np.array([7]))[0], z[7], rtol=1e-4, atol=1e-5)


def test_with_the_score_alone_the_order_stays_and_with_new_knowledge_it_gets_better(world):
    parts = world[0]

    def ndcg(model):
        return evaluation.evaluate(model, parts.train, parts.test).figures()["ndcg@10"]

    first, same = ndcg(ByTaste(parts.train)), ndcg(two_stages(world, ("score",)))
    better = ndcg(two_stages(world, ("score", "context")))
    assert abs(same - first) < 0.02
    assert better > first + 0.15


def test_features_by_hand(world):
    train = world[0].train
    facts = youtube.Facts(train)
    recent = np.array([[3, 8, -1, -1, -1], [-1, -1, -1, -1, -1]])
    candidates, score = np.array([[5, 9], [5, 9]]), np.array([[1.0, 3.0], [2.0, 2.0]])
    x = youtube.features(facts, recent, candidates, score)
    names = [name for members in youtube.GROUPS.values() for name in members]
    assert x.shape == (2, 2, len(names))
    column = {name: x[..., k] for k, name in enumerate(names)}
    np.testing.assert_allclose(column["score"], [[-1, 1], [0, 0]])
    np.testing.assert_allclose(column["like the last film"][0], facts.cosine[8, [5, 9]], rtol=1e-5)
    both = facts.cosine[[3, 8]][:, [5, 9]].mean(axis=0)
    np.testing.assert_allclose(column["like the last five"][0], both, rtol=1e-5)
    np.testing.assert_allclose(column["follows the last film"][0], np.log1p(facts.follows[8, [5, 9]]), rtol=1e-5)
    for name in youtube.GROUPS["context"]:
        assert not column[name][1].any()  # who has no past has no context


def test_follows_counts_what_came_soon_after(world):
    train = world[0].train
    follows = youtube.Facts(train).follows
    count = np.zeros_like(follows)
    items, length = sequences.histories(train, 50)
    for row, n in zip(items, length, strict=True):
        for later in range(n):
            for earlier in range(max(later - 3, 0), later):
                count[row[earlier], row[later]] += 1
    np.testing.assert_array_equal(follows, count)


def test_groups_name_the_columns():
    assert youtube.column_numbers(("score",)) == [0]
    assert youtube.column_numbers(("score", "context")) == [0, 5, 6, 7, 8]
    assert youtube.column_numbers(tuple(youtube.GROUPS)) == list(range(9))


def test_without_a_hit_there_is_a_sentence(world):
    class Never:
        def scores(self, user_index):
            return np.tile(
                -np.bincount(world[0].train.item_index, minlength=HITS + GROUPS * CHAIN), (len(user_index), 1)
            )

    hidden = [part for part in world[1][:1]]
    rows = np.flatnonzero(hidden[0].test.item_index == np.bincount(world[0].train.item_index).argmax())
    hidden[0] = type(hidden[0])(hidden[0].train, hidden[0].test.take(rows), "a popular item", rows)
    with pytest.raises(DataError, match="nothing to learn"):
        youtube.examples(Never(), hidden, n=3)


def test_without_timestamps_or_years_it_says_so_or_goes_on(world):
    train = world[0].train
    with pytest.raises(DataError, match="no timestamps"):
        youtube.Facts(replace(train, timestamp=None))
    undated = replace(train, items=train.items.assign(year=pd.array([None] * train.num_items, dtype="Int64")))
    assert np.isfinite(youtube.Facts(undated).year).all()


def test_milliseconds_counts_the_answers():
    asked = []
    assert youtube.milliseconds(lambda u: asked.append(u.tolist()), np.array([4, 5])) >= 0
    assert asked == [[4], [4], [5]]
