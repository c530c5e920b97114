"""The visitor's ratings: where the session keeps them, and the films to be rated."""

from __future__ import annotations

import functools
from concurrent.futures import TimeoutError as NotInTime

import numpy as np
import streamlit as st

from recsys_edu.errors import SettingsError
from recsys_edu.studio import jobs, slices, state, visitor, visitor_link
from recsys_edu.studio.components.you_mount import star_list
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import AT_LEAST

TEN, MOST_KNOWN = 10, 200
NOTHING = -1  # is left out
PATIENCE = 25  # seconds for a worker to say what the run has learnt


def start(run) -> None:
    """At the first visit of a session: the ratings and the offered films of the page's link, if any. They belong to a
    data set, and so stay when another run learns it."""
    if "you_rated" in st.session_state:
        return
    train, params = state.split_of(run.spec).train, st.query_params.to_dict()
    given, without, problems = visitor_link.from_params(params, train.num_items, train.scale)
    ten, found, more = visitor_link.offer_from_params(params, train.num_items, len(well_known(run.spec.data)))
    st.session_state["you_rated"], st.session_state["you_asked"] = {run.spec.data: given}, {run.spec.data: found}
    st.session_state["you_without"], st.session_state["you_ten"] = NOTHING if without is None else without, ten
    if problems := problems + more:
        st.session_state["problem"] = " ".join(problems)


def rated(run) -> dict[int, float]:
    """item_index -> stars, the last rating last."""
    return st.session_state["you_rated"].setdefault(run.spec.data, {})


def without(run) -> int | None:
    """The rated film that is left out, if any."""
    chosen = st.session_state.get("you_without")
    return chosen if chosen in rated(run) else None


def visit(run) -> visitor.Visit | None:
    """The visitor as the model sees him or her now; None as long as nothing is learnt."""
    if run.state is None:
        return None
    at_least = st.session_state.get("at_least", AT_LEAST)
    return visitor.visit(_factors(run), state.split_of(run.spec).train, rated(run), without(run), at_least)


def _factors(run):
    """What the run has learnt of the films: asked of a worker once for each of its steps."""
    learnt = run.state
    now = run.token, int(learnt["step"])
    if st.session_state.get("you_factors", (None,))[0] != now:
        waiting = jobs.shared().submit(run, visitor.learnt, run.spec, learnt)
        try:
            with st.spinner(_("Reading what the model has learnt of the films…")):
                st.session_state["you_factors"] = now, waiting.result(PATIENCE)
        except NotInTime as error:
            waiting.cancel()
            raise SettingsError(_("The workers are busy or still loading. Reload the page in a moment.")) from error
    return st.session_state["you_factors"][1]


def rate(run, item_index: int, stars: int) -> None:
    """Give a film 1 to 5 stars, or forget its rating with 0. A rating that is given anew is the last one."""
    mine, (low, high) = rated(run), state.split_of(run.spec).train.scale
    mine.pop(item_index, None)
    if stars:
        mine[item_index] = max(low, high * stars / 5)


def forget_all(run) -> None:
    rated(run).clear()
    st.session_state["you_asked"].pop(run.spec.data, None)


def stars_of(run, item_index: int) -> int:
    """How many of five stars stand for the visitor's rating; 0: none is given."""
    high = state.split_of(run.spec).train.scale[1]
    return round(5 * rated(run).get(item_index, 0) / high)


def controls(run) -> None:
    """Find a film, rate it; ten films that many have seen; forget."""
    mine = rated(run)
    st.subheader(_("Rate five to ten films"), anchor=False, help=_("What you think of them is all the model gets."))
    st.selectbox(
        _("Find a film"), _by_fame(run.spec.data), index=None, key="you_find",
        format_func=_titles(run.spec.data).__getitem__, placeholder=_("Find a film"), label_visibility="collapsed",
        on_change=_ask, args=(run,),
        help=_("Type a part of its title. The films with most ratings come first."),
    )  # fmt: skip
    films = [film(run, i, stars=stars_of(run, i)) for i in _asked(run)]
    star_list(films, _("Films to rate"), "you_stars", lambda i, stars: rate(run, i, stars))
    row = st.container(horizontal=True, gap="small", vertical_alignment="center")
    row.button(_("Ten others"), key="you_others", on_click=_others, help=_("Ten other films that many have seen."))
    row.button(
        _("Forget all"), key="you_forget", on_click=forget_all, args=(run,), disabled=not mine,
        help=_("Forget all your ratings. The model never learnt from them."),
    )  # fmt: skip
    row.caption(_("{n} rated").format(n=len(mine)))


def star_row(run, item_index: int, label: str) -> None:
    """One film to be rated."""
    star_list(
        [film(run, item_index, stars=stars_of(run, item_index))],
        label,
        "you_star",
        lambda i, stars: rate(run, i, stars),
    )


def film(run, item_index: int, **more) -> dict:
    """A film as the components take it: its title, its year, and `more`."""
    title, year = _names(run.spec.data)[item_index]
    return {"item_index": int(item_index), "title": title, "detail": year} | more


def _ask(run) -> None:
    """A film that was found can be rated, and is picked."""
    if (item_index := st.session_state["you_find"]) is not None:
        st.session_state["you_asked"].setdefault(run.spec.data, []).append(item_index)
        st.session_state["picked"], st.session_state["you_find"] = item_index, None


def _others() -> None:
    st.session_state["you_ten"] = st.session_state.get("you_ten", 0) + 1


def offer(run) -> tuple[int, list[int]]:
    """Which ten of the well-known films are offered, and the films that were found, the newest last."""
    ten = st.session_state.get("you_ten", 0) % len(well_known(run.spec.data))
    return ten, list(dict.fromkeys(st.session_state["you_asked"].get(run.spec.data, [])))


def _asked(run) -> list[int]:
    """Found or rated ones, the newest first; then ten well-known ones."""
    number, found = offer(run)
    ten = well_known(run.spec.data)[number]
    own = dict.fromkeys([*rated(run), *found])
    return [i for i in reversed(own) if i not in ten] + list(ten)


@functools.lru_cache(maxsize=16)
def well_known(data: str) -> list[list[int]]:
    """The films with most ratings, in tens, best known first. No two of a ten have the same genres, while that goes:
    films that are alike say little more than one of them."""
    genres, waiting, tens = slices.ratings_of(data).items["genres"].tolist(), _by_fame(data)[:MOST_KNOWN], []
    while waiting:
        first = {}
        for i in waiting:
            first.setdefault(genres[i], i)
        ten = list(first.values())[:TEN]
        ten += [i for i in waiting if i not in ten][: TEN - len(ten)]
        tens.append(ten)
        waiting = [i for i in waiting if i not in ten]
    return tens


@functools.lru_cache(maxsize=16)
def _by_fame(data: str) -> list[int]:
    ratings = slices.ratings_of(data)
    return np.argsort(-np.bincount(ratings.item_index, minlength=ratings.num_items), kind="stable").tolist()


@functools.lru_cache(maxsize=16)
def _names(data: str) -> list[tuple[str, str]]:
    """Title and year of each film, "" where that is not known."""
    items = slices.ratings_of(data).items
    years = ["" if missing else str(year) for year, missing in zip(items["year"], items["year"].isna(), strict=True)]
    return list(zip(items["title"], years, strict=True))


@functools.lru_cache(maxsize=16)
def _titles(data: str) -> list[str]:
    return [f"{title} ({year})" if year else title for title, year in _names(data)]
