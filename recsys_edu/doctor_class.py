"""`python -m recsys_edu doctor --class`: can this machine serve a class? What a lesson for N students needs beyond a
studio of one's own. As in doctor.py, nothing heavy is imported: what is measured is measured in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from recsys_edu import doctor
from recsys_edu.classroom.networks import VIRTUAL, lan_addresses
from recsys_edu.doctor import GB, Finding

WORKERS = 2  # of the studio, one a core
STUDIO_BYTES, WORKER_BYTES, STUDENT_BYTES = 0.3 * GB, 1.1 * GB, 0.015 * GB  # measured by tests/load, rounded up
DISK_BYTES, STUDENT_DISK_BYTES = 1 * GB, 0.01 * GB
DRAWING_SECONDS = 0.1  # of a slice: a frame of the map, the scores, the way to the worker and back
PATIENCE, MOST_PATIENCE = 10.0, 30.0  # seconds until the last student sees an epoch: good; to be borne
RECORD = "python -m recsys_edu record"

EPOCHS = """
import json, time
from recsys_edu import data, sources, training
from recsys_edu.models import default_settings
from recsys_edu.studio import slices
name = slices.default_data()
parts = data.split(sources.load(name, progress=False), "random", seed=0)
trainer = training.trainer(default_settings("mf", epochs=4), parts.train, parts.test)
ends = [time.perf_counter()]
for event in trainer.events():
    if type(event).__name__ == "EpochEvent":
        ends.append(time.perf_counter())
print(json.dumps({"data": name, "epoch": min(b - a for a, b in zip(ends[1:], ends[2:]))}))
"""
MAPS = """
import numpy as np
from recsys_edu import embedding_map
vectors = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
embedding_map.next_frame(vectors, embedding_map.next_frame(vectors), "umap")
"""


def examine(students: int, port: int, quick: bool, warm: bool) -> Iterator[Finding]:
    """What a class needs; the slow findings last. With `warm` the data are fetched and UMAP is compiled first."""
    if warm:
        yield fetch_data()
    yield check_memory(doctor.available_memory(), students)
    yield check_disk(shutil.disk_usage(doctor.ROOT).free, students)
    yield check_port(port)
    yield from check_addresses(lan_addresses(), port)
    yield firewall(port)
    yield check_clock(time.time(), Path(__file__).stat().st_mtime)
    if warm:
        yield warm_maps()
    if not quick:
        yield check_speed(students)


def needed_memory(students: int) -> float:
    """Bytes that a studio with its workers takes when so many are at it."""
    return STUDIO_BYTES + WORKERS * WORKER_BYTES + students * STUDENT_BYTES


def check_memory(available: int, students: int) -> Finding:
    needed = needed_memory(students)
    sentence = f"{available / GB:.1f} GB free; {students} students and the workers take about {needed / GB:.1f} GB"
    if available < needed:
        return Finding("class memory", "warn", f"{sentence}. Close other programs, or take another machine.")
    return Finding("class memory", "ok", f"{sentence}.")


def check_disk(free: int, students: int) -> Finding:
    needed = DISK_BYTES + students * STUDENT_DISK_BYTES
    sentence = f"{free / GB:.1f} GB free; a class of {students} takes up to {needed / GB:.1f} GB"
    return Finding(
        "class disk", "ok" if free >= needed else "warn", sentence + ("." if free >= needed else ". Free some.")
    )


def is_free(port: int) -> bool:
    """Whether a server may listen on this port of all networks."""
    with socket.socket() as probe:
        if os.name != "nt":  # there it would allow two servers on one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def check_port(port: int) -> Finding:
    if is_free(port):
        return Finding("class port", "ok", f"{port} is free on all networks.")
    other = next((p for p in range(port + 1, port + 100) if is_free(p)), None)
    remedy = f"Run: python -m recsys_edu class --port {other}" if other else "End the program that uses it."
    return Finding("class port", "warn", f"{port} is taken, perhaps by a studio that runs already. {remedy}")


def check_addresses(addresses: list[tuple[str, str]], port: int) -> Iterator[Finding]:
    """A line for each address that students may open."""
    if not addresses:
        sentence = "this machine is in no network: students cannot reach it. Join the room's Wi-Fi, or plug in a cable."
        yield Finding("class address", "warn", sentence)
    for name, address in addresses:
        if address.startswith("169.254."):
            sentence = f"{address} ({name}) is one that the machine gave itself, as there is no router. Join a network."
            yield Finding("class address", "warn", sentence)
        elif name.startswith(VIRTUAL):
            yield Finding("class address", "ok", f"http://{address}:{port} ({name}), for virtual machines only.")
        else:
            yield Finding("class address", "ok", f"students open http://{address}:{port} ({name}).")


def firewall(port: int) -> Finding:
    """How to let students in. Whether a firewall stands in the way can be seen from another machine alone."""
    if sys.platform == "win32":
        how = "when Windows asks, allow Python on private networks"
    elif sys.platform == "darwin":
        how = "System Settings, Network, Firewall: allow incoming connections for Python"
    elif shutil.which("ufw"):
        how = f"sudo ufw allow {port}/tcp"
    elif shutil.which("firewall-cmd"):
        how = f"sudo firewall-cmd --add-port={port}/tcp"
    else:
        how = f"allow incoming TCP on port {port}"
    sentence = f"try the address from a student's machine. If nothing comes: {how}; some Wi-Fi keeps guests apart."
    return Finding("class firewall", "ok", sentence)


def check_clock(now: float, newest: float) -> Finding:
    """A clock that is behind this file's own date is wrong; the leaderboard would show it."""
    text = datetime.fromtimestamp(now).astimezone().strftime("%Y-%m-%d %H:%M %Z")
    if now < newest - 24 * 3600:
        return Finding("class clock", "warn", f"{text} is before this kit was written. Set the clock.")
    return Finding("class clock", "ok", f"{text}.")


