"""Whether the load test would notice a lost submission."""

import numpy as np

from recsys_edu import challenge
from recsys_edu.classroom import arena, board, roster
from tests.load.classroom import Class


def test_a_submission_that_is_not_kept_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_DATA", str(tmp_path / "data"))  # given back afterwards
    group = Class(tmp_path)
    token = group.cookie("sender 1").partition("=")[2]
    person = roster.person_of(group.store, token)
    task, _truth = arena.made(group.contest.base, group.contest.seed, group.contest.k)
    lists = challenge.Submission(np.tile(np.arange(task.k), (len(task.users), 1)))
    board.submit(group.store, group.contest, person.id, lists, "by hand")
    group.acknowledged["sender 1"] = 1
    assert group.result() == {"acknowledged": 1, "kept": 1, "lost": {}}
    group.acknowledged["sender 1"] = 2
    assert group.result()["lost"] == {"sender 1": 1}
    group.store.close()
