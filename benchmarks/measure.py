"""Take turns, take medians, compare: a ratio of two works that share the machine, the rows and the minute."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a ratio should reach: `floor` is the least, `goal` what we want; `better` says which way."""

    floor: float
    goal: float
    better: Literal["lower", "higher"]

    def verdict(self, ratio: float) -> str:
        """goal | floor | missed."""
        for name in ("goal", "floor"):
            bar = getattr(self, name)
            if ratio <= bar if self.better == "lower" else ratio >= bar:
                return name
        return "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Medians in seconds; `ratio` is ours ÷ limit where less time is better, limit ÷ ours where more speed is."""

    work: str
    limit_is: str
    ours: float
    limit: float
    bar: Bar
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.limit if self.bar.better == "lower" else self.limit / self.ours

    def as_json(self) -> dict[str, Any]:
        bar = {"floor": self.bar.floor, "goal": self.bar.goal, "better": self.bar.better}
        times = {"ours_seconds": self.ours, "limit_seconds": self.limit, "ratio": round(self.ratio, 3)}
        verdict = self.bar.verdict(self.ratio)
        return {"work": self.work, "limit_is": self.limit_is, **times, "bar": bar, "reached": verdict, **self.facts}


def compare(
    work: str,
    ours: Callable[[], object],
    limit: Callable[[], object],
    *,
    limit_is: str,
    bar: Bar,
    facts: dict[str, Any] | None = None,
    before_ours: Callable[[], object] = lambda: None,
) -> Result:
    """Run both once unmeasured, then ROUNDS times in turn; `before_ours` makes what ours uses up, and is not measured."""
    before_ours(), ours(), limit()
    times: dict[str, list[float]] = {"ours": [], "limit": []}
    for _ in range(ROUNDS):
        before_ours()
        for name, call in (("ours", ours), ("limit", limit)):
            started = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return Result(work=work, limit_is=limit_is, bar=bar, facts=facts or {}, **medians)


def machine() -> dict[str, Any]:
    """Where it was measured: only ratios carry over to another."""
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load_before": os.getloadavg()[0],
    }
