"""Mount what a class has of its own: a table of texts, and a way to another page of the studio."""

from collections.abc import Sequence

import streamlit as st

from recsys_edu.studio.components import mount

TABLE = mount.read_assets(["element.js", "class_table.js"], "class_table")
WAY = mount.read_assets(["element.js", "class_way.js"], "class_way")

mount_table = st.components.v2.component("recsys_edu.class_table", **TABLE)
mount_way = st.components.v2.component("recsys_edu.class_way", **WAY)


def table(columns: Sequence[str], rows: Sequence[dict], label: str, empty: str, key: str) -> None:
    """Show rows of texts: {"cells": one for each column, "mine": whether the row stands out, "faint": or fades}. The
    first column is the row's head; numbers stand right. `empty` is said when there is none."""
    mount_table(key=key, data={"columns": list(columns), "rows": list(rows), "label": label, "empty": empty})


def way(href: str, said: str, go: str, at_once: bool, key: str) -> None:
    """A sentence, and the link `go` to a page of the studio, relative to its root; `at_once` it is gone there."""
    mount_way(key=key, data={"href": href, "said": said, "go": go, "at_once": at_once})
