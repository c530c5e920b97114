"""What a teacher types, as one line of text."""

from __future__ import annotations

from recsys_edu.errors import SettingsError


def one_line(text: str, what: str, longest: int) -> str:
    """Printable, without white space at its ends. Raises SettingsError for an empty or too long one."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not 1 <= len(text) <= longest:
        raise SettingsError(f"The {what} has 1 to {longest} characters.")
    return text
