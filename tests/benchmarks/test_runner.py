"""The runner works with no peer installed, judges as it says, and asks a peer through files."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys_edu import data, metrics
from recsys_edu.recommend import top_n
from tests.benchmarks import __main__ as runner
from tests.benchmarks import contest, environments
from tests.benchmarks.register import PEERS, Peer

ECHO = """
import numpy as np
from exchange import Prepared

def item_mean(task, shift):
    mean = np.full(task.num_items, np.nan)
    def fit():
        for item in np.unique(task.item):
            mean[item] = task.rating[task.item == item].mean() + shift
    return Prepared(fit, lambda: mean[task.test_item])

def oldest_first(task):
    order = np.argsort(task.time)
    return Prepared(lambda: None, lambda: np.tile(-np.bincount(task.item[order[:50]], minlength=task.num_items),
                                                  (task.num_users, 1)))

def broken(task):
    raise ValueError("no luck")
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """An adapter of the test's own, beside a copy of the worker."""
    for name in ("worker.py", "exchange.py"):
        text = environments.WORKER.with_name(name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "with_test.py").write_text(ECHO, encoding="utf-8")
    monkeypatch.setattr(environments, "WORKER", tmp_path / "worker.py")

    def peer(task, algorithm, tried):
        return Peer("Test", task, "numpy", "with_test", algorithm, tried, {})

    return peer


def test_without_peers_it_runs_ours_and_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(environments, "find", lambda libraries: {})
    command = ["--data", "planted", "--models", "mf,article", "--tasks", "rating", "--json"]
    assert runner.main(command) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert {row["name"] for row in report["tasks"]["rating"]["rows"]} == {"mf", "article"}
    for row in report["tasks"]["rating"]["rows"]:
        value, low, high = row["rmse"]
        assert low < value < high
        assert row["seconds"] > 0
    assert report["missing"] == ["cornac", "lenskit", "scikit-surprise"]
    assert "README.md says how to install them" in printed.err


def test_a_peer_is_fitted_elsewhere_and_judged_here(library, planted):
    parts = contest.split(planted, "rating", seed=0)
    near, far = environments.ask(
        sys.executable, library("rating", "item_mean", {}), parts, [{"shift": 0.0}, {"shift": 1}]
    )
    train, test = parts.train, parts.test
    mean = np.array([train.rating[train.item_index == item].mean() for item in test.item_index])
    np.testing.assert_allclose(near.values, mean, rtol=1e-5)
    np.testing.assert_allclose(far.values, mean + 1, rtol=1e-5)
    assert near.seconds > 0


def test_tuning_takes_the_best_on_validation_rows_and_sees_no_test_row(library, planted):
    parts = contest.split(planted, "rating", seed=0)
    cut = contest.validation(parts, "rating", seed=0)
    test_cells = set(map(tuple, parts.test.pairs.tolist()))
    assert not test_cells & set(map(tuple, np.concatenate([cut.train.pairs, cut.test.pairs]).tolist()))
    chosen, search = contest.tune(sys.executable, library("rating", "item_mean", {"shift": (-2.0, 0.0, 2.0)}), cut)
    assert chosen == {"shift": 0.0}
    assert len(search) == 3


def test_scores_of_a_peer_make_lists_of_unseen_items(library, planted):
    parts = contest.split(planted, "ranking", seed=0)
    (answer,) = environments.ask(sys.executable, library("ranking", "oldest_first", {}), parts, [{}])
    judged = contest.judge("ranking", parts, answer.values)
    users = np.unique(parts.test.user_index)
    top = top_n(answer.values[users], parts.train.seen()[users], 10)
    relevant = parts.test.seen()[users]
    assert judged["hr@10"].mean() == pytest.approx(metrics.hit_rate(top, relevant))
    assert judged["ndcg@10"].mean() == pytest.approx(metrics.ndcg(top, relevant))
    assert len(judged["ndcg@10"]) == len(users)


def test_a_peer_that_fails_is_a_sentence(library, planted):
    with pytest.raises(environments.PeerError, match=r"Test failed in .*: ValueError: no luck"):
        environments.ask(sys.executable, library("rating", "broken", {}), contest.split(planted, "rating", 0), [{}])


def test_where_a_peer_is_silent_the_mean_and_the_last_place_stand_in(planted):
    parts = data.split(planted, "random", seed=0)
    silent = contest.judge("rating", parts, np.full(len(parts.test), np.nan))
    expected = metrics.rmse(parts.test.rating, np.full(len(parts.test), parts.train.rating.mean()))
    assert np.sqrt(silent["squared_error"].mean()) == pytest.approx(expected)
    scores = np.where(parts.test.seen(), np.nan, 1.0)  # silent on what the users chose
    assert contest.judge("ranking", parts, scores)["hr@10"].mean() == 0


def test_an_interval_by_arithmetic():
    """The mean of n numbers with standard deviation s has standard error s/√n; the interval is ±1.96 of it."""
    values = np.random.default_rng(1).normal(3, 2, size=4000)
    low, high = contest.interval(values)
    error = 2 / np.sqrt(4000)
    assert low == pytest.approx(3 - 1.96 * error, abs=1.2 * error)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)


@pytest.mark.parametrize("option", [["--tasks", "sorting"], ["--models", "mff"]], ids=" ".join)
def test_a_wrong_name_is_a_sentence(option, capsys):
    assert runner.main(["--data", "planted", "--peers", "none", *option]) == 1
    assert "Choose from:" in capsys.readouterr().err


def test_a_wrong_python_is_a_sentence(monkeypatch, capsys):
    monkeypatch.setenv("RECSYS_EDU_PEERS", "/no/such/python")
    assert runner.main(["--data", "planted", "--models", "none"]) == 1
    assert "RECSYS_EDU_PEERS names /no/such/python" in capsys.readouterr().err


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_the_chosen_settings_are_among_those_tried(peer):
    assert peer.chosen in peer.combinations()
    adapter = Path(environments.WORKER.parent, f"{peer.adapter}.py")
    assert f"def {peer.algorithm}(task: Task" in adapter.read_text(encoding="utf-8")
