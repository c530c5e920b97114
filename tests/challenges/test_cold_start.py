"""A newcomer in closed form, what to ask first, and a film that nobody has rated."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from recsys_edu.challenges import cold_start
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.models.mf import MatrixFactorization
from recsys_edu.planted import read_truth


@pytest.fixture(scope="module")
def truth():
    """The planted tastes as if they had been learnt, with what no model could know of newcomers taken out later."""
    truth = read_truth()
    return cold_start.Factors(truth.mu, truth.b_u, truth.b_i, truth.p, truth.q)


@pytest.fixture(scope="module")
def newcomers(planted):
    return cold_start.leave_users_out(planted, users=60, least=30, tests=10, seed=0)


def test_newcomers_are_unknown_and_tested_on_what_they_did_not_give(planted, newcomers):
    assert len(newcomers.users) == 60
    assert len(newcomers.warm) + len(newcomers.given) + len(newcomers.test) == len(planted)
    assert not np.isin(newcomers.warm.user_index, newcomers.users).any()
    assert (np.bincount(newcomers.test.user_index)[newcomers.users] == 10).all()
    assert not (newcomers.given.seen() & newcomers.test.seen()).any()
    assert_allclose(planted.take(newcomers.test_rows).rating, newcomers.test.rating)


def test_too_few_people_or_ratings_say_what_to_do(planted):
    with pytest.raises(DataError, match="fewer ratings of each"):
        cold_start.leave_users_out(planted, least=1000)
    with pytest.raises(SettingsError, match="nothing is left to be given"):
        cold_start.leave_users_out(planted, least=20, tests=20)


def test_the_fold_in_is_the_minimum_of_its_formula(truth):
    rng = np.random.default_rng(0)
    i, r, λ = rng.permutation(len(truth.b_i))[:7], rng.uniform(1, 5, 7), 2.0

    def loss(both):
        z = r - truth.mu - truth.b_i[i]
        return np.sum((z - both[0] - truth.Q[i] @ both[1:]) ** 2) + λ * both @ both

    found = minimize(loss, np.zeros(1 + truth.Q.shape[1]), tol=1e-10).x
    b_u, p_u = cold_start.fold_in(truth, i, r, l2=λ)
    assert_allclose([b_u, *p_u], found, atol=1e-4)


def test_nobody_without_ratings_has_a_taste(truth):
    b_u, p_u = cold_start.fold_in(truth, np.array([], int), np.array([]))
    assert b_u == 0
    assert not p_u.any()


def test_the_vector_of_a_newcomer_is_found_again(truth):
    """From noiseless ratings of all films, with hardly a penalty."""
    r = truth.mu + truth.b_u[3] + truth.b_i + truth.Q @ truth.P[3]
    b_u, p_u = cold_start.fold_in(truth, np.arange(len(truth.b_i)), r, l2=1e-9)
    assert_allclose([b_u, *p_u], [truth.b_u[3], *truth.P[3]], atol=1e-6)


def test_more_ratings_help_and_taste_more_than_a_bias(truth, newcomers):
    table = cold_start.error_by_number(truth, newcomers, [0, 3, 10, None])
    assert table.index.tolist() == ["0", "3", "10", "all"]
    assert table.loc["0", "b_u"] == table.loc["0", "b_u, p_u"]
    assert (np.diff(table["b_u, p_u"]) < -0.02).all()
    assert table.loc["all", "b_u, p_u"] < table.loc["all", "b_u"] - 0.1
    assert table.loc["all", "b_u, p_u"] < 0.6


def test_the_true_numbers_of_a_newcomer_are_not_used(truth, newcomers):
    forgotten = replace(truth, b_u=truth.b_u.copy(), P=truth.P.copy())
    forgotten.b_u[newcomers.users], forgotten.P[newcomers.users] = 99, 99
    table, expected = (cold_start.error_by_number(f, newcomers, [0, 5]) for f in (forgotten, truth))
    pd.testing.assert_frame_equal(table, expected)


def test_only_what_was_seen_can_be_answered(truth, newcomers):
    orders = cold_start.questions(newcomers.warm)
    n = np.bincount(newcomers.warm.item_index, minlength=newcomers.warm.num_items)
    assert n[orders["best known"][0]] == n.max()
    assert all(sorted(order) == list(range(len(n))) for order in orders.values())
    table = cold_start.error_by_question(truth, newcomers, orders, asked=len(n))
    assert_allclose(table["answers"], len(newcomers.given) / 60)  # who is asked about everything answers all
    table = cold_start.error_by_question(truth, newcomers, orders, asked=20)
    assert table.loc["best known", "answers"] > 1.5 * table.loc["at random", "answers"]
    assert table.loc["best known", "rmse"] < table.loc["at random", "rmse"]


def test_disputed_and_best_rated_by_hand(planted):
    """Film 0: 20 ratings of 1 and 20 of 5; film 1: 40 of 4; film 2: 40 of 5; nobody rates the others."""
    i = np.repeat([0, 1, 2], 40)
    r = np.concatenate([np.tile([1, 5], 20), np.full(40, 4), np.full(40, 5)]).astype("float32")
    orders = cold_start.questions(replace(planted, user_index=i * 0, item_index=i, rating=r))
    assert orders["most disputed"][0] == 0
    assert orders["best rated"][0] == 2


def test_content_tells_of_a_new_film(planted, truth):
    parts = cold_start.leave_items_out(planted, share=0.2, seed=0)
    assert not np.isin(parts.test.item_index, parts.train.item_index).any()
    new = cold_start.new_items(truth, parts.train)
    errors = {name: factors.error(parts.test) for name, factors in new.items()}
    assert errors["content: b_i, q_i"] < errors["average item"] - 0.2
    assert cold_start.pairs_in_order(new["average item"], parts.test) == 0.5
    assert cold_start.pairs_in_order(new["content: b_i, q_i"], parts.test) > 0.75
    old = np.unique(parts.train.item_index)
    assert all((factors.Q[old] == truth.Q[old]).all() for factors in new.values())


def test_content_of_shuffled_films_tells_nothing(planted, truth):
    parts = cold_start.leave_items_out(planted, share=0.2, seed=0)
    shuffled = planted.items.assign(genres=np.random.default_rng(0).permutation(planted.items["genres"]), year=pd.NA)
    new = cold_start.new_items(truth, replace(parts.train, items=shuffled))
    errors = {name: factors.error(parts.test) for name, factors in new.items()}
    assert errors["content: b_i, q_i"] > errors["average item"] - 0.05
    assert abs(cold_start.pairs_in_order(new["content: b_i, q_i"], parts.test) - 0.5) < 0.05


def test_pairs_in_order_by_hand(planted):
    """One user, stars 5, 3, 3, 1 and r̂ 4, 4, 1, 2: of five pairs with different stars two and a half are right."""
    test = replace(planted, user_index=np.zeros(4, int), item_index=np.arange(4), rating=np.array([5, 3, 3, 1]))
    b_i = np.zeros(planted.num_items)
    b_i[:4] = 4, 4, 1, 2
    zeros = np.zeros((planted.num_items, 1))
    factors = cold_start.Factors(0.0, np.zeros(planted.num_users), b_i, np.zeros((planted.num_users, 1)), zeros)
    assert cold_start.pairs_in_order(factors, test) == (0.5 + 1 + 1 + 1 + 0) / 5


def test_the_table_has_a_constant_genres_and_decades():
    items = pd.DataFrame({"genres": ["A|B", "", "B"], "year": pd.array([1994, None, 2001], dtype="Int64")})
    assert cold_start.item_table(items).tolist() == [[1, 1, 1, 1, 0], [1, 0, 0, 0, 0], [1, 0, 1, 0, 1]]


def test_factors_are_those_of_the_model(planted):
    model = MatrixFactorization(planted.num_users, planted.num_items, 4)
    model(np.zeros((1, 2), "int32"))
    model.start_from(planted)
    factors = cold_start.Factors.of(model)
    u, i = planted.user_index[:50], planted.item_index[:50]
    assert_allclose(factors.predict_pairs(u, i), model.predict_pairs(u, i), atol=1e-5)
    assert not factors.without_vectors().P.any()
