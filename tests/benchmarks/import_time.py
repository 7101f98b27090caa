"""What `import contextkit` adds to the bare interpreter, against `import langchain_core.messages`.

    python -m tests.benchmarks.import_time [--runs 20]

Prints JSON: the medians of the wall time of a whole process, bare and with each import, what each
adds to the bare one, and the time that `-X importtime` attributes to `import contextkit` itself, in
milliseconds. `builder` also reaches for `ContextBuilder`, as every program does sooner or later.
All are measured in turns in the same run.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
from time import perf_counter

LIMIT_MS = 40.0
"""The most that the import may add, by the project's own promise."""

STATEMENTS = {
    "bare": "pass",
    "import": "import contextkit",
    "builder": "from contextkit import ContextBuilder",
    "langchain_core": "import langchain_core.messages",
}


def wall_ms(statement: str) -> float:
    started = perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return (perf_counter() - started) * 1_000


def attributed_ms(statement: str, module: str) -> float:
    """Cumulative microseconds of the module in `-X importtime`, as milliseconds."""
    command = [sys.executable, "-X", "importtime", "-c", statement]
    log = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    found = re.search(rf"\|\s+(\d+) \| {re.escape(module)}$", log, re.MULTILINE)
    if found is None:
        raise LookupError(f"{module} is not in the log of {statement!r}")
    return int(found[1]) / 1_000


def measure(runs: int) -> dict[str, object]:
    for statement in STATEMENTS.values():  # the first run of each writes bytecode and warms the disk's cache
        wall_ms(statement)
    walls: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    attributed = []
    for _ in range(runs):
        for name, statement in STATEMENTS.items():
            walls[name].append(wall_ms(statement))
        attributed.append(attributed_ms("import contextkit", "contextkit"))
    medians = {name: statistics.median(times) for name, times in walls.items()}
    added = medians["import"] - medians["bare"]
    return {
        "benchmark": "import_time",
        "python": sys.version.split()[0],
        "runs": runs,
        "bare_ms": round(medians["bare"], 2),
        "import_contextkit_ms": round(medians["import"], 2),
        "added_ms": round(added, 2),
        "attributed_ms": round(statistics.median(attributed), 2),
        "builder_added_ms": round(medians["builder"] - medians["bare"], 2),
        "langchain_core_added_ms": round(medians["langchain_core"] - medians["bare"], 2),
        "limit_ms": LIMIT_MS,
        "within_limit": added <= LIMIT_MS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="processes per statement (default 20)")
    print(json.dumps(measure(parser.parse_args().runs), indent=2))


if __name__ == "__main__":
    main()
