"""Run a chapter in a real kernel, as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_edu.errors import RecsysEduError

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "notebooks" / "en"
SECONDS = 600  # for one cell; a whole chapter takes under a minute of processor time
AT_ONCE = 2  # chapters: while one kernel imports, with one thread, the other learns
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of a traceback


class ChapterError(RecsysEduError):
    """A cell of a chapter failed."""


def chapters() -> list[Path]:
    """The notebooks, in the article's order."""
    return sorted(CHAPTERS.glob("[0-9]*.ipynb"))


@dataclass(frozen=True)
class Executed:
    """A chapter with its outputs, and the processor seconds of its kernel. Unlike a clock on the wall they do not
    count what else the machine does."""

    notebook: NotebookNode
    seconds: float


def execute(path: Path) -> Executed:
    """Run a chapter. Its kernel gets a progress file of its own: what the reader has solved stays outside.

    Raises ChapterError: the cell, its code, and the last line of what went wrong."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import time\nprint(time.process_time())", id="seconds"))
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            # What a kernel says on stderr, past its cells, is about itself; a cell's own words are in its output.
            client.execute(env=_environment(Path(folder)), stderr=subprocess.DEVNULL)
        except CellExecutionError as error:
            raise ChapterError(_story(path, notebook, error)) from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise ChapterError(f"{path.name}: {str(error).splitlines()[0]}") from None
    seconds = float(notebook.cells.pop().outputs[0].text)
    return Executed(notebook, seconds)


def _environment(folder: Path) -> dict[str, str]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "RECSYS_EDU_PROGRESS": str(folder / "progress.json")}
    kept = {name: value for name, value in os.environ.items() if name != "PLOTLY_RENDERER"}  # the reader's default
    return kept | own


def _story(path: Path, notebook: NotebookNode, error: Exception) -> str:
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    failed = next(cell for cell in code if any(output.output_type == "error" for output in cell.outputs))
    return f"{path.name}, cell {failed.id}:\n{failed.source}\n\n{error.ename}: {COLOUR.sub('', error.evalue)}"
