"""`python -m recsys_edu doctor`: is everything here that the kit needs? A line a finding, with the next step.

Nothing heavy is imported: versions are read from the packages' metadata, import times are taken in a process
of their own.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.txt"
PORT = 8501  # Streamlit's default
GB = 10**9  # bytes
SLOW_IMPORT = 30.0  # seconds
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
BROWSER_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


@dataclass(frozen=True)
class Finding:
    """One line of the report: `fail` keeps the kit from working, `warn` takes something away."""

    name: str
    level: Literal["ok", "warn", "fail"]
    sentence: str


def run(quick: bool = False, as_json: bool = False, more: Iterable[Finding] = ()) -> int:
    """Print each finding as it is made, as text or as a JSON object a line; 1 if anything fails, else 0.

    `quick` leaves out the import times, which take about half a minute; `more` are findings to add.
    """
    has_failed = False
    for finding in itertools.chain(examine(quick), more):
        has_failed = has_failed or finding.level == "fail"
        line = f"{finding.level:<5} {finding.name:<15} {finding.sentence}"
        print(json.dumps(asdict(finding)) if as_json else line, flush=True)
    return int(has_failed)


def examine(quick: bool) -> Iterator[Finding]:
    """All findings, the slow ones last."""
    yield Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}.")
    yield from check_packages(REQUIREMENTS)
    yield from check_data()
    yield check_browser(find_browser())
    yield check_memory(available_memory())
    yield check_cores(usable_cores())
    yield check_disk(shutil.disk_usage(ROOT).free)
    yield check_port(PORT)
    if not quick:
        yield check_import("tensorflow")
        yield check_import("umap")


def check_packages(requirements: Path) -> Iterator[Finding]:
    """The installed version of each package that `requirements` pins for this machine."""
    from packaging.requirements import Requirement

    lines = requirements.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate():
                pinned = str(requirement.specifier).removeprefix("==")
                yield check_package(requirement.name, pinned, installed_version(requirement.name))


def installed_version(name: str) -> str | None:
    """Version by the package's metadata; the GPU build `tensorflow` stands in for `tensorflow-cpu`."""
    names = (name, "tensorflow") if name == "tensorflow-cpu" else (name,)
    for candidate in names:
        try:
            return metadata.version(candidate)
        except metadata.PackageNotFoundError:
            continue
    return None


def check_package(name: str, pinned: str, found: str | None) -> Finding:
    remedy = "Run: python -m pip install -r requirements.txt"
    if found is None:
        return Finding(name, "fail", f"is not installed; {pinned} is needed. {remedy}")
    if found != pinned:
        return Finding(name, "warn", f"{found} is installed, {pinned} is what the kit is tested with. {remedy}")
    return Finding(name, "ok", f"{found}.")


def check_data() -> Iterator[Finding]:
    """Whether each known data set can be loaded without a network."""
    from recsys_edu import sources
    from recsys_edu.errors import DataError

    for source in sources.known():
        name = source["name"]
        if not source["ready"]:
            remedy = f"Run: python -m recsys_edu fetch {name}"
            yield Finding(name, "warn", f"is not here yet; it is fetched when first used. {remedy}")
            continue
        try:
            ratings = sources.load(name, progress=False)
        except DataError as error:
            yield Finding(name, "fail", str(error))
        else:
            yield Finding(name, "ok", f"{len(ratings):,} ratings are here.")


def find_browser() -> str | None:
    """Path of a Chromium that the browser tests can drive; RECSYS_EDU_CHROMIUM names one."""
    named = os.environ.get("RECSYS_EDU_CHROMIUM")
    if named:
        return named
    on_path = filter(None, map(shutil.which, BROWSERS))
    elsewhere = (path for path in BROWSER_PATHS if os.path.isfile(path))
    return next(on_path, None) or next(elsewhere, None)


def check_browser(path: str | None) -> Finding:
    if path is None:
        sentence = "no Chromium found: browser tests are skipped. Install one (Debian: apt install chromium)."
        return Finding("browser", "warn", sentence)
    if not os.access(path, os.X_OK):
        sentence = f"{path} cannot be run. Set RECSYS_EDU_CHROMIUM to a Chromium, or unset it."
        return Finding("browser", "warn", sentence)
    return Finding("browser", "ok", f"{path}.")


def available_memory() -> int:
    """Bytes that processes can take without swapping."""
    import psutil

    return psutil.virtual_memory().available


def check_memory(available: int) -> Finding:
    sentence = f"{available / GB:.1f} GB free"
    if available < 1 * GB:
        return Finding("memory", "fail", f"{sentence}; training takes about 1 GB. Close other programs.")
    if available < 2 * GB:
        return Finding("memory", "warn", f"{sentence}; the studio is at ease with 2 GB. Close other programs.")
    return Finding("memory", "ok", f"{sentence}.")


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_cores(cores: int) -> Finding:
    if cores < 2:
        return Finding("cores", "warn", "only 1: the studio stalls at times while it trains. 2 or more are better.")
    return Finding("cores", "ok", f"{cores}.")


def check_disk(free: int) -> Finding:
    sentence = f"{free / GB:.1f} GB free"
    if free < 1 * GB:
        return Finding("disk", "warn", f"{sentence}; data sets and saved models need about 1 GB. Free some.")
    return Finding("disk", "ok", f"{sentence}.")


def check_port(port: int) -> Finding:
    """Whether the studio's usual port is free on this machine's loopback."""
    name = f"port {port}"
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sentence = f"is taken, perhaps by a studio that runs already: look at http://localhost:{port}"
            return Finding(name, "warn", sentence)
    return Finding(name, "ok", "is free.")


def check_import(module: str) -> Finding:
    """Seconds that a fresh process needs to import `module`."""
    name = f"import {module}"
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    variables = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables)
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Finding(name, "fail", f"does not work ({reason}). Delete .venv and run again.")
    seconds = float(result.stdout.split()[-1])
    if seconds > SLOW_IMPORT:
        return Finding(name, "warn", f"{seconds:.1f} s: slow. It is faster the second time; close other programs.")
    return Finding(name, "ok", f"{seconds:.1f} s.")
