"""What a learner has reached, in a local file: which exercises, how many hints, which guesses. Nobody else reads it."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

DEFAULT = Path(__file__).resolve().parents[2] / ".recsys_edu" / "progress.json"


def path() -> Path:
    """RECSYS_EDU_PROGRESS, or .recsys_edu/progress.json beside the package."""
    return Path(os.environ.get("RECSYS_EDU_PROGRESS") or DEFAULT)


def read() -> dict[str, dict]:
    """By id; empty where there is no file, or one that cannot be read: progress is no reason to fail."""
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: entry for name, entry in kept.items() if isinstance(entry, dict)} if isinstance(kept, dict) else {}


def note(id: str, **changes) -> dict:
    """Change the entry of an exercise, question or guess, and keep it. Returns the entry."""
    kept = read()
    kept[id] = kept.get(id, {}) | changes
    with contextlib.suppress(OSError):  # a folder that cannot be written must not stop the lesson
        _write(kept)
    return kept[id]


def _write(kept: dict) -> None:
    """In one move, so that a kernel that is killed leaves the old file whole."""
    path().parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path().parent, suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1, sort_keys=True)
    os.replace(name, path())
