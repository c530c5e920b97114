"""One description of what is known of users, items and time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys_edu import cleaning, fields
from recsys_edu.data import Ratings
from recsys_edu.fields import WEEK, Field, describe, encode, tables


@pytest.fixture
def small():
    """Three users, the last without a rating, and four films."""
    return Ratings(
        user_index=np.array([1, 0, 1], "int32"),
        item_index=np.array([0, 1, 2], "int32"),
        rating=np.array([1, 2, 3], "float32"),
        timestamp=np.array([2 * WEEK + 5, 5, WEEK + 4], "int64"),
        users=pd.DataFrame({"user_id": [7, 8, 9], "gender": ["F", "", "M"], "zip_code": ["1", "2", "3"]}),
        items=pd.DataFrame(
            {
                "item_id": ["a", "b", "c", "d"],
                "title": ["A", "B", "C", "D"],
                "year": pd.array([1990, pd.NA, 1995, 1990], dtype="Int64"),
                "genres": ["Crime|Drama", "", "Drama", "Drama|Drama"],
            }
        ),
        name="small",
        scale=(1.0, 5.0),
    )


def test_what_a_data_set_has_is_found(small):
    assert describe(small, time=True) == [
        Field("user_id", "user", "category", (7, 8, 9)),
        Field("item_id", "item", "category", ("a", "b", "c", "d")),
        Field("gender", "user", "category", ("F", "M")),
        Field("year", "item", "buckets", (1990.0, 1995.0)),
        Field("genres", "item", "categories", ("Crime", "Drama"), width=2),
        Field("time", "time", "buckets", (5, 5 + WEEK, 5 + 2 * WEEK)),
    ]


def test_what_tells_nothing_apart_is_left_out(small):
    alike = replace(small, items=small.items.assign(year=1990, genres="Drama"), timestamp=None)
    assert [field.name for field in describe(alike, time=True)] == ["user_id", "item_id", "gender"]
    assert [field.name for field in describe(small, side=False)] == ["user_id", "item_id"]


def test_movielens_and_the_planted_set(movielens, planted):
    for ratings, occupations, genres in [(movielens, 21, 19), (planted, 8, 6)]:
        by_name = {field.name: field for field in describe(ratings, time=True)}
        assert list(by_name) == ["user_id", "item_id", "age", "gender", "occupation", "year", "genres", "time"]
        assert (by_name["user_id"].size, by_name["item_id"].size) == (ratings.num_users + 1, ratings.num_items + 1)
        assert len(by_name["occupation"].vocabulary) == occupations
        assert by_name["gender"].vocabulary == ("F", "M")
        assert len(by_name["genres"].vocabulary) in (genres, genres - 1)  # "unknown" is no genre everywhere
        assert 20 < len(by_name["time"].vocabulary) <= fields.MOST_WEEKS


def test_an_own_file_of_ratings_has_two_fields(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("user,item,rating\nann,x,5\nann,y,3\nbob,x,1\nbob,y,4\n", encoding="utf-8")
    ratings = cleaning.read_ratings_csv(path)[0]
    assert [field.name for field in describe(ratings, time=True)] == ["user_id", "item_id"]


def test_a_row_for_each_word_and_row_0_for_what_is_unknown():
    rows, x = encode(Field("gender", "user", "category", ("F", "M")), ["M", "F", "", "robot", None, "M"])
    assert rows.tolist() == [[2], [1], [0], [0], [0], [2]]
    assert x.tolist() == [[1.0]] * 6
    assert (rows.dtype, x.dtype) == ("int32", "float32")


def test_several_words_share_x_equally():
    genres = Field("genres", "item", "categories", ("Action", "Comedy", "Drama"), width=3)
    rows, x = encode(genres, ["Comedy|Drama", "", "Action", "Opera", "Opera|Drama", "Drama|Comedy|Action"])
    assert rows.tolist() == [[2, 3, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0], [3, 0, 0], [3, 2, 1]]
    third = np.float32(1 / 3)
    assert x.tolist() == [[0.5, 0.5, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0], [third] * 3]


def test_a_number_goes_to_its_bucket():
    year = Field("year", "item", "buckets", (1950, 1980, 1990))
    rows, _ = encode(year, pd.Series([1949, 1950, 1979, 1980, 2024, pd.NA], dtype="Int64"))
    assert rows[:, 0].tolist() == [1, 1, 1, 2, 3, 0]


def test_buckets_hold_about_as_many_each(movielens):
    age = next(field for field in describe(movielens) if field.name == "age")
    rows, _ = encode(age, movielens.users["age"])
    share = np.bincount(rows[:, 0], minlength=age.size)[1:] / movielens.num_users
    assert len(share) == fields.MOST_BUCKETS
    assert share.min() > 0.05
    assert share.max() < 0.15


def test_long_times_have_wider_buckets(small):
    years = replace(small, timestamp=np.array([0, WEEK, 104 * WEEK - 1], "int64"))
    time = describe(years, time=True)[-1]
    assert time.vocabulary == tuple(range(0, 104 * WEEK, 2 * WEEK))


def test_tables_count_on_from_field_to_field_and_hold_each_users_last_time(small):
    described = describe(small, time=True)
    encoded = dict(zip([field.name for field in described], tables(described, small), strict=True))
    rows = {name: rows.tolist() for name, (rows, _) in encoded.items()}
    assert rows["user_id"] == [[1], [2], [3]]
    assert rows["item_id"] == [[5], [6], [7], [8]]  # after the 4 rows of user_id
    assert rows["gender"] == [[10], [9], [11]]  # after 5 more; user 8 said nothing
    assert rows["year"] == [[13], [12], [14], [13]]
    assert rows["genres"] == [[16, 17], [15, 15], [17, 15], [17, 15]]
    assert encoded["genres"][1].tolist() == [[0.5, 0.5], [1, 0], [1, 0], [1, 0]]
    assert rows["time"] == [[19], [21], [21]]  # user 9 never rated: the end of the training part
