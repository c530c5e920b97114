import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_edu import cleaning
from recsys_edu.cleaning import clean_text, read_ratings_csv
from recsys_edu.errors import DataError


@pytest.fixture
def read(tmp_path):
    """Write this text (or these bytes) to a file and read it as ratings."""

    def write_and_read(content, **options):
        path = tmp_path / "mine.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_ratings_csv(path, **options)

    return write_and_read


def triples(ratings):
    """[(user_id, item_id, rating)] in the order of the rows."""
    users, items = ratings.users["user_id"].to_numpy(), ratings.items["item_id"].to_numpy()
    pairs = zip(users[ratings.user_index], items[ratings.item_index], ratings.rating, strict=True)
    return [(user, item, float(rating)) for user, item, rating in pairs]


GOOD = "user,item,rating\n10,7,3\n2,7,4.5\n2,30,1\n"


def test_a_plain_file(read):
    ratings, report = read(GOOD)
    assert triples(ratings) == [(10, 7, 3), (2, 7, 4.5), (2, 30, 1)]
    assert ratings.users["user_id"].tolist() == [2, 10]  # sorted as numbers, not as text
    assert ratings.items["title"].tolist() == ["7", "30"]
    assert ratings.items["genres"].tolist() == ["", ""]
    assert ratings.items["year"].isna().all()
    assert ratings.timestamp is None
    assert (ratings.name, ratings.scale) == ("mine", (1, 4.5))
    assert (ratings.user_index.dtype, ratings.rating.dtype) == (np.int32, np.float32)
    assert (report.read, report.kept) == (3, 3)
    assert report.sentences() == [
        "3 ratings read, 3 kept, in the file's order; rows count these from 0.",
        "Ratings go from 1 to 4.5 (the lowest and the highest found).",
    ]


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace(",", "\t"),
        GOOD.replace(",", ";"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.rstrip(),
        GOOD.replace("\n", "\n\n"),
        "\n \n" + GOOD,
        GOOD.replace("2,7", ' "2" ,"7"').replace(' "2" ', '"2"'),
        GOOD.replace("user,item,rating", "userId,movieId,Rating"),
        GOOD.replace("user,item,rating", "USER_ID, Movie ID ,stars"),
        "rating,note,user_id,item_id\n3,x,10,7\n4.5,,2,7\n1,y,2,30\n",
    ],
)
def test_the_same_ratings_in_other_clothes(read, content):
    assert triples(read(content)[0]) == [(10, 7, 3), (2, 7, 4.5), (2, 30, 1)]


def test_ids_that_are_not_all_numbers_stay_text(read):
    ratings, _ = read("user,item,rating\n007,null,3\n7,-4,4\n")
    assert ratings.users["user_id"].tolist() == ["007", "7"]
    assert ratings.items["item_id"].tolist() == ["-4", "null"]
    assert ratings.user_row("007") == 0


def test_what_is_dropped_is_counted(read):
    ratings, report = read(
        "user,item,rating,timestamp,colour\n"
        "a,x,5,30,\n"  # later than the next line: this one is kept
        "a,x,4,20,\n"
        "a,y,1,5,\n"
        "a,y,2,5,\n"  # the same second: the last is kept
        ",y,2,5,\n"
        "b,,2,5,\n"
        "b,y,NaN,5,\n"
        "b,z,3,,\n"
        "b,y,inf,5,\n"
        "b,y,6,5,\n"
        "b,y,0.5,5,\n"
        "b,x,3,1e9,\n"
        "b,y,3,7.0,\n"
        "c,x,3,9,\n",
        scale=(1, 5),
    )
    assert triples(ratings) == [("a", "x", 5), ("a", "y", 2), ("b", "x", 3), ("b", "y", 3), ("c", "x", 3)]
    assert ratings.timestamp.tolist() == [30, 5, 10**9, 7, 9]
    assert ratings.scale == (1, 5)
    assert report.sentences() == [
        "14 ratings read, 5 kept, in the file's order; rows count these from 0.",
        "Ratings go from 1 to 5 (as you said).",
        "4 dropped: user, item, rating or timestamp was missing.",
        "3 dropped: the rating was out of range or infinite.",
        "2 dropped: the same user rated the same item again later.",
        "Users who always gave the same rating: 1; kept.",  # b; c has a single rating
        "Columns that are not used: colour.",
    ]


def test_constant_users_are_dropped_on_request(read):
    content = "user,item,rating\n1,1,3\n1,2,3\n2,1,1\n2,2,5\n3,1,4\n"
    ratings, report = read(content, drop_constant_users=True)
    assert triples(ratings) == [(2, 1, 1), (2, 2, 5), (3, 1, 4)]
    assert (report.constant_users, report.constant_dropped) == (1, 2)
    assert "Users who always gave the same rating: 1; their 2 ratings were dropped." in report.sentences()


def test_an_empty_timestamp_column_is_none(read):
    ratings, report = read("user,item,rating,timestamp\n1,1,3,\n2,2,4,\n")
    assert (ratings.timestamp, report.missing) == (None, 0)


