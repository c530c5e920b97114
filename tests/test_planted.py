import dataclasses

import numpy as np
import pytest

from recsys_edu import planted as planted_truth
from recsys_edu import recording
from recsys_edu.errors import DataError, SettingsError


def rmse(a, b):
    return float(np.sqrt(np.mean((a - b) ** 2)))


def test_the_committed_files_are_what_the_generator_writes(tmp_path):
    planted_truth.write(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {
        path.name: path.read_bytes().replace(b"\r\n", b"\n")  # a checkout on Windows may convert
        for path in planted_truth.FOLDER.iterdir()
        if path.suffix != recording.SUFFIX
    }
    assert made == committed


def test_shape_of_the_bundled_set(planted):
    assert (len(planted), planted.num_users, planted.num_items) == (12_000, 300, 200)
    assert planted.density == 0.2
    assert set(planted.rating) == {1, 2, 3, 4, 5}
    assert len(np.unique(planted.pairs, axis=0)) == 12_000
    assert np.all(np.diff(planted.timestamp) >= 0)
    assert planted.items["title"].is_unique
    assert {genre for genres in planted.items["genres"] for genre in genres.split("|")} == set(
        planted_truth.read_truth().tastes
    )
    assert str(planted.items["year"].dtype) == "Int64"
    assert list(planted.users) == ["user_id", "age", "gender", "occupation"]


def test_reading_gives_what_was_generated(planted):
    ratings, truth = planted_truth.generate()
    for field in dataclasses.fields(ratings):
        made, read = getattr(ratings, field.name), getattr(planted, field.name)
        if isinstance(made, np.ndarray):
            assert made.dtype == read.dtype
            np.testing.assert_array_equal(made, read)
        elif field.name in ("users", "items"):
            assert made.astype(str).equals(read.astype(str))
        else:
            assert made == read
    np.testing.assert_array_equal(planted_truth.read_truth().r, truth.r)


def test_without_noise_a_rating_is_the_rounded_truth():
    ratings, truth = planted_truth.generate(noise=0, density=0.5)
    r = np.clip(truth.r, 1, 5)[ratings.user_index, ratings.item_index]
    assert np.abs(ratings.rating - r).max() <= 0.5


def test_noise_is_a_dial_in_stars():
    for noise in (0.3, 1.0):
        ratings, truth = planted_truth.generate(noise=noise, density=1)
        r = truth.r[ratings.user_index, ratings.item_index]
        inside = (r > 2.5) & (r < 3.5)  # clipping hides part of the noise near 1 and 5
        expected = np.sqrt(noise**2 + 1 / 12)  # rounding adds the variance of U(-0.5, 0.5)
        assert rmse(ratings.rating[inside], r[inside]) == pytest.approx(expected, rel=0.05)


def test_density_is_a_dial():
    for density in (0.01, 0.37, 1):
        assert planted_truth.generate(density=density)[0].density == pytest.approx(density)


def test_taste_explains_what_biases_cannot(planted):
    truth = planted_truth.read_truth()
    biases = truth.mu + truth.b_u[:, None] + truth.b_i[None, :]
    seen = planted.user_index, planted.item_index
    assert rmse(np.clip(truth.r, 1, 5)[seen], planted.rating) < 0.45
    assert rmse(np.clip(biases, 1, 5)[seen], planted.rating) > 0.7


def test_nearest_films_share_a_genre(planted):
    q = planted_truth.read_truth().q
    unit = q / np.linalg.norm(q, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -1)
    main = planted.items["genres"].str.split("|").str[0].to_numpy()
    nearest = np.argsort(-similarity, axis=1)[:, :5]  # (num_items, 5)
    assert (main[nearest] == main[:, None]).mean() > 0.9


def test_seeds_and_sizes():
    one, two = (planted_truth.generate(num_users=20, num_items=30, seed=seed)[0] for seed in (1, 2))
    again = planted_truth.generate(num_users=20, num_items=30, seed=1)[0]
    np.testing.assert_array_equal(one.rating, again.rating)
    assert not np.array_equal(one.pairs, two.pairs)
    largest = planted_truth.generate(num_items=6 * 396, num_users=2)[0]
    assert largest.items["title"].is_unique
    assert planted_truth.generate(num_tastes=2, num_items=792)[1].q.shape == (792, 2)


@pytest.mark.parametrize(
    ("dials", "sentence"),
    [
        ({"density": 0}, "The density is 0"),
        ({"density": 1.1}, "The density is 1.1"),
        ({"density": float("nan")}, "The density is nan"),
        ({"density": 1e-9}, "leaves no rating"),
        ({"noise": -1}, "The noise is -1"),
        ({"noise": float("inf")}, "The noise is inf"),
        ({"num_tastes": 7}, "7 tastes are not possible. Use 2 to 6"),
        ({"num_users": 1}, "1 users are not possible"),
        ({"num_items": 2377}, "2377 items are not possible. Use 2 to 2,376"),
        ({"seed": -1}, "The seed is -1"),
    ],
)
def test_impossible_dials(dials, sentence):
    with pytest.raises(SettingsError, match=sentence):
        planted_truth.generate(**dials)


def test_a_damaged_set_says_how_to_mend_it(tmp_path):
    with pytest.raises(DataError, match=r"Write it anew: python -m recsys_edu\.planted"):
        planted_truth.read(tmp_path)
    planted_truth.write(tmp_path, num_users=5)
    assert planted_truth.read(tmp_path).num_users == 5
    (tmp_path / "ratings.csv").write_text("user_id,item_id\n1,x\n", encoding="utf-8")
    (tmp_path / "parameters.json").write_text("{}", encoding="utf-8")
    for read in (planted_truth.read, planted_truth.read_truth):
        with pytest.raises(DataError, match="missing or damaged"):
            read(tmp_path)
