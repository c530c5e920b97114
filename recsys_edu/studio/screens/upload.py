"""A reader's own ratings: send a file, see what cleaning did to it, then use it as the data of all pages."""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st

from recsys_edu import sources, uploads
from recsys_edu.errors import DataError, RecsysEduError
from recsys_edu.studio import jobs, slices, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.markdown import as_text
from recsys_edu.uploads import Upload

SECONDS = 120  # for the workers to load TensorFlow, and to read a file
LABELS = {
    "user": _("User"),
    "item": _("Item"),
    "rating": _("Rating"),
    "timestamp": _("Time, if known"),
    "title": _("Title, if known"),
    "genres": _("Genres, if known"),
    "year": _("Year, if known"),
}
REASONS = {
    "ragged": _("another number of columns than the first line"),
    "missing": _("user, item, rating or time is missing"),
    "no_number": _("rating or time is no number"),
    "out_of_range": _("rating is infinite or out of range"),
    "duplicate": _("the same user rated the same item again later"),
    "constant": _("of users whose ratings are all equal"),
}


def control() -> None:
    """Below the menu of data sets: send a file, or forget the one that is chosen."""
    if st.button(_("Your own ratings…"), icon=":material/upload_file:", help=_("Learn from a CSV file of yours.")):
        _dialog()
    if uploads.NAME.fullmatch(st.session_state["data"]):
        st.button(
            _("Forget my file"), icon=":material/delete:", on_click=_forget, args=(st.session_state["data"],),
            help=_("Remove the uploaded ratings from this server."),
        )  # fmt: skip


def own() -> dict[str, str]:
    """The titles of this session's uploads, and of the one that its link names, by their names. A chosen one that is
    gone gives way to the usual data."""
    state.leave_gone_data()
    names = {*st.session_state.get("uploads", ()), st.session_state["data"]}
    mine = {name: sources.SOURCES[name].title for name in sorted(names) if uploads.find(name)}
    st.session_state["uploads"] = mine
    return mine


@st.dialog(_("Your own ratings"), width="large")
def _dialog() -> None:
    st.write(
        _(
            "A text file (CSV, with comma, semicolon or tab), a line for each rating: who, what, how many stars; and, "
            "if known, when, the title, its genres (Action|Comedy) and its year. It stays on this server until you "
            "forget it."
        )
    )
    file = st.file_uploader(
        _("File"), type=["csv", "tsv", "txt"], max_upload_size=uploads.MOST_BYTES // 2**20, key="upload_file",
        help=_("At most {n:,} ratings.").format(n=uploads.MOST_ROWS),
    )  # fmt: skip
    if file is None:
        return
    try:
        columns = _columns(file.getvalue())
        upload = _taken(file, columns)
    except RecsysEduError as error:
        st.error(as_text(str(error)))  # it may repeat what the file says
        return
    _report(upload)
    if st.button(_("Use these ratings"), type="primary", on_click=_use, args=(upload,)):
        st.rerun()


def _columns(data: bytes) -> dict[str, int]:
    """Which column is what: as it seems by their names, until the reader says otherwise."""
    header = uploads.header_of(data)
    seems = uploads.guess(header)
    with st.expander(_("Columns"), expanded=any(name not in seems for name in ("user", "item", "rating"))):
        places = [*st.columns(4), *st.columns(4)]  # two rows; on a phone all in this order
        chosen = {
            name: places[k].selectbox(
                label, range(len(header)), index=seems.get(name), format_func=lambda k: f"{k + 1}: {header[k]}",
                placeholder=_("none"), key=f"upload_column_{name}_{hash(tuple(header))}",
                help=_("The column of the file that holds this."),
            )
            for k, (name, label) in enumerate(LABELS.items())
        }  # fmt: skip
    columns = {name: k for name, k in chosen.items() if k is not None}
    uploads.check_columns(columns, header)
    return columns


def _taken(file, columns: dict[str, int]) -> Upload:
    """The file as a worker read it; once for each choice of columns."""
    asked = file.file_id, tuple(columns.items())
    if st.session_state.get("upload_asked") != asked:
        title = PurePath(file.name).stem
        task = jobs.shared().submit(state.current_run(), uploads.answer, file.getvalue(), title, columns)
        with st.spinner(_("Reading and cleaning …")):
            try:
                st.session_state["upload_taken"] = task.result(SECONDS)
            except TimeoutError:
                task.cancel()
                raise RecsysEduError(_("Reading the file took too long. Keep a part of its lines.")) from None
        st.session_state["upload_asked"] = asked
    if isinstance(taken := st.session_state["upload_taken"], str):
        raise DataError(taken)
    return taken[0]


def _report(upload: Upload) -> None:
    report = upload.report
    facts = {
        _("Ratings"): f"{report.kept:,}",
        _("Users"): f"{upload.users:,}",
        _("Items"): f"{upload.items:,}",
        _("Filled"): f"{report.kept / (upload.users * upload.items):.1%}",
    }
    row = st.container(horizontal=True, gap="large")
    for label, value in facts.items():
        row.metric(label, value, width="content")
    lowest, highest = report.scale
    st.text(_("{read:,} lines read. Ratings go from {a:g} to {b:g}.").format(read=report.read, a=lowest, b=highest))
    if report.dropped:
        rows = [
            {
                _("Dropped"): dropped.count,
                _("because"): REASONS[reason],
                _("first lines"): ", ".join(map(str, dropped.lines)),
            }
            for reason, dropped in report.dropped.items()
        ]
        st.dataframe(rows, hide_index=True)
    else:
        st.text(_("Nothing was dropped."))
    if upload.users_with_few or upload.items_with_few:
        few = _("Fewer than {few} ratings: {users:,} users, {items:,} items. A model can know little of them.")
        st.text(few.format(few=uploads.FEW, users=upload.users_with_few, items=upload.items_with_few))
    if report.constant_users:
        st.text(_("Users who always gave the same rating: {n:,}; kept.").format(n=report.constant_users))


def _use(upload: Upload) -> None:
    """Only now is anything kept on this server; the workers take it from there."""
    if "upload_taken" not in st.session_state:  # pressed twice
        return
    _upload, text = st.session_state.pop("upload_taken")
    st.session_state.pop("upload_asked")
    try:
        uploads.keep(upload.name, text)
    except DataError as error:
        st.session_state["problem"] = str(error)
        return
    uploads.announce(upload.name, upload.title)
    st.session_state["data"] = upload.name


def _forget(name: str) -> None:
    """The file goes, the run that learnt from it, and what this process still holds of it."""
    uploads.forget(name)
    for cache in (slices.split_of, slices.ratings_of):
        cache.cache_clear()
    state.leave_gone_data()
    st.session_state.pop("problem", None)  # it was asked for