def fetch_data() -> Finding:
    from recsys_edu import sources
    from recsys_edu.errors import RecsysEduError

    try:
        sources.fetch("movielens-100k", progress=False)
    except RecsysEduError as error:
        return Finding("class data", "warn", f"{error} Until then the class has the planted set.")
    return Finding("class data", "ok", "MovieLens 100K is here: the room needs no internet.")


def warm_maps() -> Finding:
    start = time.perf_counter()
    _output, problem = _in_a_process(MAPS)
    if problem:
        return Finding("class maps", "warn", f"UMAP does not work here ({problem}); maps are drawn by PCA.")
    return Finding("class maps", "ok", f"UMAP is loaded and compiled in {time.perf_counter() - start:.0f} s.")


def check_speed(students: int) -> Finding:
    """Learn some epochs as a worker does, with one thread, and say what that means for so many at once."""
    output, problem = _in_a_process(EPOCHS)
    if problem:
        advice = f"Mend it (doctor without --class says more), or play recorded runs: {RECORD} --help"
        return Finding("class speed", "warn", f"nothing can be trained here ({problem}). {advice}")
    return judge_speed(**json.loads(output), students=students, cores=doctor.usable_cores())


def judge_speed(data: str, epoch: float, students: int, cores: int) -> Finding:
    """The last of `students` who press Train at once sees an epoch after students · (epoch + drawing) / workers."""
    wait = students * (epoch + DRAWING_SECONDS) / min(WORKERS, cores)
    sentence = (
        f"an epoch of {data} takes {epoch:.2f} s; the last of {students} sees a first epoch after about {wait:.0f} s"
    )
    if wait <= PATIENCE:
        return Finding("class speed", "ok", f"{sentence}.")
    if wait <= MOST_PATIENCE:
        return Finding("class speed", "warn", f"{sentence}: let them train in groups.")
    return Finding(
        "class speed", "warn", f"{sentence}: too slow. Record runs before the lesson and play them: {RECORD}"
    )


def _in_a_process(code: str) -> tuple[str, str | None]:
    """The last line that the code prints; and what went wrong, if anything did."""
    one = {name: "1" for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")}
    variables = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", **one)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=variables, cwd=doctor.ROOT, encoding="utf-8"
    )
    if result.returncode:
        return "", (result.stderr.strip().splitlines() or ["no reason given"])[-1][:200]
    return (result.stdout.strip().splitlines() or [""])[-1], None
