"""World: a truth that is known, dials that hide it, and how much of it a model finds, until it fails."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from recsys_edu.studio import world_figures
from recsys_edu.studio.components.mount import still_figure
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import dial_page
from recsys_edu.studio.screens.train import COMPACT
from recsys_edu.studio.worlds import DIALS, ITEMS, Dials, Found, Seen, found_in


def page() -> None:
    st.html(COMPACT)
    dial_page.start("world", DIALS)
    with st.sidebar:
        st.title("recsys_edu", anchor=False)
        _controls()
    now = Dials(**dial_page.chosen("world", DIALS))
    seen = st.session_state.setdefault("world_seen", {})
    found = found_in(now)
    seen[now] = found.r2, found.rmse
    st.markdown(
        _(
            "Invented people rate {items} invented films by **known** tastes. A model sees the ratings alone. Does it "
            "find the tastes again? Take away ratings, or add noise, until it fails."
        ).format(items=ITEMS)
    )
    with st.container():
        _figures_in_words(found)
    _maps(found)
    _curve(now, found, seen)
    _method(found)
    dial_page.write_link("world", DIALS)


def _controls() -> None:
    st.subheader(_("The world"), anchor=False)
    _dial(
        "density", _("Ratings per user"), _("How many of the 200 films a user rates, on average; a fifth is held out."),
        lambda share: f"{share * ITEMS:g}",
    )  # fmt: skip
    _dial("noise", _("Noise σ, in stars"), _("How far a written rating lies from what its user truly thinks."))
    _dial("num_tastes", _("Number of tastes"), _("Genres that people like or dislike; each film has mainly one."))
    st.number_input(
        _("Seed"), 0, len(DIALS["seed"].values) - 1, key="world_seed", persist_state="session",
        help=_("Another seed is another world of the same kind."),
    )  # fmt: skip
    st.subheader(_("The model"), anchor=False)
    _dial("d", _("Embedding size d"), _("How many numbers the model has for each film. The truth needs tastes − 1."))
    _dial("l2", _("L2 strength λ"), _("How strongly vectors are pulled to 0. Much noise needs a stronger pull."))


def _dial(name: str, label: str, help: str, told=lambda value: f"{value:g}") -> None:
    st.select_slider(
        label, DIALS[name].values, key=f"world_{name}", format_func=told, persist_state="session", help=help,
    )  # fmt: skip


def _figures_in_words(found: Found) -> None:
    row = st.container(horizontal=True, gap="medium", vertical_alignment="center")
    row.metric(
        _("Recovery R²"), f"{found.r2:.3f}", width="content",
        help=_("1: the true vectors are found, up to a rotation and a scale. Chance gives {chance:.3f} here.").format(
            chance=found.chance
        ),
    )  # fmt: skip
    row.metric(
        _("Test RMSE, stars"), f"{found.rmse:.3f}", width="content", help=_("The model's error on held-out ratings."),
    )  # fmt: skip
    row.metric(
        _("Best possible"), f"{found.floor:.3f}", width="content",
        help=_("The error of who knows the truth and not the noise. Nobody can do better, except by luck."),
    )  # fmt: skip
    row.metric(
        _("Biases alone"), f"{found.biases:.3f}", width="content",
        help=_("The error without any taste: generous people, good films."),
    )  # fmt: skip
    row.markdown(verdict(found), width="content")


def verdict(found: Found) -> str:
    """How it stands, by rule."""
    if found.rmse >= found.biases:
        return _(":material/close: **It fails.** The vectors make the predictions worse than biases alone.")
    if found.r2 < 0.1:
        return _(":material/close: **It fails.** Hardly anything of the true map is found.")
    if found.r2 < 0.5:
        return _(":material/warning: **It breaks.** More than half of the true map is not found.")
    way = (found.biases - found.rmse) / (found.biases - found.floor)
    return _(":material/check: **It holds.** The model goes {way:.0%} of the way from the biases to the best.").format(
        way=way
    )


def _maps(found: Found) -> None:
    left, right = st.columns(2, gap="small")
    with left:
        st.markdown(_("**The true films.** A colour and a direction for each taste"))
        still_figure(world_figures.map_figure(found.true, found), _("Map of the true films"), key="world_true")
    with right:
        st.markdown(_("**What the model found,** turned to the truth (Procrustes)"))
        still_figure(world_figures.map_figure(found.found, found), _("Map of the found films"), key="world_found")


def _method(found: Found) -> None:
    st.caption(
        _(
            "Learnt by alternating least squares in {ms:.0f} ms: closed forms, no gradient steps, so that a dial can "
            "be moved live. Where nothing is found, the right map falls into its middle."
        ).format(ms=1000 * found.seconds)
    )


def _curve(now: Dials, found: Found, seen: Seen) -> None:
    row = st.container(horizontal=True, gap="small", vertical_alignment="center")
    row.markdown(_("**Where it breaks.** All settings that you have tried"))
    row.button(
        _("Try all densities"), key="world_sweep", on_click=_sweep, args=(now, seen),
        help=_("Learn this world at each number of ratings per user: a second of work."),
    )  # fmt: skip
    row.button(
        _("Forget the others"), key="world_forget", on_click=seen.clear, disabled=len(seen) < 2,
        help=_("Empty the plot, but for the setting of now."),
    )  # fmt: skip
    still_figure(
        world_figures.recovery_figure(seen, now, found.chance), _("Recovery by ratings per user"), key="world_curve"
    )


def _sweep(now: Dials, seen: Seen) -> None:
    for density in DIALS["density"].values:
        dials = replace(now, density=density)
        found = found_in(dials)
        seen[dials] = found.r2, found.rmse
