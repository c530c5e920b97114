"""measured.json and the README tell one truth; and how it was measured is what it says."""

from pathlib import Path

import numpy as np
import pytest

from recsys_edu import comparison_report, measured, measuring
from recsys_edu.errors import SettingsError
from recsys_edu.evaluation import evaluate, paired
from recsys_edu.models import MODELS, default_settings
from recsys_edu.models.biases import Biases
from recsys_edu.models.popularity import Popularity
from recsys_edu.run_store import RunStore

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def known():
    return measured.read()


def test_the_table_is_that_of_the_readme(known):
    assert comparison_report.as_markdown(known.table) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_model_was_measured_with_the_settings_that_it_has(known):
    assert {row.model for row in known.table} == set(MODELS) == set(known.list_seconds) == set(known.settings)
    for name, settings in known.settings.items():
        now = default_settings(name)
        assert settings == now.as_dict() | {"options": [list(option) for option in now.options]}


@pytest.mark.parametrize("task", measured.TASKS)
def test_all_ratings_give_the_figures_of_the_table(known, task):
    figure = measured.TASKS[task].figure
    level = known.level(task, 1000)
    assert level is known.curves[task][-1]
    for name, estimate in level.models.items():
        row = known.row(name)
        assert estimate.low <= estimate.value <= estimate.high
        if task != "list":
            assert estimate.value == pytest.approx(row.figures[figure], abs=1e-5)
            assert (estimate.low, estimate.high) == pytest.approx(row.intervals[figure], abs=1e-5)


def test_each_level_has_all_pairs_best_first(known):
    levels = [(measured.TASKS[task], level) for task, all_of in known.curves.items() for level in all_of]
    for task, level in levels:
        names, values = list(level.models), [task.best * one.value for one in level.models.values()]
        assert values == sorted(values, reverse=True)
        for k, a in enumerate(names):
            for b in names[k + 1 :]:
                low, high = level.difference(a, b)
                assert low <= level.models[a].value - level.models[b].value <= high
                assert level.difference(b, a) == (-high, -low)


def test_the_nearest_level_is_nearest_as_a_ratio(known):
    rates = [level.ratings_per_user for level in known.curves["stars"]]
    assert rates == sorted(rates)
    assert known.level("stars", 0.01).ratings_per_user == rates[0]
    middle = np.sqrt(rates[1] * rates[2])
    assert known.level("stars", middle * 0.99).ratings_per_user == rates[1]
    assert known.level("stars", middle * 1.01).ratings_per_user == rates[2]


def test_an_unknown_model_is_refused(known):
    with pytest.raises(SettingsError, match="was not measured"):
        known.row("oracle")


def test_nothing_of_a_single_user_is_in_the_file():
    content = measured.FILE.read_text(encoding="utf-8")
    assert 'per_user"' not in content.replace("ratings_per_user", "")
    assert len(content) < 200_000


@pytest.fixture(scope="module")
def few(planted):
    """What two models found on the planted set: (Wanted, run) of each run."""
    todo = [w for w in measuring.wanted(planted) if w.settings.model in ("biases", "popularity")]
    return [(w, w.made()) for w in todo]


def test_a_smaller_share_is_a_part_of_a_larger_one(planted):
    small, large = (set(map(tuple, measuring.thinned(planted, share).pairs.tolist())) for share in (0.1, 0.5))
    assert len(small) == 1200
    assert small < large


def test_new_items_are_new_and_lists_hold_no_others(planted):
    learnt, parts = measuring.without_ratings(planted)
    new = np.unique(parts.test.item_index)
    assert len(learnt) + len(parts.test) == len(planted)
    assert not np.isin(learnt.item_index, new).any()
    assert (~parts.train.seen()).sum() == 20 * planted.num_users  # a tenth of 200 films are open to everybody


def test_who_knows_nothing_of_new_items_ranks_them_by_chance(few):
    new = [run for w, run in few if w.tie_seed is not None]
    figures = {run.model: run.figures["ndcg@10"] for run in new}
    assert len(figures) == 2
    assert figures["biases"] == figures["popularity"]  # both broke the same ties
    assert all(run.figures["tied@10"] == 1 for run in new)


def test_what_describes_films_orders_new_ones_and_numbers_alone_do_not(known):
    new = known.new_items["ndcg@10"]
    assert new.difference("content", "popularity")[0] > 0
    for name in ("ease", "item_knn", "biases"):
        assert new.difference(name, "popularity") == (0, 0)


def test_a_run_is_found_again_by_its_settings_and_split(few, tmp_path):
    store = RunStore(tmp_path / "runs.sqlite")
    want, run = few[0]
    assert want.found(store) is None
    kept = store.add(run)
    assert want.found(store).id == kept.id
    assert [w for w, _ in few if w.found(store)] == [want]


def test_a_level_agrees_with_evaluation(planted):
    learnt, parts = measuring.without_ratings(planted)
    found = {}
    for name, model in (("biases", Biases()), ("popularity", Popularity())):
        found[name] = evaluate(model.fit(learnt), parts.train, parts.test)
    runs = [measuring.Wanted(default_settings(name), learnt, parts).made() for name in found]
    level = measuring.level(runs, "ndcg@10")
    for name, one in found.items():
        assert level["models"][name] == pytest.approx([one.figures()["ndcg@10"], *one.intervals()["ndcg@10"]], abs=1e-6)
    ((pair, bounds),) = level["pairs"].items()
    a, b = pair.split(",")
    d = paired(found[a].per_user, found[b].per_user)["ndcg@10"]
    assert bounds == pytest.approx([d.low, d.high], abs=1e-6)


def test_a_written_file_holds_what_was_collected(planted, few, tmp_path, monkeypatch):
    content = measuring.collect(planted, few, {"biases": 0.001, "popularity": 0.002})
    measuring.write(content, tmp_path / "measured.json")
    monkeypatch.setattr(measured, "FILE", tmp_path / "measured.json")
    again = measured.read.__wrapped__()
    assert set(again.curves["stars"][-1].models) == {"biases"}
    assert [level.ratings_per_user for level in again.curves["next"]] == [1.95, 3.9, 9.75, 19.5, 39]  # of 40, less 1
    assert again.row("biases").figures["test_rmse"] == pytest.approx(again.curves["stars"][-1].models["biases"].value)


def test_seconds_per_list_are_seconds(planted):
    assert 0 < measuring.seconds_per_list(default_settings("biases"), planted, users=3) < 1
