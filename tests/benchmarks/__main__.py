"""Every benchmark, one after the other, each in a process of its own.

    python -m tests.benchmarks [--locomo FILE] [--bfcl FILE] [--embedder minilm]

Prints what each printed, as one JSON document on standard output; what cannot run here (no data,
no optional peer) is skipped with a message on standard error.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ALONE = (
    "build",
    "gather",
    "prefix",
    "memory_search",
    "import_time",
    "counting",
    "calibration",
    "compression",
    "dedup",
    "sqlite_store",
)
"""Benchmarks that need no data but their own."""


def commands(options: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    yield from ((name, []) for name in ALONE)
    embedder = ["--embedder", options.embedder] if options.embedder else []
    for name, data in (("locomo", options.locomo), ("bfcl", options.bfcl)):
        if data is None:
            print(f"{name}: skipped; give its data with --{name} FILE", file=sys.stderr)
        else:
            yield name, ["--data", str(data), *embedder]


def run(name: str, arguments: list[str]) -> Any:
    """What one benchmark printed, or why it did not."""
    print(f"{name} …", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]}
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run every benchmark and print its numbers as JSON.")
    parser.add_argument("--locomo", type=Path, help="LoCoMo conversations, as JSON")
    parser.add_argument("--bfcl", type=Path, help="BFCL tools and queries, as JSON")
    parser.add_argument("--embedder", choices=["minilm"], help="also measure with these embeddings")
    options = parser.parse_args()
    print(json.dumps({name: run(name, arguments) for name, arguments in commands(options)}, indent=2))


if __name__ == "__main__":
    main()
