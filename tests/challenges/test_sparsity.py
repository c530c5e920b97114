"""Fewer ratings, and what is still found."""

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recsys_edu.challenges import sparsity
from recsys_edu.data import random_split
from recsys_edu.errors import SettingsError
from recsys_edu.models.biases import Biases
from recsys_edu.planted import generate, read_truth


class Oracle:
    """A model that has found the truth, or something else with the same shape."""

    def __init__(self, scores, q):
        self._scores, self._q = scores, q

    def scores(self, u):
        return self._scores[u]

    def item_vectors(self):
        return self._q


def test_thin_keeps_a_share_and_small_is_part_of_large(planted):
    small, large = sparsity.thin(planted, 0.1), sparsity.thin(planted, 0.5)
    assert (len(small), len(large)) == (len(planted) // 10, len(planted) // 2)
    assert not (small.seen() & ~large.seen()).any()
    assert (np.diff(large.timestamp) >= 0).all()  # the planted ratings stand in the order of time
    assert not (sparsity.thin(planted, 0.5, seed=1).seen() == large.seen()).all()


@pytest.mark.parametrize("share", [0, -1, 1.5, 1e-9])
def test_an_impossible_share_is_refused(planted, share):
    with pytest.raises(SettingsError, match="above 0, up to 1"):
        sparsity.thin(planted, share)


def test_a_table_of_errors_and_its_progress(planted):
    parts, heard = random_split(planted), []
    table = sparsity.error_by_density(
        parts, {"biases": [1, 0.05], "item_knn": [1]}, progress=lambda *what: heard.append(what)
    )
    assert heard == [("biases", 1), ("biases", 0.05), ("item_knn", 1)]
    assert table.index.tolist() == [1, 0.05]
    assert np.isnan(table.loc[0.05, "item_knn"])
    assert table.loc[1, "biases"] == sparsity.error(Biases().fit(parts.train), parts.test)
    assert table.loc[0.05, "biases"] > table.loc[1, "biases"] + 0.02
    assert table.loc[1, "item_knn"] < table.loc[1, "biases"] - 0.05


def test_a_thinned_run_takes_as_many_steps(planted, monkeypatch):
    batches = []
    monkeypatch.setattr(sparsity.training, "fit", lambda settings, train: batches.append(settings) or Mock())
    for share in (1, 0.25, 0.0001):
        sparsity.fit_thinned("mf", planted, share, l2=0.3)
    assert [settings.batch_size for settings in batches] == [1024, 256, sparsity.SMALLEST_BATCH]
    assert {settings.l2 for settings in batches} == {0.3}


def test_the_personal_part_is_what_no_sum_can_say():
    rng = np.random.default_rng(0)
    a, b, own = rng.normal(size=(5, 1)), rng.normal(size=7), rng.normal(size=(5, 7))
    own -= own.mean(axis=0)
    own -= own.mean(axis=1, keepdims=True)
    assert_allclose(sparsity.personal_part(a + b), 0, atol=1e-12)
    assert_allclose(sparsity.personal_part(a + b + own), own, atol=1e-12)


def test_recovery_of_the_truth_is_whole_and_of_chance_is_none():
    truth = read_truth()
    correlation, neighbours = sparsity.recovery(Oracle(truth.r, truth.q), truth)
    assert correlation == pytest.approx(1)
    assert neighbours > 0.95  # one film in six blends two tastes
    shuffled = np.random.default_rng(0).permutation(len(truth.q))
    q = truth.q[shuffled]
    correlation, neighbours = sparsity.recovery(Oracle(truth.p @ q.T, q), truth)
    assert abs(correlation) < 0.1
    assert abs(neighbours - 1 / 6) < 0.05


def test_without_content_nothing_but_a_title_is_known(planted):
    told = sparsity.without_content(planted)
    assert (told.items["genres"] == "").all()
    assert told.items["year"].isna().all()
    assert told.users.columns.tolist() == ["user_id"]
    assert (planted.items["genres"] != "").all()  # the original is untouched


def test_tastes_are_lost_with_density_and_genres_save_some():
    table = sparsity.recovery_by_density([0.2, 0.06], sweeps=40, burn_in=15).set_index(["density", "genres"])
    before, after = table.loc[(0.06, "unknown")], table.loc[(0.06, "known")]
    assert table.loc[(0.2, "unknown"), "correlation"] > before["correlation"] + 0.2
    assert after["correlation"] > before["correlation"] + 0.1
    assert after["neighbours"] > before["neighbours"] + 0.1


def test_genres_that_mean_nothing_save_nothing():
    ratings, truth = generate(density=0.06)
    shuffled = ratings.items.assign(genres=np.random.default_rng(0).permutation(ratings.items["genres"]))
    models = [
        sparsity.BayesianMF(embedding_dim=8, sweeps=40, burn_in=15).fit(told)
        for told in (ratings, replace(ratings, items=shuffled))
    ]
    told, misled = (sparsity.recovery(model, truth)[0] for model in models)
    assert told > misled + 0.1
