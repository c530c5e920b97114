"""Why this film: the model's own account of one r̂."""

from __future__ import annotations

import numpy as np
import streamlit as st

from recsys_edu.studio import state, visitor, visitor_figures
from recsys_edu.studio.components.mount import film_list, still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import you_ratings

MOST_REASONS = 6


def why(run, visit: visitor.Visit) -> None:
    """The picked film, else the first of the list: r̂ part by part, and what each rating has to do with it."""
    picked = st.session_state.get("picked")
    if picked is None and len(visit.order):
        picked = int(visit.order[0])
    if picked is None:
        return
    train = state.split_of(run.spec).train
    reasons = visitor.reasons(visit, picked, train.scale)
    with st.container(border=True):
        st.subheader(_("Why this film?"), anchor=False, help=_("Click a film of the list or of the map to ask for it."))
        left, right = st.columns([1, 1], gap="large")
        with left:
            _by_parts(run, visit, picked, train.scale)
        with right:
            _by_ratings(run, picked, reasons)


def _by_parts(run, visit: visitor.Visit, picked: int, scale: tuple[float, float]) -> None:
    you_ratings.star_row(run, picked, _("The film that is explained"))
    st.caption(_place(visit, picked, scale))
    still_figure(visitor_figures.waterfall(visitor.parts(visit, picked)), _("r̂, part by part"), key="you_waterfall")
    st.caption(
        _(
            "r̂ = μ + b_i + b_u + p · q_i. This is the model's account of its own number, not the cause of anybody's "
            "taste. A single factor has no meaning: turned axes give the same r̂."
        )
    )


def _place(visit: visitor.Visit, picked: int, scale: tuple[float, float]) -> str:
    """Where the film stands, in a sentence."""
    r_hat, everybody = visit.r_hat[picked], visit.factors.mean + visit.factors.items[picked, -1]
    told = [_("r̂ = {r:.2f} for you, {e:.2f} for somebody without a rating.").format(r=r_hat, e=everybody)]
    if not scale[0] <= r_hat <= scale[1]:
        told.append(_("The list shows it as the end of the scale."))
    if visit.rare[picked]:
        told.append(_("It has too few ratings for a list."))
    elif visit.barred[picked]:
        told.append(_("You have rated it, so no list shows it."))
    else:
        told.append(
            _("Place {k} of {n}.").format(k=1 + int(np.flatnonzero(visit.order == picked)[0]), n=len(visit.order))
        )
    return " ".join(told)


def _by_ratings(run, picked: int, reasons: list[visitor.Reason]) -> None:
    if not reasons:
        st.caption(_("No rating of yours counts yet: r̂ is what the film has for anybody, μ + b_i."))
        return
    st.markdown(
        _("**What each of your ratings adds**"),
        help=_("In stars. With μ + b_i the sum over all your ratings is r̂. Below it: r̂ without that rating."),
    )
    shown = reasons[:MOST_REASONS]
    most = max(abs(reason.adds) for reason in shown) or 1
    films = [
        you_ratings.film(run, r.item_index, number=visitor_figures.signed(r.adds), share=abs(r.adds) / most)
        | {"detail": _without(r)}
        for r in shown
    ]
    _pick(film_list(films, _("What each of your ratings adds"), "", key="you_adds"))
    _liked(run, visitor.nearest_liked(reasons, picked))


def _without(reason: visitor.Reason) -> str:
    told = _("you gave ★ {stars:g} · without it r̂ = {r:.2f}").format(stars=reason.rating, r=reason.without)
    return told if reason.place is None else f"{told}, " + _("place {k}").format(k=reason.place)


def _liked(run, near: list[visitor.Reason]) -> None:
    st.markdown(
        _("**Nearest films that you liked**"),
        help=_("By the cosine of the two films' vectors. A likeness, not a part of r̂."),
    )
    films = [you_ratings.film(run, r.item_index, number=f"{r.cosine:.2f}", share=r.cosine) for r in near]
    empty = _("None: no film that you liked points into its direction.")
    _pick(film_list(films, _("Nearest films that you liked"), empty, key="you_liked"))


def _pick(item_index: int | None) -> None:
    """What is drawn above must be drawn again."""
    if item_index is not None and item_index != st.session_state.get("picked"):
        st.session_state["picked"] = int(item_index)
        st.rerun(scope="app")
