"""Two tabs of the Challenges page: a newcomer whose list becomes personal, and lists that show other films."""

from __future__ import annotations

import numpy as np
import streamlit as st

from recsys_edu.studio import challenge_figures, challenge_labs, slices
from recsys_edu.studio.components.mount import film_list, still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens.challenges_dials import before_after, dial


def cold_start() -> None:
    st.markdown(
        _("Somebody new has no vector. With all films kept, a few ratings give one, in **one small regression**.")
    )
    data = st.session_state["challenge_data"]
    left, right = st.columns(2, gap="medium")
    given = dial("given", _("Ratings that the newcomer gives"), _("In a random order; 0: nothing is known."), left)
    number = dial("newcomer", _("Newcomer"), _("Another person, with another taste."), right)
    with st.spinner(_("The others are learnt …")):
        errors = challenge_labs.error_by_given(data)
    both = errors["b_u, p_u"]
    way = (both["0"] - both[str(given)]) / (both["0"] - both["all"])
    before_after(
        rmse=(
            _("Test RMSE of all newcomers, stars"), f"{both['0']:.3f} → {both[str(given)]:.3f}",
            _("With no rating, and with as many as the slider says."),
        ),
        way=(
            _("Of the way to all their ratings"), f"0% → {way:.0%}",
            _("100%: the error after all that the newcomers could tell."),
        ),
    )  # fmt: skip
    left, right = st.columns([3, 2], gap="medium")
    with left:
        figure = challenge_figures.cold_start_figure(errors, given)
        still_figure(figure, _("Error by ratings given"), key="cold_start_figure")
    with right:
        _newcomers_list(data, number, given)


def _newcomers_list(data: str, number: int, given: int) -> None:
    shown = challenge_labs.list_of_newcomer(data, number, given)
    items = slices.ratings_of(data).items
    low, high = slices.ratings_of(data).scale
    rows = zip(shown.items.tolist(), shown.predicted.tolist(), strict=True)
    films = [
        {
            "item_index": i, "title": items["title"].iloc[i], "detail": items["genres"].iloc[i].replace("|", ", "),
            "number": f"{r_hat:.2f}", "share": float(np.clip((r_hat - low) / (high - low), 0, 1)),
            "note": _("rated ★ {r:g} (held out)").format(r=shown.stars[i]) if i in shown.stars else "",
        }
        for i, r_hat in rows
    ]  # fmt: skip
    st.markdown(_("**The ten best well-known films** for this newcomer"))
    film_list(films, _("List of the newcomer"), _("No film is known well enough."), key="newcomer_list")


def rerank() -> None:
    st.markdown(
        _("Few films get most of the places. **Re-ranking** gives some of them away, and the lists hit less often.")
    )
    data = st.session_state["challenge_data"]
    left, right = st.columns(2, gap="medium")
    penalty = dial(
        "penalty", _("Penalty λ on popular films"), _("λ log(n + 20) is taken from each film's score."), left,
        lambda value: f"{value:g}",
    )  # fmt: skip
    reserved = dial(
        "reserved", _("Places of ten for the long tail"),
        _("The long tail: the four fifths of the films that are rated least."), right,
    )  # fmt: skip
    with st.spinner(_("EASE is learnt …")):
        before, now = challenge_labs.reranked(data, 0.0, 0), challenge_labs.reranked(data, penalty, reserved)
    told = {name: (before.figures[name], now.figures[name]) for name in now.figures}
    before_after(
        ndcg=(_("NDCG@10"), "{:.3f} → {:.3f}".format(*told["ndcg"]), _("How often, and how high, the lists hit.")),
        tail=(_("Places of the long tail"), "{:.0%} → {:.0%}".format(*told["tail"]), _("Of all places in all lists.")),
        shown=(_("Films in some list"), "{:.0%} → {:.0%}".format(*told["coverage"]), _("Of all films.")),
    )
    figure = challenge_figures.rerank_figure(before.bands, now.bands)
    still_figure(figure, _("Who gets the places"), key="rerank_figure")
