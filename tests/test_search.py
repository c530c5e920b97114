"""What a study tries, prunes and takes for the best follows from the seed and from what the trials were worth."""

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from recsys_edu import cli, data, search
from recsys_edu.errors import SettingsError
from recsys_edu.events import EpochEvent, FailedEvent
from recsys_edu.models import MODELS, default_settings
from recsys_edu.search import Generation, Range, Trial

USUAL = default_settings("mf")
OPTIMUM = {"learning_rate": 0.02, "l2": 0.05}


def told(trial, value):
    """An epoch's end, at which the trial is worth this."""
    lists = trial.goal is search.LISTS_GOAL
    epoch = len(trial.values) + 1
    return EpochEvent(epoch, "mse", 1.0, None if lists else value**2, value if lists else None, seconds=0.5 * epoch)


def bowl(settings, epoch):
    """An invented RMSE, smallest at OPTIMUM, that falls with the epochs, slowly where the steps are small."""
    off = sum(abs(math.log(getattr(settings, name) / value)) for name, value in OPTIMUM.items())
    return 0.9 + 0.05 * off + 0.5 * math.exp(-epoch * settings.learning_rate * 50)


def learn(generation, trial, value):
    while trial.state == "running":
        generation.accept(trial, [told(trial, value(trial.settings, len(trial.values) + 1))], None)


def study(base=USUAL, count=12, at_once=2, value=bowl, backwards=False):
    trials = []
    while len(trials) < count:
        generation = Generation(base, trials)
        new = generation.ask(at_once)
        for trial in reversed(new) if backwards else new:
            learn(generation, trial, value)
        trials += new
    return trials


def as_tuples(trials):
    return [(trial.number, trial.settings, trial.state, trial.values) for trial in trials]


def test_the_same_seed_gives_the_same_study_whoever_is_ready_first():
    assert as_tuples(study()) == as_tuples(study(backwards=True))
    other = study(replace(USUAL, seed=1))
    assert as_tuples(other)[0][2:] == as_tuples(study())[0][2:]  # the usual settings
    assert [trial.settings.learning_rate for trial in other] != [trial.settings.learning_rate for trial in study()]


def test_a_search_comes_nearer_to_the_optimum_than_its_first_draws():
    trials = study(count=40)
    best = search.best(trials)
    assert best.number >= 10  # the first ten are drawn by chance
    assert best.value < 0.94 < trials[0].value
    assert best.settings.learning_rate == pytest.approx(OPTIMUM["learning_rate"], rel=1)
    assert best.chosen.epochs == best.values.index(min(best.values)) + 1


def test_the_first_trial_tries_the_usual_settings_and_all_stay_within_the_space():
    trials = study()
    limits = search.space("mf")
    assert limits == {
        "embedding_dim": Range(8, 128), "learning_rate": Range(0.0007, 0.07), "l2": Range(0.012, 1.2),
    }  # fmt: skip
    assert replace(trials[0].settings, epochs=USUAL.epochs) == USUAL
    for trial in trials:
        for name, limit in limits.items():
            assert limit.low <= getattr(trial.settings, name) <= limit.high
        assert isinstance(trial.settings.embedding_dim, int)
        assert search.rounded(trial.settings.learning_rate) == trial.settings.learning_rate
        assert trial.settings.epochs == 2 * USUAL.epochs
        assert (trial.settings.batch_size, trial.settings.options) == (USUAL.batch_size, USUAL.options)


def test_a_trial_below_the_median_is_pruned_but_not_before_its_third_epoch():
    trials = [Trial(k, USUAL, [1.0, 0.9, 0.8, 0.9], "complete") for k in range(4)]
    generation = Generation(USUAL, trials)
    good, bad = generation.ask(2)
    learn(generation, bad, lambda settings, epoch: 1.1)
    assert (bad.state, bad.values) == ("pruned", [pytest.approx(1.1)] * 3)
    learn(generation, good, lambda settings, epoch: 0.7)
    assert (good.state, len(good.values)) == ("complete", 1 + search.PATIENCE)  # it stands still
    assert good.chosen.epochs == 1
    assert search.best([*trials, good, bad]) is good
    assert Generation(USUAL, [*trials[:3], good]).ask(1)[0].number == 4


def test_fewer_finished_trials_than_four_prune_nothing():
    generation = Generation(USUAL, [Trial(k, USUAL, [0.1], "complete") for k in range(3)])
    (trial,) = generation.ask(1)
    learn(generation, trial, lambda settings, epoch: 2.0 - epoch / 100)
    assert (trial.state, len(trial.values)) == ("complete", 2 * USUAL.epochs)


