"""The studio's sections and their pages. Streamlit runs this script for every reader, from the top, at every click."""

from pathlib import Path

import streamlit as st

from recsys_edu.studio.i18n import _
from recsys_edu.studio.screens import compare, train

SECTIONS = {
    _("Learn"): [
        st.Page(train.page, title=_("Train"), icon=":material/model_training:", default=True),
        st.Page(compare.page, title=_("Compare"), icon=":material/flag_2:", url_path="compare"),
    ],
}

st.set_page_config(page_title="recsys_edu studio", page_icon=str(Path(__file__).parent / "favicon.svg"), layout="wide")
st.navigation(SECTIONS).run()
