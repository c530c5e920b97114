"""The command line: `python -m recsys_edu COMMAND`. Each command is a short function; what it needs is
imported in it."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path

from recsys_edu.errors import RecsysEduError, SettingsError
from recsys_edu.models import MODELS, Settings, default_settings
from recsys_edu.models.settings import LEARNS

ROOT = Path(__file__).resolve().parents[1]


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, 1 after a sentence for the user, 2 for wrong usage, 130 for
    Ctrl-C."""
    options = parser().parse_args(argv)
    try:
        return options.run(options) or 0
    except RecsysEduError as error:
        print(f"recsys_edu: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("recsys_edu: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m recsys_edu", description="Deep learning in recommender systems.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    add = _adder(commands)

    command = add("app", run_app, "start the studio and open it in a browser")
    command.add_argument("--port", type=int, default=8501, help="port on localhost (default 8501)")
    command.add_argument("--no-browser", action="store_true", help="do not open a browser")

    _add_class(add("class", run_class, "start the studio for a class on this network: join code, votes, challenge"))

    command = add("lab", run_lab, "open the notebooks in JupyterLab")
    command.add_argument("--port", type=int, default=8888, help="port on localhost (default 8888)")
    command.add_argument("--no-browser", action="store_true", help="do not open a browser")

    command = add("book", run_book, "run all chapters and make an HTML book of them (minutes)")
    command.add_argument("--out", type=Path, help="folder of the book (default .recsys_edu/book)")
    command.add_argument("--no-browser", action="store_true", help="do not open it in a browser")

    command = add("fetch", run_fetch, "bring a data set here, verified")
    command.add_argument("name", nargs="?", default="movielens-100k")
    command.add_argument("--path", help="a copy that you have: ml-100k.zip, its unpacked folder, or the recbole wheel")

    command = add("train", run_train, "train one model and say how good it is")
    _add_training(command)
    command.add_argument("--json", action="store_true", help="one JSON event a line; the last has the test figures")
    command.add_argument("--recall", action="store_true", help="Recall@10 and NDCG@10 on the test after each epoch")

    command = add("record", run_record, "train one model and keep what the studio shows of it, to be played later")
    _add_training(command)
    command.add_argument("--out", type=Path, metavar="FILE.npz", help="default: where the studio looks for it")
    command.add_argument("--pca", action="store_true", help="draw the maps by PCA, not by UMAP (faster, less honest)")

    command = add("compare", run_compare, "fit several models on equal terms, and print a table")
    command.add_argument("--data", default="movielens-100k", help="movielens-100k, planted, or a CSV file")
    command.add_argument("--models", nargs="+", default=["all"], metavar="NAME", help="names, or all (the default)")
    command.add_argument("--seeds", type=int, default=1, help="how often a model is fitted that starts by chance")
    command.add_argument(
        "--split", default=None, choices=["random", "last", "time"],
        help="one split for all figures (default: ratings are judged on random, lists on last)",
    )  # fmt: skip
    command.add_argument("--json", action="store_true", help="one JSON object a line; the last has the table")

    _add_search(add("search", run_search, "find good settings for a model, without looking at the test"))

    command = add("recommend", run_recommend, "train, then list the best items for a user")
    _add_training(command)
    command.add_argument("--user", required=True, help="a user_id of the data set")
    command.add_argument("-n", type=int, default=10, help="length of the list (default 10)")
    command.add_argument("--at-least", type=int, default=0, help="leave out items with fewer ratings (default 0)")

    command = add("doctor", run_doctor, "check versions, data, browser, memory, warm times")
    command.add_argument("--quick", action="store_true", help="leave out the measured import times")
    command.add_argument("--json", action="store_true")
    command.add_argument("--class", action="store_true", dest="for_class", help="can this machine serve a class?")
    command.add_argument("--students", type=int, default=40, help="with --class: how many (default 40)")
    command.add_argument("--port", type=int, default=8501, help="with --class: the studio's port (default 8501)")
    command.add_argument("--warm", action="store_true", help="with --class: fetch the data and compile UMAP now")
    return top


def _adder(commands):
    def add(name: str, run, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        return command

    return add


def _add_class(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=8501, help="port on all networks of this machine (default 8501)")
    command.add_argument("--name", help="what the class is called; a class that is there keeps its name without it")
    command.add_argument(
        "--url", help="what students open, where a TLS proxy on this machine stands before the studio: https://…"
    )
    command.add_argument("--no-browser", action="store_true", help="do not open the teacher's page in a browser")
    tasks = command.add_subparsers(metavar="[export | erase]", dest="task")
    export = tasks.add_parser("export", help="write all of the class's data as JSON and CSV")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder, made if need be")
    erase = tasks.add_parser("erase", help="leave nothing of the class's data")
    erase.add_argument("--yes", action="store_true", help="do not ask")


def _add_search(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", default="mf", choices=MODELS, help="default mf")
    command.add_argument("--data", default="movielens-100k", help="movielens-100k, planted, or a CSV file")
    command.add_argument("--split", default="random", choices=["random", "last", "time"], help="default random")
    command.add_argument("--trials", type=int, default=20, help="settings to try (default 20)")
    command.add_argument("--at-once", type=int, default=2, help="trials that learn side by side (default 2)")
    command.add_argument("--seed", type=int, default=0, help="of split, start and what is tried (default 0)")
    command.add_argument("--json", action="store_true", help="one JSON object a trial; the last has the result")


def _add_training(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", default="movielens-100k", help="movielens-100k, planted, or a CSV file")
    command.add_argument(
        "--split", default=None,
        help="random (default), last (each user's last), time (the latest fifth), or a file of the test's rows; "
        "random-validation and its like leave that test out, and test on a part of what is left",
    )  # fmt: skip
    command.add_argument("--test", metavar="FILE.csv", help="test on the ratings of this CSV; all of --data is learnt")
    command.add_argument("--model", default="mf", choices=MODELS, help="default mf")
    command.add_argument("--embedding-dim", type=int, help="d (default: suits the model, as do those below)")
    command.add_argument("--learning-rate", type=float)
    command.add_argument("--batch-size", type=int)
    command.add_argument("--l2", type=float)
    command.add_argument("--epochs", type=int)
    command.add_argument("--learns", choices=LEARNS, help="which side learns (default both); the other stays at random")
    command.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE",
        help="an option of this model alone, such as neighbours=40; may be repeated",
    )  # fmt: skip
    command.add_argument("--seed", type=int, default=0, help="of split, start and order (default 0)")


def run_train(options) -> int:
    settings, parts = _settings(options), _parts(options)
    trainer = _fit(settings, parts, _print_json if options.json else _progress(settings.epochs), options.recall)
    if trainer.failure is not None:
        if not options.json:  # the JSON event has said it
            print(f"recsys_edu: {trainer.failure.reason} {trainer.failure.advice}", file=sys.stderr)
        return 1
    result = _result(trainer, parts)
    print(json.dumps(result) if options.json else _table(result))
    return 0


def run_record(options) -> int:
    from recsys_edu import recording, sources

    how = options.split or "random"
    if options.data not in sources.SOURCES or options.test is not None or how not in recording.SPLITS:
        known, splits = ", ".join(sources.SOURCES), ", ".join(recording.SPLITS)
        raise SettingsError(f"A recording is played on the data that it was made of: {known}; split {splits}.")
    settings, parts = _settings(options), _parts(options)
    if not settings.card.by_gradient:
        raise SettingsError(f"{settings.card.title} is computed in one go: there is nothing to watch, or to record.")
    _quiet_tensorflow()
    bar = _progress(settings.epochs)
    recorded = recording.record(settings, parts, options.data, how, "pca" if options.pca else "umap", bar)
    path = options.out or recording.default_path(options.data, settings.model)
    recording.write(recorded, path)
    print(f"{path}: {settings.epochs} epochs, {path.stat().st_size / 1000:,.0f} kB")
    return 0


def run_compare(options) -> int:
    _quiet_tensorflow()
    from recsys_edu import comparison, comparison_report, sources
    from recsys_edu.run_store import RunStore

    names = [name for text in options.models for name in text.split(",") if name]
    names = list(MODELS) if names == ["all"] else names
    if options.seeds < 1:
        raise SettingsError(f"A model is fitted at least once, not {options.seeds} times.")
    splits = (options.split,) if options.split else (comparison.RATINGS_BY, comparison.LISTS_BY)
    wanted = comparison.plans(names, options.seeds, splits)
    runs, failures = comparison_report.follow(sources.load(options.data), wanted, RunStore(), options.json)
    rows = comparison.table(runs)
    print(comparison_report.as_json(rows) if options.json else comparison_report.as_markdown(rows))
    return 1 if failures else 0


def run_search(options) -> int:
    from recsys_edu import search_command

    return search_command.run(options)


def run_recommend(options) -> int:
    from recsys_edu.recommend import liked, recommend

    settings, parts = _settings(options), _parts(options)
    parts.train.user_row(options.user)  # an unknown user is better said before the training
    if options.n < 1:
        raise SettingsError(f"A list needs at least one place, not {options.n}.")
    trainer = _fit(settings, parts, _progress(settings.epochs))
    if trainer.failure is not None:
        raise SettingsError(f"{trainer.failure.reason} {trainer.failure.advice}")
    print(f"What user {options.user} liked most:\n{_lines(liked(parts.train, options.user), 'rating')}\n")
    best = recommend(trainer.model, parts.train, options.user, options.n, options.at_least)
    print(f"What the model recommends, with predicted ratings:\n{_lines(best, 'predicted')}")
    return 0


def run_fetch(options) -> int:
    from recsys_edu import sources

    print(sources.fetch(options.name, path=options.path))
    return 0


def run_app(options) -> int:
    from recsys_edu import sources

    try:
        sources.fetch("movielens-100k")
    except RecsysEduError as error:  # the studio works without it
        print(f"recsys_edu: {error}", file=sys.stderr)
    _check_port(options.port)
    print(f"The studio starts at http://localhost:{options.port}; Ctrl-C ends it.", flush=True)
    return _serve({"server.port": options.port, "server.headless": options.no_browser})


def _serve(config: dict) -> int:
    """The studio, with these settings of Streamlit, until it ends."""
    os.chdir(ROOT)  # where .streamlit/config.toml is
    sys.path.insert(0, str(ROOT))
    from app import app  # in this process: what is imported is not imported again

    app.run(config=config)
    return 0


def run_class(options) -> int:
    from recsys_edu.classroom import commands

    if options.task == "export":
        commands.export(options.out)
        return 0
    if options.task == "erase":
        commands.erase(options.yes)
        return 0
    _check_port(options.port)
    config, teacher = commands.prepare(options.name, options.port, options.url)
    if not options.no_browser:
        commands.open_when_ready(teacher, options.port)
    return _serve(config)


def _check_port(port: int) -> None:
    """Raises SettingsError for no port, or if another program already serves on this port of localhost."""
    if not 1 <= port <= 65535:
        raise SettingsError(f"There is no port {port}: ports are 1 to 65535.")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SettingsError(f"Port {port} is in use, perhaps by another studio. Try: app --port {port + 1}")


def run_lab(options) -> int:
    chapter = min((ROOT / "notebooks" / "en").glob("*.ipynb"))
    extra = ["--no-browser"] if options.no_browser else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        extra.append("--allow-root")  # as in a container; it listens on localhost alone
    port = f"--ServerApp.port={options.port}"
    calm = f"--LabApp.app_settings_dir={ROOT / 'recsys_edu' / 'setup' / 'jupyterlab'}"  # no news over the lesson
    return _run("-m", "jupyterlab", "--ServerApp.ip=localhost", port, calm, *extra, str(chapter.relative_to(ROOT)))


def run_book(options) -> int:
    from recsys_edu.book import build

    page = build.make(options.out or build.DEFAULT)
    print(page)
    if not options.no_browser:
        webbrowser.open(page.resolve().as_uri())
    return 0


def run_doctor(options) -> int:
    from recsys_edu import doctor, doctor_class

    if not options.for_class:
        return doctor.run(quick=options.quick, as_json=options.json)
    if not (1 <= options.students <= 1000 and 1 <= options.port <= 65535):
        raise SettingsError("A class has 1 to 1,000 students, and a port is 1 to 65535.")
    more = doctor_class.examine(options.students, options.port, options.quick, options.warm)
    return doctor.run(quick=options.quick, as_json=options.json, more=more)


def _run(*arguments: str) -> int:
    """A Python program of the environment, in the repository's folder, until it ends."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # it went to the program as well, which ends by itself
                continue


def _settings(options):
    own = dict(_name_and_value(text) for text in options.option)
    return default_settings(
        options.model, **own, embedding_dim=options.embedding_dim, learning_rate=options.learning_rate,
        batch_size=options.batch_size, l2=options.l2, epochs=options.epochs, seed=options.seed,
        learns=options.learns,
    )  # fmt: skip


def _name_and_value(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name or name in Settings.__dataclass_fields__:
        raise SettingsError(f"--option {text} is not an option of a model. Write it as --option name=value.")
    return name, value


def _parts(options):
    """The training and the test part that the options ask for."""
    from recsys_edu import data, sources

    ratings = sources.load(options.data)
    if options.test is None:
        return data.split(ratings, options.split or "random", options.seed)
    if options.split is not None:
        raise SettingsError("Give --split or --test, not both: --test brings its own test ratings.")
    return sources.split_by_file(ratings, options.test)


def _fit(settings, parts, on_event, judge_lists: bool = False):
    """Train; TensorFlow is imported here."""
    _quiet_tensorflow()
    from recsys_edu import training

    return training.fit(settings, parts.train, parts.test, on_event, judge_lists)


def _quiet_tensorflow() -> None:
    """No start-up messages, once it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def _result(trainer, parts) -> dict:
    from recsys_edu.evaluation import evaluate

    figures = evaluate(trainer.model, parts.train, parts.test).figures()
    return {
        "event": "result", "model": trainer.settings.model, "data": parts.train.name, "split": parts.how,
        "seed": trainer.settings.seed, "epochs": trainer.settings.epochs,
        **{name: None if value is None else round(value, 6) for name, value in figures.items()},
        "fit_seconds": round(trainer.seconds, 3), "parameters": trainer.parameters,
    }  # fmt: skip


def _print_json(event) -> None:
    from recsys_edu.events import SnapshotEvent

    if not isinstance(event, SnapshotEvent):  # vectors are not for a terminal
        print(json.dumps(event.as_dict()), flush=True)


def _progress(epochs: int):
    """A progress bar on a terminal, nothing when piped."""
    from tqdm import tqdm

    from recsys_edu.events import EpochEvent, FailedEvent, FinishedEvent

    bar = tqdm(total=epochs, unit="epoch", disable=None, leave=False)

    def on_event(event) -> None:
        if isinstance(event, EpochEvent):
            of_lists = {"ndcg": event.validation_ndcg, "recall": event.validation_recall}
            figures = {"train": event.train_loss, "test": event.validation_mse} | of_lists
            bar.set_postfix({name: f"{value:.3f}" for name, value in figures.items() if value is not None})
            bar.update()
        elif isinstance(event, FailedEvent | FinishedEvent):
            bar.close()

    return on_event


def _table(result: dict) -> str:
    return "\n".join(f"{name:>12}  {value}" for name, value in result.items() if name != "event")


def _lines(table, value: str) -> str:
    rows = zip(table[value], table["title"], table["genres"].str.replace("|", ", "), strict=True)
    return "\n".join(f"  {number:4.2f}  {title}  ({genres})".removesuffix("  ()") for number, title, genres in rows)


if __name__ == "__main__":
    sys.exit(main())
