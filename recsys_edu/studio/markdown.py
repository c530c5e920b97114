"""Words of readers and of files where Streamlit would read Markdown."""

from __future__ import annotations

import re


def as_text(text: str) -> str:
    """Text that says in Markdown what it says: each sign that Markdown could take for its own is escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
