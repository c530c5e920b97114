"""The studio: `streamlit run app.py`. The pages are listed in recsys_edu/studio/router.py."""

import streamlit as st

from recsys_edu.studio import class_switch, live

routes, middleware = live.ROUTES, []
if class_switch.is_on():
    from recsys_edu.studio import class_routes

    routes, middleware = [*routes, *class_routes.ROUTES], class_routes.MIDDLEWARE

app = st.App("recsys_edu/studio/router.py", routes=routes, middleware=middleware, lifespan=live.lifespan)
