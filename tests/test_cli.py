"""The command line as a user meets it: real processes where the pipe matters, else `cli.main` in this one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys_edu import cli, sources
from recsys_edu.data import random_split

ROOT = Path(__file__).resolve().parents[1]
QUICK = ["--data", "planted", "--epochs", "2"]


def lines_of(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_train_reaches_the_promised_error_on_movielens(movielens, capsys):
    """The figure of the README: RMSE at most 0.915 on the last 20,000 of
    default_rng(0).permutation(100000)."""
    command = [
        "train",
        "--data",
        "movielens-100k",
        "--model",
        "mf",
        "--split",
        "random",
        "--seed",
        "0",
        "--json",
    ]
    assert cli.main(command) == 0
    *events, result = lines_of(capsys)
    assert result["event"] == "result"
    assert result["test_rmse"] <= 0.915
    assert {"test_mae", "hr@10", "ndcg@10", "fit_seconds", "parameters"} <= set(result)
    assert [e["epoch"] for e in events if e["event"] == "epoch"] == [float(k) for k in range(1, result["epochs"] + 1)]
    assert events[-1]["event"] == "finished"


def test_the_random_split_is_the_one_that_is_promised(movielens, tmp_path, capsys):
    rows = np.random.default_rng(0).permutation(100_000)[-20_000:]
    np.testing.assert_array_equal(random_split(movielens, seed=0).test_rows, np.sort(rows))
    (tmp_path / "rows.txt").write_text("\n".join(map(str, rows)), encoding="utf-8")
    same = [["--split", how, "--epochs", "1", "--json"] for how in ("random", str(tmp_path / "rows.txt"))]
    figures = []
    for options in same:
        assert cli.main(["train", *options]) == 0
        figures.append(lines_of(capsys)[-1]["test_rmse"])
    assert figures[0] == pytest.approx(figures[1], abs=1e-6)


def test_one_side_learns_and_recall_is_told_when_asked_for(capsys):
    assert cli.main(["train", *QUICK, "--learns", "items", "--recall", "--json"]) == 0
    *events, result = lines_of(capsys)
    assert all(0 < e["validation_recall"] < 1 for e in events if e["event"] == "epoch")
    assert cli.main(["train", *QUICK, "--json"]) == 0
    *events, both = lines_of(capsys)
    assert all(e["validation_recall"] is None for e in events if e["event"] == "epoch")
    assert result["parameters"] == both["parameters"] * 200 / 500  # of 300 users and 200 items


@pytest.mark.parametrize("how", ["last", "time"])
def test_the_other_splits_train(how, capsys):
    assert cli.main(["train", *QUICK, "--split", how, "--json"]) == 0
    assert 0.3 < lines_of(capsys)[-1]["test_rmse"] < 1.5


def test_own_files_to_learn_from_and_to_be_tested_on(tmp_path, capsys):
    """A CSV of one's own, and a second one with a user and an item that the first lacks and a pair that it
    has."""
    ratings = [f"{u},{i},{(u + i) % 5 + 1}" for u in range(12) for i in range(8) if (u * i) % 3]
    (tmp_path / "train.csv").write_text("user,item,rating\n" + "\n".join(ratings), encoding="utf-8")
    (tmp_path / "test.csv").write_text("user,item,rating\n1,1,3\n99,1,4\n2,77,5\n", encoding="utf-8")
    options = ["--data", str(tmp_path / "train.csv"), "--test", str(tmp_path / "test.csv"), "--epochs", "2"]
    assert cli.main(["train", *options, "--json"]) == 0
    captured = capsys.readouterr()
    assert np.isfinite(json.loads(captured.out.splitlines()[-1])["test_rmse"])
    assert "1 ratings are in the test file as well; they are not learnt." in captured.err


def test_no_test_rating_is_learnt(tmp_path, planted):
    """Poison: the test file says the opposite of the data. The training part must not hold those pairs."""
    table = "user,item,rating\n" + "\n".join(
        f"{planted.users['user_id'].iloc[u]},{planted.items['item_id'].iloc[i]},1"
        for u, i in planted.pairs[:500].tolist()
    )
    (tmp_path / "poison.csv").write_text(table, encoding="utf-8")
    parts = sources.split_by_file(planted, tmp_path / "poison.csv", progress=False)
    assert len(parts.test) == 500
    assert len(parts.train) == len(planted) - 500
    assert not (parts.train.seen() & parts.test.seen()).any()


def test_recommend_lists_what_was_not_seen(planted, capsys):
    user = str(planted.users["user_id"].iloc[0])
    assert cli.main(["recommend", "--user", user, *QUICK, "-n", "5"]) == 0
    out = capsys.readouterr().out
    recommended = out.split("What the model recommends")[1].splitlines()[1:]
    assert len(recommended) == 5
    known = random_split(planted, seed=0).train
    seen = set(known.items["title"].iloc[known.item_index[known.user_index == 0]])
    assert not [line for line in recommended if line[8:].rpartition("  (")[0] in seen]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["train", "--data", "nowhere.csv"], "There is no data set 'nowhere.csv'"),
        (["train", *QUICK, "--split", "nowhere.txt"], "nowhere.txt"),
        (["train", *QUICK, "--learning-rate", "-1"], "learning rate is -1"),
        (["train", *QUICK, "--model", "article", "--l2", "1"], "'article' has no L2 term"),
        (["train", *QUICK, "--split", "last", "--test", "x.csv"], "not both"),
        (["train", *QUICK, "--learning-rate", "1e9", "--epochs", "9"], "learning rate ten times smaller"),
        (["recommend", *QUICK, "--user", "nobody"], "has no user 'nobody'"),
        (["recommend", *QUICK, "--user", "1", "-n", "0"], "at least one place, not 0"),
        (["fetch", "movielens-9"], "movielens-9"),
    ],
)
def test_mistakes_get_a_sentence_and_exit_code_1(command, sentence, capsys):
    assert cli.main(command) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def test_piped_json_is_json_and_nothing_else():
    """A process of its own: no progress bar, no TensorFlow notices, in UTF-8 or not."""
    command = [sys.executable, "-m", "recsys_edu.cli", "train", *QUICK, "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120)
    assert done.returncode == 0
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()][-1] == "result"
    assert "epoch/s" not in done.stderr
    assert "oneDNN" not in done.stderr


def test_a_port_in_use_is_said(capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert cli.main(["app", "--port", str(taken.getsockname()[1]), "--no-browser"]) == 1
    assert "is in use" in capsys.readouterr().err
