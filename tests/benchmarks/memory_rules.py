"""What the built-in rules remember of the scenarios, without any model: python -m tests.benchmarks.memory_rules

Facts stated and found in the right state (active or superseded), supersessions that were wrong, and records
beyond what was expected; for the scenarios that the rules may be tuned on and for those held out. `--all` lists
what was missed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from contextkit.memory.rules import RuleExtractor
from contextkit.memory.strategy import MemoryStrategy
from tests.memory.scenarios import played, scenarios, scored


def measured(file: str) -> dict[str, Any]:
    """The figures over all scenarios of a file."""
    strategy = MemoryStrategy.load("semantic")
    for each in scenarios(file):
        played(each, RuleExtractor(strategy), strategy)  # patterns are compiled when they are first needed
    began = time.perf_counter()
    every = [(each.name, scored(each, played(each, RuleExtractor(strategy), strategy))) for each in scenarios(file)]
    seconds, messages = time.perf_counter() - began, sum(len(each.messages) for each in scenarios(file))
    stated, found = (sum(getattr(score, part) for _, score in every) for part in ("stated", "found"))
    figures: dict[str, Any] = {
        "scenarios": len(every),
        "facts_stated": stated,
        "facts_found": found,
        "share_found": round(found / stated, 3),
        "wrong_supersessions": sum(len(score.wrongly_superseded) for _, score in every),
        "unexpected_records": sum(len(score.unexpected) for _, score in every),
        "messages_per_second": round(messages / seconds),
    }
    if "--all" in sys.argv:
        figures["details"] = {
            name: {part: getattr(score, part) for part in ("missing", "wrongly_superseded", "unexpected")}
            for name, score in every
            if score.missing or score.wrongly_superseded or score.unexpected
        }
    return figures


if __name__ == "__main__":
    figures = {file: measured(file) for file in ("tuned", "held_out")}
    print(json.dumps(figures, indent=2, ensure_ascii=False))
