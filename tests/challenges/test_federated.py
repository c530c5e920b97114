"""Federated averaging: one step of all is a central step, clipping holds for any user, the noise has its scale, a
plain update betrays everything, and noise blunts the attack on users."""

from dataclasses import replace

import numpy as np
import pytest

from recsys_edu.challenges import accountant, federated, privacy_price
from recsys_edu.challenges.alternating import user_rows, with_one
from recsys_edu.challenges.federated import LEAKY, Federation
from recsys_edu.data import random_split
from recsys_edu.errors import DataError, SettingsError


@pytest.fixture(scope="module")
def table(planted):
    return np.random.default_rng(3).normal(0, 0.3, (planted.num_items, 5))


def of_user(ratings, u):
    return ratings.take(np.flatnonzero(ratings.user_index == u))


def test_all_devices_with_one_step_are_one_central_gradient_step(planted):
    f = Federation(rounds=1, local_rate=0.7, server_rate=3.0)
    start = federated.learn(planted, replace(f, server_rate=0.0))  # the table before the round
    x = with_one(user_rows(planted, start, f.mean, f.l2))
    b_u = user_rows(planted, start, f.mean, f.l2)[:, -1]

    gradient = np.zeros_like(start)  # of ½ Σ e², by the definition
    for u, i, r in zip(planted.user_index, planted.item_index, planted.rating, strict=True):
        gradient[i] -= (r - f.mean - b_u[u] - start[i] @ x[u]) * x[u]
    expected = start - f.server_rate * f.local_rate * gradient / planted.num_users
    np.testing.assert_allclose(federated.learn(planted, f), expected, atol=1e-9)


def test_a_device_knows_its_own_ratings_alone(planted, table):
    f = Federation(local_steps=3, local_rate=0.1)
    moved, length = federated.device_updates(planted, table, f)
    rows = np.flatnonzero(planted.user_index == 11)
    alone, its_length = federated.device_updates(of_user(planted, 11), table, f)
    np.testing.assert_allclose(alone, moved[rows])
    assert its_length[11] == pytest.approx(length[11])
    assert length[11] == pytest.approx(np.linalg.norm(alone))


def test_no_user_moves_the_sum_by_more_than_c(planted, table):
    moved, length = federated.device_updates(planted, table, Federation())
    with_all = federated.clipped_sum(planted, moved, length, clip=0.8)
    assert (length > 0.8).mean() > 0.5
    for u in (0, 5, 60, int(length.argmax())):
        rest = planted.user_index != u
        without = federated.clipped_sum(planted.take(np.flatnonzero(rest)), moved[rest], length, clip=0.8)
        assert np.linalg.norm(with_all - without) <= 0.8 + 1e-9


def test_what_is_shorter_than_c_is_left_alone(planted, table):
    moved, length = federated.device_updates(planted, table, Federation())
    plain = np.zeros_like(table)
    np.add.at(plain, planted.item_index, moved)
    np.testing.assert_allclose(federated.clipped_sum(planted, moved, length, clip=length.max() + 1), plain)


def test_the_noise_has_the_scale_that_the_accountant_counts_with(planted):
    quiet = Federation(rounds=1, clip=2.0, server_rate=1.0, d=16)
    noisy = federated.learn(planted, replace(quiet, noise=3.0)) - federated.learn(planted, quiet)
    per_number = noisy * planted.num_users  # the server divides by the number of users
    assert per_number.std() == pytest.approx(3.0 * 2.0, rel=0.05)
    assert per_number.mean() == pytest.approx(0, abs=0.5)


def test_a_share_of_the_users_takes_part(planted):
    f = Federation(rounds=30, share=0.3)
    assert np.isfinite(federated.learn(planted, f)).all()
    everybody = federated.learn(planted, replace(f, share=1.0))
    assert not np.allclose(federated.learn(planted, f), everybody)
    np.testing.assert_array_equal(federated.learn(planted, f), federated.learn(planted, f))  # the seed decides


@pytest.mark.parametrize("f", [LEAKY, Federation(local_rate=0.3)], ids=["leaky", "modest"])
def test_a_plain_update_betrays_films_and_stars(movielens, f):
    table = np.random.default_rng(0).normal(0, 0.2, (movielens.num_items, f.d + 1))
    for u in range(40):
        mine = of_user(movielens, u)
        update = np.zeros_like(table)
        update[mine.item_index] = federated.device_updates(mine, table, f)[0]
        items, stars = federated.read_update(update, table, f)
        order = np.argsort(mine.item_index)
        np.testing.assert_array_equal(items, mine.item_index[order])
        np.testing.assert_allclose(stars, mine.rating[order], atol=1e-3)


def test_noise_blunts_the_attack_and_costs_error(movielens):
    parts = random_split(movielens, seed=0)
    steps = []
    f = replace(LEAKY, rounds=30, clip=1.0)
    rows = privacy_price.price(parts.train, parts.test, f, (0, 2, 8), on_step=steps.append)
    assert steps == [1, 2, 3]
    assert rows.auc[0] > 0.7
    assert rows.auc[2] < 0.56
    assert rows.rmse.is_monotonic_increasing
    assert rows.epsilon.is_monotonic_decreasing
    assert (rows.auc < rows.ceiling + 0.03).all()
    assert rows.epsilon[2] == accountant.epsilon(8, 30, privacy_price.DELTA)


def test_members_are_a_half(planted):
    assert privacy_price.half_of_users(planted).sum() == planted.num_users // 2


def test_impossible_settings_are_refused(planted):
    with pytest.raises(SettingsError, match="Set `clip` too"):
        Federation(noise=1.0)
    with pytest.raises(SettingsError):
        Federation(share=0.0)
    with pytest.raises(DataError):
        federated.learn(planted.take(np.array([], dtype=int)), Federation())
