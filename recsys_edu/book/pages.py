"""A chapter's outputs as a page without a kernel can show them: pictures by one shared Plotly, no widgets."""

from __future__ import annotations

import copy
import html
import itertools
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

PLOTLY = "application/vnd.plotly.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"


def still(notebook: NotebookNode, chapter: str) -> NotebookNode:
    """A copy whose pictures are HTML that book.js draws, and whose widgets gave way to what stands in for them.

    `chapter` makes the pictures' ids unique in the book."""
    page = copy.deepcopy(notebook)
    numbers = itertools.count(1)
    outputs = [output for cell in page.cells if cell.cell_type == "code" for output in cell.outputs]
    for output in outputs:
        data = output.get("data", {})
        data.pop(WIDGET, None)
        if PLOTLY in data:
            output["data"] = {"text/html": picture(data[PLOTLY], f"{chapter}-figure-{next(numbers)}")}
        elif "text/html" in data:
            output["data"] = {"text/html": data["text/html"]}  # not its text form as well
    return page


def picture(figure: dict, name: str) -> str:
    """A place of the figure's height, and the figure as data. A title in it cannot end the script element: no `<`."""
    layout = figure.get("layout", {})
    content = json.dumps({"data": figure.get("data", []), "layout": layout}).replace("<", "\\u003c")
    title = layout.get("title") or {}
    label = html.escape(str(title.get("text", "") if isinstance(title, dict) else title), quote=True)
    height = int(layout.get("height") or 450)
    return (
        f'<div class="course-figure" id="{html.escape(name, quote=True)}" role="img" aria-label="{label}" '
        f'style="height: {height}px"><script type="application/json">{content}</script></div>'
    )
