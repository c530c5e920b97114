"""Train: which side learns, how fast, and whether the lists are judged on the way."""

from __future__ import annotations

import streamlit as st

from recsys_edu.models import MODELS
from recsys_edu.models.settings import LEARNS
from recsys_edu.studio import jobs, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.pace import PACES

SIDES = dict(zip(LEARNS, (_("Both"), _("Users"), _("Items")), strict=True))


def side_control() -> None:
    """For a model whose users and items can be told apart."""
    if MODELS[st.session_state["model"]].sides:
        st.segmented_control(
            _("What learns"), list(SIDES), key="learns", required=True, format_func=SIDES.get, persist_state="session",
            help=_("The other side's vectors and biases stay at their random start: see how far one side alone gets."),
        )  # fmt: skip


def recall_control() -> None:
    st.checkbox(
        _("Recall@10 after each epoch"), key="recall", persist_state="session", on_change=_adjust,
        help=_("The share of a user's held-out items that ten recommendations find. It changes nothing in the run; of "
               "DeepFM and xDeepFM it takes longer than the epoch."),
    )  # fmt: skip


def speed_control(place) -> None:
    """Takes effect at once, and makes no new run."""
    if "speed" not in st.session_state["hide"]:
        place.segmented_control(
            _("Speed"), list(PACES), key="pace", required=True, format_func=lambda name: PACES[name].label,
            persist_state="session", on_change=_adjust,
            help=_("Slow motion: a tenth of an epoch, or one mini-batch, then a short pause. It learns the same."),
        )  # fmt: skip


def adjust(run) -> None:
    """The run goes as the controls say."""
    jobs.shared().adjust(run, st.session_state["pace"], st.session_state["recall"])


def _adjust() -> None:
    adjust(state.current_run())
