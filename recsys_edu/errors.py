"""Errors whose message is a sentence for the reader: what happened, and what to do next.

The command line and the studio print `str(error)` and no traceback for these; any other exception is a bug.
"""


class RecsysEduError(Exception):
    """Base of all errors that a user can mend."""


class DataError(RecsysEduError):
    """A data set cannot be fetched, read or trusted."""


class UnknownIdError(RecsysEduError, KeyError):
    """A user_id or item_id (or a row index) that the data set does not have."""

    __str__ = Exception.__str__  # KeyError would print the sentence in quotes


class SettingsError(RecsysEduError, ValueError):
    """A setting (learning rate, model name, split, ...) that makes no sense."""


class NotFittedError(RecsysEduError):
    """A model is asked for a prediction before it has learnt anything."""
