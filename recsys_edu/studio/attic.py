"""Where runs that nobody touches are put away, so that the studio's memory stays bounded: a folder of .npz files.

What a run holds that is large (weights, vectors, maps, scores, snapshots) are attributes of the kind `Kept`. Reading
one of a run that is put away brings all of them back, bit for bit, so that no page needs to know of it. Beyond a bound
on the disk the oldest files go; such a run then stands at its start and says so. Nothing is pickled.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np

from recsys_edu.embedding_map import Frame
from recsys_edu.studio.i18n import _
from recsys_edu.studio.snapshots import Snapshot, Snapshots

log = logging.getLogger(__name__)
MOST_MB = float(os.environ.get("RECSYS_EDU_STUDIO_MB", 300))  # of all runs in memory
MOST_DISK_MB = float(os.environ.get("RECSYS_EDU_STUDIO_DISK_MB", 2000))
UNTOUCHED_SECONDS = 10  # a run that a page has just read stays
COMING_BACK = _("This run was put away; it comes back from the disk.")
GONE = _("This run was put away and its place on the disk was needed. Train makes it again: same seed, same run.")
FOLDERS = "recsys_edu-runs-"  # in the system's temporary folder; then the process id
RECORDS = {cls.__name__: cls for cls in (Frame, Snapshot)}
WHOLE_SNAPSHOTS = ("most_bytes", "stride", "all", "other_seed")
Arrays = dict[int, tuple[int, np.ndarray]]  # by identity: its number, and itself


class Kept:
    """An attribute of a run that may be put away."""

    def __set_name__(self, owner, name: str):
        self.name = name
        owner.kept = (*getattr(owner, "kept", ()), name)

    def __get__(self, run, owner=None):
        if run is None:
            return self
        with run.lock:
            run.touched = time.monotonic()
            if run.away is not None:
                run.away.bring_back(run)
            return run.__dict__[self.name]

    def __set__(self, run, value) -> None:
        with run.lock:
            run.touched = time.monotonic()
            if run.away is not None:  # or what is set now would be lost when the others come back
                run.away.bring_back(run)
            run.__dict__[self.name] = value


class Attic:
    """All that is put away, the longest untouched first. May be called from any thread."""

    def __init__(self, most_mb: float = MOST_MB, most_disk_mb: float = MOST_DISK_MB):
        self.most, self.most_disk = most_mb * 1e6, most_disk_mb * 1e6
        self._folder: tempfile.TemporaryDirectory | None = None
        self._boxes: OrderedDict[str, Box] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0  # of the runs in memory, when it was last tidied

    def tidy(self, runs: list) -> None:
        """Put away standing runs, the longest untouched first, until the others fit."""
        sizes = {run: bytes_of(run) for run in runs if run.away is None}
        total, now = sum(sizes.values()), time.monotonic()
        for run in sorted(sizes, key=lambda run: run.touched):
            if total <= self.most or now - run.touched < UNTOUCHED_SECONDS:
                break
            if not run.working and sizes[run] and self.put(run):
                total -= sizes[run]
        self.bytes = total

    def put(self, run) -> bool:
        """Whether the run's large attributes could be put away."""
        with run.lock:  # a page that wants to read it waits for these milliseconds
            path = self._path(run.token)
            try:
                write(path, {name: run.__dict__[name] for name in run.kept})
            except (OSError, TypeError):
                log.exception("A run could not be put away in %s", path.parent)
                return False
            run.away = Box(self, path, path.stat().st_size)
            run.__dict__.update(dict.fromkeys(run.kept))
        with self._lock:
            self._boxes[run.token] = run.away
            while len(self._boxes) > 1 and sum(box.size for box in self._boxes.values()) > self.most_disk:
                self._boxes.popitem(last=False)[1].path.unlink(missing_ok=True)
        return True

    def drop(self, token: str) -> None:
        with self._lock:
            box = self._boxes.pop(token, None)
        if box is not None:
            box.path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def disk_bytes(self) -> int:
        with self._lock:
            return sum(box.size for box in self._boxes.values())

    def _path(self, token: str) -> Path:
        if self._folder is None:
            remove_what_killed_servers_left()
            self._folder = tempfile.TemporaryDirectory(prefix=f"{FOLDERS}{os.getpid()}-")
        return Path(self._folder.name) / f"{token}.npz"


@dataclasses.dataclass
class Box:
    """One run's file."""

    attic: Attic
    path: Path
    size: int

    def bring_back(self, run) -> None:
        """With the run's lock held. A run whose file is gone stands at its start."""
        run.away = None
        run.publish(run.state_message() | {"sentence": COMING_BACK})
        try:
            run.__dict__.update(read(self.path))
            run.publish(run.state_message())
        except (OSError, ValueError, KeyError):
            run.clear()
            run.publish({"type": "reset"})
            run.set_mode("ready", GONE)
        self.attic.drop(run.token)


def remove_what_killed_servers_left() -> None:
    """Folders of processes that are no more."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*"):
        owner = folder.name.removeprefix(FOLDERS).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def bytes_of(run) -> int:
    """What the run's kept attributes take in memory; an array that two of them share counts once."""
    arrays: Arrays = {}
    for name in run.kept:
        _flatten(run.__dict__[name], arrays)
    return sum(array.nbytes for _place, array in arrays.values())


def write(path: Path, values: dict) -> None:
    arrays: Arrays = {}
    outline = _flatten(values, arrays)
    names = {f"a{place}": array for place, array in arrays.values()}
    np.savez(path, outline=np.array(json.dumps(outline)), **names)


def read(path: Path) -> dict:
    """What `write` was given. Raises OSError or ValueError."""
    with np.load(path, allow_pickle=False) as file:
        arrays = [file[f"a{number}"] for number in range(len(file.files) - 1)]
        return _build(json.loads(str(file["outline"])), arrays)


def _flatten(value, arrays: Arrays) -> list:
    """The value as JSON takes it: [kind, content]. Arrays go to `arrays`, one that comes twice once."""
    if isinstance(value, np.ndarray | np.generic):
        key = id(value)
        place, _array = arrays.setdefault(key, (len(arrays), np.asarray(value)))
        return ["array" if isinstance(value, np.ndarray) else "number", place]
    if isinstance(value, dict):
        return ["dict", {key: _flatten(one, arrays) for key, one in value.items()}]
    if isinstance(value, tuple):
        return ["tuple", [_flatten(one, arrays) for one in value]]
    if isinstance(value, Snapshots):
        return ["snapshots", {name: _flatten(getattr(value, name), arrays) for name in WHOLE_SNAPSHOTS}]
    if type(value).__name__ in RECORDS:
        fields = {field.name: _flatten(getattr(value, field.name), arrays) for field in dataclasses.fields(value)}
        return [type(value).__name__, fields]
    return ["plain", value]  # None, a number or a text


def _build(outline: list, arrays: list[np.ndarray]):
    kind, content = outline
    if kind == "array":
        return arrays[content]
    if kind == "number":
        return arrays[content][()]
    if kind == "tuple":
        return tuple(_build(one, arrays) for one in content)
    if kind == "plain":
        return content
    fields = {name: _build(one, arrays) for name, one in content.items()}
    if kind == "snapshots":
        made = Snapshots(fields.pop("most_bytes"))
        vars(made).update(fields)
        return made
    return fields if kind == "dict" else RECORDS[kind](**fields)
