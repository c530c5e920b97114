"""Models side by side: who runs on what, what the table holds, what stays when one fails or the reader stops."""

import json

import numpy as np
import pytest

from recsys_edu import cli, comparison, comparison_report, training
from recsys_edu.data import split
from recsys_edu.errors import DataError
from recsys_edu.evaluation import evaluate
from recsys_edu.models import default_settings
from recsys_edu.run_store import RunStore

QUICK = ["popularity", "biases", "ease"]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_RUNS", str(tmp_path / "runs.sqlite"))
    return RunStore()


def test_who_runs_on_what():
    plans = comparison.plans(["biases", "ease", "mf", "mf"], seeds=2)
    assert [(p.settings.model, p.how, p.settings.seed) for p in plans] == [
        ("biases", "random", 0), ("biases", "last", 0),
        ("ease", "last", 0),  # predicts no stars, so it is judged by its lists alone
        ("mf", "random", 0), ("mf", "random", 1), ("mf", "last", 0), ("mf", "last", 1),
    ]  # fmt: skip
    assert [p.how for p in comparison.plans(["ease"], splits=("random",))] == ["random"]


def test_the_table_holds_what_evaluation_finds(planted, store):
    runs = list(comparison.run(planted, comparison.plans(QUICK), store))
    assert [run.id for run in store.runs()] == [run.id for run in runs] == [1, 2, 3, 4]
    rows = {row.model: row for row in comparison.table(store.runs())}
    by_error, by_list = (split(planted, how, seed=0) for how in ("random", "last"))
    biases = training.fit(default_settings("biases"), by_error.train).model
    figures = evaluate(biases, by_error.train, by_error.test).figures()
    assert rows["biases"].figures["test_rmse"] == pytest.approx(figures["test_rmse"], abs=1e-6)
    ease = training.fit(default_settings("ease"), by_list.train).model
    figures = evaluate(ease, by_list.train, by_list.test).figures()
    assert rows["ease"].figures["ndcg@10"] == pytest.approx(figures["ndcg@10"], abs=1e-6)
    assert rows["ease"].figures["coverage@10"] == pytest.approx(figures["coverage@10"])
    assert rows["ease"].figures["test_rmse"] is None
    low, high = rows["biases"].intervals["test_rmse"]
    assert low < rows["biases"].figures["test_rmse"] < high


def test_the_best_lists_come_first_and_the_others_are_measured_against_them(planted, store):
    rows = comparison.table(list(comparison.run(planted, comparison.plans(QUICK), store)))
    ndcg = [row.figures["ndcg@10"] for row in rows]
    assert ndcg == sorted(ndcg, reverse=True)
    assert rows[0].behind is None
    for row in rows[1:]:
        assert row.behind.difference == pytest.approx(row.figures["ndcg@10"] - ndcg[0], abs=1e-6)
        assert row.behind.low <= row.behind.difference <= row.behind.high


def test_several_seeds_are_a_mean(planted, store):
    wanted = [comparison.Plan(default_settings("mf", epochs=1, embedding_dim=2, seed=s), "random") for s in (0, 1)]
    runs = list(comparison.run(planted, wanted, store))
    (row,) = comparison.table(runs)
    assert row.runs == 2
    mean = np.mean([run.figures["test_rmse"] ** 2 for run in runs]) ** 0.5
    assert row.figures["test_rmse"] == pytest.approx(mean, abs=1e-6)


def test_one_that_fails_does_not_stop_the_others(planted, store):
    wild = default_settings("mf", learning_rate=1e9, epochs=3)
    wanted = [comparison.Plan(wild, "random"), comparison.Plan(default_settings("biases"), "random")]
    failure, run = comparison.run(planted, wanted, store)
    assert "the steps are too large" in failure.reason
    assert run.model == "biases"
    assert [kept.model for kept in store.runs()] == ["biases"]


def test_the_command_prints_a_table_and_keeps_the_runs(store, capsys):
    assert cli.main(["compare", "--data", "planted", "--models", "popularity,ease", "biases"]) == 0
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == list(comparison_report.COLUMNS)
    assert {line.split("|")[1].strip() for line in lines} == {"Popularity", "EASE", "Biases"}
    assert len(store.runs()) == 4


def test_json_has_a_line_for_each_run_and_one_for_the_table(store, capsys):
    assert cli.main(["compare", "--data", "planted", "--models", "biases", "--split", "last", "--json"]) == 0
    run, table = map(json.loads, capsys.readouterr().out.splitlines())
    assert (run["event"], run["model"], run["split"].split(",")[0]) == ("run", "biases", "leave-last-out")
    assert run["figures"]["ndcg@10"] == pytest.approx(table["rows"][0]["figures"]["ndcg@10"], abs=1e-6)
    assert table["rows"][0]["title"] == "Biases"


def test_ctrl_c_keeps_and_shows_what_has_ended(planted, store, monkeypatch):
    fit, fits = training.fit, []

    def interrupted(*arguments):
        fits.append(1)
        if len(fits) == 3:
            raise KeyboardInterrupt
        return fit(*arguments)

    monkeypatch.setattr(training, "fit", interrupted)
    runs, failures = comparison_report.follow(planted, comparison.plans(QUICK), store, as_json=False)
    assert (len(runs), failures) == (2, [])
    assert len(store.runs()) == 2
    assert "Biases" in comparison_report.as_markdown(comparison.table(runs))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--models", "mv"], "There is no model 'mv'"),
        (["--seeds", "0"], "fitted at least once"),
        (["--data", "no_such.csv"], "no_such.csv"),
    ],
)
def test_wrong_wishes_are_a_sentence(options, sentence, store, capsys):
    assert cli.main(["compare", "--models", "biases", *options]) == 1
    assert sentence in capsys.readouterr().err


def test_a_poisoned_split_is_found(planted):
    parts = split(planted, "random", seed=0)
    model = training.fit(default_settings("biases"), planted).model  # it has seen the test
    with pytest.raises(DataError, match="stand in the training part too"):
        evaluate(model, planted, parts.test)
