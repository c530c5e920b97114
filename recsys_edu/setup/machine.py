"""Can this Python, on this machine, run the kit? TensorFlow decides, and here says no in a sentence."""

import os

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
MACHINES = {"linux": ("x86_64", "aarch64"), "darwin": ("arm64",), "win32": ("amd64",)}


def python_command(version=""):
    """How a reader on this system calls Python: `python3.12`, or `py -3.12` on Windows."""
    if os.name == "nt":
        return f"py -{version}" if version else "py"
    return f"python{version or 3}"


def python_problem(version, implementation, is_64_bit):
    """A sentence on why this Python cannot run the kit, or None."""
    remedy = f"Install Python 3.12 (64-bit) from python.org, then use: {python_command('3.12')} -m recsys_edu"
    if not OLDEST_PYTHON <= tuple(version) <= NEWEST_PYTHON:
        found = ".".join(map(str, version))
        return (
            "recsys_edu needs Python 3.11, 3.12 or 3.13; this is "
            f"Python {found}, for which there is no TensorFlow 2.21. {remedy}"
        )
    if implementation != "cpython":
        return f"recsys_edu needs CPython: there is no TensorFlow for {implementation}. {remedy}"
    if not is_64_bit:
        return f"This is a 32-bit Python, and TensorFlow is for 64-bit ones only. {remedy}"
    return None


def machine_problem(system, machine, build=""):
    """A sentence on why TensorFlow cannot be installed on this machine, or None.

    `system` as in sys.platform, `machine` as in platform.machine(), `build` as sysconfig's HOST_GNU_TYPE.
    """
    if system == "darwin" and machine == "x86_64":
        return (
            "There is no TensorFlow 2.21 for Intel Macs, nor for an Intel Python on Apple silicon. With "
            "Apple silicon, install Python 3.12 from python.org; with an Intel Mac, use a Linux container."
        )
    if "musl" in build:
        return "There is no TensorFlow for Linux with musl (Alpine). Use a glibc one, such as Debian."
    if machine.lower() not in MACHINES.get(system, ()):
        return (
            f"There is no TensorFlow 2.21 for {system} on {machine}. Use Linux (x86-64 or ARM64), macOS "
            "(Apple silicon) or Windows (x86-64)."
        )
    return None
