"""Making the environment: the hashed lists of packages, and the code that installs them.

Standard library alone, and no syntax newer than Python 3.6: an old Python must be able to say that it is too
old.
"""


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do next."""
