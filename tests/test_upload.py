"""An uploaded file: kept as what it says, or refused with a sentence; nothing else can happen."""

import random

import numpy as np
import pytest

from recsys_edu import sources, uploads
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


def taken(data):
    return uploads.take(data, "mine", uploads.guess(uploads.header_of(data)))


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


def test_columns_can_be_chosen_where_their_names_say_nothing():
    data = a_file(columns="a,b,c,d,e,f,g")
    assert uploads.guess(uploads.header_of(data)) == {}
    with pytest.raises(DataError, match="which column holds the user and the item and the rating"):
        uploads.take(data, "mine", {})
    assert uploads.take(data, "mine", ALL | {"title": 4}).items == 6
    with pytest.raises(DataError, match="chosen for two things"):
        uploads.take(data, "mine", ALL | {"title": 2})
    with pytest.raises(DataError, match="does not have"):
        uploads.take(data, "mine", ALL | {"title": 7})


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
    with pytest.raises(DataError, match="no longer on this server"):
        sources.load(name)
    for path in ("../../etc/passwd", "upload-../../x", "upload-" + "0" * 32):
        assert not uploads.find(path)
        uploads.forget(path)
