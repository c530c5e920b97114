"""The front door, tried from outside: a copied checkout, the base Python, a package index on this machine."""

import ast
import hashlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from recsys_edu import bootstrap, cli
from recsys_edu.setup import SetupError, environment
from recsys_edu.setup.machine import machine_problem, python_problem

ROOT = Path(__file__).resolve().parent.parent
FRONT_DOOR = sorted(
    [ROOT / "recsys_edu" / name for name in ("__init__.py", "__main__.py", "bootstrap.py")]
    + list((ROOT / "recsys_edu" / "setup").glob("*.py"))
)
CLI = """
import sys

def main(argv):
    import tiny

    print(f"argv={argv} utf8={sys.flags.utf8_mode} prefix={sys.prefix}")
    return 7
"""
makes_environments = pytest.mark.skipif(find_spec("ensurepip") is None, reason="needs python3-venv")


# --- a package index and a checkout of our own ---


def tiny_wheel() -> bytes:
    """A wheel of one empty module, `tiny`."""
    info = "tiny-1.0.dist-info"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr("tiny/__init__.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        names = ("tiny/__init__.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD")
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))
    return buffer.getvalue()


class Index(ThreadingHTTPServer):
    """A package index that has `tiny`, and answers only while `may_answer` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), IndexHandler)
        self.wheel = tiny_wheel()
        self.may_answer, self.was_asked = threading.Event(), threading.Event()
        self.may_answer.set()
        self.url = f"http://127.0.0.1:{self.server_port}/simple"


class IndexHandler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.was_asked.set()
        self.server.may_answer.wait()
        is_wheel = self.path.endswith(".whl")
        link = b'<a href="/tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>'
        body = self.server.wheel if is_wheel else link
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if is_wheel else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def index():
    server = Index()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.may_answer.set()
    server.shutdown()
    server.server_close()


def copy_checkout(folder: Path, digest: str) -> Path:
    """The front door alone, with `tiny` in place of the real packages and CLI in place of the real one."""
    for path in FRONT_DOOR:
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (folder / "recsys_edu" / "cli.py").write_text(CLI, encoding="utf-8")
    for name in ("runtime.lock", "tests.lock"):
        lock = folder / "recsys_edu" / "setup" / name
        lock.write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n", encoding="utf-8")
    (folder / "nothing").mkdir()
    return folder


@dataclass
class Checkout:
    folder: Path

    def start(self, *arguments: str, index_url: str) -> subprocess.Popen:
        """`python3 -m recsys_edu …` as from a shell: the base Python, in a group of its own, no uv."""
        variables = {name: text for name, text in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
        for name in ("PYTHONPATH", "VIRTUAL_ENV", "RECSYS_EDU_NO_VENV"):
            variables.pop(name, None)
        variables.update(
            PATH=str(self.folder / "nothing"),
            PIP_INDEX_URL=index_url,
            PIP_CONFIG_FILE=os.devnull,
            PIP_NO_CACHE_DIR="1",
            PIP_RETRIES="0",
            NO_PROXY="127.0.0.1",
        )
        return subprocess.Popen(
            [sys._base_executable, "-m", "recsys_edu", *arguments],
            cwd=self.folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, *arguments: str, index_url: str) -> "Outcome":
        return finish(self.start(*arguments, index_url=index_url))


@dataclass
class Outcome:
    code: int
    stdout: str
    stderr: str


def finish(process: subprocess.Popen) -> Outcome:
    stdout, stderr = process.communicate(timeout=120)
    return Outcome(process.returncode, stdout, stderr)


def closed_port_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/simple"


@pytest.fixture
def checkout(tmp_path, index) -> Checkout:
    return Checkout(copy_checkout(tmp_path / "a clone", hashlib.sha256(index.wheel).hexdigest()))


# --- making an environment ---


@dataclass
class Story:
    """What came to pass in one checkout.

    A run was killed while its pip waited for the index; a second one waited for that pip and got Ctrl-C; then
    the index answered, and two came at once.
    """

    checkout: Checkout
    stamp_after_kill: str
    interrupted: Outcome | None
    both: list[Outcome]


@pytest.fixture(scope="module")
def story(tmp_path_factory, index) -> Story:
    digest = hashlib.sha256(index.wheel).hexdigest()
    checkout = Checkout(copy_checkout(tmp_path_factory.mktemp("front") / "a clone", digest))
    index.may_answer.clear()
    killed = checkout.start("train", index_url=index.url)
    assert index.was_asked.wait(60)
    killed.kill()  # its pip lives on
    killed.wait(60)
    stamp = (checkout.folder / ".venv" / "recsys_edu.stamp").read_text(encoding="utf-8")
    interrupted = None if os.name == "nt" else interrupt(checkout.start("train", index_url=index.url))
    both = [checkout.start("train", "--epochs", "3", index_url=index.url) for _ in range(2)]
    index.may_answer.set()
    return Story(checkout, stamp, interrupted, [finish(process) for process in both])


def interrupt(process: subprocess.Popen) -> Outcome:
    """Ctrl-C once it has said something."""
    first_line = process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    outcome = finish(process)
    return Outcome(outcome.code, outcome.stdout, first_line + outcome.stderr)


@makes_environments
def test_a_killed_install_is_not_trusted_but_made_anew(story):
    assert story.stamp_after_kill == "installing\n"
    assert "was left unfinished: making it anew" in story.both[0].stderr + story.both[1].stderr


@makes_environments
def test_two_at_once_make_one_environment_and_both_run(story):
    assert [outcome.code for outcome in story.both] == [7, 7]
    assert sum("The environment is ready." in outcome.stderr for outcome in story.both) == 1


@makes_environments
def test_the_command_runs_inside_with_its_arguments_and_utf8(story):
    prefix = story.checkout.folder / ".venv"
    expected = f"argv=['train', '--epochs', '3'] utf8=1 prefix={prefix}\n"
    assert [outcome.stdout for outcome in story.both] == [expected, expected]


@makes_environments
def test_the_second_run_starts_at_once_and_asks_no_network(story):
    outcome = story.checkout.run("doctor", index_url=closed_port_url())
    assert (outcome.code, outcome.stderr) == (7, "")


@makes_environments
def test_a_kernel_that_starts_elsewhere_finds_the_package(story, tmp_path):
    folder = "Scripts" if os.name == "nt" else "bin"
    python = story.checkout.folder / ".venv" / folder / "python"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    code = "import recsys_edu; print(recsys_edu.__file__)"
    found = subprocess.run([python, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert Path(found.stdout.strip()).parent == story.checkout.folder / "recsys_edu"


@makes_environments
def test_a_changed_list_is_installed_again(story):
    lock = story.checkout.folder / "recsys_edu" / "setup" / "runtime.lock"
    before = lock.read_text(encoding="utf-8")
    lock.write_text("# new\n" + before, encoding="utf-8")
    try:
        outcome = story.checkout.run("train", index_url=closed_port_url())
    finally:
        lock.write_text(before, encoding="utf-8")
    assert outcome.code == 7
    assert "up to date with runtime.lock" in outcome.stderr


@makes_environments
@pytest.mark.skipif(os.name == "nt", reason="Windows has no Ctrl-C for another process group")
def test_a_run_waits_for_the_pip_of_a_killed_one_and_ends_by_ctrl_c(story):
    assert "Another recsys_edu is making the environment" in story.interrupted.stderr
    assert story.interrupted.code == 130
    assert "Run the same command again" in story.interrupted.stderr
    assert "Traceback" not in story.interrupted.stderr


@makes_environments
def test_without_a_network_there_is_a_sentence_and_no_trusted_environment(story):
    lock = story.checkout.folder / "recsys_edu" / "setup" / "runtime.lock"
    stamp = story.checkout.folder / ".venv" / "recsys_edu.stamp"
    before = {path: path.read_text(encoding="utf-8") for path in (lock, stamp)}
    lock.write_text(before[lock].replace("tiny==1.0", "tiny==2.0"), encoding="utf-8")
    outcome = story.checkout.run("app", index_url=closed_port_url())
    stamp_after = stamp.read_text(encoding="utf-8")
    for path, text in before.items():  # as the other tests found them
        path.write_text(text, encoding="utf-8")
    assert (outcome.code, stamp_after) == (1, "installing\n")
    assert "the package index could not be reached" in outcome.stderr
    assert "Check the network" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_an_environment_made_by_hand_stays_untouched(checkout):
    theirs = checkout.folder / ".venv" / "pyvenv.cfg"
    theirs.parent.mkdir()
    theirs.write_text("home = elsewhere\n", encoding="utf-8")
    outcome = checkout.run("app", index_url=closed_port_url())
    assert outcome.code == 1
    assert "was not made by this command" in outcome.stderr
    assert theirs.read_text(encoding="utf-8") == "home = elsewhere\n"


# --- without an environment ---


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_needs_no_environment(checkout, arguments):
    outcome = checkout.run(*arguments, index_url=closed_port_url())
    assert outcome.code == 0
    listed = re.findall(r"^  (\w+) +\w", outcome.stdout, flags=re.MULTILINE)
    assert listed == [
        "app",
        "class",
        "test",
        "lab",
        "book",
        "fetch",
        "train",
        "record",
        "compare",
        "search",
        "recommend",
        "doctor",
    ]
    assert not (checkout.folder / ".venv").exists()


def test_the_command_line_has_what_the_help_lists():
    listed = re.findall(r"^ {4}(\w+)", cli.parser().format_help(), flags=re.MULTILINE)
    assert sorted([*listed, "test"]) == sorted(bootstrap.COMMANDS)


def test_an_unknown_command_is_named_without_an_environment(checkout):
    outcome = checkout.run("trian", index_url=closed_port_url())
    assert outcome.code == 2
    assert "There is no command 'trian'" in outcome.stderr
    assert not (checkout.folder / ".venv").exists()


def test_the_front_door_loads_the_standard_library_alone():
    code = (
        "import sys; before = set(sys.modules); import recsys_edu, recsys_edu.__main__;"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) - sys.stdlib_module_names == {"recsys_edu"}


@pytest.mark.parametrize("path", FRONT_DOOR, ids=lambda path: path.name)
def test_an_old_python_can_read_the_front_door(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))


# --- which Python, which machine ---


@pytest.mark.parametrize("version", [(3, 6), (3, 10), (3, 14)])
def test_another_python_gets_a_sentence(version):
    sentence = python_problem(version, "cpython", is_64_bit=True)
    assert f"this is Python {version[0]}.{version[1]}," in sentence
    assert "Install Python 3.12" in sentence


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_the_three_pythons_are_welcome(version):
    assert python_problem(version, "cpython", is_64_bit=True) is None


def test_pypy_and_32_bit_get_a_sentence():
    assert "no TensorFlow for pypy" in python_problem((3, 11), "pypy", is_64_bit=True)
    assert "32-bit" in python_problem((3, 11), "cpython", is_64_bit=False)


@pytest.mark.parametrize(
    ("system", "machine", "build", "words"),
    [
        ("darwin", "x86_64", "", "Intel Macs"),
        ("linux", "x86_64", "x86_64-pc-linux-musl", "musl"),
        ("linux", "riscv64", "riscv64-linux-gnu", "linux on riscv64"),
        ("win32", "ARM64", "", "win32 on ARM64"),
        ("freebsd14", "amd64", "", "freebsd14 on amd64"),
    ],
)
def test_a_machine_without_tensorflow_gets_a_sentence(system, machine, build, words):
    assert words in machine_problem(system, machine, build)


@pytest.mark.parametrize(
    ("system", "machine"),
    [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")],
)
def test_a_machine_with_tensorflow_is_welcome(system, machine):
    assert machine_problem(system, machine) is None


def test_a_full_disk_is_said_before_the_download():
    environment.check_disk(environment.FREE_BYTES_NEEDED)
    with pytest.raises(SetupError, match=r"has 0\.5 GB free"):
        environment.check_disk(5 * 10**8)


def test_a_debian_python_without_venv_is_told_the_package(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(SetupError, match="apt install python3-venv"):
        environment.check_venv_module()


# --- an environment of the reader's own ---


def test_no_venv_names_what_is_missing(monkeypatch):
    monkeypatch.setenv("RECSYS_EDU_NO_VENV", "1")
    monkeypatch.setitem(bootstrap.MODULES_NEEDED, "runtime.lock", ("sys", "no_such_module"))
    with pytest.raises(SetupError, match="lacks no_such_module"):
        bootstrap.find_python("runtime.lock")


def test_an_active_environment_serves_only_with_all_modules(monkeypatch, tmp_path):
    monkeypatch.delenv("RECSYS_EDU_NO_VENV", raising=False)
    monkeypatch.setattr(environment, "STAMP", tmp_path / "none")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setitem(bootstrap.MODULES_NEEDED, "runtime.lock", ("sys",))
    assert bootstrap.is_own_environment("runtime.lock")
    monkeypatch.setitem(bootstrap.MODULES_NEEDED, "runtime.lock", ("sys", "no_such_module"))
    assert not bootstrap.is_own_environment("runtime.lock")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setitem(bootstrap.MODULES_NEEDED, "runtime.lock", ("sys",))
    assert not bootstrap.is_own_environment("runtime.lock")


# --- the lists ---


def read_pins(path: Path) -> dict[str, set[str]]:
    """{name: versions} of a requirements file or a lock."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        pins.setdefault(name, set()).add(version)
    return pins


@pytest.mark.parametrize("name", ["runtime.lock", "tests.lock"])
def test_a_lock_holds_hashes_and_no_place(name):
    text = (environment.SETUP / name).read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    entry = re.compile(r"[\w.-]+==[^\s;]+( ; [^\\\n]+)?( \\\n +--hash=sha256:[0-9a-f]{64})+\n")
    assert [text for text in entries if not entry.fullmatch(text)] == []


@pytest.mark.parametrize(
    ("requirements", "lock"),
    [("requirements.txt", "runtime.lock"), ("tests/requirements.txt", "tests.lock")],
)
def test_requirements_are_pinned_and_equal_the_lock(requirements, lock):
    text = (ROOT / requirements).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "-r "))]
    wanted = read_pins(ROOT / requirements)
    assert len(lines) == len(wanted) > 4
    locked = read_pins(environment.SETUP / lock)
    assert {name: locked.get(name) for name in wanted} == wanted


def test_the_tests_lock_holds_all_of_the_runtime_lock():
    runtime, tests = (read_pins(environment.SETUP / name) for name in ("runtime.lock", "tests.lock"))
    assert {name: tests.get(name) for name in runtime} == runtime
