"""The parts of the Microscope's page: the pair, the buttons, the overview, and the stages of one step."""

from __future__ import annotations

import numpy as np
import streamlit as st

from recsys_edu.studio import state
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import microscope_figures, microscope_formulas
from recsys_edu.studio.screens.microscope_lens import MOST_STEPS, Lens, outdated
from recsys_edu.studio.screens.microscope_lines import keras_lines

STAGES = {
    "vectors": _("1 · Look up the two vectors"),
    "prediction": _("2 · Predict"),
    "loss": _("3 · Compare with the rating"),
    "gradients": _("4 · Which way is uphill"),
    "update": _("5 · Adam steps downhill"),
    "after": _("6 · Predict again"),
}


def pair(run, lens: Lens) -> None:
    """Choose the user and the film."""
    train = state.split_of(run.spec).train
    st.session_state["scope_user"], st.session_state["scope_film"] = lens.user_index, lens.item_index
    who, what = st.columns([2, 3])
    who.selectbox(
        _("User u"), np.unique(train.user_index).tolist(), key="scope_user", on_change=_choose, args=("user",),
        format_func=lambda u: str(train.users["user_id"].iloc[u]), help=_("Whose rating; type a number to find one."),
    )  # fmt: skip
    errors = dict(zip(lens.outset.items.tolist(), lens.outset.errors.tolist(), strict=True))
    what.selectbox(
        _("Film i"), list(errors), key="scope_film", on_change=_choose, args=("film",),
        format_func=lambda i: _("{title} · error {error:+.2f}").format(
            title=train.items["title"].iloc[i], error=errors[i]
        ),
        help=_("A film that this user rated in the training part. The largest error r − r̂ of the run comes first."),
    )  # fmt: skip


def _choose(what: str) -> None:
    film = st.session_state["scope_film"] if what == "film" else None
    st.session_state["scope_pair"] = (st.session_state["scope_user"], film)


def _largest_error() -> None:
    st.session_state["scope_pair"], st.session_state["scope_lens"] = None, None


def _newest_weights() -> None:
    st.session_state["scope_lens"] = None


def buttons(run, lens: Lens) -> None:
    row = st.container(horizontal=True, gap="small", vertical_alignment="center")
    last = MOST_STEPS - 1
    for key, label, steps, enabled, help in (
        ("start", _("First"), -last, lens.at > 0, _("Back to the run's own weights.")),
        ("back", _("Back"), -1, lens.at > 0, _("One step back; nothing is computed again.")),
        ("step", _("Step"), 1, lens.at < last, _("Take the step that is shown here, and show the next one.")),
        ("ten", _("Ten steps"), 10, lens.at < last, _("Learn from this one rating ten times in a row.")),
    ):
        row.button(
            label, key=f"scope_{key}", help=help, disabled=not enabled, on_click=lens.go, args=(steps,),
            type="primary" if key == "step" else "secondary",
        )  # fmt: skip
    row.button(
        _("Largest error"), key="scope_worst", on_click=_largest_error,
        help=_("Look at the training rating that the run predicts worst."),
    )  # fmt: skip
    if outdated(run, lens):
        row.button(
            _("Newest weights"), key="scope_newest", on_click=_newest_weights,
            help=_("The run has learnt on since; look at it as it is now."),
        )  # fmt: skip
    row.markdown(_("**step {at}** · the {t}. step of Adam").format(at=lens.at + 1, t=lens.look.step))


def overview(run, lens: Lens) -> None:
    look = lens.look
    row = st.container(horizontal=True)
    error, after = look.rating - look.prediction, look.rating - look.after
    for label, value, delta, help in (
        ("r", look.rating, None, _("The rating that this user gave.")),
        ("r̂", look.prediction, look.after - look.prediction, _("The prediction, and what the step adds to it.")),
        ("e = r − r̂", error, after - error, _("The error, and what the step adds to it.")),
        ("L", look.forward["loss"], look.loss_after - look.forward["loss"], _("The loss of this pair, penalty too.")),
    ):
        told = None if delta is None else f"{delta:+.3f}"
        row.metric(label, f"{float(value):.3f}", told, delta_color="off", help=help, width=150)
    left, right = st.columns(2, gap="medium")
    with left:
        label = _("The vectors on a fixed plane: before the step, and after")
        st.checkbox(
            _("Close-up"), key="scope_close", persist_state="session",
            help=_("Show the way of the two points as large as possible."),
        )  # fmt: skip
        figure = microscope_figures.plane(lens, close=st.session_state["scope_close"])
        still_figure(figure, label, key="scope_map")
    with right:
        items = state.split_of(run.spec).train.items
        st.caption(_("What the same step does to other predictions"), help=microscope_formulas.shared(run.spec))
        titles = [str(items["title"].iloc[i]) for i in (lens.item_index, *(o.item_index for o in look.others))]
        still_figure(microscope_figures.others(look, titles), _("Other predictions"), key="scope_others")


def stages(run, lens: Lens) -> None:
    """Each stage: the formula with the numbers put in, the Keras lines that compute it, and bars."""
    settings, look = run.spec.settings, lens.look
    code = keras_lines(settings.model)
    formulas = microscope_formulas.stages(settings, look)
    for stage, title in STAGES.items():
        st.subheader(title, anchor=False)
        left, right = st.columns(2, gap="medium")
        for formula in formulas[stage]:
            left.latex(formula)
        right.code(code[stage], language="python", wrap_lines=True)
        for name, figure in microscope_figures.bars(settings.model, look, stage).items():
            still_figure(figure, name, key=f"scope_bars_{stage}")
