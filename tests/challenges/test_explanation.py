"""Explanations: the exact ones sum or agree with a fit from scratch, the unstable one is shown to be."""

import numpy as np
import pytest

from recsys_edu.challenges import alternating, explanation
from recsys_edu.errors import DataError


@pytest.fixture(scope="module")
def factors(planted):
    return alternating.learn(planted, d=5, l2=4.0)


@pytest.fixture(scope="module")
def who(factors, planted):
    return explanation.profile(factors, planted, 12)


def r_hat(factors, u, i):
    return factors.predict_pairs(np.array([u]), np.array([i]))[0]


@pytest.mark.parametrize("i", [0, 57, 199])
def test_parts_and_ratings_sum_to_the_prediction(factors, who, i):
    parts = explanation.by_parts(factors, 12, i)
    assert parts.sum() == pytest.approx(r_hat(factors, 12, i))
    shares = explanation.by_ratings(factors, who, i)
    assert factors.mean + factors.items[i, -1] + shares.sum() == pytest.approx(r_hat(factors, 12, i))


def test_a_profile_has_the_models_own_vector(factors, who):
    np.testing.assert_allclose(who.x, factors.users[12], atol=1e-6)


def test_turned_factors_are_the_same_model_with_other_parts(factors):
    turned = explanation.rotated(factors)
    np.testing.assert_allclose(turned.scores(np.arange(20)), factors.scores(np.arange(20)))
    before, after = (explanation.by_parts(f, 12, 57) for f in (factors, turned))
    np.testing.assert_allclose(before[:3], after[:3])
    assert np.abs(before[3:] - after[3:]).max() > 0.01


def test_without_one_is_a_fit_without_it(factors, planted, who):
    without = explanation.without_one(factors, who, 57)
    for j in (0, 3, len(who.items) - 1):
        gone = (planted.user_index == 12) & (planted.item_index == who.items[j])
        rest = planted.take(np.flatnonzero(~gone))
        x = alternating.user_rows(rest, factors.items, factors.mean, factors.l2)[12]
        expected = factors.mean + factors.items[57, -1] + x[-1] + x[:-1] @ factors.items[57, :-1]
        assert without[j] == pytest.approx(expected)


def test_without_one_is_shermans_and_morrisons_formula(factors, who):
    # r̂ − r̂^(−j) = w_ij e_j / (1 − h_j), with e_j the residual and h_j = f_jᵀ A⁻¹ f_j
    A_inverse = np.linalg.inv(who.A)
    w = who.f @ A_inverse @ np.append(factors.items[57, :-1], 1)
    e = who.z - who.f @ A_inverse @ who.f.T @ who.z
    h = np.einsum("jk,kl,jl->j", who.f, A_inverse, who.f)
    fall = explanation.strength(factors, who, 57, "without one")
    np.testing.assert_allclose(fall, w * e / (1 - h), atol=1e-9)


def test_nearest_liked_never_names_what_was_disliked(factors, who):
    cosine = explanation.nearest_liked(factors, who, 57)
    assert (cosine[who.rating < who.rating.mean()] == -1).all()
    assert who.rating[cosine.argmax()] >= who.rating.mean()
    a, b = factors.items[57, :-1], factors.items[who.items[cosine.argmax()], :-1]
    assert cosine.max() == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_reasons_are_titles_with_all_ways(factors, planted, who):
    table = explanation.reasons(factors, planted, 12, 57, k=3)
    assert table.columns.tolist() == ["title", "rating", *explanation.WAYS]
    largest = np.abs(explanation.by_ratings(factors, who, 57)).argmax()
    assert table.title[0] == planted.items.title[who.items[largest]]


def test_the_removal_test_removes_and_lists_anew(factors, planted):
    rows = explanation.removal_test(factors, planted, np.array([12, 40]), n=5)
    assert len(rows) == 2 * 5 * 4
    row = rows[(rows.way == "without one") & (rows.user_index == 40)].iloc[2]
    who = explanation.profile(factors, planted, 40)
    x = explanation.vectors_without(who)[row.reason]
    scores = factors.mean + factors.items[:, -1] + x[-1] + factors.items[:, :-1] @ x[:-1]
    scores[who.items] = -np.inf  # the film that was removed is not offered either
    assert row.stays == (row.item_index in np.argsort(-scores)[:5])
    assert row.fall == pytest.approx(r_hat(factors, 40, row.item_index) - scores[row.item_index])


def test_exact_removal_finds_the_largest_fall(factors, planted):
    fall = explanation.removal_test(factors, planted, np.arange(20)).groupby("way").fall.mean()
    assert fall["without one"] >= fall["by ratings"] > fall["nearest liked"] > fall["chance"]


def test_a_stranger_cannot_be_explained(factors, planted):
    rest = planted.take(np.flatnonzero(planted.user_index != 12))
    with pytest.raises(DataError, match="no rating"):
        explanation.profile(factors, rest, 12)
