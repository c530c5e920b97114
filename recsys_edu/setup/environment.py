"""`.venv`, filled from a hashed list: made when it is missing, trusted only when its stamp says so.

The stamp names the Python, the place and the SHA-256 of the lists that were installed. It says "installing"
until the last package is in, so an install that was killed is never used: the next run makes `.venv` anew,
but the cache of pip or uv spares it what was downloaded before.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from recsys_edu.setup import SetupError
from recsys_edu.setup.machine import machine_problem

SETUP = Path(__file__).resolve().parent
ROOT = SETUP.parent.parent
STATE = ROOT / ".recsys_edu"
LOG = STATE / "setup.log"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "recsys_edu.stamp"
INSTALLING = "installing"

# tests.lock holds all of runtime.lock.
LOCKS_COVERED = {"runtime.lock": ("runtime.lock",), "tests.lock": ("runtime.lock", "tests.lock")}
FREE_BYTES_NEEDED = 4 * 10**9
# pip says "from versions: none" when it could read no index at all.
NETWORK_WORDS = ("from versions: none", "connect", "timed out", "timeout", "dns error", "unreachable")


def say(text):
    """Tell the reader, on stderr (stdout is the command's) and in ASCII (not all consoles show more)."""
    print(text, file=sys.stderr, flush=True)


def ensure(lock_name):
    """Path of the Python in `.venv`, with all of `lock_name` installed. Raises SetupError, OSError."""
    if not is_ready(lock_name):
        with only_one_at_a_time() as held:
            if not is_ready(lock_name):  # the process that we waited for may have made it
                make(lock_name, held)
    return str(VENV_PYTHON)


# --- the stamp ---


def is_ready(lock_name):
    """Whether `.venv` was filled to the end from `lock_name` as it is now."""
    return environment_lines() | lock_lines(lock_name) <= read_stamp() and VENV_PYTHON.exists()


def environment_lines():
    """What must stay as it was: packages are for one Python version, scripts hold the folder's path."""
    return {"python {}.{}".format(*sys.version_info), f"place {VENV}"}


def lock_lines(lock_name):
    names = LOCKS_COVERED[lock_name]
    return {f"{name} {hashlib.sha256((SETUP / name).read_bytes()).hexdigest()}" for name in names}


def read_stamp():
    try:
        return set(STAMP.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return set()


def write_stamp(lines):
    part = STAMP.with_name(STAMP.name + ".part")
    part.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    os.replace(str(part), str(STAMP))


# --- making it ---


def make(lock_name, held):
    """Make `.venv` or bring it up to date, then stamp it; `held` is the open lock file."""
    check_machine()
    check_not_foreign()
    uv = find_uv()
    is_new = not (environment_lines() <= read_stamp() and VENV_PYTHON.exists())
    if is_new:
        create(uv, held)
    write_stamp({INSTALLING})
    say(announcement(lock_name, uv, is_new))
    run_step(install_command(uv, SETUP / lock_name), held)
    make_importable()
    write_stamp(environment_lines() | lock_lines(lock_name))
    say("The environment is ready.")


def make_importable():
    """Let every Python of `.venv` import recsys_edu, from any folder: a notebook's kernel starts in the notebook's."""
    if os.name == "nt":
        packages = VENV / "Lib" / "site-packages"
    else:
        packages = VENV / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    (packages / "recsys_edu.pth").write_text(str(ROOT) + "\n", encoding="utf-8")


def check_machine():
    import platform
    import sysconfig

    build = sysconfig.get_config_var("HOST_GNU_TYPE") or ""
    problem = machine_problem(sys.platform, platform.machine(), build)
    if problem:
        raise SetupError(problem)


def check_not_foreign():
    if VENV.exists() and not STAMP.exists() and any(VENV.iterdir()):
        raise SetupError(
            f"{VENV} was not made by this command, so it stays untouched. Rename it and run again, or "
            "activate it and run: pip install -r requirements.txt"
        )


def check_disk(free_bytes):
    if free_bytes < FREE_BYTES_NEEDED:
        raise SetupError(
            f"The environment needs about {FREE_BYTES_NEEDED / 1e9:.0f} GB of disk while it is made; "
            f"{ROOT} has {free_bytes / 1e9:.1f} GB free. Free some space, then run again."
        )


def check_venv_module():
    from importlib.util import find_spec

    if find_spec("venv") is None or find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise SetupError(
            "This Python cannot make environments: Debian and Ubuntu keep that part in a package of its own. "
            f"Run `sudo apt install python3-venv` (or {package}), then run again."
        )


def find_uv():
    """Path of a uv that runs, or None: a version manager's shim can be on the PATH and lead nowhere."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    code = subprocess.call([uv, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return uv if code == 0 else None


def create(uv, held):
    """Make an empty `.venv`, stamped as unfinished from its first moment on."""
    if not uv:
        check_venv_module()
    if VENV.exists():
        is_unfinished = INSTALLING in read_stamp()
        reason = "was left unfinished" if is_unfinished else "was made for another Python or another folder"
        say(f"The environment in {VENV} {reason}: making it anew.")
        discard()
    else:
        say(f"Making an environment in {VENV} (Python {sys.version.split()[0]}).")
    check_disk(shutil.disk_usage(str(ROOT)).free)
    VENV.mkdir(exist_ok=True)
    write_stamp({INSTALLING})
    base_python = getattr(sys, "_base_executable", None) or sys.executable
    if uv:
        command = [uv, "venv", "--quiet", "--seed", "--allow-existing", "--python", base_python, str(VENV)]
    else:
        command = [base_python, "-m", "venv", str(VENV)]
    run_step(command, held)


def discard():
    """Remove `.venv`: out of the way first, since half of an environment without its stamp is nobody's."""
    old = STATE / "discarded"
    if old.exists():
        shutil.rmtree(str(old))
    os.replace(str(VENV), str(old))
    shutil.rmtree(str(old))


def announcement(lock_name, uv, is_new):
    if not is_new:
        return f"Bringing the environment up to date with {lock_name}; packages that are right stay."
    lines = (SETUP / lock_name).read_text(encoding="utf-8").splitlines()
    count = sum("==" in line for line in lines)
    wait = "usually under a minute" if uv else "usually 3 to 5 minutes"
    tool = "uv" if uv else "pip"
    return f"Installing up to {count} packages with {tool} (a download of about 0.7 GB, once): {wait}."


def install_command(uv, lock):
    if uv:
        command = [uv, "pip", "install", "--compile-bytecode", "--python", str(VENV_PYTHON)]
    else:
        command = [str(VENV_PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    return [*command, "--only-binary", ":all:", "--require-hashes", "-r", str(lock)]


def run_step(command, held):
    """Run one step of the set-up: in sight on a terminal, else into a log. Raises SetupError.

    The step inherits the lock file: if this process is killed and the step is not, the lock still holds.
    """
    options = {"env": step_environment(), "stdin": subprocess.DEVNULL}
    if os.name != "nt":
        options["pass_fds"] = [held.fileno()]
    if sys.stderr.isatty():
        code = subprocess.call(command, stdout=sys.stderr, **options)
        reason = "for the reason above"
    else:
        with open(str(LOG), "wb") as log:
            code = subprocess.call(command, stdout=log, stderr=subprocess.STDOUT, **options)
        reason = reason_in_log(LOG.read_text(encoding="utf-8", errors="replace"))
    if code:
        raise SetupError(
            f"The packages could not be installed {reason}. Check the network (or name a mirror in "
            "PIP_INDEX_URL), then run the same command again: what was downloaded is kept."
        )


def reason_in_log(text):
    if any(word in text.lower() for word in NETWORK_WORDS):
        return f"because the package index could not be reached (details in {LOG})"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"({lines[-1] if lines else 'no reason given'}; details in {LOG})"


def step_environment():
    """The variables of a step: UTF-8, no `--user` installs, and pip's mirror for uv too."""
    variables = dict(os.environ, PYTHONUTF8="1", PIP_USER="0")
    mirror = variables.get("PIP_INDEX_URL")
    if mirror and "UV_INDEX_URL" not in variables:
        variables.setdefault("UV_DEFAULT_INDEX", mirror)
    return variables


# --- one at a time ---


@contextmanager
def only_one_at_a_time():
    """Hold a file lock, which the system drops when its holders end, however they end."""
    STATE.mkdir(exist_ok=True)
    with open(str(STATE / "setup.lock"), "a") as held:
        if not try_lock(held):
            say("Another recsys_edu is making the environment: waiting for it.")
            while not try_lock(held):
                time.sleep(0.2)
        yield held


def try_lock(file):
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
