r"""Membership inference: was this rating, or this user, among what the model learnt from?

A model errs less on what it has seen. So an attacker who knows a rating asks for the prediction, and says "member"
where the loss (r_ui − r̂_ui)² is small; for a user, where the mean loss over that user's ratings is small.

    AUC = P( loss of a member < loss of another ) + ½ P( equal ):  ½ is guessing, 1 is certainty

An average can hide a few people who are certain to be caught. So `caught` gives the share of members found where only a
few others are accused in error.
Sources: Yeom et al., "Privacy Risk in Machine Learning: Analyzing the Connection to Overfitting", CSF 2018; Carlini et
al., "Membership Inference Attacks From First Principles", IEEE S&P 2022, on low false-positive rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_edu.challenges.alternating import Factors
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError


@dataclass(frozen=True, eq=False)
class Attack:
    """`loss` (n,) of each candidate, `member` (n,) bool: what is true of it."""

    loss: np.ndarray
    member: np.ndarray

    def __post_init__(self):
        if self.member.all() or not self.member.any():
            raise DataError("To judge an attack there must be members, and others who are none.")

    @property
    def auc(self) -> float:
        """From the ranks of the members (Mann and Whitney): equal losses count one half."""
        from scipy.stats import rankdata  # a second, which no page waits for that draws no attack

        m = self.member.sum()
        rank = rankdata(-self.loss)[self.member].sum()
        return float((rank - m * (m + 1) / 2) / (m * (len(self.member) - m)))

    def caught(self, false_alarms: float = 0.05) -> float:
        """The share of members below a threshold under which at most this share of the others lies."""
        others = np.sort(self.loss[~self.member])
        threshold = others[int(false_alarms * len(others))]  # as many others are strictly below it
        return float((self.loss[self.member] < threshold).mean())

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """False alarms and members caught, for each threshold: the ROC curve, (n + 1,) each."""
        member = self.member[np.argsort(self.loss, kind="stable")]
        caught, alarms = np.cumsum(member) / member.sum(), np.cumsum(~member) / (~member).sum()
        return np.append(0, alarms), np.append(0, caught)


def on_ratings(model, members: Ratings, others: Ratings) -> Attack:
    """Attack single ratings of a model that has `predict_pairs`. The predictions are taken as they are, not clipped."""
    parts = (members, others)
    loss = [(part.rating - model.predict_pairs(part.user_index, part.item_index)) ** 2 for part in parts]
    return Attack(np.concatenate(loss), np.repeat([True, False], [len(part) for part in parts]))


def on_users(factors: Factors, known: Ratings, members: np.ndarray) -> Attack:
    """Attack users through the item table. `known`: the ratings of each candidate that the attacker knows, from which
    the attacker has computed the candidate's vector; `members` (U,) bool: whose ratings the item table has learnt."""
    loss = (known.rating - factors.predict_pairs(known.user_index, known.item_index)) ** 2
    count = np.bincount(known.user_index, minlength=known.num_users)
    total = np.bincount(known.user_index, weights=loss, minlength=known.num_users)
    return Attack((total / np.maximum(count, 1))[count > 0], members[count > 0])
