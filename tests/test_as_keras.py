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
