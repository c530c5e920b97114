"""The projector's files are read back as the projector reads them: line by line, tab by tab."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from recsys_edu import models, projector
from recsys_edu.errors import DataError


def read_vectors(text):
    return np.array([line.split("\t") for line in text.split("\n") if line], "float32")


def read_metadata(text):
    """As TensorBoard does: a tab in the first line means that it holds names; blank lines do not count."""
    lines = [line for line in text.split("\n") if line.strip()]
    rows = [line.split("\t") for line in lines]
    return (rows[0], rows[1:]) if "\t" in lines[0] else (None, rows)


def items_table(titles):
    return pd.DataFrame({"title": titles})


def test_a_models_vectors_and_titles_come_back(planted, tmp_path):
    model = models.build(models.default_settings("ease"), planted).fit(planted)
    paths = projector.write(tmp_path / "new" / "folder", model.item_vectors(), planted.items)
    assert [path.name for path in paths] == ["vectors.tsv", "metadata.tsv", "projector_config.pbtxt"]
    read = [path.read_text(encoding="utf-8") for path in paths]
    np.testing.assert_array_equal(read_vectors(read[0]), model.item_vectors())
    names, rows = read_metadata(read[1])
    assert names == ["title", "year", "genres", "item_id"]
    assert [row[0] for row in rows] == planted.items["title"].tolist()
    assert [row[3] for row in rows] == planted.items["item_id"].astype(str).tolist()


def test_movielens_keeps_its_rows(movielens):
    vectors = np.arange(2.0 * movielens.num_items).reshape(-1, 2)
    names, rows = read_metadata(projector.texts(vectors, movielens.items)[1])
    assert len(rows) == movielens.num_items
    assert {len(row) for row in [names, *rows]} == {4}
    assert rows[movielens.item_row(50)][:2] == ["Star Wars", "1977"]


@given(st_numpy.arrays("float32", (3, 4), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
@settings(deadline=None, max_examples=50)
def test_every_number_comes_back(vectors):
    text, _ = projector.texts(vectors, items_table(["a", "b", "c"]))
    np.testing.assert_array_equal(read_vectors(text), vectors)


@given(st.lists(st.text(max_size=30), min_size=2, max_size=5), st.booleans())
@settings(deadline=None, max_examples=100)
def test_no_title_moves_a_line(titles, with_year):
    items = items_table(titles)
    if with_year:
        items["year"] = pd.array([pd.NA] * len(titles), dtype="Int64")
    names, rows = read_metadata(projector.texts(np.ones((len(titles), 1)), items)[1])
    assert names == (["title", "year"] if with_year else None)
    assert len(rows) == len(titles)
    assert {len(row) for row in rows} == {1 + with_year}


@pytest.mark.parametrize("evil", ["a\tb", "a\nb", "a\r\nb", "a\x0bb", "a\u2028b", "a\x85b"])
def test_what_breaks_a_line_becomes_a_space(evil):
    assert projector.texts(np.ones((2, 1)), items_table([evil, "c"]))[1] == "a b\nc\n"


def test_what_is_unknown_is_a_dash():
    items = pd.DataFrame({"title": ["A", ""], "year": pd.array([1999, pd.NA], dtype="Int64"), "genres": ["", "Drama"]})
    assert projector.texts(np.ones((2, 1)), items)[1] == "title\tyear\tgenres\nA\t1999\t–\n–\t–\tDrama\n"


def test_the_config_names_the_two_files(tmp_path):
    projector.write(tmp_path, np.ones((2, 1)), items_table(["a", "b"]))
    config = (tmp_path / "projector_config.pbtxt").read_text(encoding="utf-8")
    for name in ("tensor_path", "metadata_path"):
        named = config.split(f"{name}: ")[1].split("\n")[0].strip('"')
        assert (tmp_path / named).is_file()


def test_tensorboard_takes_the_config(tmp_path):
    config_pb2 = pytest.importorskip("tensorboard.plugins.projector.projector_config_pb2")
    from google.protobuf import text_format

    (embedding,) = text_format.Parse(projector.CONFIG, config_pb2.ProjectorConfig()).embeddings
    assert (embedding.tensor_path, embedding.metadata_path) == ("vectors.tsv", "metadata.tsv")


@pytest.mark.parametrize("vectors", [np.ones((2, 1)), np.ones(3), np.ones((3, 0)), np.ones((3, 1, 1))], ids=np.shape)
def test_other_shapes_are_refused(vectors):
    with pytest.raises(DataError, match="need as many vectors"):
        projector.texts(vectors, items_table(["a", "b", "c"]))


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(DataError, match="row 1 holds a number that is none"):
        projector.texts(np.array([[1.0], [number]]), items_table(["a", "b"]))


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="Name another folder"):
        projector.write(tmp_path / "file", np.ones((2, 1)), items_table(["a", "b"]))
