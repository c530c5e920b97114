"""The lists of the Train page: films near a picked one, and for a user what was liked beside what is recommended."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from recsys_edu import recommend
from recsys_edu.studio import jobs, state
from recsys_edu.studio.i18n import _

NEAR = 8
SIMILARITIES = {"cosine": _("cosine"), "dot": _("dot product"), "euclid": _("Euclid")}


def neighbour_rows(run, picked: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The films nearest to the picked one in the original space, and how near."""
    if picked is None or run.item_vectors is None:
        return np.empty(0, int), np.empty(0)
    return recommend.nearest(run.item_vectors, picked, NEAR, st.session_state.get("similarity", "cosine"))


@st.fragment(run_every=1.0)
def neighbours_of_picked() -> None:
    run, picked = state.current_run(), st.session_state.get("picked")
    if picked is None:
        st.caption(_("Click a film on the map, or search for one, to see its nearest neighbours here."))
        return
    items = state.split_of(run.spec).train.items
    st.markdown(f"**{_('Nearest to')}**")
    st.text(items["title"].iloc[picked])  # text, never Markdown: a title is data
    st.segmented_control(
        _("Similarity"), list(SIMILARITIES), key="similarity", default="cosine", required=True,
        format_func=SIMILARITIES.get, help=_("How nearness of two vectors is measured, in all d dimensions."),
    )  # fmt: skip
    rows, values = neighbour_rows(run, picked)
    if not len(rows):
        st.caption(_("There are no vectors yet. Press Train."))
        return
    table = _films(items.iloc[rows]).assign(**{_("similarity"): values})
    st.dataframe(table, hide_index=True, height="content")


@st.fragment(run_every=1.0)
def lists_for_a_user() -> None:
    run = state.current_run()
    train = state.split_of(run.spec).train
    user_index = st.selectbox(
        _("Recommend for user"), range(train.num_users), key="user_index", format_func=lambda u: _who(train, u),
        help=_("Type a number to find a user."),
    )  # fmt: skip
    jobs.shared().watch(run, user_index)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(_("Liked most (in the training part)"))
        table = recommend.liked(train, train.users["user_id"].iloc[user_index])
        st.dataframe(
            _films(table).assign(**{_("rating"): table["rating"]}), hide_index=True, height="content"
        )
    with right:
        st.subheader(_("Top 10 by predicted rating"))
        _top_ten(run, user_index)


def _top_ten(run, user_index: int) -> None:
    """The best films that the user has not rated in the training part, beside what the user did give in the held-out part."""
    if run.scores is None or run.scored_user != user_index:
        st.caption(_("Nothing is learnt yet. Press Train and the list appears."))
        return
    parts = state.split_of(run.spec)
    seen = np.zeros((1, len(run.scores)), dtype=bool)
    seen[0, parts.train.item_index[parts.train.user_index == user_index]] = True
    best = recommend.top_n(run.scores[None], seen, 10)[0]
    best = best[best >= 0]
    mine = parts.test.user_index == user_index
    truth = pd.Series(parts.test.rating[mine], index=parts.test.item_index[mine])
    table = _films(parts.train.items.iloc[best]).assign(
        **{
            _("predicted"): np.clip(run.scores[best], *parts.train.scale).round(2),
            _("held-out rating"): truth.reindex(best).to_numpy(),
        }
    )
    st.dataframe(table, hide_index=True, height="content")


def _films(items: pd.DataFrame) -> pd.DataFrame:
    """Title, year and genres of items, as a table for people."""
    return pd.DataFrame(
        {
            _("title"): items["title"].to_numpy(),
            _("year"): items["year"].to_numpy(),
            _("genres"): items["genres"].str.replace("|", ", ").to_numpy(),
        }
    )


def _who(train, user_index: int) -> str:
    """A user as a line of text: label, age, gender, occupation, as far as known."""
    user = train.users.iloc[user_index]
    known = [
        str(user[name]) for name in ("age", "gender", "occupation") if name in user and user[name] is not None
    ]
    return " · ".join([str(user["user_id"]), *known])
