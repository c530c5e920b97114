"""Mount the guide of the tour: the ring around what a step speaks of, the keyboard's place, and what is read aloud."""

from __future__ import annotations

import streamlit as st

from recsys_edu.studio.components.mount import read_assets
from recsys_edu.studio.i18n import _

TOUR_GUIDE = read_assets(["live.js", "tour_guide.js"], "tour_guide")

mount_tour_guide = st.components.v2.component("recsys_edu.tour_guide", isolate_styles=False, **TOUR_GUIDE)


def tour_guide(**data) -> None:
    """`number` of the step; `ring` a selector, with >>> before what lies within a component; `title`, `text` and `said`
    are read aloud; `hand` with its `hand_number` is done once; `leave` is the button that Esc presses."""
    strings = {"hidden": _("On this screen the control is behind » at the top left."), "card": _("Guided tour")}
    mount_tour_guide(key="tour_guide", data=data | {"strings": strings})
