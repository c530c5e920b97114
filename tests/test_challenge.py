"""The challenge: an honest file is scored as by hand, and whatever else is sent gets a sentence."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_edu import challenge, data, models
from recsys_edu.errors import DataError, SettingsError


@pytest.fixture(scope="module")
def made(planted):
    return challenge.make(planted, seed=1)


@pytest.fixture(scope="module")
def task(made):
    return made[0]


@pytest.fixture(scope="module")
def honest(task):
    model = models.build(models.default_settings("popularity"), task.train).fit(task.train)
    return challenge.submission_of(model, task)


@pytest.fixture(scope="module")
def lines(task, honest, tmp_path_factory):
    path = tmp_path_factory.mktemp("sent") / "sent.csv"
    challenge.write_submission(path, honest, task)
    return path.read_text(encoding="utf-8").splitlines()


def small(timestamp=(1, 2, 3, 1, 2, 3), users=2):
    """Two users and four films; each user has rated three, the latest rating is of film 12 and of film 13."""
    return data.Ratings(
        user_index=np.array([0, 0, 0, 1, 1, 1], "int32"),
        item_index=np.array([0, 1, 2, 0, 1, 3], "int32"),
        rating=np.full(6, 4, "float32"),
        timestamp=None if timestamp is None else np.array(timestamp),
        users=pd.DataFrame({"user_id": [7, 8, 9][:users]}),
        items=pd.DataFrame({"item_id": [10, 11, 12, 13]}),
        name="small",
        scale=(1.0, 5.0),
    )


def read(task, content, tmp_path):
    path = tmp_path / "sent.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return challenge.read_submission(path, task)


def test_the_latest_rating_of_each_user_is_hidden():
    task, truth = challenge.make(small(users=3), k=2)
    assert task.users.tolist() == [0, 1]  # user 9 has rated nothing
    assert truth.hidden.pairs.tolist() == [[0, 2], [1, 3]]
    assert task.train.pairs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert truth.is_public.sum() == 1


def test_halves_are_drawn_by_the_seed(planted):
    halves = [challenge.make(planted, seed)[1].is_public for seed in (1, 1, 2)]
    np.testing.assert_array_equal(halves[0], halves[1])
    assert (halves[0] != halves[2]).mean() > 0.3
    assert [half.sum() for half in halves] == [150] * 3


def test_scores_are_those_of_the_formula():
    """User 7 finds film 12 in place 2: 1 / log₂ 3. User 8 does not find film 13."""
    task, truth = challenge.make(small(), k=2)
    truth = dataclasses.replace(truth, is_public=np.array([True, False]))
    found = challenge.score(challenge.Submission(np.array([[3, 2], [2, 2]])), task, truth)
    for half, ndcg in ((found.public, 1 / np.log2(3)), (found.private, 0)):
        assert (half.ndcg, *half.interval) == pytest.approx((ndcg, ndcg, ndcg))
        assert half.users == 1


def test_the_intervals_hold_the_score_and_the_halves_differ(made, honest):
    found = challenge.score(honest, *made)
    for half in (found.public, found.private):
        low, high = half.interval
        assert 0 < low < half.ndcg < high < 1
        assert half.users == 150
    assert found.public.ndcg != found.private.ndcg
    assert "array" not in repr(found)  # what single users got stays with the scorer


def test_a_model_of_taste_beats_popularity_on_both_halves(movielens):
    """On MovieLens: the planted set has no order in time that a last rating would follow."""
    task, truth = challenge.make(movielens)
    fitted = [
        models.build(models.default_settings(name), task.train).fit(task.train) for name in ("ease", "popularity")
    ]
    better, popular = (challenge.score(challenge.submission_of(model, task), task, truth) for model in fitted)
    assert better.public.ndcg > popular.public.ndcg + 0.02
    assert better.private.ndcg > popular.private.ndcg + 0.02


def test_what_was_written_is_read(task, honest, lines, tmp_path):
    assert lines[0] == "user_id," + ",".join(f"item_id_{place}" for place in range(1, 11))
    assert len(lines) == 1 + len(task.users)
    np.testing.assert_array_equal(read(task, "\n".join(lines), tmp_path).top, honest.top)


def test_order_of_users_quotes_spaces_and_a_byte_order_mark_do_not_matter(task, honest, lines, tmp_path):
    shuffled = [lines[0], *reversed(lines[1:])]
    spaced = "\r\n\r\n".join(", ".join(f'"{cell}"' for cell in line.split(",")) for line in shuffled).replace(
        ', "', ',"'
    )
    np.testing.assert_array_equal(read(task, b"\xef\xbb\xbf" + spaced.encode(), tmp_path).top, honest.top)


def changed(lines, row, cells):
    """The file with some cells of a line replaced: {place: text}."""
    line = lines[row].split(",")
    for place, text in cells.items():
        line[place] = text
    return "\n".join([*lines[:row], ",".join(line), *lines[row + 1 :]])


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({0: "99999"}, "Line 3: there is no user '99999'. Write the user_id"),
        ({0: ""}, "Line 3: there is no user ''. The cell is empty"),
        ({0: "1"}, "Line 3: user 1 has a list in line 2 already"),
        ({4: "99999"}, "Line 3, place 4: no film '99999'. Write the item_id"),
        ({4: "-1"}, "Line 3, place 4: no film '-1'"),
        ({4: "NaN"}, "Line 3, place 4: no film 'NaN'. The cell is empty"),
        ({4: ""}, "Line 3, place 4: no film ''. The cell is empty"),
        ({4: "17.0"}, "Line 3, place 4: no film '17.0'. Write 17: a table with gaps"),
        ({4: "=HYPERLINK(A1)"}, "Line 3, place 4: no film '=HYPERLINK.*A formula is not computed"),
        ({4: "<img src=x onerror=alert(1)>" * 9}, "Line 3, place 4: no film '<img src=x onerror=alert.*…'"),
        ({4: "a\x00\x1b[31mb"}, r"Line 3, place 4: no film 'a \[31mb'"),
        ({10: "1,2"}, "Line 3: too many films, 11. Give 10"),
        ({10: '"1"2'}, "Line 3: this is no CSV"),
    ],
    ids=repr,
)
def test_a_wrong_cell_gets_a_sentence(task, lines, tmp_path, cells, message):
    with pytest.raises(DataError, match=message) as said:
        read(task, changed(lines, 2, cells), tmp_path)
    assert len(str(said.value)) < 250


def test_too_few_films(task, lines, tmp_path):
    with pytest.raises(DataError, match=r"Line 5: too few films, 9\. Give 10"):
        read(task, "\n".join([*lines[:4], lines[4].rpartition(",")[0], *lines[5:]]), tmp_path)


def test_a_film_twice(task, lines, tmp_path):
    film = lines[2].split(",")[1]
    with pytest.raises(DataError, match=f"Line 3: film {film} is there twice"):
        read(task, changed(lines, 2, {7: film}), tmp_path)


def test_a_film_that_the_user_has_rated(task, lines, tmp_path):
    item = task.train.item_index[task.train.user_index == task.users[1]][0]
    item_id = task.train.items["item_id"].iloc[item]
    with pytest.raises(DataError, match=f"Line 3, place 10: user 2 has rated film {item_id} already"):
        read(task, changed(lines, 2, {10: str(item_id)}), tmp_path)


def test_missing_users_are_counted(task, lines, tmp_path):
    with pytest.raises(DataError, match="2 of 300 users have no list; the first is user 1"):
        read(task, "\n".join([lines[0], *lines[3:]]), tmp_path)


def test_a_user_who_is_not_asked_for(tmp_path):
    task, _ = challenge.make(small(users=3), k=1)
    with pytest.raises(DataError, match="Line 3: no list is asked for user '9'"):
        read(task, "user_id,item_id_1\n7,12\n9,12\n8,12\n", tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"\n\n \n", "The file is empty"),
        (b"user_id;item_id_1\n", "Line 1: the first line must be user_id,item_id_1.*with commas. It is: 'user_id;item"),
        (b"1,2,3,4,5,6,7,8,9,10,11\n", "Line 1: the first line must be"),
        ("user_id,".encode("utf-16"), "Line 1: this is no UTF-8"),
        (b"PK\x03\x04\xff\xfe", "Line 1: this is no UTF-8"),
        (b"user_id\n\xe9t\xe9\n", "Line 2: this is no UTF-8"),
        (b'"user_id', "Line 1: this is no CSV"),
        (b"x" * 10_000_000, "The file has more than [0-9,]+ bytes"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else "",
)
def test_a_wrong_file_gets_a_sentence(task, tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read(task, content, tmp_path)


def test_no_file(task, tmp_path):
    with pytest.raises(DataError, match="Cannot read"):
        challenge.read_submission(tmp_path / "none.csv", task)
    with pytest.raises(DataError, match="Cannot read"):
        challenge.read_submission(tmp_path, task)


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_any_damage_is_a_sentence_or_an_honest_answer(task, lines, tmp_path_factory, data):
    """A stretch of bytes is replaced by others, drawn also from what CSV files are made of."""
    content = "\n".join(lines).encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    put = data.draw(st.binary(max_size=20) | st.text('0123456789,"\n=.-', max_size=20).map(str.encode))
    path = tmp_path_factory.mktemp("damaged") / "sent.csv"
    path.write_bytes(content[:start] + put + content[end:])
    try:
        top = challenge.read_submission(path, task).top
    except DataError as error:
        sentence = str(error)
    else:
        sentence = "It was read as an honest answer, so it must be one."
        assert not task.train.seen()[task.users[:, None], top].any()
        assert all(len(set(row)) == task.k and min(row) >= 0 for row in top.tolist())
    assert len(sentence) > 20


def test_a_challenge_needs_times_users_and_films():
    with pytest.raises(SettingsError, match="no timestamps"):
        challenge.make(small(timestamp=None))
    with pytest.raises(SettingsError, match="Choose k between 1 and 2"):
        challenge.make(small(), k=3)
    with pytest.raises(SettingsError, match="Choose k between 1 and 2"):
        challenge.make(small(), k=0)
    with pytest.raises(SettingsError, match="needs two users with two ratings or more; small has 1"):
        challenge.make(small().take(np.array([0, 1, 3])), k=1)
