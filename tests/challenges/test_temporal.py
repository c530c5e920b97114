"""What is old counts for less, and nothing is learnt from what came later."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recsys_edu.challenges import temporal
from recsys_edu.data import split_by_time
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.models.biases import Biases
from recsys_edu.models.ease import EASE
from recsys_edu.models.popularity import Popularity

WEEK = 7 * temporal.DAY


def rated(planted, rows):
    """Ratings from rows (user, item, stars, days since the start)."""
    u, i, r, days = map(np.array, zip(*rows, strict=True))
    time = (days * temporal.DAY).astype("int64")
    return replace(planted, user_index=u, item_index=i, rating=r.astype("float32"), timestamp=time)


def test_a_half_life_halves():
    now = 1_000 * temporal.DAY
    assert temporal.decay(now - np.array([0, 10, 30]) * temporal.DAY, now, 10).tolist() == [1, 0.5, 0.125]
    assert temporal.decay(np.array([5, now]), now, inf).tolist() == [1, 1]
    with pytest.raises(SettingsError, match="above 0"):
        temporal.decay(np.array([5]), now, 0)


def test_without_timestamps_it_says_so(planted):
    with pytest.raises(DataError, match="no timestamps"):
        temporal.days_active(replace(planted, timestamp=None))


def test_days_active(planted):
    ratings = rated(planted, [(0, 0, 3, 0), (0, 1, 3, 5), (2, 0, 3, 1), (0, 2, 3, 2)])
    assert temporal.days_active(ratings).tolist() == [5, 0]


def test_popularity_by_hand_and_without_decay(planted):
    ratings = rated(planted, [(0, 0, 3, 0), (1, 0, 3, 10), (2, 1, 3, 10)])
    assert temporal.popularity(ratings, 10 * temporal.DAY, half_life=10)[:3].tolist() == [1.5, 1, 0]
    assert_allclose(temporal.popularity(planted, 0), Popularity().fit(planted).count)


def fads(planted, week_of_items, users):
    """In week k the user k rates the ten items of a fad that changes every two weeks."""
    rows = [
        (k, 10 * week_of_items(k) + j, 3, 7 * k + day) for k in range(users) for j in range(10) for day in [j / 10 + 1]
    ]
    return rated(planted, [(5, 199, 3, 0), *rows])


def test_popularity_is_judged_on_the_next_week_alone(planted):
    """With a fad that changes every two weeks, a short memory is right half of the time, a long one wrong always."""
    by_week = temporal.popularity_by_week(fads(planted, lambda k: k // 2, 20), [inf, 1], first=6)
    assert by_week.index.tolist() == list(range(6, 20))
    assert_allclose(by_week[1], np.arange(6, 20) % 2)
    assert by_week[inf].mean() < 0.5
    assert temporal.mean_over_users(by_week)[1] == pytest.approx(0.5)


def test_decay_gains_nothing_where_nothing_changes(planted):
    by_week = temporal.popularity_by_week(planted, [inf, 3], first=10)
    mean = temporal.mean_over_users(by_week)
    assert mean[3] < mean[inf]  # it counts fewer, and nothing is new


def test_every_user_counts_alike(planted):
    by_week = temporal.popularity_by_week(planted, [inf], first=40)
    mean = (by_week["users"] * by_week[inf]).sum() / by_week["users"].sum()
    assert temporal.mean_over_users(by_week)[inf] == pytest.approx(mean)


def test_newcomers_and_strangers(planted):
    parts = split_by_time(planted)
    new = temporal.newcomers(parts)
    known = set(parts.train.user_index.tolist())
    assert new.tolist() == [u not in known for u in parts.test.user_index.tolist()]
    strangers = temporal.strangers_split(planted, 30, seed=1)
    assert len(np.unique(strangers.test.user_index)) == 30
    assert temporal.newcomers(strangers).all()


def test_without_decay_the_models_are_those_of_the_package(planted):
    assert_allclose(temporal.co_occurrence(planted, 0), EASE().fit(planted).B, atol=1e-5)
    mu, b_i = temporal.item_biases(planted, 0)
    one_round = Biases(user_l2=1e12, rounds=1).fit(planted)
    assert_allclose([mu, *b_i], [one_round.mean, *one_round.item_bias], atol=1e-6)


def test_decay_follows_a_film_that_got_better(planted):
    """Film 0 had one star in the first weeks and has five now; film 1 always has three."""
    rows = [(u, 0, 1 if u < 20 else 5, 7 * u) for u in range(40)] + [(u, 1, 3, 7 * u) for u in range(40)]
    now, ratings = 40 * WEEK, rated(planted, rows)
    before, after = (temporal.item_biases(ratings, now, half_life)[1] for half_life in (inf, 7))
    assert abs(before[0]) < 1e-6
    assert after[0] == pytest.approx(1 / (2 + 1), abs=1e-5)  # Σ w = 1/2 + 1/4 + ... = 1, of 5 stars each, and μ = 4


def test_co_occurrence_forgets_who_is_gone(planted):
    """Films 0 and 1 were watched together by those who are gone, 0 and 2 by those who are here."""
    rows = [(u, i, 3, 0) for u in range(20) for i in (0, 1)] + [(u, i, 3, 100) for u in range(20, 40) for i in (0, 2)]
    B_all, B_new = (temporal.co_occurrence(rated(planted, rows), 100 * temporal.DAY, h, l2=10) for h in (inf, 10))
    assert B_all[0, 1] == pytest.approx(B_all[0, 2])
    assert B_new[0, 2] > 5 * B_new[0, 1]


def test_newcomers_alone_are_judged(planted):
    parts = split_by_time(planted)
    table = temporal.decay_for_newcomers(parts, [30, inf])
    assert table.columns.tolist() == ["popularity", "item biases", "co-occurrence"]
    assert table["popularity"].between(0.01, 1).all()
    biases = temporal.item_biases(parts.train, 0)
    new = parts.test.take(np.flatnonzero(temporal.newcomers(parts)))
    error = new.rating - np.clip(biases[0] + biases[1][new.item_index], 1, 5)
    assert table.loc[inf, "item biases"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)
