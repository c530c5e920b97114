"""Export writes all of a class, erase leaves nothing of it, and a kill takes nothing that was acknowledged."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys_edu.classroom import archive, board, lead, roster, votes
from recsys_edu.classroom.store import Store
from recsys_edu.errors import DataError
from tests.classroom.test_board import lists

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def full(store, join):
    """A class in which something of everything has happened."""
    ada = join("=1+1|Ada")
    votes.ask(store, "What comes?", ["up", "down"])
    votes.answer(store, lead.now(store).vote, ada.id, 1)
    contest = board.open_contest(store, "planted")
    board.submit(store, contest, ada.id, lists(contest, 2), "two hits", now=5.0)
    lead.push(store, "map?kind=pca", ["map"])
    return store


def test_export_holds_everything_but_the_secrets(full, tmp_path):
    written = archive.export(full, tmp_path / "out")
    tables = json.loads(written[0].read_text(encoding="utf-8"))
    assert tables["people"][0]["nickname"] == "=1+1|Ada"
    assert (tables["votes"][0]["question"], tables["answers"][0]["answer"]) == ("What comes?", 1.0)
    assert tables["class"][0]["link"] == "map?kind=pca"
    (sent,) = tables["submissions"]
    assert (sent["label"], len(sent["lists"]), len(sent["lists"][0])) == ("two hits", 300, 10)
    text = "".join(path.read_text(encoding="utf-8") for path in written)
    assert full.secret not in text
    assert "token" not in text
    with (tmp_path / "out" / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["nickname"] == "'=1+1|Ada"  # no formula for a spreadsheet
    names = {path.name for path in written}
    assert names == {"class.json", *(f"{t}.csv" for t in tables)}
    with pytest.raises(DataError, match="Name another folder"):
        archive.export(full, written[0])


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_what_begins_like_a_formula_is_none_in_the_export(store, tmp_path, begin):
    votes.ask(store, "What comes?", ["up", "down"])
    with store.change() as connection:  # whoever asks may not begin with a tab; the file may have come from elsewhere
        connection.execute("UPDATE votes SET question = ?", (f"{begin}HYPERLINK(0)",))
    archive.export(store, tmp_path / "out")
    with (tmp_path / "out" / "votes.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["question"] == f"'{begin}HYPERLINK(0)"


def test_erase_leaves_neither_file_nor_log_nor_published_data(full, tmp_path):
    assert archive.erase(full)
    assert not list(tmp_path.glob("class.sqlite*"))
    assert not list((tmp_path / "data").glob("class-*"))


def test_erase_empties_the_file_of_a_studio_that_runs(full, tmp_path):
    running = Store(full.path)
    assert not archive.erase(full)
    assert lead.now(running) is None
    assert roster.people(running) == []
    assert b"Ada" not in b"".join(path.read_bytes() for path in tmp_path.glob("class.sqlite*"))
    running.close()


SENDER = """
import sys
from recsys_edu.classroom import board
from recsys_edu.classroom.store import Store
from tests.classroom.test_board import lists
store = Store(sys.argv[1])
contest = board.current(store)
sent = lists(contest, 2)
for number in range(100_000):
    board.submit(store, contest, 1, sent, f"try {number}", now=100.0 * number)
    print(number, flush=True)
"""


def test_what_was_acknowledged_is_there_after_kill_9(full, monkeypatch):
    """Several senders are killed in the middle of their work, each at another moment."""
    monkeypatch.setattr(board, "MOST_SUBMISSIONS", 10**6)
    script = SENDER.replace("store = Store", "board.MOST_SUBMISSIONS = 10**6\nstore = Store")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for kill in range(3):
        full.read("SELECT 1")
        with full.change() as connection:
            connection.execute("DELETE FROM submissions")
        sender = subprocess.Popen(
            [sys.executable, "-c", script, str(full.path)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        acknowledged = [int(sender.stdout.readline()) for _line in range(5 + 7 * kill)]
        time.sleep(0.001 * kill)
        os.kill(sender.pid, signal.SIGKILL)
        rest, _ = sender.communicate()
        acknowledged += [int(line) for line in rest.splitlines() if line]
        kept = {label for (label,) in full.read("SELECT label FROM submissions")}
        assert {f"try {number}" for number in acknowledged} <= kept
        assert len(kept) <= len(acknowledged) + 1  # the one that was being sent
        assert full.read("PRAGMA integrity_check") == [("ok",)]
        again = Store(full.path)
        assert board.leaderboard(again, board.current(again))[0].tries == len(kept)
        again.close()
