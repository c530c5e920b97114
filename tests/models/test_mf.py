"""Matrix factorisation's penalty: as its page says, and what the choice of α does to a rare film."""

import numpy as np
import pytest

from recsys_edu import models
from recsys_edu.data import random_split
from recsys_edu.training import fit


@pytest.fixture(scope="module")
def parts(planted):
    return random_split(planted, seed=0)


def penalty_by_hand(model, train, l2, alpha):
    """λ · mean over the ratings of w_u (‖p_u‖² + b_u²) + w_i (‖q_i‖² + b_i²)."""
    total = 0.0
    for index, vectors, biases in (
        (train.user_index, model.user_vectors(), np.asarray(model.user_bias.embeddings)),
        (train.item_index, model.item_vectors(), np.asarray(model.item_bias.embeddings)),
    ):
        n = np.bincount(index)[index].astype("float64")
        w = n**-alpha / np.mean(n**-alpha)
        total += np.mean(w * ((vectors**2).sum(axis=1) + biases[:, 0] ** 2)[index])
    return l2 * total


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_the_penalty_is_the_formula(parts, alpha):
    model = fit(models.default_settings("mf", embedding_dim=4, epochs=1, alpha=alpha, l2=0.3), parts.train).model
    model(parts.train.pairs)
    assert float(model.losses[0]) == pytest.approx(penalty_by_hand(model, parts.train, 0.3, alpha), rel=1e-4)


def test_the_rarer_the_film_the_more_it_shrinks_unless_each_rating_pays_alike(parts):
    def rare_to_common(alpha):
        model = fit(models.default_settings("mf", embedding_dim=4, epochs=15, alpha=alpha), parts.train).model
        length = np.linalg.norm(model.item_vectors(), axis=1)
        by_count = np.argsort(np.bincount(parts.train.item_index, minlength=parts.train.num_items))
        return length[by_count[:40]].mean() / length[by_count[-40:]].mean()

    assert rare_to_common(1.0) < 0.95 * rare_to_common(0.0)
