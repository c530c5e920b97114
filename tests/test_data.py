import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_edu import data
from recsys_edu.errors import SettingsError, UnknownIdError


def make_ratings(users, times=None):
    """Ratings by these user_index values, one new item each; the rating of row k is k."""
    n, num_users = len(users), max(users) + 1
    return data.Ratings(
        user_index=np.array(users, dtype=np.int32),
        item_index=np.arange(n, dtype=np.int32),
        rating=np.arange(n, dtype=np.float32),
        timestamp=None if times is None else np.array(times, dtype=np.int64),
        users=pd.DataFrame({"user_id": np.arange(num_users) + 100}),
        items=pd.DataFrame({"item_id": [f"film {k}" for k in range(n)]}),
        name="small",
        scale=(0.0, float(n)),
    )


def assert_partition(ratings, split):
    """Every row is in exactly one part, where test_rows says, and both parts keep the file's order."""
    rest = np.setdiff1d(np.arange(len(ratings)), split.test_rows)
    assert len(rest) + len(split.test_rows) == len(ratings)
    for part, rows in ((split.train, rest), (split.test, split.test_rows)):
        for column in ("user_index", "item_index", "rating", "timestamp"):
            np.testing.assert_array_equal(getattr(part, column), getattr(ratings, column)[rows])
        assert part.users is ratings.users
        assert part.items is ratings.items


logs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=5, max_size=40)


@given(log=logs, seed=st.integers(0, 9), share=st.floats(0.2, 0.8))
def test_random_and_time_splits_are_partitions(log, seed, share):
    ratings = make_ratings(*zip(*log, strict=True))
    for cut in (data.random_split, data.split_by_time):
        split = cut(ratings, seed=seed, test_share=share)
        assert_partition(ratings, split)
        assert len(split.test) == round(len(log) * share)
        np.testing.assert_array_equal(split.test_rows, cut(ratings, seed=seed, test_share=share).test_rows)


@given(log=logs, share=st.floats(0.2, 0.8))
def test_time_split_tests_on_nothing_earlier_than_what_it_learns_from(log, share):
    split = data.split_by_time(make_ratings(*zip(*log, strict=True)), test_share=share)
    assert split.train.timestamp.max() <= split.test.timestamp.min()


@given(log=logs, seed=st.integers(0, 9))
def test_leave_last_out_takes_one_latest_rating_of_each_user_with_two(log, seed):
    users, times = zip(*log, strict=True)
    ratings = make_ratings(users, times)
    if all(users.count(user) == 1 for user in users):
        return
    split = data.leave_last_out(ratings, seed)
    assert_partition(ratings, split)
    assert sorted(split.test.user_index) == sorted(u for u in set(users) if users.count(u) >= 2)
    for user, time in zip(split.test.user_index, split.test.timestamp, strict=True):
        assert time == max(t for u, t in log if u == user)


def test_ties_in_time_are_broken_by_the_seed():
    ratings = make_ratings([0] * 20, [7] * 20)
    drawn = {int(data.leave_last_out(ratings, seed).test_rows[0]) for seed in range(40)}
    assert len(drawn) > 10
    assert len({tuple(data.split_by_time(ratings, seed=seed).test_rows) for seed in range(5)}) == 5


def test_random_split_of_movielens_is_the_promised_one(movielens):
    split = data.split(movielens, "random", seed=0)
    promised = np.random.default_rng(0).permutation(100_000)[-20_000:]
    np.testing.assert_array_equal(split.test_rows, np.sort(promised))
    assert (len(split.train), len(split.test)) == (80_000, 20_000)
    assert split.how == "random, 20% of the ratings, seed 0"


def test_split_by_name(planted):
    assert len(data.split(planted, "last", 3).test) == planted.num_users
    np.testing.assert_array_equal(
        data.split(planted, "time", 3).test_rows, data.split_by_time(planted, seed=3).test_rows
    )
    assert len(data.split(planted, "time", 3).test) == 2400


def test_rows_file_means_those_rows_of_the_file(tmp_path):
    ratings = make_ratings([0, 0, 1, 1], [1, 2, 3, 4])
    rows = tmp_path / "rows.txt"
    rows.write_bytes(b"\xef\xbb\xbf3\r\n\r\n 0 \r\n")
    split = data.split(ratings, rows, seed=0)
    assert_partition(ratings, split)
    assert split.test.rating.tolist() == [0, 3]
    assert data.split(ratings, str(rows)).test_rows.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1\n2.5\n", r"line 2: '2.5' is not a row number"),
        ("-1\n", r"line 1: '-1' is not a row number"),
        ("1 2\n", r"line 1: '1 2' is not"),
        ("²\n", r"line 1: '²' is not"),
        ("9" * 19, r"line 1: '9+' is not"),
        ("\n\n", r"names no row"),
    ],
)
def test_rows_file_errors_name_the_line(tmp_path, text, sentence):
    path = tmp_path / "rows.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        data.read_rows(path)


def test_rows_file_that_is_no_text(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_bytes(b"\xff\xfe1")
    with pytest.raises(SettingsError, match="Cannot read the rows"):
        data.read_rows(path)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "non-empty"),
        ([0.5], "whole numbers"),
        ([[0]], "list of whole numbers"),
        ([True, False], "whole numbers"),
        ([-1], "Row -1 does not exist: small has 4 ratings, rows 0 to 3"),
        ([4], "Row 4 does not exist"),
        ([2, 1, 2], "Row 2 is named twice"),
        ([0, 1, 2, 3], "nothing is left to learn from"),
    ],
)
def test_rows_that_make_no_split(rows, sentence):
    with pytest.raises(SettingsError, match=sentence):
        data.split_by_rows(make_ratings([0, 0, 1, 1]), rows)


def test_splits_that_make_no_sense():
    ratings = make_ratings([0, 1, 1, 1])
    for cut in (data.leave_last_out, data.split_by_time):
        with pytest.raises(SettingsError, match="no timestamps"):
            cut(ratings)
    with pytest.raises(SettingsError, match="no user has two ratings"):
        data.leave_last_out(make_ratings([0, 1], [1, 1]))
    for share in (0, 1, 0.1, -0.5, 1.5):
        with pytest.raises(SettingsError, match="leaves a part empty"):
            data.random_split(ratings, test_share=share)
    with pytest.raises(SettingsError, match="The seed is -1"):
        data.random_split(ratings, seed=-1)
    with pytest.raises(SettingsError, match=r"no split 'randon'\. Use random, last or time, or the path"):
        data.split(ratings, "randon")


def test_labels_and_rows_are_two_spaces():
    ratings = make_ratings([0, 0, 1])
    assert ratings.user_row(101) == ratings.user_row("101") == 1
    assert ratings.item_row("film 2") == 2
    with pytest.raises(UnknownIdError, match=r"small has no user 0. It has 2 users: 100, 101, ... 101\."):
        ratings.user_row(0)


def test_what_ratings_say_of_themselves():
    ratings = make_ratings([0, 0, 1])
    assert (len(ratings), ratings.num_users, ratings.num_items, ratings.density) == (3, 2, 3, 0.5)
    assert ratings.pairs.tolist() == [[0, 0], [0, 1], [1, 2]]
    assert ratings.seen().tolist() == [[True, True, False], [False, False, True]]
    assert ratings.take(np.array([2, 0])).rating.tolist() == [2, 0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        ratings.name = "other"