def test_where_large_values_are_good_the_largest_is_the_best():
    base = default_settings("neumf")
    trials = study(base, count=6, value=lambda settings, epoch: 1 - bowl(replace(settings, l2=0.05), epoch) / 10)
    complete = [trial for trial in trials if trial.state == "complete"]
    assert search.best(trials).value == max(trial.value for trial in complete)


def test_a_trial_that_explodes_says_why_and_is_never_the_best():
    generation = Generation(USUAL, [])
    wild, tame = generation.ask(2)
    generation.accept(wild, [told(wild, 0.1)], FailedEvent(1.2, "It exploded.", "Smaller steps."))
    learn(generation, tame, bowl)
    assert (wild.state, wild.reason) == ("failed", "It exploded. Smaller steps.")
    assert search.best([wild, tame]) is tame
    assert search.best([wild]) is None
    assert Generation(USUAL, [wild, tame]).ask(1)[0].number == 2


def test_a_model_in_one_go_has_trials_of_one_epoch():
    trials = study(default_settings("ease"), count=4, value=lambda settings, epoch: 1 / settings.l2)
    assert [trial.values for trial in trials] == [[1 / trial.settings.l2] for trial in trials]
    assert {trial.chosen.epochs for trial in trials} == {1}


@pytest.mark.parametrize("model", ["popularity", "biases", "item_knn"])
def test_a_model_with_nothing_to_search_is_named_with_those_that_have(model):
    with pytest.raises(SettingsError, match=rf"'{model}' has no number that a search could set\..*\bmf\b"):
        Generation(default_settings(model), [])


def test_every_other_model_has_a_space_around_its_usual_settings():
    names = search.searchable()
    assert set(MODELS) - set(names) == {"popularity", "biases", "user_knn", "item_knn"}
    for name in names:
        usual = default_settings(name)
        for knob, limit in search.space(name).items():
            assert limit.low < getattr(usual, knob) < limit.high


@pytest.mark.parametrize("model", ["mf", "article", "ease"])
def test_the_command_line_of_some_settings_learns_with_them(model):
    settings = replace(study(default_settings(model, seed=3), count=2, value=lambda s, e: 1.0)[1].chosen)
    command = search.command(settings, "my ratings.csv", "last").split(" ", 3)
    assert command[:3] == ["python", "-m", "recsys_edu"]
    import shlex

    options = cli.parser().parse_args(shlex.split(command[3]))
    assert cli._settings(options) == settings
    assert (options.data, options.split) == ("my ratings.csv", "last")


# --- The validation part ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["random", "last", "time"])
def test_a_validation_split_is_one_of_the_training_part_alone(planted, how):
    outer = data.split(planted, how, 3)
    inner = data.split(planted, f"{how}-validation", 3)
    rows = np.arange(len(planted))
    learnt = np.setdiff1d(rows, np.concatenate([outer.test_rows, inner.test_rows]))
    assert not set(outer.test_rows) & set(inner.test_rows)
    for part, wanted in ((inner.test, inner.test_rows), (inner.train, learnt)):
        np.testing.assert_array_equal(part.pairs, planted.pairs[wanted])
        np.testing.assert_array_equal(part.rating, planted.rating[wanted])
    assert inner.how.startswith(f"for validation, within the training part of the split '{how}'")


@pytest.mark.parametrize("how", ["random", "last", "time"])
def test_the_test_ratings_do_not_change_what_settings_are_chosen_by(planted, how):
    """Poison: every test rating is the opposite."""
    rating = planted.rating.copy()
    outer = data.split(planted, how)
    rating[outer.test_rows] = sum(planted.scale) - rating[outer.test_rows]
    clean, poisoned = (
        data.split(ratings, f"{how}-validation") for ratings in (planted, replace(planted, rating=rating))
    )
    for part in ("train", "test"):
        for column in ("user_index", "item_index", "rating", "timestamp"):
            np.testing.assert_array_equal(
                getattr(getattr(clean, part), column), getattr(getattr(poisoned, part), column)
            )


def test_an_unknown_validation_split_is_refused(planted):
    with pytest.raises(SettingsError, match="There is no split 'weekly-validation'"):
        data.split(planted, "weekly-validation")


def test_nothing_heavy_is_loaded_before_a_search():
    code = (
        "import sys, recsys_edu.search, recsys_edu.studio.studies; print({'optuna', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "set()"
