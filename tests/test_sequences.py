"""The order of a user's items: histories and windows, and that nothing of the future gets into them."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_edu import sequences
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.sequences import PADDING


def log(rows, num_users, num_items=50):
    """Ratings of (user_index, item_index, timestamp)."""
    user, item, time = np.array(rows).reshape(-1, 3).T
    return Ratings(
        user_index=user.astype("int32"),
        item_index=item.astype("int32"),
        rating=np.ones(len(user), "float32"),
        timestamp=time,
        users=pd.DataFrame({"user_id": range(num_users)}),
        items=pd.DataFrame({"item_id": range(num_items)}),
        name="log",
        scale=(1, 5),
    )


# User 0 chose 11, 12, 13, 14, 15 in this order; user 1 nothing; user 2 one item; user 3 the items 31, 32, 33.
LOG = [(0, 13, 30), (3, 32, 7), (0, 11, 10), (0, 15, 50), (2, 21, 5), (0, 12, 20), (3, 31, 6), (0, 14, 40), (3, 33, 8)]


@pytest.fixture
def short():
    return log(LOG, num_users=4)


def test_histories_are_the_last_items_oldest_first_and_left_aligned(short):
    items, count = sequences.histories(short, 4)
    assert items.tolist() == [[12, 13, 14, 15], [-1, -1, -1, -1], [21, -1, -1, -1], [31, 32, 33, -1]]
    assert count.tolist() == [4, 0, 1, 3]
    assert items.dtype == np.int32


def test_windows_hold_every_step_once_and_the_newest_one_is_full(short):
    inputs, targets = sequences.windows(short, 3)
    assert inputs.tolist() == [[12, 13, 14], [11, -1, -1], [31, 32, -1]]
    assert targets.tolist() == [[13, 14, 15], [12, -1, -1], [32, 33, -1]]


def test_pasts_are_one_for_each_rating(short):
    user, inputs, target = sequences.pasts(short, 2)
    assert user.tolist() == [0, 0, 0, 0, 0, 2, 3, 3, 3]
    assert target.tolist() == [11, 12, 13, 14, 15, 21, 31, 32, 33]
    assert inputs[:5].tolist() == [[-1, -1], [11, -1], [11, 12], [12, 13], [13, 14]]
    assert inputs[5:].tolist() == [[-1, -1], [-1, -1], [31, -1], [31, 32]]


def test_the_same_second_and_no_timestamps_mean_the_order_of_the_file(short):
    tied = log([(0, 5, 9), (0, 3, 9), (0, 4, 9), (0, 8, 1)], num_users=1)
    assert sequences.histories(tied, 4)[0].tolist() == [[8, 5, 3, 4]]
    timeless = replace(short, timestamp=None)
    assert sequences.histories(timeless, 5)[0][0].tolist() == [13, 11, 15, 12, 14]


def test_without_a_next_item_there_is_a_sentence():
    with pytest.raises(DataError, match="No user has two ratings"):
        sequences.windows(log([(0, 1, 1), (1, 2, 2)], num_users=2), 3)


logs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 49), st.integers(0, 30)), min_size=2, max_size=60)


@given(logs, st.integers(1, 7))
def test_windows_give_back_every_users_steps(rows, length):
    ratings = log(rows, num_users=5)
    if max(np.bincount(ratings.user_index)) < 2:
        return
    inputs, targets = sequences.windows(ratings, length)
    assert len(inputs) == sequences.num_windows(ratings, length)
    assert ((inputs == PADDING) == (targets == PADDING)).all()
    assert (np.diff((inputs == PADDING).astype(int), axis=1) >= 0).all()  # padding at the right alone
    real = inputs != PADDING
    steps = sorted(zip(inputs[real], targets[real], strict=True))
    chosen = [sorted((r for r in rows if r[0] == u), key=lambda r: r[2]) for u in range(5)]
    assert steps == sorted((a[1], b[1]) for items in chosen for a, b in pairwise(items))


@given(logs, st.integers(1, 7), st.data())
def test_a_poisoned_future_changes_no_earlier_row(rows, length, drawn):
    """Items after a moment are replaced by an item that occurs nowhere else: no input of an earlier target has it."""
    poison, moment = 99, drawn.draw(st.integers(0, 30))
    clean = log(rows, num_users=5, num_items=100)
    later = clean.timestamp > moment
    poisoned = replace(clean, item_index=np.where(later, poison, clean.item_index))
    _, inputs, target = sequences.pasts(poisoned, length)
    _, clean_inputs, _ = sequences.pasts(clean, length)
    early = target != poison
    np.testing.assert_array_equal(inputs[early], clean_inputs[early])
    assert (inputs[early] != poison).all()


def test_on_movielens_each_target_comes_after_its_inputs(movielens):
    user, inputs, target = sequences.pasts(movielens, 5)
    when = np.zeros((movielens.num_users, movielens.num_items), "int64")
    when[movielens.user_index, movielens.item_index] = movielens.timestamp
    before = np.where(inputs == PADDING, 0, when[user[:, None], inputs])
    assert (before <= when[user, target][:, None]).all()
    assert (inputs != target[:, None]).all()
    assert len(target) == len(movielens)
