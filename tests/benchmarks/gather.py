"""Sources that take their time: a build against the slowest of them, and one that hangs.

    python -m tests.benchmarks.gather [--sources 5] [--ms 50]

Five sources of 50 ms each should cost little more than 50 ms, and one that hangs for 30 s no
more than its deadline.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from contextkit import Budget, ContextBuilder, Item, Request
from contextkit.strategy import parse_strategy

DEADLINE = 0.5

STRATEGY = """
[sections.system]
region = "stable"
[sections.turn]
region = "turn"
[sections.facts]
region = "volatile"
deadline = {deadline}
"""


class Slow:
    """A source that gives one fact after so many seconds."""

    sections = ("facts",)

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self._seconds = seconds

    def gather(self, _request: Request) -> Iterator[Item]:
        time.sleep(self._seconds)
        yield Item(id=self.name, section="facts", text=f"What {self.name} knows.")


def seconds_of(builder: ContextBuilder, runs: int) -> list[float]:
    seconds = []
    for _ in range(runs):
        began = perf_counter()
        builder.build("What do you know?", actor_id="u", session_id="s")
        seconds.append(perf_counter() - began)
    return seconds


def measure(count: int, delay: float, runs: int) -> dict[str, object]:
    strategy = parse_strategy(STRATEGY.format(deadline=DEADLINE), name="benchmark")
    slow = [Slow(f"source {number}", delay) for number in range(count)]
    together = ContextBuilder(sources=slow, strategy=strategy, budget=Budget(2_000))
    seconds_of(together, 2)
    took = median(seconds_of(together, runs))
    hanging = ContextBuilder(sources=[*slow, Slow("hanging", 30.0)], strategy=strategy, budget=Budget(2_000))
    began = perf_counter()
    report = hanging.build("What do you know?", actor_id="u", session_id="s").report
    hung = perf_counter() - began
    return {
        "benchmark": "gather",
        "sources": count,
        "each_ms": delay * 1000,
        "build_ms": round(took * 1000, 1),
        "ratio_to_one_source": round(took / delay, 3),
        "one_after_the_other_ms": count * delay * 1000,
        "hanging": {
            "deadline_ms": DEADLINE * 1000,
            "build_ms": round(hung * 1000, 1),
            "ratio_to_deadline": round(hung / DEADLINE, 3),
            "said_so": [notice.text for notice in report.notices],
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Slow and hanging sources.")
    parser.add_argument("--sources", type=int, default=5)
    parser.add_argument("--ms", type=float, default=50.0)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    print(json.dumps(measure(options.sources, options.ms / 1000, options.runs), indent=2))


if __name__ == "__main__":
    main()
