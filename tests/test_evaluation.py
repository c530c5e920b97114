"""One model judged, two models compared: figures that can be checked by hand, and splits that cheat."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from recsys_edu import data, evaluation, metrics
from recsys_edu.errors import DataError, SettingsError


class Scorer:
    """Scores (num_users, num_items) that are given, and the same as predictions."""

    def __init__(self, table, predicts_ratings=True):
        self.table, self.predicts_ratings = np.asarray(table, float), predicts_ratings

    def scores(self, user_index):
        return self.table[user_index]

    def predict_pairs(self, user_index, item_index):
        return self.table[user_index, item_index]


@pytest.fixture(scope="module")
def parts(planted):
    return data.random_split(planted, seed=0)


@pytest.fixture(scope="module")
def shape(planted):
    return planted.num_users, planted.num_items


@pytest.fixture(scope="module")
def oracle(parts):
    """Knows the test part, and ranks the training items on top of it."""
    return Scorer(parts.test.seen() + 2.0 * parts.train.seen())


@pytest.fixture(scope="module")
def noise(shape):
    return Scorer(np.random.default_rng(0).normal(3, 1, shape))


def test_predictions_are_clipped_and_unseen_items_alone_are_ranked(parts, oracle):
    figures = metrics.evaluate(Scorer(oracle.table + 98), parts.train, parts.test)
    assert figures["hr@10"] == figures["ndcg@10"] == figures["mrr@10"] == 1.0
    assert figures["test_rmse"] == pytest.approx(np.sqrt(np.mean((5.0 - parts.test.rating) ** 2)))
    assert figures["test_mae"] == pytest.approx(np.mean(5.0 - parts.test.rating))


def test_figures_are_those_of_the_metrics_on_the_whole(parts, noise):
    found = evaluation.evaluate(noise, parts.train, parts.test, k=7)
    figures, per_user = found.figures(), found.per_user
    predicted = np.clip(noise.predict_pairs(parts.test.user_index, parts.test.item_index), *parts.train.scale)
    assert figures["test_rmse"] == pytest.approx(metrics.rmse(parts.test.rating, predicted))
    assert figures["test_mae"] == pytest.approx(metrics.mae(parts.test.rating, predicted))
    assert {"hr@7", "recall@7", "precision@7", "ndcg@7", "mrr@7", "map@7", "coverage@7"} < figures.keys()
    assert {"novelty@7", "diversity@7", "popularity@7", "gini@7", "tied@7"} < figures.keys()
    lift = per_user["popularity"].mean() / per_user["profile_popularity"].mean() - 1
    assert figures["popularity@7"] == pytest.approx(lift)
    assert lift < -0.2  # lists drawn by chance are less popular than what people choose
    assert figures["tied@7"] == 0
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_a_model_without_stars_has_no_error_and_is_not_asked(parts, noise):
    ranker = SimpleNamespace(scores=noise.scores, predicts_ratings=False)
    found = evaluation.evaluate(ranker, parts.train, parts.test)
    assert found.figures()["test_rmse"] is found.figures()["test_mae"] is None
    assert found.intervals()["test_rmse"] is None
    assert "squared_error" not in found.per_user
    rated = evaluation.evaluate(noise, parts.train, parts.test)
    assert found.figures()["ndcg@10"] == rated.figures()["ndcg@10"]
    shared = evaluation.paired(found.per_user, rated.per_user)
    assert "test_rmse" not in shared
    assert "ndcg@10" in shared


def test_per_user_values_are_aligned_arrays_and_users_without_test_ratings_do_not_count(parts, noise):
    test = parts.test.take(np.flatnonzero(~np.isin(parts.test.user_index, [0, 5])))
    found = evaluation.evaluate(noise, parts.train, test).per_user
    assert found["users"].tolist() == np.unique(test.user_index).tolist()
    assert not {0, 5} & set(found["users"].tolist())
    assert {len(values) for values in found.values()} == {len(found["users"])}
    assert found["ratings"].sum() == len(test)
    assert not any(np.isnan(found[name]).any() for name in metrics.PER_USER)


def test_no_pair_of_the_test_may_stand_in_the_training_part(parts, noise):
    for rating in (parts.test.rating[7], parts.test.rating[7] + 1):  # a changed rating hides nothing
        u, i = parts.test.user_index[7], parts.test.item_index[7]
        poisoned = data.Ratings(
            np.append(parts.train.user_index, u),
            np.append(parts.train.item_index, i),
            np.append(parts.train.rating, np.float32(rating)),
            None,
            parts.train.users,
            parts.train.items,
            "poisoned",
            parts.train.scale,
        )
        user_id, item_id = poisoned.users["user_id"].iloc[u], poisoned.items["item_id"].iloc[i]
        with pytest.raises(DataError, match=rf"^1 of .* user {user_id} and item {item_id}\."):
            evaluation.evaluate(noise, poisoned, parts.test)
    evaluation.check_no_leak(parts.train, parts.test)


def test_the_model_is_never_shown_a_test_rating(parts, noise):
    """Rankings and predictions stay the same when all ratings of the test are changed; the error alone moves."""
    altered = dataclasses.replace(parts.test, rating=(6 - parts.test.rating).astype("float32"))
    a, b = (evaluation.evaluate(noise, parts.train, test).per_user for test in (parts.test, altered))
    for name in a.keys() - {"squared_error", "absolute_error"}:
        np.testing.assert_array_equal(a[name], b[name])
    assert not np.array_equal(a["squared_error"], b["squared_error"])


def test_parts_of_two_data_sets_are_refused(parts, planted):
    other = dataclasses.replace(parts.test, items=planted.items.iloc[:-1])
    with pytest.raises(DataError, match="not two parts of one data set"):
        evaluation.check_no_leak(parts.train, other)


def test_questions_without_an_answer_are_refused(parts, noise, shape):
    with pytest.raises(DataError, match="the test part is empty"):
        evaluation.evaluate(noise, parts.train, parts.test.take(np.array([], int)))
    with pytest.raises(SettingsError, match="at least one place"):
        evaluation.evaluate(noise, parts.train, parts.test, k=-1)
    broken = noise.table.copy()
    broken[3] = np.nan
    with pytest.raises(DataError, match="not a number"):
        evaluation.evaluate(Scorer(broken), parts.train, parts.test)
    finite_scores = SimpleNamespace(scores=noise.scores, predict_pairs=Scorer(broken).predict_pairs)
    with pytest.raises(DataError, match=r"A prediction for user .* is not a number"):
        evaluation.evaluate(finite_scores, parts.train, parts.test)


def test_k_beyond_the_catalogue_and_users_who_have_seen_nearly_all(parts, noise, shape):
    """User 0 has rated all but one film, and that one is the test: it is the whole list."""
    _, items = shape
    train = parts.train.take(np.flatnonzero(parts.train.user_index != 0))
    rows = np.arange(items - 1, dtype="int32")
    train = dataclasses.replace(
        train,
        user_index=np.append(train.user_index, np.zeros_like(rows)),
        item_index=np.append(train.item_index, rows),
        rating=np.append(train.rating, np.full(len(rows), 3, "float32")),
        timestamp=None,
    )
    test = parts.test.take(np.array([0]))
    test = dataclasses.replace(test, user_index=np.array([0], "int32"), item_index=np.array([items - 1], "int32"))
    figures = evaluation.evaluate(noise, train, test, k=items + 50).figures()
    k = items + 50
    assert figures[f"hr@{k}"] == figures[f"ndcg@{k}"] == figures[f"recall@{k}"] == 1.0
    assert figures[f"precision@{k}"] == pytest.approx(1 / k)
    assert figures[f"diversity@{k}"] is None  # one item is no pair
    assert figures[f"tied@{k}"] == 0


def test_a_constant_scorer_is_found_out(parts, shape):
    constant = Scorer(np.zeros(shape), predicts_ratings=False)
    by_row = evaluation.evaluate(constant, parts.train, parts.test)
    assert by_row.figures()["tied@10"] == 1.0
    by_chance = evaluation.evaluate(constant, parts.train, parts.test, tie_seed=0)
    again = evaluation.evaluate(constant, parts.train, parts.test, tie_seed=0)
    assert by_chance.figures() == again.figures()
    assert by_chance.figures()["coverage@10"] > 0.9 > by_row.figures()["coverage@10"]


def test_low_rows_of_movielens_are_popular_so_ties_must_not_decide(movielens):
    parts = data.random_split(movielens, seed=0)
    constant = Scorer(np.zeros((movielens.num_users, movielens.num_items)), predicts_ratings=False)
    by_row = evaluation.evaluate(constant, parts.train, parts.test).figures()["ndcg@10"]
    by_chance = evaluation.evaluate(constant, parts.train, parts.test, tie_seed=0).figures()["ndcg@10"]
    assert by_row == pytest.approx(0.069, abs=0.002)
    assert by_chance == pytest.approx(0.014, abs=0.004)


def test_breaking_ties_by_chance_leaves_a_model_without_ties_alone(parts, noise):
    a = evaluation.evaluate(noise, parts.train, parts.test)
    b = evaluation.evaluate(noise, parts.train, parts.test, tie_seed=4)
    assert a.figures() == pytest.approx(b.figures())


def test_intervals_hold_the_figure_and_repeat(parts, noise):
    found = evaluation.evaluate(noise, parts.train, parts.test)
    figures, intervals = found.figures(), found.intervals()
    for name in intervals:
        low, high = intervals[name]
        assert low < figures[name] < high, name
    assert intervals == found.intervals()
    wide, narrow = found.intervals(level=0.99)["test_rmse"], found.intervals(level=0.5)["test_rmse"]
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_two_models_are_compared_user_by_user(parts, noise, oracle):
    a, b = (evaluation.evaluate(model, parts.train, parts.test) for model in (oracle, noise))
    found = evaluation.paired(a.per_user, b.per_user)
    for name, d in found.items():
        assert d.difference == pytest.approx(a.figures()[name] - b.figures()[name])
        assert d.low <= d.difference <= d.high
    assert found["ndcg@10"].low > 0.5
    assert found["ndcg@10"].p == pytest.approx(1 / 10_001)
    itself = evaluation.paired(a.per_user, a.per_user)["ndcg@10"]
    assert (itself.difference, itself.low, itself.high, itself.p) == (0, 0, 0, 1)


def test_pairing_sees_a_small_difference_that_two_intervals_hide(parts, noise):
    """The same predictions, each a little further from the truth: the intervals overlap, the paired one excludes 0."""
    u, i = parts.test.user_index, parts.test.item_index
    worse = noise.table.copy()
    worse[u, i] = parts.test.rating + 1.005 * (np.clip(worse[u, i], *parts.train.scale) - parts.test.rating)
    a, b = (evaluation.evaluate(model, parts.train, parts.test) for model in (noise, Scorer(worse)))
    assert b.intervals()["test_mae"][0] < a.intervals()["test_mae"][1]
    difference = evaluation.paired(b.per_user, a.per_user)["test_mae"]
    assert 0 < difference.low < difference.difference
    assert difference.p < 0.001


def test_models_judged_on_different_tests_are_not_compared(parts, noise, planted):
    a = evaluation.evaluate(noise, parts.train, parts.test).per_user
    other = data.random_split(planted, seed=1)
    b = evaluation.evaluate(noise, other.train, other.test).per_user
    with pytest.raises(DataError, match="not judged on the same test ratings"):
        evaluation.paired(a, b)
