"""An uploaded file: kept as what it says, or refused with a sentence; nothing else can happen."""

import os
import pickle
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_edu import sources, uploads
from recsys_edu.cleaning import read_ratings_csv
from recsys_edu.errors import DataError

ALL = {"user": 0, "item": 1, "rating": 2}
HOSTILE = [
    "<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "../../etc/passwd", "\u202egnp.exe", "NaN", "inf", "-inf",
    "9" * 400, "1e400", "'; DROP TABLE users; --", "\x1b[2J", "{{7*7}}", "🎬" * 300, "", " ", "\t",
]  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_UPLOADS", str(tmp_path / "uploads"))
    yield tmp_path / "uploads"
    for name in [name for name in sources.SOURCES if name.startswith("upload-")]:
        del sources.SOURCES[name]


def a_file(users=8, items=6, title="Film", columns="user,item,rating,timestamp,title,genres,year"):
    rows = [
        f"u{u},i{i},{1 + (u * i + u) % 5},{1000 + u * items + i},{title} {i},Action|Comedy,{1990 + i}"
        for u in range(users)
        for i in range(items)
    ]
    return "\n".join([columns, *rows]).encode()


def take(data, columns):
    """Read and keep a file, as the dialog does."""
    upload, text = uploads.read(data, "mine", columns)
    uploads.keep(upload.name, text)
    return upload


def taken(data):
    return take(data, uploads.guess(uploads.header_of(data)))


def test_what_is_kept_is_what_the_file_says(place):
    upload = taken(a_file())
    ratings = sources.load(upload.name)
    assert (ratings.num_users, ratings.num_items, len(ratings.rating)) == (8, 6, 48)
    assert ratings.items["title"].tolist() == [f"Film {i}" for i in range(6)]
    assert ratings.items["year"].tolist() == [1990 + i for i in range(6)]
    assert set(ratings.items["genres"]) == {"Action|Comedy"}
    np.testing.assert_array_equal(ratings.rating, [1 + (u * i + u) % 5 for u in range(8) for i in range(6)])
    assert ratings.timestamp.tolist() == list(range(1000, 1048))
    assert ratings.name == upload.name
    assert taken(a_file()).name == upload.name  # the same content, the same name
    assert len(list(place.iterdir())) == 1


def test_the_report_counts_and_names_the_lines_that_were_dropped():
    data = a_file() + b"\nu0,i0,two,1,x,,\nu1,i1\n,i1,3,1,x,,\nu0,i0,4,99999,x,,"
    report = taken(data).report
    lines = {reason: (found.count, found.lines) for reason, found in report.dropped.items()}
    assert lines == {"no_number": (1, (50,)), "ragged": (1, (51,)), "missing": (1, (52,)), "duplicate": (1, (2,))}
    assert (report.read, report.kept) == (52, 48)


def test_the_report_counts_those_of_whom_little_is_known():
    upload = taken(a_file(users=8, items=4) + b"\nu0,i9,3,1,x,,")  # all users but u0 have 4 ratings
    assert (upload.users_with_few, upload.items_with_few) == (7, 1)


def test_only_what_its_name_says_is_kept(place):
    with pytest.raises(DataError, match="not what their name says"):
        uploads.keep("upload-" + "0" * 32, b"user,item,rating\n")
    assert not place.exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(place):
    place.write_text("in the way", encoding="utf-8")
    with pytest.raises(DataError, match="Make room there, or set RECSYS_EDU_UPLOADS"):
        taken(a_file())


def test_the_oldest_give_way(place, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    names = [taken(a_file(title=title)).name for title in "abc"]
    for seconds, path in enumerate(place / f"{name}.csv" for name in names[1:]):
        os.utime(path, (seconds, seconds))
    names.append(taken(a_file(title="d")).name)
    assert [uploads.is_gone(name) for name in names] == [True, True, False, False]


def test_columns_can_be_chosen_where_their_names_say_nothing():
    data = a_file(columns="a,b,c,d,e,f,g")
    assert uploads.guess(uploads.header_of(data)) == {}
    with pytest.raises(DataError, match="which column holds the user and the item and the rating"):
        take(data, {})
    assert take(data, ALL | {"title": 4}).items == 6
    with pytest.raises(DataError, match="chosen for two things"):
        take(data, ALL | {"title": 2})
    with pytest.raises(DataError, match="does not have"):
        take(data, ALL | {"title": 7})


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"0" * 100, "archive"),
        (b"\x1f\x8b" + b"0" * 100, "archive"),
        (b"\x80\x04\x95cos\nsystem\n", "UTF-8"),  # a pickle
        ("user,item,rating\n1,2,3".encode("utf-16"), "UTF-16"),
        (b"user,item,rating\n1,\x00,3", "NUL"),
        (b"user,item,rating\n", "no ratings"),
        (b"user,item,rating\n1,2,3", "one user only"),
        (a_file(users=2, items=2), "learning needs 20"),
        (b"," * 300, "301 columns"),
    ],
)
def test_what_is_no_file_of_ratings_gets_a_sentence(data, sentence):
    with pytest.raises(DataError, match=sentence):
        taken(data)


