"""The README says what is so: its figures are those of its command."""

import json
import re
from pathlib import Path

import pytest

from recsys_edu import cli, metrics
from recsys_edu.data import random_split
from recsys_edu.models.biases import Biases

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
FIGURES = dict(re.findall(r"^\| `?\(?([a-z ]+?)\)?`? \|.*\| (0\.\d{3}) \|", README, flags=re.MULTILINE))


def test_the_table_names_every_model():
    from recsys_edu.models import MODELS

    assert set(FIGURES) == {"biases alone", *MODELS}


@pytest.mark.parametrize("model", sorted(set(FIGURES) - {"biases alone"}))
def test_a_models_figure(model, movielens, capsys):
    assert cli.main(["train", "--data", "movielens-100k", "--model", model, "--seed", "0", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["test_rmse"] == pytest.approx(float(FIGURES[model]), abs=0.004)


def test_the_figure_of_biases(movielens):
    parts = random_split(movielens, seed=0)
    figures = metrics.evaluate(Biases().fit(parts.train), parts.train, parts.test)
    assert figures["test_rmse"] == pytest.approx(float(FIGURES["biases alone"]), abs=0.001)
