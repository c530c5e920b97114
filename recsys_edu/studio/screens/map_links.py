"""What the Map page shows, as parameters of a link beside those of links.py, and back.

?kind=axis&a=7&b=49&colour=year&epoch=12&selection=3_17_40: as in links.py, a part that makes no sense is left out, with
a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from recsys_edu.studio import links
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import between, one_of

KINDS = {"umap": _("UMAP"), "pca": _("PCA"), "axis": _("Axis"), "seed": _("Seed")}
COLOURS = {
    "genre": _("genre"),
    "year": _("year"),
    "count": _("number of ratings"),
    "mean": _("mean rating"),
    "honesty": _("honesty"),
}
NEAR = 10
DIMS = {2: _("2-D"), 3: _("3-D")}
FLAT_KINDS = ("axis", "seed")  # those that there are in 2-D alone
MOST_SELECTED = 60  # films of a selection that a link holds


@dataclass(frozen=True)
class Shown:
    """`a`, `b`: item_index of the pinned films; `epoch` None: the newest; `near`: how many neighbours; `selection`:
    item_index of the films in the reader's loop, None: all films."""

    kind: str = "umap"
    colour: str = "genre"
    a: int | None = None
    b: int | None = None
    epoch: int | None = None
    near: int = NEAR
    only: bool = False
    dims: int = 2
    selection: list[int] | None = None


def to_params(shown: Shown) -> dict[str, str]:
    """The link's parameters. What is as usual is left out, and so is what is not kept: a map of another seed, and a
    selection of more than MOST_SELECTED films."""
    usual = asdict(Shown())
    named = {name: value for name, value in asdict(shown).items() if value != usual[name]}
    if named.get("kind") == "seed":
        del named["kind"]
    if (films := named.pop("selection", None)) and len(films) <= MOST_SELECTED:
        named["selection"] = links.as_rows(films)
    return {name: str(value) for name, value in named.items()}


def from_params(params: Mapping[str, str], num_items: int) -> tuple[Shown, list[str]]:
    """What a link asks for, and a sentence for each part of it that makes no sense."""
    readers: dict[str, Callable] = {
        "kind": one_of(KINDS.keys() - {"seed"}),
        "colour": one_of(COLOURS),
        "a": between(0, num_items - 1),
        "b": between(0, num_items - 1),
        "epoch": between(0, 10**6),
        "near": between(1, 100),
        "only": lambda text: one_of(("True", "False"))(text) == "True",
        "dims": between(2, 3),
        "selection": links.rows(num_items, MOST_SELECTED),
    }
    values, problems = links.read(params, readers)
    return Shown(**values), problems
