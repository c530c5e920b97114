"""The films inside the loop that the reader drew on the map: which they are, and what they have in common."""

from __future__ import annotations

import math

import streamlit as st

from recsys_edu.studio import film_selection, slices
from recsys_edu.studio.components.mount import film_list
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import map_links, train_lists

MOST_LISTED = 50


def chosen() -> list[int] | None:
    """item_index of the selected films; None: all are shown."""
    return st.session_state.get("map_selection")


def take(said: dict | None, num_items: int) -> None:
    """What the map says was selected just now; {"films": None} is "all again". Draws the page again, since the list
    beside the map follows."""
    if said is None:
        return
    films = said.get("films")
    known = None if films is None else sorted({int(i) for i in films if 0 <= int(i) < num_items})
    st.session_state["map_selection"] = known or None
    st.rerun(scope="app")


def listed(run) -> None:
    """The selected films, those with most ratings first."""
    if (films := chosen()) is None:
        return
    ratings = slices.ratings_of(run.spec.data)
    st.markdown(
        "**" + _("{n:,} films selected").format(n=len(films)) + "**",
        help=_(
            "Those inside the loop that you drew. The button 'All again' above the map ends this. Up to {n} selected "
            "films stand in the page's address; more are not kept when the page is loaded anew."
        ).format(n=map_links.MOST_SELECTED),
    )
    st.text("\n".join(what_they_share(film_selection.common(ratings, films))))  # genres are data: text, never Markdown
    rows, counts = film_selection.by_ratings(ratings, films)
    rows, counts = rows[:MOST_LISTED], counts[:MOST_LISTED]
    table = ratings.items.iloc[rows]
    columns = zip(rows, table["title"], table["genres"].str.replace("|", ", "), counts, strict=True)
    entries = [
        {
            "item_index": int(i), "title": title, "detail": genres, "number": _("{n} ratings").format(n=n), "note": "",
            "share": float(n / max(counts.max(), 1)),
        }
        for i, title, genres, n in columns
    ]  # fmt: skip
    with st.container(height=260 if len(entries) > 4 else "content"):
        train_lists.pick(film_list(entries, _("Selected films"), "", key="map_selected"))
    if len(films) > MOST_LISTED:
        st.caption(_("And {n:,} more with fewer ratings.").format(n=len(films) - MOST_LISTED))


def what_they_share(common: film_selection.Common) -> list[str]:
    """A sentence for each thing: genres, mean year, mean rating."""
    against = _("{genre} {share:.0%} (all films {usual:.0%})")
    lines = [against.format(genre=one.name, share=one.share, usual=one.usual) for one in common.genres]
    if not lines:
        lines = [_("No genre is clearly more frequent than among all films")]
    if not math.isnan(common.year):
        lines.append(_("Mean year {own:.0f} (all films {all:.0f})").format(own=common.year, all=common.usual_year))
    if not math.isnan(common.rating):
        means = {"own": common.rating, "all": common.usual_rating}
        lines.append(_("Mean rating {own:.2f} (all films {all:.2f})").format(**means))
    return lines
