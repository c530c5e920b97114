"""The README says what is so: its table is that of its command."""

import re
from pathlib import Path

import pytest

from recsys_edu import comparison, comparison_report
from recsys_edu.models import MODELS
from recsys_edu.run_store import RunStore

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
HEAD = [name.strip() for name in comparison_report.COLUMNS]
QUICK = ["popularity", "biases", "ease", "item_knn", "mf", "article"]  # seconds each; the others take the same road


def table() -> dict[str, dict[str, str]]:
    """The comparison of the README: a model's title -> its cells by column."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in README.splitlines() if line[:1] == "|"]
    start = lines.index(HEAD)
    rows = {}
    for cells in lines[start + 2 :]:
        if len(cells) != len(HEAD):
            break
        rows[cells[0]] = dict(zip(HEAD, cells, strict=True))
    return rows


def number(cell: str) -> float | None:
    found = re.match(r"[+-]?\d+\.\d+", cell)
    return float(found[0]) if found else None


def test_the_table_names_every_model():
    assert set(table()) == {card.title for card in MODELS.values()}


@pytest.mark.parametrize("name", QUICK)
def test_a_models_figures(name, movielens, tmp_path):
    runs = list(comparison.run(movielens, comparison.plans([name]), RunStore(tmp_path / "runs.sqlite")))
    (row,) = comparison.table(runs)
    printed = table()[MODELS[name].title]
    assert number(printed["NDCG@10"]) == pytest.approx(row.figures["ndcg@10"], abs=0.006)
    if MODELS[name].predicts_ratings:
        assert number(printed["RMSE"]) == pytest.approx(row.figures["test_rmse"], abs=0.004)
    else:
        assert printed["RMSE"] == "–"
