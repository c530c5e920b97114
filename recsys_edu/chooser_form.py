"""Chapter 9: the chooser as a form in a notebook. In a page without a kernel the answer to its first needs stays."""

from __future__ import annotations

import html
import math
from dataclasses import replace

from recsys_edu.chooser import EXPLAIN, Advice, Candidate, Needs, choose
from recsys_edu.measured import TASKS
from recsys_edu.models import MODELS

SECONDS = {"any": math.inf, "60 s": 60, "20 s": 20, "10 s": 10, "5 s": 5, "2 s": 2, "0.3 s": 0.3}  # of a fit
WORDS = {"test_rmse": "RMSE (stars)", "ndcg@10": "NDCG@10"}


def ask(needs: Needs | None = None) -> None:
    """Menus and a slider, and below them the advice, which follows every change. It starts from `needs`."""
    import ipywidgets
    from IPython.display import display

    first = needs or Needs()
    controls = _controls(first)
    answer = ipywidgets.HTML(as_html(choose(first)))

    def changed(_change) -> None:
        answer.value = as_html(choose(replace(first, **{name: control.value for name, control in controls.items()})))

    for control in controls.values():
        control.observe(changed, "value")
    box = ipywidgets.VBox([*controls.values(), answer])
    display(box._repr_mimebundle_() | {"text/html": answer.value}, raw=True)


def _controls(needs: Needs) -> dict:
    """A widget for each field of Needs that asks for one."""
    import ipywidgets

    wide = {"style": {"description_width": "12em"}, "layout": {"width": "32em"}}
    times = SECONDS if needs.seconds in SECONDS.values() else {f"{needs.seconds:g} s": needs.seconds} | SECONDS
    menus = {"task": list(TASKS), "explain": list(EXPLAIN), "seconds": list(times.items())}
    told = {"task": "what is wanted", "explain": "explanations", "seconds": "seconds to learn"}
    ticks = {
        "side_information": "genres, age … are known",
        "time_order": "the order in time is known",
        "new_items": "new films come in often",
    }
    slider = ipywidgets.FloatLogSlider(
        min=0,
        max=3,
        step=0.05,
        readout_format=".0f",
        description="ratings a user",
        value=needs.ratings_per_user,
        **wide,
    )
    menu = {
        name: ipywidgets.Dropdown(options=menus[name], value=getattr(needs, name), description=told[name], **wide)
        for name in menus
    }
    tick = {
        name: ipywidgets.Checkbox(value=getattr(needs, name), description=text, indent=True, **wide)
        for name, text in ticks.items()
    }
    return {
        "task": menu["task"],
        "ratings_per_user": slider,
        **tick,
        "seconds": menu["seconds"],
        "explain": menu["explain"],
    }


def as_html(advice: Advice) -> str:
    """The model to take, how sure that is, the ranking, and why each of the others is out."""
    taken = "nothing" if advice.take is None else MODELS[advice.take].title
    sure = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in advice.sure)
    head = ["", "model", WORDS[advice.figure], "95 % interval", "fit (s)", "one list (ms)", "numbers learnt", "can say"]
    rows = [_row(one, one.model == advice.take) for one in advice.ranked]
    out = "".join(
        f"<li><b>{html.escape(MODELS[name].title)}</b>: {html.escape(reason)}</li>"
        for name, reason in advice.excluded.items()
    )
    table = _table(head, rows) if rows else ""
    reasons = f"<details open><summary>{len(advice.excluded)} are out</summary><ul>{out}</ul></details>" if out else ""
    return f"<p><b>Take: {html.escape(taken)}</b></p>{sure}{table}{reasons}"


def _row(one: Candidate, taken: bool) -> list[str]:
    mark, f = "take" if taken else "alike" if one.first else "", one.figure
    return [
        mark, one.title, f"{f.value:.3f}", f"{f.low:.3f} to {f.high:.3f}", f"{one.fit_seconds:.2f}",
        f"{1000 * one.list_seconds:.1f}", f"{one.parameters:,}", one.reasons or "–",
    ]  # fmt: skip


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Numbers in one line; the last column, a text, to the left."""
    styles = ["white-space: nowrap"] * (len(head) - 1) + ["text-align: left"]

    def line(kind: str, cells: list[str]) -> str:
        both = zip(styles, map(html.escape, cells), strict=True)
        return "<tr>" + "".join(f'<{kind} style="{style}">{cell}</{kind}>' for style, cell in both) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', head)}</thead><tbody>{body}</tbody></table>"
