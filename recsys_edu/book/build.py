"""From executed chapters to a folder of HTML: Sphinx with myst-nb, and everything a page needs beside it."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_edu.book import pages
from recsys_edu.book.running import AT_ONCE, ROOT, ChapterError, chapters, execute
from recsys_edu.errors import RecsysEduError

if TYPE_CHECKING:
    from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
DEFAULT = ROOT / ".recsys_edu" / "book"
MATHJAX = "sphinx-mathjax-offline/static/mathjax/tex-svg-full.js"  # one file that asks for no other
MARK = "recsys_edu-book"  # a file in every book: only a folder that has it is ever replaced


def make(out: Path = DEFAULT) -> Path:
    """Run all chapters, with a progress bar, and write the book into the folder `out`. Returns its first page.

    Raises ChapterError for a cell that fails, RecsysEduError for a folder that is not a book's."""
    from tqdm import tqdm

    check_folder(out)
    paths = chapters()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = tqdm(pool.map(execute, paths), total=len(paths), unit="chapter")
        executed = {path: chapter.notebook for path, chapter in zip(paths, done, strict=True)}
    return write(executed, out)


def check_folder(out: Path) -> None:
    """Raises RecsysEduError if `out` holds anything but an earlier book."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not (out / MARK).exists():
        raise RecsysEduError(f"{out} is there already and is no book of ours, so it stays. Name another with --out.")


def write(executed: Mapping[Path, NotebookNode], out: Path) -> Path:
    """The book of these executed notebooks, by the path of each. An earlier book gives way only to a whole one."""
    check_folder(out)
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "source", Path(folder) / "built"
        lay_out(executed, source)
        run_sphinx(source, built)
        (built / MARK).touch()
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(built, out)
    return out / "index.html"


def lay_out(executed: Mapping[Path, NotebookNode], source: Path) -> None:
    """What Sphinx reads: its settings, the first page, the chapters, and Plotly and MathJax from their packages."""
    import nbformat
    import plotly

    static = source / "_static"
    shutil.copytree(HERE / "static", static)
    shutil.copy(HERE / "conf.py", source)
    shutil.copy(Path(plotly.__file__).parent / "package_data" / "plotly.min.js", static)
    shutil.copy(distribution("sphinx-mathjax-offline").locate_file(MATHJAX), static / "mathjax.js")
    for path, notebook in executed.items():
        nbformat.write(pages.still(notebook, path.stem), source / path.name)
    (source / "index.md").write_text(first_page(list(executed)), encoding="utf-8")


def first_page(paths: list[Path]) -> str:
    """The text of index.md, with the chapters as its table of contents."""
    names = "\n".join(path.stem for path in paths)
    return (
        f"{(HERE / 'index.md').read_text(encoding='utf-8').rstrip()}\n\n```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n"
    )


def run_sphinx(source: Path, built: Path) -> None:
    """Raises ChapterError with Sphinx's own words if a page has an error or a warning."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    words = io.StringIO()
    with docutils_namespace(), contextlib.redirect_stderr(words):
        app = Sphinx(source, source, built, built / ".doctrees", "html", status=None, warning=words)
        app.build(force_all=True)
    shutil.rmtree(built / ".doctrees", ignore_errors=True)
    if app.statuscode or words.getvalue().strip():
        raise ChapterError(f"Sphinx is not content with the chapters:\n{words.getvalue().strip()}")
