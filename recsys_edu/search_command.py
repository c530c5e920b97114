"""The command `search`: a study on the studio's workers, followed to its end, and what it prints."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from queue import SimpleQueue

from recsys_edu import search
from recsys_edu.models import default_settings
from recsys_edu.search import Trial

SHOWN = 10  # trials of the table
ENDS = ("finished", "failed", "stopped")


def run(options) -> int:
    """Returns the exit code: 1 if the study failed, 130 if Ctrl-C ended it; what it had found is printed then too."""
    from recsys_edu.studio.jobs import Jobs
    from recsys_edu.studio.slices import RunSpec
    from recsys_edu.studio.studies import make_study

    here = Path(options.data)  # the workers have a folder of their own
    data = str(here.resolve()) if here.is_file() else options.data
    spec = RunSpec(data, options.split, default_settings(options.model, seed=options.seed))
    study = make_study("command line", spec, options.trials, options.at_once)
    jobs = Jobs()
    try:
        _follow(jobs, study, options.json)
    finally:
        jobs.shut_down()
    print(json.dumps(as_dict(study)) if options.json else as_text(study))
    if study.mode == "failed":
        print(f"recsys_edu: {study.sentence}", file=sys.stderr)
    return {"finished": 0, "stopped": 130}.get(study.mode, 1)


def _follow(jobs, study, as_json: bool) -> None:
    """Until the study ends, behind a progress bar on a terminal. Ctrl-C stops the study."""
    from tqdm import tqdm

    messages: SimpleQueue[dict] = SimpleQueue()
    form = "{n_fmt}/{total_fmt} [{elapsed}] {desc}"
    bar = tqdm(total=study.wanted, bar_format=form, disable=None, leave=False)
    shown = 0
    jobs.admit(study)
    jobs.train(study)
    jobs.subscribe(study, messages.put)
    try:
        while study.mode not in ENDS or shown < len(study.told):
            messages.get()
            ended = study.told[shown:]
            shown += len(ended)
            for trial in ended if as_json else ():
                print(json.dumps({"event": "trial"} | _as_dict(trial)), flush=True)
            bar.update(len(ended))
            bar.set_description_str(study.state_message()["sentence"])
    except KeyboardInterrupt:
        jobs.stop(study)
    bar.close()


def as_text(study) -> str:
    """The best trials, the best settings as a command, and what the test says of them."""
    best = study.best
    if best is None:
        return "No trial has reached its end."
    lines = [_table(study.told), "", f"The settings of trial {best.number + 1} are the best. To learn with them again:"]
    lines += [f"    {_command(study)}", ""]
    if study.result is None:
        return "\n".join([*lines, f"Stopped after {len(study.told)} of {study.wanted} trials: the test was not asked."])
    return "\n".join([*lines, _verdict(study)])


def as_dict(study) -> dict:
    """The study as one JSON object; what is not known is None."""
    best = study.best
    return {
        "event": "search", "model": study.spec.settings.model, "data": study.spec.data, "split": study.spec.how,
        "seed": study.spec.settings.seed, "trials": len(study.told), "state": study.mode,
        "goal": search.goal_of(study.spec.settings.model).name, "best": best and _as_dict(best),
        "command": best and _command(study),
        "test": study.result and study.result.figures, "usual_test": study.usual and study.usual.figures,
        "difference": study.difference and vars(study.difference),
    }  # fmt: skip


def _command(study) -> str:
    return search.command(study.best.chosen, study.spec.data, study.spec.how)


def _as_dict(trial: Trial) -> dict:
    settings = {name: getattr(trial.settings, name) for name in search.space(trial.settings.model)}
    epochs = trial.chosen.epochs if trial.values else None
    return {
        "number": trial.number + 1, "state": trial.state, "value": trial.value, **settings, "epochs": epochs,
        "seconds": round(trial.seconds, 3),
    }  # fmt: skip


def _verdict(study) -> str:
    """The test, of both settings, and whether their difference is one."""
    figure, d = study.best.goal.figure, study.difference
    found, usual = study.result.figures[figure], study.usual.figures[figure]
    told = f"On the test, which was asked once: {study.best.goal.name} {found:.4f}"
    if d is None:
        return f"{told}. These are the model's usual settings: no others were better."
    return f"{told}, and {usual:.4f} with the usual settings: {d.difference:+.4f} [{d.low:+.4f}, {d.high:+.4f}]."


def _table(trials: list[Trial]) -> str:
    """The best trials, the best first."""
    known = [trial for trial in trials if trial.values]
    known.sort(key=lambda trial: (trial.state != "complete", -trial.goal.better * trial.value, trial.number))
    names = list(search.space(trials[0].settings.model))
    head = ["trial", trials[0].goal.name, "epochs", *(search.LETTERS[name] for name in names), ""]
    rows = [
        [f"{t.number + 1}", f"{t.value:.4f}", f"{t.chosen.epochs}"]
        + [f"{getattr(t.settings, name):g}" for name in names]
        + ["" if t.state == "complete" else t.state]
        for t in known[:SHOWN]
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return "\n".join(line.rstrip() for line in lines)
