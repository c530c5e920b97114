"""The visitor's ratings as the parameters of a link, and back: ?rated=49-5_180-3.5&without=49 says that film 49 has 5
stars and film 180 has 3.5, and that the list is shown as if film 49 had none. ?ten=2&found=7_31 says which films are
offered beside those: the third ten of the well-known ones, and two that were searched for. Never imports streamlit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recsys_edu.studio import links
from recsys_edu.studio.i18n import _

MOST_RATINGS, MOST_FOUND = 200, 60
RATING = re.compile(r"(\d{1,9})-(\d{1,4}(?:\.\d{1,4})?)", re.ASCII)


def to_params(rated: Mapping[int, float], without: int | None) -> dict[str, str]:
    params = {"rated": "_".join(f"{i}-{stars:g}" for i, stars in rated.items())} if rated else {}
    return params | ({} if without is None else {"without": str(without)})


def from_params(
    params: Mapping[str, str], num_items: int, scale: tuple[float, float]
) -> tuple[dict[int, float], int | None, list[str]]:
    """Ratings, item_index -> stars; the one that is left out, if any; and a sentence for what makes no sense."""
    asked = params.get("rated", "").split("_") if "rated" in params else []
    found = [_rating(part, num_items, scale) for part in asked[:MOST_RATINGS]]
    rated = dict(rating for rating in found if rating is not None)
    problems = []
    if (lost := len(asked) - len(found) + found.count(None)) > 0:
        sentence = _("{n} of the link's ratings make no sense for these films and are left out.")
        problems.append(sentence.format(n=lost))
    without = params.get("without")
    if without is None:
        return rated, None, problems
    for item_index in rated:
        if without == str(item_index):
            return rated, item_index, problems
    problems.append(_("The link leaves out a rating that it does not hold; all of them count."))
    return rated, None, problems


def offer_to_params(ten: int, found: Sequence[int]) -> dict[str, str]:
    """`ten`: which ten of the well-known films; `found`: item_index of those searched for, the newest last."""
    params = {"ten": str(ten)} if ten else {}
    return params | ({"found": links.as_rows(found[-MOST_FOUND:])} if found else {})


def offer_from_params(params: Mapping[str, str], num_items: int, num_tens: int) -> tuple[int, list[int], list[str]]:
    """Which ten, which films, and a sentence for each part that makes no sense."""
    readers = {"ten": links.between(0, num_tens - 1), "found": links.rows(num_items, MOST_FOUND)}
    values, problems = links.read(params, readers)
    return values.get("ten", 0), values.get("found", []), problems


def _rating(text: str, num_items: int, scale: tuple[float, float]) -> tuple[int, float] | None:
    match = RATING.fullmatch(text)
    if not match:
        return None
    item_index, stars = int(match[1]), float(match[2])
    return (item_index, stars) if item_index < num_items and scale[0] <= stars <= scale[1] else None