def test_titles_are_text_and_nothing_else(read):
    ratings, _ = read(
        "user,item,rating,title,genres\n"
        "1,a,3,,\n1,b,4,=cmd(),Drama | |War\n"
        '2,a,5,"<b>Heat</b>\n\x1b[31m \u202ered\x07",Crime\n2,b,1,Later,\n'
    )
    assert ratings.items["title"].tolist() == ["<b>Heat</b> [31m red", "=cmd()"]
    assert ratings.items["genres"].tolist() == ["Crime", "Drama|War"]


@given(st.text())
def test_clean_text_is_one_printable_line(text):
    cleaned = clean_text(text)
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in cleaned)
    assert len(cleaned) <= cleaning.MAX_LABEL
    assert clean_text(cleaned) == cleaned
    assert cleaned.splitlines() in ([], [cleaned])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("user,item,rating\n", "a header and no ratings"),
        (
            "7\t9\t3\t900000000\n",
            "line 1: no column for the user and the item and the rating among: 7",
        ),
        ("\nuser,item\n1,2\n", "line 2: no column for the rating among: user, item"),
        (
            "user,item,rating,userId\n1,2,3,4\n",
            "line 1: the columns 'user' and 'userId' both say",
        ),
        ("user,item,rating\n1,2,3\n1,3,good\n", "line 3: the rating 'good' is not a number"),
        (
            "user;item;rating\n1;2;3,5\n",
            "line 2: the rating '3,5' is not a number, with a point for decimals",
        ),
        (
            "user,item,rating,time\n1,2,3,monday\n",
            "line 2: the timestamp 'monday' is not a number of seconds",
        ),
        ("user,item,rating,time\n1,2,3,inf\n", "line 2: the timestamp 'inf'"),
        ("user,item,rating,time\n1,2,3,1e300\n", "line 2: the timestamp '1e300'"),
        ("user,item,rating\n1,2\n", "line 2: 2 columns where the header names 3"),
        ("user,item,rating\n1,2,3\n\n1,2,3,4\n", "line 4: 4 columns where the header names 3"),
        ('user,item,rating,title\n1,2,3,"a\nb\n\nc"\n\n1,3,x,"d"\n', "line 7: the rating 'x'"),
        ('user,item,rating,title\r\n1,2,3,"a\r\nb"\r\n1,3,x,"d\r\n"\r\n', "line 4: the rating 'x'"),
        (
            'user,item,rating,title\n1,2,3,a\n1,3,4,"never closed\n1,2,3,b\n',
            "line 3: the quotes of the record",
        ),
        (b"user,item,rating\n1,2,3\n1,\0,3\n", "line 3: there is a NUL byte"),
        (b"user,item,rating\n1,2,3\n1,caf\xe9,3\n", "line 3: this is not UTF-8"),
        ("user,item,rating\n1,2,3\n".encode("utf-16"), "is UTF-16, not UTF-8"),
        (b"PK\x03\x04spreadsheet", "is a spreadsheet, an archive or a PDF"),
        ("user,item,rating\n1,2,3\n1,3,4\n", r"one user only \(1\)"),
        ("user,item,rating\n1,2,3\n2,2,4\n", r"one item only \(2\)"),
        ("user,item,rating\n1,2,3\n2,3,3\n", "All ratings of .* are 3"),
        ("user,item,rating\n1,2,\n2,3,inf\n", "No rating of .* is left after cleaning"),
        ("user,item,rating,title\n1,2,3," + "x" * 200_000, "line 2: "),
    ],
)
def test_errors_name_the_line_and_what_to_do(read, content, sentence):
    with pytest.raises(DataError, match=sentence) as error:
        read(content)
    assert str(error.value).endswith(".")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"Cannot read .*nothing\.csv: No such file"):
        read_ratings_csv(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match="Cannot read"):
        read_ratings_csv(tmp_path)


def test_size_is_bounded(read, monkeypatch):
    monkeypatch.setattr(cleaning, "MAX_ROWS", 3)
    assert len(read(GOOD)[0]) == 3
    with pytest.raises(DataError, match="more than 3 ratings"):
        read(GOOD + "3,3,3\n")
    monkeypatch.setattr(cleaning, "MAX_BYTES", 2**20)
    with pytest.raises(DataError, match="larger than 1 MiB"):
        read(GOOD + "\n" * 2**20)


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 3.5, "", "nan", "inf"])),
        max_size=60,
    )
)
def test_nothing_is_lost_without_being_counted(tmp_path_factory, rows):
    rows += [(1, 1, 1), (2, 2, 5)]
    path = tmp_path_factory.mktemp("csv") / "mine.csv"
    path.write_text("user,item,rating\n" + "".join(f"{u},{i},{r}\n" for u, i, r in rows), encoding="utf-8")
    ratings, report = read_ratings_csv(path)
    assert report.read == len(rows)
    assert report.kept + report.missing + report.out_of_range + report.duplicates == len(rows)
    last = {(u, i): r for u, i, r in rows if isinstance(r, (int, float))}
    assert {(u, i): r for u, i, r in triples(ratings)} == last