def test_what_is_too_large_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="larger than"):
        taken(a_file())
    monkeypatch.setattr(uploads, "MOST_BYTES", 10**6)
    monkeypatch.setattr(uploads, "MOST_ROWS", 47)
    with pytest.raises(DataError, match="more than 47 ratings"):
        taken(a_file())
    monkeypatch.setattr(uploads, "MOST_ROWS", 48)
    monkeypatch.setattr(uploads, "MOST_PAIRS", 47)
    with pytest.raises(DataError, match="48 predictions"):
        taken(a_file())


@pytest.mark.parametrize(("users", "items", "many"), [(20_001, 2, "20,001 users"), (2, 10_001, "10,001 items")])
def test_what_no_browser_could_show_gets_a_sentence(users, items, many):
    """Few pairs, but a menu of the users, or a map of the items, that would be too long."""
    rows = [f"{k % users},{k % items},{1 + k % 5}" for k in range(max(users, items))]
    with pytest.raises(DataError, match=many):
        taken("\n".join(["user,item,rating", *rows]).encode())


def test_what_is_kept_is_read_as_the_command_line_reads_it_and_is_no_larger_than_what_was_sent(place):
    rows = [
        f'{u},"{i:03d}",{1 + (u + i) % 5},{"T" * 190 if u else HOSTILE[i].replace(chr(34), "")},G'
        for u in range(40) for i in range(10)
    ]  # fmt: skip
    data = "\n".join(["user,item,rating,title,genres", *rows]).encode()
    upload = taken(data)
    path = place / f"{upload.name}.csv"
    assert path.stat().st_size < len(data) / 5
    fast, (slow, _report) = sources.load(upload.name), read_ratings_csv(path)
    assert fast.items.equals(slow.items)
    assert fast.users.equals(slow.users)
    for name in ("user_index", "item_index", "rating"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))
    assert fast.items["title"].tolist()[:2] == HOSTILE[:2]


@given(st.text(max_size=60))
def test_the_name_of_a_file_is_plain_words(name):
    title = uploads.title_of(name)
    assert title
    assert not set(title) & set("*`[]!#$&:~|\\")


def test_the_name_of_a_file_is_no_picture():
    assert uploads.title_of("![](http:&#47;&#47;elsewhere)") == "(http 47; 47;elsewhere)"


def test_no_error_names_the_uploads_of_others():
    name = taken(a_file()).name
    with pytest.raises(DataError) as error:
        sources.load("no_such_set")
    assert name not in str(error.value)


def test_five_hundred_malformed_files_give_ratings_or_a_sentence(place):
    chance, sentences = random.Random(0), []
    for _ in range(500):
        data = bytearray(a_file(title=chance.choice(HOSTILE)))
        for _ in range(chance.choice([1, 3, 10, 60])):
            at, what = chance.randrange(max(len(data), 1)), chance.random()
            if what < 0.3:
                data[at : at + chance.randrange(1, 200)] = b""
            elif what < 0.6:
                data[at:at] = chance.choice(HOSTILE).encode("utf-8")
            elif what < 0.9:
                data[at : at + 1] = bytes([chance.choice(b'",;\t\n\r|')])
            else:
                data[at : at + 1] = bytes([chance.randrange(256)])
        try:
            upload = taken(bytes(data))
        except DataError as error:
            sentences.append(str(error))
        else:
            ratings = sources.load(upload.name)
            assert np.isfinite(ratings.rating).all()
            assert all(title.isprintable() for title in ratings.items["title"])
    assert 50 < len(sentences) < 500
    assert all(sentence.endswith(".") for sentence in sentences)
    assert {path.suffix for path in place.iterdir()} == {".csv"}
    assert len(list(place.iterdir())) <= uploads.MOST_FILES


def test_no_list_shows_an_upload_and_what_is_forgotten_is_gone():
    name = taken(a_file()).name
    assert name not in [source["name"] for source in sources.known()]
    assert uploads.find(name)
    uploads.forget(name)
    assert not uploads.find(name)
    with pytest.raises(uploads.GoneError, match="no longer on this server") as gone:
        sources.load(name)
    assert pickle.loads(pickle.dumps(gone.value)).name == name  # as a worker sends it
    for path in ("../../etc/passwd", "upload-../../x", "upload-" + "0" * 32):
        assert not uploads.find(path)
        uploads.forget(path)
