r"""How much privacy is left: (ε, δ) of rounds of noise, and what no attack can exceed.

A mechanism is (ε, δ)-differentially private if for any two data sets that differ by one user, and any set S of
outcomes,

    P(outcome of the one ∈ S) ≤ e^ε P(outcome of the other ∈ S) + δ

Here: T rounds, in each of which a user takes part with probability q (`share`), and the sum of the users' vectors, of
length at most C each, is published with noise N(0, (zC)²) on every number; z is `noise`. Its Rényi divergence of whole
order α, per round:

    ε_R(α) = 1/(α − 1) · log Σ_{k=0..α} binom(α, k) (1 − q)^{α−k} q^k e^{(k² − k) / (2 z²)}

Rounds add up: ε = min_α T ε_R(α) + log(1/δ) / (α − 1). That is an upper bound, honest but not tight.

Sources: Abadi et al., "Deep Learning with Differential Privacy", CCS 2016; Mironov, "Rényi Differential Privacy", CSF
2017, proposition 3; Mironov, Talwar, Zhang, "Rényi Differential Privacy of the Sampled Gaussian Mechanism", 2019.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, log_ndtr, logsumexp, ndtr  # ndtr is Φ

from recsys_edu.errors import SettingsError

ORDERS = np.arange(2, 257)


def renyi(noise: float, share: float, order: int) -> float:
    """ε_R(α) of one round."""
    if share == 1:
        return order / (2 * noise**2)
    k = np.arange(order + 1)
    binomial = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
    weight = (order - k) * np.log1p(-share) + k * np.log(share)
    return float(logsumexp(binomial + weight + (k**2 - k) / (2 * noise**2)) / (order - 1))


def epsilon(noise: float, rounds: int, delta: float, share: float = 1.0) -> float:
    """The ε that T rounds are sure to keep, at this δ; ∞ without noise. Raises SettingsError."""
    if not (noise >= 0 and rounds >= 1 and 0 < delta < 1 and 0 < share <= 1):
        raise SettingsError(
            f"noise {noise}, {rounds} rounds, δ = {delta}, share {share}: use a noise of at least 0, at least one "
            "round, δ between 0 and 1 and a share above 0, up to 1."
        )
    if noise == 0:
        return float("inf")
    return float(min(rounds * renyi(noise, share, a) - np.log(delta) / (a - 1) for a in ORDERS.tolist()))


def gaussian_delta(noise: float, rounds: int, eps: float) -> float:
    r"""The exact δ at this ε, where everybody takes part in all rounds: T rounds with z are one with z / √T, and

        δ = Φ(m/2 − ε/m) − e^ε Φ(−m/2 − ε/m),   m = √T / z

    Source: Balle, Wang, "Improving the Gaussian Mechanism for Differential Privacy", ICML 2018, theorem 8."""
    m = np.sqrt(rounds) / noise
    return float(ndtr(m / 2 - eps / m) - np.exp(eps + log_ndtr(-m / 2 - eps / m)))


def highest_auc(noise: float, rounds: int) -> float:
    r"""The AUC that no membership attack can exceed, where everybody takes part in all rounds: Φ(m / √2), m = √T / z.

    To tell N(0, 1) from N(m, 1) is as hard as it can be made easy: the trade-off curve of such a mechanism.
    Source: Dong, Roth, Su, "Gaussian Differential Privacy", Journal of the Royal Statistical Society B, 2022."""
    return 1.0 if noise == 0 else float(ndtr(np.sqrt(rounds / 2) / noise))
