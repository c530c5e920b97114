"""The accountant, against published values, an exact formula and an integral that knows nothing of its sum."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from recsys_edu.challenges import accountant
from recsys_edu.challenges.membership import Attack
from recsys_edu.errors import SettingsError


def test_the_value_of_tensorflow_privacys_example():
    # compute_dp_sgd_privacy for N = 60000, batch 256, noise 1.12, 60 epochs, δ = 1e-5.
    assert accountant.epsilon(1.12, 14063, 1e-5, share=256 / 60000) == pytest.approx(2.92, abs=0.005)


@pytest.mark.parametrize(("noise", "share", "order"), [(1.0, 0.1, 2), (0.8, 0.3, 5), (2.0, 0.01, 16)])
def test_renyi_is_the_integral_that_defines_it(noise, share, order):
    def integrand(x):
        ratio = 1 - share + share * np.exp((2 * x - 1) / (2 * noise**2))
        return norm.pdf(x, scale=noise) * ratio**order

    expected = np.log(quad(integrand, -40, 60, limit=500, points=[0, 1, order])[0]) / (order - 1)
    assert accountant.renyi(noise, share, order) == pytest.approx(expected, rel=1e-6)


def test_everybody_is_the_limit_of_a_large_share():
    assert accountant.renyi(1.5, 1 - 1e-12, 7) == pytest.approx(accountant.renyi(1.5, 1.0, 7))


@pytest.mark.parametrize("noise", [0.7, 2.0, 5.0, 20.0])
def test_it_promises_less_than_is_so_but_not_much_less(noise):
    delta = 1e-4
    eps = accountant.epsilon(noise, 20, delta)
    assert accountant.gaussian_delta(noise, 20, eps) < delta
    assert accountant.gaussian_delta(noise, 20, 0.65 * eps) > delta


def test_the_exact_delta_is_a_difference_of_tails():
    # The worst set S: where the likelihood ratio of N(m, 1) to N(0, 1) is above e^ε.
    m, eps = np.sqrt(20) / 4, 1.0
    edge = eps / m + m / 2
    assert accountant.gaussian_delta(4, 20, eps) == pytest.approx(norm.sf(edge - m) - np.e * norm.sf(edge))


def test_more_noise_fewer_rounds_and_smaller_shares_are_more_private():
    assert accountant.epsilon(2, 20, 1e-4) < accountant.epsilon(1, 20, 1e-4) < accountant.epsilon(1, 40, 1e-4)
    assert accountant.epsilon(1, 20, 1e-4, share=0.1) < accountant.epsilon(1, 20, 1e-4)
    assert accountant.epsilon(0, 20, 1e-4) == np.inf


def test_the_ceiling_is_reached_by_the_best_attack_on_one_number():
    rng, m = np.random.default_rng(0), np.sqrt(20) / 4
    seen = np.concatenate([rng.normal(m, 1, 20_000), rng.normal(0, 1, 20_000)])
    best = Attack(-seen, np.repeat([True, False], 20_000))
    assert best.auc == pytest.approx(accountant.highest_auc(4, 20), abs=0.01)
    assert accountant.highest_auc(0, 20) == 1


def test_impossible_settings_are_refused():
    with pytest.raises(SettingsError):
        accountant.epsilon(1, 0, 1e-4)
    with pytest.raises(SettingsError):
        accountant.epsilon(1, 20, 0.0)
