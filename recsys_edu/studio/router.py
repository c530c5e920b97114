"""The studio's sections and their pages. Streamlit runs this script for every reader, from the top, at every click."""

from pathlib import Path

import streamlit as st

from recsys_edu.studio import class_switch, page_turn
from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import break_it, challenges, compare, map, microscope, tour_card, train, world, you

SECTIONS = {
    _("Learn"): [
        st.Page(train.page, title=_("Train"), icon=":material/model_training:", default=True),
        st.Page(map.page, title=_("Map"), icon=":material/bubble_chart:", url_path="map"),
        st.Page(you.page, title=_("You"), icon=":material/person_heart:", url_path="you"),
        st.Page(compare.page, title=_("Compare"), icon=":material/flag_2:", url_path="compare"),
        st.Page(break_it.page, title=_("Break it"), icon=":material/healing:", url_path="break-it"),
        st.Page(world.page, title=_("World"), icon=":material/public:", url_path="world"),
        st.Page(challenges.page, title=_("Challenges"), icon=":material/landscape:", url_path="challenges"),
        st.Page(microscope.page, title=_("Microscope"), icon=":material/biotech:", url_path="microscope"),
    ],
}

st.set_page_config(page_title="recsys_edu studio", page_icon=str(Path(__file__).parent / "favicon.svg"), layout="wide")
if class_switch.is_on():
    from recsys_edu.studio.screens import class_frame

    class_frame.show(SECTIONS)
else:
    page = st.navigation(SECTIONS)
    with page_turn.turned_to(page):
        tour_card.beside(page, SECTIONS)
        page.run()
