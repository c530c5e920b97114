"""What the visitor's ratings lead to: the list, and a point on the map."""

from __future__ import annotations

import numpy as np
import streamlit as st

from recsys_edu.studio import slices, state, visitor
from recsys_edu.studio.components.mount import film_list
from recsys_edu.studio.components.you_mount import you_map
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import you_ratings

TOP = 10


def top_ten(run, visit: visitor.Visit | None) -> None:
    """The list, with the places that each film gained or lost by the last rating, or by the one that is left out."""
    mine = you_ratings.rated(run)
    st.subheader(_("Your top 10"), anchor=False, help=_("The films with the largest r̂ that you have not rated."))
    if mine:
        _switch(run, mine)
    films = [] if visit is None else _films(run, visit, bool(mine))
    empty = _("Nothing is learnt yet. Press Train.") if visit is None else _("No film is left that you have not rated.")
    pick(film_list(films, _("Your top 10"), empty, key="you_top"))
    if visit is None:
        return
    if not mine:
        st.caption(_("Without a rating this is the list for anybody. Rate a film and watch it change."))
    elif you_ratings.without(run) is None:
        st.caption(_("▲ ▼ places won or lost by your last rating"))
    else:
        st.caption(_("▲ ▼ places won or lost against the list from all your ratings"))


def _switch(run, mine: dict) -> None:
    """The list without one of the ratings."""
    names = {i: you_ratings.film(run, i)["title"] for i in mine}
    names = {you_ratings.NOTHING: _("from all your ratings")} | {
        i: _("without “{title}”").format(title=names[i]) for i in reversed(mine)
    }
    if st.session_state.get("you_without") not in names:
        st.session_state["you_without"] = you_ratings.NOTHING
    st.selectbox(
        _("Without this rating"), list(names), key="you_without", format_func=names.get, label_visibility="collapsed",
        persist_state="session",
        help=_("Leave one rating out: the list and your point are computed anew from the others."),
    )  # fmt: skip


def _films(run, visit: visitor.Visit, changes: bool) -> list[dict]:
    low, high = state.split_of(run.spec).train.scale
    best = visit.order[:TOP]
    gained = visitor.gained(best, visit.before) if changes else [0] * len(best)
    stars = np.clip(visit.r_hat[best], low, high).tolist()
    return [
        you_ratings.film(run, i, number=f"{told(places)} ★ {r:.2f}".strip(), share=(r - low) / (high - low))
        for i, r, places in zip(best, stars, gained, strict=True)
    ]


def told(places: int | None) -> str:
    """Places won or lost, as an arrow with a number."""
    if not places:
        return ""
    return f"▲ {places}" if places > 0 else f"▼ {-places}"


def chart(run, visit: visitor.Visit | None) -> None:
    """The map of the films, with the visitor's point among the films that p is nearest to."""
    st.subheader(
        _("You on the map"), anchor=False,
        help=_("Your star lies amid the {n} films whose vectors point most nearly where yours does.").format(
            n=visitor.NEAR
        ),
    )  # fmt: skip
    picked = st.session_state.get("picked")
    result = you_map(
        run.token, None if visit is None else _point(run, visit), picked, _lines(run, visit, picked), 340, "you_map"
    )
    pick(result.picked)


def _point(run, visit: visitor.Visit) -> dict | None:
    rows, weights = visitor.near(visit)
    if not len(rows):
        return None
    titles = ", ".join(slices.ratings_of(run.spec.data).items["title"].iloc[rows[:3]])
    said = _("Your star lies near {titles}.").format(titles=titles)
    return {"films": rows.tolist(), "weights": weights.tolist(), "name": _("You"), "said": said}


def _lines(run, visit: visitor.Visit | None, picked: int | None) -> list[int]:
    """The nearest films that the visitor liked, for lines from the picked film."""
    if visit is None or picked is None:
        return []
    reasons = visitor.reasons(visit, picked, state.split_of(run.spec).train.scale)
    return [reason.item_index for reason in visitor.nearest_liked(reasons, picked)]


def pick(item_index: int | None) -> None:
    """What is drawn below this knows of it."""
    if item_index is not None:
        st.session_state["picked"] = int(item_index)
