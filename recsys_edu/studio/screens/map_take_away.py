"""What can be taken away from the Map page: the vectors of its epoch, as the Embedding Projector's files."""

from __future__ import annotations

import streamlit as st

from recsys_edu import projector
from recsys_edu.studio import state
from recsys_edu.studio.i18n import _


def take_away(run) -> None:
    with st.popover(_("Take away"), icon=":material/download:", key="map_take_away"):
        st.caption(
            _("Two files for projector.tensorflow.org: the vectors of this epoch, all d numbers, and what they are of.")
        )
        empty = not run.snapshots.all
        for name, place in (("vectors.tsv", 0), ("metadata.tsv", 1)):
            st.download_button(
                name, lambda place=place: _texts(run)[place], file_name=name, mime="text/tab-separated-values",
                key=f"map_{name}", on_click="ignore", disabled=empty, help=_("Made when you press."),
            )  # fmt: skip
        st.caption(_("PNG and CSV of the map as it stands: the buttons below it."))


def _texts(run) -> tuple[str, str]:
    vectors = run.snapshots.at(st.session_state["map_epoch"]).vectors
    return projector.texts(vectors, state.split_of(run.spec).train.items)
