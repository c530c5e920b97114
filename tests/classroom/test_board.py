"""The Class Challenge: what is published, what stays hidden, and who stands where."""

import dataclasses

import numpy as np
import pytest

from recsys_edu import challenge, models, sources
from recsys_edu.classroom import arena, board
from recsys_edu.classroom.arena import Contest
from recsys_edu.errors import DataError, SettingsError


@pytest.fixture
def contest(store):
    return board.open_contest(store, "planted")


def task_of(contest):
    return arena.made(contest.base, contest.seed, contest.k)


def lists(contest, hits=0):
    """An answer that puts what is hidden first for so many of the public users, and nothing hidden for the others."""
    task, truth = task_of(contest)
    seen, hidden = task.train.seen()[task.users], truth.hidden.seen()[task.users]
    scores = np.where(hidden, -1.0, 0.0)
    found = np.flatnonzero(truth.is_public)[:hits]
    scores[found] = np.where(hidden[found], 1.0, 0.0)
    top = np.argsort(np.where(seen, np.inf, -scores), axis=1, kind="stable")[:, : task.k]
    return challenge.Submission(top)


def test_what_is_published_is_the_training_part_and_nothing_of_the_test(contest):
    task, truth = task_of(contest)
    published = sources.load(contest.data)
    np.testing.assert_array_equal(published.pairs, task.train.pairs)
    np.testing.assert_array_equal(published.rating, task.train.rating)
    assert published.users["user_id"].tolist() == task.train.users["user_id"].tolist()
    assert published.items["title"].tolist() == task.train.items["title"].tolist()
    hidden = {tuple(pair) for pair in truth.hidden.pairs.tolist()}
    assert len(hidden) == len(task.users)
    assert not hidden & {tuple(pair) for pair in published.pairs.tolist()}
    files = {path.name for path in (sources.cache_folder() / contest.data).iterdir()}
    assert files == {"ratings.csv", "users.csv", "items.csv"}


def test_users_of_a_known_data_set_get_other_numbers(movielens, monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "load", lambda *_all, **_more: movielens)
    task, _truth = arena.made("movielens-100k", 12345)
    whole = challenge.make(movielens, 0)[0].train
    same = [set(task.train.item_index[task.train.user_index == u]) == set(whole.item_index[whole.user_index == u])
            for u in range(50)]  # fmt: skip
    assert sum(same) <= 1
    assert sorted(np.bincount(task.train.user_index)) == sorted(np.bincount(whole.user_index))
    arena.made.cache_clear()


def test_an_honest_run_and_its_file_are_scored_alike(store, contest, join, tmp_path):
    task, truth = task_of(contest)
    model = models.build(models.default_settings("popularity"), task.train).fit(task.train)
    sent = challenge.submission_of(model, task)
    challenge.write_submission(tmp_path / "sent.csv", sent, task)
    by_run = board.submit(store, contest, join("Ada").id, sent, "Popularity")
    by_file = board.submit(store, contest, join("Bob").id, challenge.read_submission(tmp_path / "sent.csv", task), "f")
    assert by_run == by_file == challenge.score(sent, task, truth).public.ndcg > 0


def test_the_board_shows_the_best_of_each_person_and_hides_the_final_score(store, contest, join):
    ada, bob, eve = join("Ada"), join("Bob"), join("<b>Eve</b>")
    for now, (person, hits) in enumerate([(ada, 3), (bob, 9), (ada, 9), (ada, 5), (eve, 1)]):
        board.submit(store, contest, person.id, lists(contest, hits), f"{hits} hits", now=float(now))
    rows = board.leaderboard(store, contest)
    assert [(row.rank, row.nickname, row.tries, row.label) for row in rows] == [
        (1, "Bob", 1, "9 hits"),
        (1, "Ada", 3, "9 hits"),  # the same score, but later
        (3, "<b>Eve</b>", 1, "1 hits"),
    ]
    assert all(row.final is None for row in rows)
    assert rows[0].public == pytest.approx(9 / task_of(contest)[1].is_public.sum())
    assert [sent.label for sent in board.sent_by(store, contest, ada.id)] == ["5 hits", "9 hits", "3 hits"]
    board.end(store)
    final = board.leaderboard(store, board.current(store))
    assert [row.final for row in final] == [0.0, 0.0, 0.0]  # the public half was known, the other was not
    assert [row.rank for row in final] == [1, 1, 1]


def test_too_many_and_too_late_get_a_sentence_and_leave_nothing(store, contest, join):
    ada, bob = join("Ada"), join("Bob")
    for now in range(board.PER_MINUTE):
        board.submit(store, contest, ada.id, lists(contest), "x", now=float(now))
    with pytest.raises(SettingsError, match="a minute"):
        board.submit(store, contest, ada.id, lists(contest), "x", now=59.0)
    board.submit(store, contest, bob.id, lists(contest), "x", now=59.0)
    board.submit(store, contest, ada.id, lists(contest), "x", now=60.5)
    board.end(store)
    with pytest.raises(SettingsError, match="ended"):
        board.submit(store, contest, bob.id, lists(contest), "x", now=500.0)
    assert store.read("SELECT count(*) FROM submissions") == [(board.PER_MINUTE + 2,)]


@pytest.mark.parametrize("wrong", ["short", "negative", "beyond"])
def test_lists_for_something_else_are_refused(store, contest, join, wrong):
    top = lists(contest).top.copy()
    top = {"short": top[:5], "negative": np.where(top == top[0, 0], -1, top), "beyond": top + 10_000}[wrong]
    with pytest.raises(SettingsError, match="do not answer"):
        board.submit(store, contest, join("Ada").id, challenge.Submission(top), "x")
    assert board.leaderboard(store, contest) == []


def test_a_new_challenge_takes_the_place_of_the_old_one(store, contest, join):
    board.submit(store, contest, join("Ada").id, lists(contest, 2), "x")
    new = board.open_contest(store, "planted")
    assert (new.id, new.seed != contest.seed, new.data != contest.data) == (contest.id + 1, True, True)
    assert board.leaderboard(store, new) == []
    assert len(board.leaderboard(store, dataclasses.replace(contest, ended=True))) == 1
    assert not (sources.cache_folder() / contest.data).exists()
    with pytest.raises(SettingsError, match="ended"):
        board.submit(store, contest, 1, lists(contest), "x")


@pytest.mark.parametrize("name", ["class-", "class-../../etc", "class-a/b", "class-00000000"])
def test_a_name_leads_nowhere_else(store, name):
    with pytest.raises(DataError):
        sources.load(name)


def test_what_was_published_is_offered_by_the_studio(contest):
    arena.announce(contest)
    try:
        assert {s["name"]: s["ready"] for s in sources.known()}[contest.data]
    finally:
        del sources.SOURCES[contest.data]


def test_a_contest_is_all_that_is_needed_to_make_the_test_again(contest):
    first = task_of(contest)[1].hidden.pairs
    arena.made.cache_clear()
    again = arena.made(*dataclasses.astuple(Contest(0, contest.base, contest.seed, contest.k, "", False))[1:4])[1]
    np.testing.assert_array_equal(first, again.hidden.pairs)
