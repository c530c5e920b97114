"""From what was measured to figures and verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PAGE_P95, EPOCH_P95 = 3.0, 10.0  # seconds
MOST_MEMORY = 1.5e9  # bytes of the studio's own process
MOST_GROWTH = 0.10  # of its mean in half an hour: then it is called flat
ENOUGH_MINUTES = 5  # a shorter time says nothing about a slope
MB = 1e6


@dataclass(frozen=True)
class Spread:
    count: int
    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, seconds: list[float]) -> Spread | None:
        if not seconds:
            return None
        return cls(len(seconds), *(round(float(np.quantile(seconds, q)), 3) for q in (0.5, 0.95, 1.0)))


def slope(samples: list[tuple[float, float]]) -> float:
    """Bytes a minute: the least-squares line through the last two thirds of (seconds, bytes), the start left out."""
    last = samples[len(samples) // 3 :]
    if len(last) < 2:
        return 0.0
    seconds, memory = np.array(last).T
    return float(np.polyfit(seconds, memory, 1)[0] * 60)


def is_flat(samples: list[tuple[float, float]]) -> bool | None:
    """Whether the line would rise by less than MOST_GROWTH of the mean in 30 minutes; None: too short to tell."""
    if not samples or samples[-1][0] - samples[0][0] < 60 * ENOUGH_MINUTES:
        return None
    return 30 * slope(samples) < MOST_GROWTH * float(np.mean([memory for _seconds, memory in samples]))


def figures(log, watch, tracebacks: int, disturbed: bool) -> dict:
    """All that was measured, and a verdict for each promise: true, false, or null where it was not put to the test."""
    spreads = {name: Spread.of(seconds) for name, seconds in sorted(log.seconds.items())}
    studio = [(t, own) for t, own, _rest in watch.samples]
    workers = [(t, rest) for t, _own, rest in watch.samples]
    return {
        "seconds": {name: vars(spread) for name, spread in spreads.items()},
        "errors": len(log.errors), "first_errors": log.errors[:10], "tracebacks": tracebacks,
        "curves": {"compared": log.checked, "whole": log.whole, "wrong": len(log.wrong), "first": log.wrong[:10]},
        "come_backs": log.come_backs, "lost_clicks": log.lost_clicks,
        "memory": {"studio": _memory(studio), "workers": _memory(workers)},
        "cpu_seconds": round(watch.cpu, 1),
        "verdicts": _verdicts(log, spreads, studio, tracebacks, disturbed),
    }  # fmt: skip


def _verdicts(log, spreads: dict, studio: list, tracebacks: int, disturbed: bool) -> dict:
    usable, epoch = spreads.get("page usable"), spreads.get("first epoch")
    return {
        "page usable p95 <= 3 s": None if usable is None or disturbed else usable.p95 <= PAGE_P95,
        "first epoch p95 <= 10 s": None if epoch is None or disturbed else epoch.p95 <= EPOCH_P95,
        "studio <= 1.5 GB": max((memory for _t, memory in studio), default=0) <= MOST_MEMORY if studio else None,
        "studio flat": None if disturbed else is_flat(studio),
        "0 errors": not log.errors and (disturbed or not tracebacks),
        "no run wrong": not log.wrong if log.checked else None,
    }


def _memory(samples: list[tuple[float, float]]) -> dict:
    if not samples:
        return {}
    return {
        "most_mb": round(max(memory for _t, memory in samples) / MB), "last_mb": round(samples[-1][1] / MB),
        "mb_a_minute": round(slope(samples) / MB, 2), "flat": is_flat(samples),
    }  # fmt: skip


def as_text(found: dict) -> str:
    lines = [f"{'':<20}{'n':>6}{'p50':>9}{'p95':>9}{'most':>9}   seconds"]
    for name, s in found["seconds"].items():
        lines.append(f"{name:<20}{s['count']:>6}{s['p50']:>9.2f}{s['p95']:>9.2f}{s['most']:>9.2f}")
    for name, memory in found["memory"].items():
        lines.append(f"memory of {name}: " + ", ".join(f"{key} {value}" for key, value in memory.items()))
    lines.append(f"CPU: {found['cpu_seconds']} s; curves: {found['curves']}; came back: {found['come_backs']}")
    lines.append(f"clicks that had to be made again: {found['lost_clicks']}")
    lines.append(f"errors: {found['errors']} {found['first_errors']}; tracebacks: {found['tracebacks']}")
    lines += [f"{name}: {found[name]}" for name in ("kills", "class") if name in found]
    words = {True: "yes", False: "NO", None: "not put to the test"}
    lines += [f"{name:<30}{words[verdict]}" for name, verdict in found["verdicts"].items()]
    return "\n".join(lines)
