"""Every notebook: committed clean, with ids that a translation can lean on, and it runs in a real kernel."""

import ast
import re

import nbformat
import pytest

from recsys_edu.book.running import CHAPTERS, chapters

NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))
SECONDS = 60  # of processor time: what one notebook may cost
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_a_notebook_for_each_section_of_the_article():
    assert [path.name[:3] for path in NOTEBOOKS] == [f"0{number}_" for number in range(1, 10)]
    assert chapters() == NOTEBOOKS  # and the book has them all


@every_notebook
def test_is_valid_and_clean(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in code_of(notebook):
        assert not cell.outputs, f"{cell.id} has outputs: run nbstripout --keep-id {path.name}"
        assert cell.execution_count is None, f"{cell.id} has an execution count: run nbstripout --keep-id {path.name}"


@every_notebook
def test_cell_ids_say_what_the_cell_is(path):
    """ch04-sigmoid-plot: a translation finds the cell by this. Jupyter's own ids are random hex."""
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == len(ids)
    prefix = f"ch{path.stem[:2]}-"
    readable = re.compile(rf"{prefix}[a-z][a-z0-9]*(-[a-z0-9]+)*")
    assert [i for i in ids if not readable.fullmatch(i) or re.search(r"[0-9a-f]{8}", i)] == []


def test_the_list_of_promises_names_cells_that_exist():
    """notebooks/README.md says where each sentence of the article runs; every chapter has its part in it."""
    there = {cell.id for path in NOTEBOOKS for cell in read(path).cells}
    named = re.findall(r"`(ch\d\d-[a-z0-9-]+)`", (CHAPTERS.parent / "README.md").read_text(encoding="utf-8"))
    assert [name for name in named if name not in there] == []
    assert {name[:4] for name in named} == {f"ch0{number}" for number in range(1, 10)}


def private_names(source):
    """What `source` takes from recsys_edu, or reads off a module taken from it, with a leading underscore."""
    nodes = list(ast.walk(ast.parse(source)))
    froms = [n for n in nodes if isinstance(n, ast.ImportFrom) and (n.module or "").split(".")[0] == "recsys_edu"]
    imported = {alias.asname or alias.name for n in froms for alias in n.names}
    dotted = [part for n in froms for part in (*n.module.split("."), *(alias.name for alias in n.names))]
    dotted += [part for n in nodes if isinstance(n, ast.Import) for a in n.names for part in a.name.split(".")]
    read_off = [
        n.attr
        for n in nodes
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in imported
    ]
    return [name for name in dotted + read_off if name.startswith("_")]


@every_notebook
def test_uses_only_public_names(path):
    lines = "\n".join(cell.source for cell in code_of(read(path))).splitlines()
    python = "\n".join(line for line in lines if not line.startswith(("%", "!")))
    assert private_names(python) == []


def test_private_names_are_seen():
    assert private_names("from recsys_edu.formulas import _require, sigmoid") == ["_require"]
    assert private_names("from recsys_edu import formulas as F\nF._require(F.sigmoid)") == ["_require"]
    assert private_names("from recsys_edu import formulas\npoint._replace(x=formulas.sigmoid)") == []


@every_notebook
def test_runs_top_to_bottom_in_its_own_kernel(path, executed):
    assert executed(path).seconds < SECONDS
