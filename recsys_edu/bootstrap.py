"""The front door: from a fresh clone to a running command, with the standard library alone.

`main` finds or makes an environment with what the command needs, then becomes `recsys_edu.cli` inside it (or
pytest, for `test`). No syntax newer than Python 3.6 here: an old Python must be able to say that it is too
old.
"""

import os
import subprocess
import sys

from recsys_edu.setup import SetupError, environment
from recsys_edu.setup.environment import say
from recsys_edu.setup.machine import python_command, python_problem

COMMANDS = {
    "app": "start the studio and open it in a browser",
    "class": "start the studio for a class on this network: join code, votes, challenge",
    "test": "run the tests; what follows goes to pytest, as in: test -q -k data",
    "lab": "open the notebooks in JupyterLab",
    "book": "run all chapters and make an HTML book of them",
    "fetch": "download a data set and check it",
    "train": "train a model and measure it on ratings that it has not seen",
    "record": "train a model and keep it, to be played in a studio that is too slow to train",
    "compare": "fit several models on equal terms, and print a table",
    "search": "find good settings for a model, without looking at the test",
    "recommend": "train, then list the best items for a user",
    "doctor": "check versions, data, browser, memory and speed",
}

# An environment of the reader's own serves if it has these.
MODULES_NEEDED = {
    "runtime.lock": (
        "tensorflow",
        "streamlit",
        "umap",
        "distributed",
        "plotly",
        "pandas",
        "jupyterlab",
        "myst_nb",
        "segno",
        "optuna",
    ),
    "tests.lock": ("tensorflow", "streamlit", "umap", "distributed", "optuna", "pytest", "hypothesis", "playwright"),
}


def main(argv):
    """Run `recsys_edu COMMAND ...` in an environment that has what it needs; return the exit code."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    command = argv[0]
    if command not in COMMANDS:
        say(f"There is no command {command!r}.\n\n{usage()}")
        return 2
    try:
        python = find_python("tests.lock" if command == "test" else "runtime.lock")
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"The environment could not be written ({error}). Mend that, then run the same command again.")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Run the same command again to go on: what was downloaded is kept.")
        return 130
    return hand_over(python, command, argv[1:])


def usage():
    commands = "\n".join(f"  {name:<10} {summary}" for name, summary in COMMANDS.items())
    return (
        "recsys_edu: deep learning for recommender systems, taken apart.\n\n"
        f"usage: {python_command()} -m recsys_edu COMMAND [options]\n\n"
        f"{commands}\n\n"
        "The first command makes an environment in .venv. COMMAND --help lists a command's options."
    )


def find_python(lock_name):
    """Path of a Python that has what `lock_name` lists. Raises SetupError."""
    problem = python_problem(sys.version_info[:2], sys.implementation.name, sys.maxsize > 2**32)
    if problem:
        raise SetupError(problem)
    if is_own_environment(lock_name):
        return sys.executable
    return environment.ensure(lock_name)


def is_own_environment(lock_name):
    """Whether this Python is an environment of the reader's own, to be used as it is.

    True with RECSYS_EDU_NO_VENV=1, and in any active virtual environment, but `.venv`, that has the modules.
    """
    missing = missing_modules(lock_name)
    if os.environ.get("RECSYS_EDU_NO_VENV") == "1":
        if missing:
            raise SetupError(
                f"RECSYS_EDU_NO_VENV=1 allows no environment, and {sys.executable} lacks "
                f"{', '.join(missing)}. Unset it, or install tests/requirements.txt."
            )
        return True
    is_ours = environment.STAMP.exists() and os.path.samefile(sys.prefix, str(environment.VENV))
    return sys.prefix != sys.base_prefix and not is_ours and not missing


def missing_modules(lock_name):
    from importlib.util import find_spec

    return [name for name in MODULES_NEEDED[lock_name] if find_spec(name) is None]


def hand_over(python, command, arguments):
    """Become `command` under `python`; on Windows, which cannot, run it and return its exit code."""
    if command == "test":
        os.chdir(str(environment.ROOT))
        line = [python, "-m", "pytest", *arguments]
    else:
        start = "import sys; from recsys_edu.cli import main; sys.exit(main(sys.argv[1:]))"
        line = [python, "-c", start, command, *arguments]
    variables = dict(os.environ, PYTHONUTF8="1")
    if os.name != "nt":
        os.execve(python, line, variables)
    child = subprocess.Popen(line, env=variables)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the child got the same Ctrl-C and ends by itself
