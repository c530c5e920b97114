"""Whether the studio and a worker of a Dask cluster are of one kind: what one pickles, the other must understand, and
both must learn the same numbers. Never imports TensorFlow: the installed packages are asked for their versions."""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata
from pathlib import Path

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio.i18n import _

PACKAGE = Path(__file__).resolve().parents[1]
PACKAGES = ("tensorflow", "keras", "numpy", "distributed")
ELSEWHERE = {"tensorflow": "tensorflow-cpu"}  # the same under another name
CODE = "recsys_edu"


class VersionsError(RecsysEduError):
    """A worker would not do what the studio means."""


def here() -> dict[str, str]:
    """Of this process: Python as 3.11, the packages, and recsys_edu by its files as they are now."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, **{name: _version(name) for name in PACKAGES}, CODE: _code()}


def check(worker: str, theirs: dict[str, str] | None) -> None:
    """Raises VersionsError, a sentence for the screen, if a worker's versions are not ours. None: it could not say."""
    if theirs is None:
        told = _("The worker at {worker} cannot load recsys_edu. Install this version there, then start it again.")
        raise VersionsError(told.format(worker=worker))
    ours = here()
    other = [(name, theirs.get(name, _("none")), mine) for name, mine in ours.items() if theirs.get(name) != mine]
    if other:
        pairs = ", ".join(f"{name} {there} ({_('here')} {mine})" for name, there, mine in other)
        told = _("The worker at {worker} has other versions: {pairs}. Bring both to the same, then start it again.")
        raise VersionsError(told.format(worker=worker, pairs=pairs))


def _version(name: str) -> str:
    for installed in (name, ELSEWHERE.get(name)):
        try:
            return metadata.version(installed)
        except (metadata.PackageNotFoundError, ValueError):
            continue
    return _("none")


def _code() -> str:
    """A few digits that change with any line of the package."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: path.relative_to(PACKAGE).as_posix()):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:10]
