"""The lists of the Train page: films near a picked one, and for a user what was liked beside what is recommended."""

from __future__ import annotations

import functools

import numpy as np
import streamlit as st

from recsys_edu import recommend
from recsys_edu.studio import jobs, slices, state
from recsys_edu.studio.components.mount import film_list
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import SIMILARITIES

NEAR = 6


def neighbour_rows(run, picked: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The films nearest to the picked one in the original space, and how near."""
    if picked is None or run.item_vectors is None:
        return np.empty(0, int), np.empty(0)
    return recommend.nearest(run.item_vectors, picked, NEAR, st.session_state.get("similarity", "cosine"))


def neighbours_of_picked() -> None:
    run, picked = state.current_run(), st.session_state.get("picked")
    if picked is None:
        st.caption(_("Click a film on the map, or search for one, to see its nearest neighbours here."))
        return
    items = state.split_of(run.spec).train.items
    st.caption(_("Nearest in all {d} dimensions to").format(d=run.spec.settings.embedding_dim))
    st.text(items["title"].iloc[picked])  # text, never Markdown: a title is data
    st.segmented_control(
        _("Similarity"), list(SIMILARITIES), key="similarity", required=True, persist_state="session",
        format_func=SIMILARITIES.get, label_visibility="collapsed", help=_("How nearness of two vectors is measured."),
    )  # fmt: skip
    if st.session_state.get("drawn_similarity", "cosine") != st.session_state["similarity"]:
        st.session_state["drawn_similarity"] = st.session_state["similarity"]
        st.rerun(scope="app")  # the lines on the map change as well
    rows, values = neighbour_rows(run, picked)
    near_list(items, rows, values, key="near")


def near_list(items, rows: np.ndarray, values: np.ndarray, key: str) -> None:
    """Films and how near they are; a click picks one."""
    films = _films(items, rows, [_number(v) for v in values], _shares(values))
    pick(film_list(films, _("Nearest films"), _("There are no vectors yet. Press Train."), key=key))


def _number(similarity: float) -> str:
    """A similarity as people read it: euclid is a distance with its sign turned."""
    if st.session_state.get("similarity") == "euclid":
        return _("{distance:.3g} apart").format(distance=-similarity)
    return f"{similarity:.3g}"


def _shares(values: np.ndarray) -> np.ndarray:
    """Similarities as lengths of bars, the nearest film's bar being full: euclid counts down from 0."""
    if st.session_state.get("similarity") == "euclid":
        return np.minimum(values, -1e-9).max() / np.minimum(values, -1e-9) if len(values) else values
    return np.clip(values / max(values.max(initial=0), 1e-9), 0, 1)


def lists_for_a_user() -> None:
    run = state.current_run()
    parts = state.split_of(run.spec)
    who, few = st.columns([4, 1], vertical_alignment="bottom")
    user_index = who.selectbox(
        _("Recommend for user"), range(parts.train.num_users), key="user_index",
        persist_state="session", format_func=_people(run.spec.data).__getitem__,
        help=_("Type a number to find a user."),
    )  # fmt: skip
    at_least = few.number_input(
        _("Ratings a film needs"), 0, 1000, key="at_least", persist_state="session",
        help=_("Of a film with three ratings the model knows what three people said. Try 0: all films."),
    )  # fmt: skip
    jobs.shared().watch(run, user_index)
    state.write_link(run)
    state.redraw_when_changed(run)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(_("Liked most"), anchor=False, help=_("The user's best rated films of the training part."))
        _liked(parts.train, user_index)
    with right:
        st.subheader(
            _("Recommended now"),
            anchor=False,
            help=_("What the model puts first among the films that the user has not rated in the training part."),
        )
        _top_ten(run, parts, user_index, at_least)


def _liked(train, user_index: int) -> None:
    rows, ratings = recommend.liked_rows(train, user_index)
    films = _films(train.items, rows, [f"★ {r:g}" for r in ratings], _on_scale(ratings, train.scale))
    pick(film_list(films, _("Liked most"), _("This user has no rating in the training part."), key="liked"))


def _top_ten(run, parts, user_index: int, at_least: int) -> None:
    """The best unseen films; where the user rated one of them in the held-out part, that rating beside it."""
    best, predicted, empty = np.empty(0, int), np.empty(0), _("Nothing is learnt yet. Press Train.")
    if run.scores is not None and run.scored_user == user_index:
        best, predicted = recommend.best_unseen(run.scores, parts.train, user_index, at_least=at_least)
        empty = _("No film that this user has not rated has so many ratings.")
    mine = parts.test.user_index == user_index
    truth = dict(zip(parts.test.item_index[mine], parts.test.rating[mine], strict=True))
    notes = [_("rated ★ {r:g} (held out)").format(r=truth[i]) if i in truth else "" for i in best]
    numbers, share = [f"{p:.2f}" for p in predicted], _on_scale(predicted, parts.train.scale)
    if not run.spec.settings.card.predicts_ratings:  # the scores order films, and are no stars
        numbers, share = [_("no. {place}").format(place=k) for k in range(1, len(best) + 1)], np.zeros(len(best))
        if len(best):
            share = _on_scale(run.scores[best], (run.scores.min(), run.scores.max()))
    films = _films(parts.train.items, best, numbers, share, notes)
    pick(film_list(films, _("Recommended now"), empty, key="top_ten"))


def _films(items, rows, numbers, shares, notes=None) -> list[dict]:
    """Rows of the items' table as `film_list` takes them."""
    table = items.iloc[rows]
    years = ["" if missing else str(year) for year, missing in zip(table["year"], table["year"].isna(), strict=True)]
    genres = table["genres"].str.replace("|", ", ")
    details = [" · ".join(filter(None, pair)) for pair in zip(years, genres, strict=True)]
    columns = zip(rows, table["title"], details, numbers, shares, notes or [""] * len(rows), strict=True)
    return [
        {"item_index": int(i), "title": t, "detail": d, "number": n, "share": float(s), "note": note}
        for i, t, d, n, s, note in columns
    ]


def _on_scale(ratings: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    low, high = scale
    return np.clip((ratings - low) / max(high - low, 1e-9), 0, 1)


def pick(item_index: int | None) -> None:
    """A film clicked on the map or in a list is picked everywhere."""
    if item_index is not None and item_index != st.session_state.get("picked"):
        st.session_state["picked"] = int(item_index)
        st.rerun(scope="app")


@functools.lru_cache(maxsize=16)
def _people(data: str) -> list[str]:
    """Each user as a line of text: label, age, gender, occupation, as far as known."""
    users = slices.ratings_of(data).users
    columns = [users[name] for name in ("user_id", "age", "gender", "occupation") if name in users]
    return [" · ".join(map(str, row)) for row in zip(*columns, strict=True)]
