"""Bytes from the network, checked: a file by its URL, a wheel by pip or uv through the user's own index."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path

from tqdm import tqdm

from recsys_edu.errors import DataError

TIMEOUT = 10  # seconds for a connection, and for each silence after it
WHEEL_TIMEOUT = 300  # seconds for pip as a whole
CHUNK = 64 * 1024


def download(url: str, size: int, sha256: str, progress: bool = True) -> bytes:
    """The file at `url`, held in memory until its checksum is right: no half file is ever on the disk.

    Raises DataError if the server cannot be reached, is silent for TIMEOUT seconds, or sends something else.
    """
    data = bytearray()
    # tqdm's disable=None: a bar on a terminal, none in a pipe.
    bar = tqdm(total=size, unit="B", unit_scale=True, desc=url.rpartition("/")[2], disable=None if progress else True)
    try:
        with bar, urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            while len(data) <= size and (chunk := response.read(CHUNK)):
                data += chunk
                bar.update(len(chunk))
    except (OSError, HTTPException, ValueError) as error:  # URLError and time-outs are OSErrors
        raise DataError(f"{url} cannot be fetched ({error})") from error
    if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
        raise DataError(f"{url} sent something else than expected ({len(data):,} bytes, wrong checksum)")
    return bytes(data)


@contextmanager
def wheel_files(requirement: str, sha256: str):
    """`with wheel_files("recbole==1.2.1", sha256) as path`: path holds its files (a wheel, or a folder).

    They are only fetched, never imported, through the user's own settings for indexes and mirrors. pip
    fetches a wheel as it is; uv can only install, so it does into a folder of its own. Raises DataError if
    all ways fail.
    """
    with tempfile.TemporaryDirectory(prefix="recsys_edu-", ignore_cleanup_errors=True) as folder:
        reasons = []
        for number, fetch in enumerate(_ways()):
            try:
                found = fetch(requirement, sha256, Path(folder, str(number)))
                break
            except DataError as error:
                reasons.append(str(error))
        else:
            raise DataError("; ".join(reasons))
        yield found


def _ways() -> list:
    """pip of this Python or of the one it came from (uv's environments have none); uv; else an own pip."""
    pythons = dict.fromkeys((sys.executable, getattr(sys, "_base_executable", sys.executable)))
    ways = [partial(_by_pip, python=python) for python in pythons if _has_pip(python)][:1]
    if shutil.which("uv"):
        ways.append(_by_uv)
    return ways or [_by_own_pip]


def _has_pip(python: str) -> bool:
    try:
        _run([python, "-c", "import pip"], "pip")
    except DataError:
        return False
    return True


def _by_own_pip(requirement: str, sha256: str, folder: Path) -> Path:
    _run([sys.executable, "-m", "venv", str(folder / "env")], "venv")  # a Debian without python3-venv cannot
    python = folder / "env" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    return _by_pip(requirement, sha256, folder / "wheel", str(python))


def _by_pip(requirement: str, sha256: str, folder: Path, python: str) -> Path:
    command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*command, "--retries=1", "--only-binary=:all:", f"--dest={folder}", requirement], "pip")
    for wheel in folder.glob("*.whl"):
        if hashlib.sha256(wheel.read_bytes()).hexdigest() == sha256:
            return wheel
    raise DataError(f"pip fetched another {requirement} than the known one (wrong checksum)")


def _by_uv(requirement: str, sha256: str, folder: Path) -> Path:
    folder.mkdir(parents=True)
    listed = folder / "requirements.txt"
    listed.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    target = folder / "files"
    _run([*command, f"--python={sys.executable}", f"--target={target}", f"--requirement={listed}"], "uv")
    return target


def _run(command: list[str], tool: str) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=WHEEL_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataError(f"{tool} did not finish ({type(error).__name__})") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DataError(f"{tool} failed ({last})")
