"""The loop: who chooses what follows from the truth, nothing is chosen twice, and the known effects appear."""

import numpy as np
import pytest

from recsys_edu import planted as planted_set
from recsys_edu.challenges import feedback_loop as loop
from recsys_edu.challenges.feedback_loop import World
from recsys_edu.errors import SettingsError


@pytest.fixture(scope="module")
def start():
    return planted_set.generate(density=0.05)


def mean(start, show, **world):
    rows = [loop.simulate(*start, show, World(seed=seed, **world)) for seed in (0, 1, 2)]
    return sum(row.mean() for row in rows) / 3


def test_a_round_has_a_row_and_tells_of_itself(start):
    heard = []
    rows = loop.simulate(*start, "ease", World(rounds=3), on_round=heard.append)
    assert rows["round"].tolist() == heard == [1, 2, 3]


def test_nothing_seen_is_shown_and_nothing_is_chosen_that_was_not_shown(start):
    log, truth = start
    world, rng = World(explore=0.5), np.random.default_rng(0)
    for show in loop.SHOWS:
        lists = loop.explored(loop.ordered(show, log, truth.r, rng, 10), log.seen(), 0.5, rng)
        assert not np.take_along_axis(log.seen(), lists, axis=1).any()
        assert all(len(set(row)) == 10 for row in lists.tolist())
        chosen = loop.choose(lists, truth.r, world, rng)
        assert (chosen[:, 0] != chosen[:, 1]).all()
        assert (chosen[:, :, None] == lists[:, None, :]).any(axis=2).all()
        joined = loop.join(log, chosen, truth.r)
        assert len(joined) == len(log) + chosen.size
        assert joined.seen().sum() == len(joined)


def test_choices_follow_the_softmax_of_the_truth():
    r, world = np.array([[3.0, 4.0, 5.0]]), World(temperature=1.0, places=3, choices=1)
    rng = np.random.default_rng(0)
    chosen = [loop.choose(np.array([[0, 1, 2]]), r, world, rng)[0, 0] for _ in range(8000)]
    share = np.bincount(chosen, minlength=3) / 8000
    np.testing.assert_allclose(share, np.exp([3, 4, 5]) / np.exp([3, 4, 5]).sum(), atol=0.02)


def test_exploration_takes_its_share_of_the_places():
    rng = np.random.default_rng(0)
    seen = np.zeros((500, 60), dtype=bool)
    lists = np.tile(np.arange(10), (500, 1))
    mixed = loop.explored(lists, seen, 0.2, rng)
    assert (mixed >= 10).mean() == pytest.approx(0.2, abs=0.02)
    np.testing.assert_array_equal(loop.explored(lists, seen, 0.0, rng), lists)


def test_measures_by_hand():
    lists, chosen = np.array([[0, 1], [0, 2]]), np.array([[0], [0]])
    r = np.array([[5.0, 1, 2, 4], [3, 1, 5, 4]])
    found = loop.measure(lists, chosen, r, np.zeros((2, 4), dtype=bool))
    assert found["satisfaction"] == 4.0  # of 5 and 3
    assert found["alike"] == 0.5  # one of two places
    assert found["regret"] == pytest.approx((4.5 + 4.5) / 2 - (3.0 + 4.0) / 2)
    # Exposure 0, 1, 1, 2 of four items: (2j − 5) e_j.
    assert found["gini"] == pytest.approx((-1 * 1 + 1 * 1 + 3 * 2) / (4 * 4))


def test_who_knows_the_truth_has_no_regret(start):
    assert loop.simulate(*start, "truth", World(rounds=3)).regret.abs().max() == 0


def test_a_loop_concentrates_and_exploration_helps(start):
    ease, mixed, chance = mean(start, "ease"), mean(start, "ease", explore=0.2), mean(start, "chance")
    assert ease.gini > mixed.gini + 0.1 > chance.gini + 0.2
    assert ease.alike > 4 * chance.alike
    assert mixed.satisfaction > ease.satisfaction + 0.1
    assert mean(start, "stars").satisfaction > ease.satisfaction + 0.5


def test_impossible_worlds_are_refused(start):
    with pytest.raises(SettingsError):
        World(explore=1.5)
    with pytest.raises(SettingsError, match="run out"):
        loop.simulate(*start, "ease", World(rounds=100))
    with pytest.raises(SettingsError, match="Choose one of"):
        loop.simulate(*start, "magic", World())
