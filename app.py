"""The studio: `streamlit run app.py`. The pages are listed in recsys_edu/studio/router.py."""

import streamlit as st

from recsys_edu.studio import live

app = st.App("recsys_edu/studio/router.py", routes=live.ROUTES, lifespan=live.lifespan)
