"""python -m tests.benchmarks: our models and the peers in one run. README.md says how to install the peers."""

from __future__ import annotations

import argparse
import json
import sys

from recsys_edu import models, sources
from recsys_edu.errors import RecsysEduError, SettingsError
from tests.benchmarks import contest, environments
from tests.benchmarks.register import PEERS, TASKS

INSTALL = "tests/benchmarks/README.md says how to install them; RECSYS_EDU_PEERS then names their Python."


def main(argv: list[str] | None = None) -> int:
    """Returns 0, 1 after a sentence for the user, or 130 for Ctrl-C."""
    options = parser().parse_args(argv)
    try:
        report = run(options)
    except RecsysEduError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("benchmarks: stopped.", file=sys.stderr)
        return 130
    print(json.dumps(report) if options.json else table(report))
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    top.add_argument("--data", default="movielens-100k", help="movielens-100k (default) or planted")
    top.add_argument("--tasks", default=",".join(TASKS), help="rating, ranking, or both (default)")
    top.add_argument("--models", help="ours, by name, separated by commas; none: no model (default: all)")
    top.add_argument("--peers", help="parts of names, separated by commas; none: no peer (default: all installed)")
    top.add_argument("--tune", action="store_true", help="choose the peers' settings anew, on a part of the train rows")
    top.add_argument("--seed", type=int, default=0, help="of the splits and of our models (default 0)")
    top.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    return top


def run(options) -> dict:
    """All rows, and the peers that are not installed or failed."""
    tasks = _names(options.tasks, TASKS, "task")
    peers = [peer for peer in PEERS if peer.task in tasks and _wanted(peer.name, options.peers)]
    if options.models not in (None, "none"):
        _names(options.models, list(models.MODELS), "model")
    found = environments.find({peer.library for peer in peers}) if peers else {}
    missing = sorted({peer.library for peer in peers} - found.keys())
    if missing:
        _say(f"Not installed, left out: {', '.join(missing)}. {INSTALL}")
    ratings = sources.load(options.data)
    report = {"data": ratings.name, "seed": options.seed, "missing": missing, "failed": [], "tasks": {}}
    for task in tasks:
        parts = contest.split(ratings, task, options.seed)
        entries = _ours(task, parts, options, report["failed"])
        entries += _peers([p for p in peers if p.task == task and p.library in found], found, parts, options, report)
        report["tasks"][task] = {"split": parts.how, **_ranked(task, entries)}
    return report


def _ours(task: str, parts, options, failed: list[str]) -> list[dict]:
    names = contest.ours(task)
    if options.models is not None:
        names = [name for name in names if name in options.models.split(",")]
    entries = []
    for name in names:
        _say(f"{task}: {name} ...")
        try:
            judged, seconds = contest.run_ours(name, task, parts, options.seed)
        except environments.PeerError as error:
            failed.append(str(error))
            continue
        entries.append({"name": name, "library": "recsys_edu", "seconds": seconds, "judged": judged})
    return entries


def _peers(peers, found, parts, options, report: dict) -> list[dict]:
    entries = []
    for peer in peers:
        python, version = found[peer.library]
        _say(f"{peer.task}: {peer.name} ({peer.library} {version}) ...")
        settings, search = peer.chosen, None
        try:
            if options.tune and peer.tried:
                cut = contest.validation(parts, peer.task, options.seed)
                settings, search = contest.tune(python, peer, cut)
                _say(f"    of {len(search)} settings, best on the validation part: {settings}")
            judged, seconds = contest.run_peer(python, peer, parts, settings)
        except environments.PeerError as error:
            report["failed"].append(str(error))
            continue
        row = {"name": peer.name, "library": f"{peer.library} {version}", "seconds": seconds, "judged": judged}
        entries.append(row | {"settings": settings} | ({"search": search} if search else {}))
    return entries


def _ranked(task: str, entries: list[dict]) -> dict:
    """The entries from best to worst with their figures, and how far our best is from the best peer."""
    result = {}
    sides = [[e for e in entries if (e["library"] == "recsys_edu") is own] for own in (True, False)]
    if all(sides):
        mine, theirs = (side[contest.best(task, [e["judged"] for e in side])] for side in sides)
        measure = list(mine["judged"])[-1]  # the squared error, or NDCG
        gap = mine["judged"][measure] - theirs["judged"][measure]  # the same pairs or users, one by one
        result["gap"] = {
            "ours": mine["name"], "peer": theirs["name"], "measure": f"mean {measure}",
            "difference": [float(gap.mean()), *contest.interval(gap)],
        }  # fmt: skip
    rows = [{**e, **contest.figures(task, e["judged"])} for e in entries]
    for row in rows:
        del row["judged"]
    measure, sign = ("rmse", 1) if task == "rating" else (f"ndcg@{contest.K}", -1)
    return {"rows": sorted(rows, key=lambda row: sign * row[measure][0]), **result}


def table(report: dict) -> str:
    """The report for people."""
    lines = []
    for task, part in report["tasks"].items():
        measures = ["rmse"] if task == "rating" else [f"hr@{contest.K}", f"ndcg@{contest.K}"]
        lines += [f"{report['data']}, {task}: {part['split']}", ""]
        heads = [f"{measure:<24}" for measure in measures]
        lines.append(f"{'model':<32}{'library':<24}{''.join(heads)}{'seconds':>9}")
        for row in part["rows"]:
            cells = [f"{'{:.4f} [{:.4f}, {:.4f}]'.format(*row[measure]):<24}" for measure in measures]
            lines.append(f"{row['name']:<32}{row['library']:<24}{''.join(cells)}{row['seconds']:>9.2f}")
        if gap := part.get("gap"):
            difference = "{:+.4f} [{:+.4f}, {:+.4f}]".format(*gap["difference"])
            lines += ["", f"Our {gap['ours']} against {gap['peer']}, {gap['measure']}: {difference}"]
        lines.append("")
    lines += [f"Left out: {failure}" for failure in report["failed"]]
    if report["missing"]:
        lines.append(f"Not installed: {', '.join(report['missing'])}. {INSTALL}")
    return "\n".join(lines)


def _names(text: str, known, kind: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in known:
            raise SettingsError(f"There is no {kind} {name!r}. Choose from: {', '.join(known)}.")
    return names


def _wanted(name: str, text: str | None) -> bool:
    return text is None or any(part.strip().lower() in name.lower() for part in text.split(",") if part != "none")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
