"""What 'Copy as Keras' gives runs as it stands and ends where the trainer ends."""

import contextlib
import io
import subprocess
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from recsys_edu import as_keras, models, training
from recsys_edu.data import split
from tests.models.test_conformance import NAMES, small


def run(text: str) -> dict:
    """The script's variables after it has run, as a module of its own, its output kept off the screen."""
    module = sys.modules["copied"] = types.ModuleType("copied")
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(text, "copied.py", "exec"), module.__dict__)
    return module.__dict__ | {"said": said.getvalue()}


@pytest.mark.parametrize("name", NAMES)
def test_the_copied_code_ends_at_the_same_model(planted, name):
    how = "random" if models.MODELS[name].predicts_ratings else "last"
    settings = small(name)
    settings = replace(settings, epochs=min(settings.epochs, 2), seed=3)
    copied = run(as_keras.code(settings, "planted", how))
    parts = split(planted, how, seed=3)
    ours = training.fit(settings, parts.train).model
    assert type(copied["model"]) is not type(ours)  # its own class, from its own text
    users = np.arange(10)
    np.testing.assert_allclose(copied["model"].scores(users), ours.scores(users), atol=1e-4)
    assert "'ndcg@10'" in copied["said"]


@pytest.mark.parametrize(("name", "learns"), [("mf", "users"), ("two_tower", "items")])
def test_the_code_of_a_run_in_which_one_side_learns_gives_that_run(planted, name, learns):
    """By `trainable = False`, before Keras compiles, and before a loop asks what is to learn."""
    settings = replace(small(name), epochs=1, seed=3, learns=learns)
    text = as_keras.code(settings, "planted")
    assert "part.trainable = False" in text
    copied, parts = run(text), split(planted, "random", seed=3)
    start, ours = models.build(settings, parts.train), training.fit(settings, parts.train).model
    np.testing.assert_allclose(copied["model"].scores(np.arange(10)), ours.scores(np.arange(10)), atol=1e-4)
    still, moved = ("item_vectors", "user_vectors") if learns == "users" else ("user_vectors", "item_vectors")
    np.testing.assert_array_equal(getattr(copied["model"], still)(), getattr(start, still)())
    assert not np.allclose(getattr(copied["model"], moved)(), getattr(start, moved)(), atol=1e-3)
    assert "trainable = False" not in as_keras.code(replace(settings, learns="both"), "planted")


def test_nothing_heavy_is_imported_to_write_it():
    script = (
        "import sys; from recsys_edu import as_keras, models; "
        "[as_keras.code(models.default_settings(name)) for name in models.MODELS]; "
        "print(sorted({'tensorflow', 'keras', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_hostile_file_name_stays_text():
    name = "a'); import os; os.abort(); ('.csv"
    assert f"sources.load({name!r})" in as_keras.code(models.default_settings("mf"), name)
