"""Peers live in Pythons of their own, since they need other versions than we do. They are asked through files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys_edu.data import Split
from recsys_edu.errors import RecsysEduError, SettingsError
from tests.benchmarks.register import Peer

WORKER = Path(__file__).resolve().parent / "peers" / "worker.py"
SECONDS = 900  # a fit that takes longer is given up


class PeerError(RecsysEduError):
    """A peer is installed but did not answer."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a peer gave for one setting: predictions of the test pairs, or scores (num_users, num_items)."""

    values: np.ndarray
    seconds: float


def pythons() -> list[str]:
    """This Python, then those that RECSYS_EDU_PEERS lists, separated as in PATH. Raises SettingsError."""
    listed = [path for path in os.environ.get("RECSYS_EDU_PEERS", "").split(os.pathsep) if path]
    for path in listed:
        if not Path(path).is_file():
            raise SettingsError(f"RECSYS_EDU_PEERS names {path}, which is no file. Name the python of an environment.")
    return [sys.executable, *listed]


def find(libraries: set[str]) -> dict[str, tuple[str, str]]:
    """For each library that some Python has: that Python and the library's version."""
    found: dict[str, tuple[str, str]] = {}
    for python in pythons():
        reply = subprocess.run(
            [python, str(WORKER), "versions", *sorted(libraries)], capture_output=True, text=True, encoding="utf-8"
        )
        if reply.returncode:
            raise PeerError(f"{python} could not be asked for its libraries: {_last_line(reply.stderr)}")
        for library, version in json.loads(reply.stdout).items():
            found.setdefault(library, (python, version))
    return found


def ask(python: str, peer: Peer, parts: Split, settings: list[dict]) -> list[Answer]:
    """Fit `peer` once for each of `settings` on the training part. Raises PeerError."""
    with tempfile.TemporaryDirectory() as folder:
        request, answer = Path(folder, "request.npz"), Path(folder, "answer.npz")
        np.savez(request, **_request(peer, parts, settings))
        command = [python, str(WORKER), "fit", str(request), str(answer)]
        try:
            reply = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, encoding="utf-8", errors="replace",
                timeout=SECONDS * len(settings),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise PeerError(f"{peer.name} was given up after {SECONDS * len(settings)} seconds.") from None
        if reply.returncode:
            raise PeerError(f"{peer.name} failed in {python}: {_last_line(reply.stderr)}")
        with np.load(answer, allow_pickle=False) as given:
            return [Answer(given[f"answer_{k}"], float(given[f"seconds_{k}"])) for k in range(len(settings))]


def _request(peer: Peer, parts: Split, settings: list[dict]) -> dict:
    train, test = parts.train, parts.test
    time = np.arange(len(train)) if train.timestamp is None else train.timestamp
    rank = np.empty(len(train), dtype="int64")
    rank[np.argsort(time, kind="stable")] = np.arange(len(train))  # ratings of one second: in the file's order
    job = {"adapter": peer.adapter, "algorithm": peer.algorithm, "settings": settings, "scale": train.scale}
    return {
        "user": train.user_index, "item": train.item_index, "rating": train.rating, "time": rank,
        "test_user": test.user_index, "test_item": test.item_index,
        "job": json.dumps(job | {"num_users": train.num_users, "num_items": train.num_items}),
    }  # fmt: skip


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
