"""Draws of items that a user has not rated."""

import keras
import numpy as np
import pytest

from recsys_edu.data import random_split
from recsys_edu.negatives import UnratedItems
from tests.models import worlds


def test_every_unrated_item_is_as_likely_as_the_other_and_no_rated_one_comes():
    train = worlds.coins(num_users=4)  # 10 of 65 items each
    drawn = np.asarray(UnratedItems(train).draw(np.arange(4), 20_000, keras.random.SeedGenerator(0)))
    for user in range(4):
        count = np.bincount(drawn[user], minlength=train.num_items)
        rated = train.seen()[user]
        assert count[rated].sum() == 0
        expected = 20_000 / (~rated).sum()  # 363.6, standard deviation 19
        assert np.abs(count[~rated] - expected).max() < 5 * np.sqrt(expected)


@pytest.mark.parametrize("seed", range(3))
def test_draws_avoid_the_ratings_of_a_real_split(planted, seed):
    train = random_split(planted, seed=seed).train
    users = np.arange(train.num_users)
    drawn = np.asarray(UnratedItems(train).draw(users, 200, keras.random.SeedGenerator(seed)))
    assert not train.seen()[users[:, None], drawn].any()
    assert np.unique(drawn).tolist() == list(range(train.num_items))


def test_users_who_rated_nothing_or_everything_get_items_too():
    world = worlds.coins(num_users=3)
    train = world.take(np.flatnonzero(world.user_index == 2))  # users 0 and 1: nothing
    drawn = np.asarray(UnratedItems(train).draw(np.array([0, 1]), 500, keras.random.SeedGenerator(0)))
    assert set(drawn.ravel()) == set(range(train.num_items))
    all_items = world.take(np.repeat(0, world.num_items))
    all_items = type(world)(**{**vars(all_items), "item_index": np.arange(world.num_items, dtype="int32")})
    assert (np.asarray(UnratedItems(all_items).draw(np.array([0]), 5, keras.random.SeedGenerator(0))) == 64).all()


def test_the_same_seed_draws_the_same():
    train = worlds.coins()
    one, two, other = (keras.random.SeedGenerator(seed) for seed in (1, 1, 2))
    unrated, users = UnratedItems(train), np.arange(50)
    first = np.asarray(unrated.draw(users, 4, one))
    np.testing.assert_array_equal(first, np.asarray(unrated.draw(users, 4, two)))
    assert (first != np.asarray(unrated.draw(users, 4, one))).any()  # the generator went on
    assert (first != np.asarray(unrated.draw(users, 4, other))).any()
