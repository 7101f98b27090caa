"""Every benchmark, one after the other, each in a process of its own; then their table.

    python -m tests.benchmarks [--locomo FILE] [--bfcl FILE] [--help-pages DIR] [--embedder minilm] [--only NAME …]
                               [--json FILE] [--write README.md]

Prints a Markdown table: ours and the peers' figures from the same run, one row per claim. What
cannot run here (no data, no optional peer) has no row and is named below it. Progress goes to
standard error. `--json FILE` keeps everything that every benchmark printed; what the file holds of
benchmarks that are not run this time stays there and stands in the table too, so that a part can
be measured anew (`--only build prefix`) or nothing at all (`--only` alone). `--write` puts the
table between the marks in that file. `python -m tests.benchmarks.pictures FILE` draws the pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

from tests.benchmarks.table import ROWS, markdown, written

MOST_SECONDS = 3_600
"""After which a benchmark is given up."""

ENVIRONMENT = {**os.environ, "TQDM_DISABLE": "1"}
"""A model that loads its weights needs not show how."""

PACKAGES = (
    "numpy",
    "tiktoken",
    "langchain-core",
    "langchain",
    "strands-agents",
    "bm25s",
    "llama-index-core",
    "haystack-ai",
    "pydantic-ai-harness",
    "headroom-ai",
    "promptbudget",
)
"""Whose versions the table names."""

NEED_DATA = {
    "locomo": "locomo",
    "channel": "locomo",
    "bfcl": "bfcl",
    "memory_locomo": "locomo",
    "summary": "locomo",
    "languages": "pages",
}
"""Benchmarks that need data, and the option that names it."""

TAKE_EMBEDDER = ("locomo", "bfcl")
WITH_PEERS = ("compression",)
"""Whose optional peers are asked for by `--peers`."""

Findings: TypeAlias = dict[str, dict[str, Any]]
"""By benchmark: `result` is what it printed, or `problem` says why it did not; `skipped` peers."""


def arguments_of(name: str, options: argparse.Namespace) -> list[str] | None:
    """What a benchmark is called with, or None where its data is missing."""
    if name in NEED_DATA:
        data: Path | None = getattr(options, NEED_DATA[name])
        embedder = ["--embedder", options.embedder] if options.embedder and name in TAKE_EMBEDDER else []
        return None if data is None else ["--data", str(data), *embedder]
    return ["--peers"] if name in WITH_PEERS else []


def run(name: str, arguments: list[str]) -> dict[str, Any]:
    """What one benchmark printed, or why it did not, and which peers it skipped."""
    began = time.monotonic()
    print(f"── {name}", file=sys.stderr, flush=True)
    code, output, told = _called([sys.executable, "-W", "ignore", "-m", f"tests.benchmarks.{name}", *arguments])
    seconds = f"{time.monotonic() - began:,.0f} s"
    print(f"   {seconds}", file=sys.stderr, flush=True)
    skipped = [line for line in told if line.startswith("Skipped")]
    if code or not output:
        reason = f"ended by signal {-code} after {seconds}" if code < 0 else told[-1] if told else f"exit code {code}"
        return {"problem": skipped[-1] if skipped and not code else f"{name} failed: {reason}"}
    return {"result": json.loads(output), "skipped": skipped}


def _called(command: list[str]) -> tuple[int, str, list[str]]:
    """A command's exit code, output and messages; its messages are passed on as they come."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as printed,
        subprocess.Popen(
            command, stdout=printed, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", env=ENVIRONMENT
        ) as process,
    ):
        giving_up = threading.Timer(MOST_SECONDS, process.kill)
        giving_up.start()
        told = []
        for line in process.stderr or ():
            print(f"   {line.rstrip()}", file=sys.stderr, flush=True)
            told.append(line.strip())
        code = process.wait()
        giving_up.cancel()
        printed.seek(0)
        return code, printed.read(), [line for line in told if line]


def machine() -> str:
    """Where and with what it was measured, as a sentence."""
    return (
        f"CPython {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores; "
        f"{', '.join(f'{name} {found}' for name in PACKAGES if (found := _version(name)))}."
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def left_out(findings: Findings) -> Iterator[str]:
    """Every benchmark without a result and every peer that was skipped, each told once."""
    told = [line for found in findings.values() for line in (found.get("problem"), *found.get("skipped", ())) if line]
    yield from dict.fromkeys(line.removeprefix("Skipped ").removesuffix(".") for line in told)


def table(findings: Findings, machine: str) -> str:
    results = {name: found["result"] for name, found in findings.items() if "result" in found}
    return markdown(results, machine, list(left_out(findings)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--locomo", type=Path, metavar="FILE", help="LoCoMo conversations, as JSON")
    parser.add_argument("--bfcl", type=Path, metavar="FILE", help="BFCL tools and queries, as JSON")
    parser.add_argument("--help-pages", type=Path, dest="pages", metavar="DIR", help="LibreOffice's help, in languages")
    parser.add_argument("--embedder", choices=["minilm"], help="also measure with these embeddings")
    parser.add_argument("--only", nargs="*", choices=list(ROWS), metavar="NAME", help=", ".join(ROWS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all results here")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between the marks of this file")
    options = parser.parse_args()
    findings: Findings = {}
    where = machine()
    if options.json and options.json.exists():
        kept = json.loads(options.json.read_text("utf-8"))
        findings, where = kept["findings"], kept["machine"] if options.only == [] else where
    for name in ROWS if options.only is None else options.only:
        arguments = arguments_of(name, options)
        missing = {"problem": f"{name}, which needs its data (--{NEED_DATA.get(name, name)} FILE)"}
        findings[name] = missing if arguments is None else run(name, arguments)
        if options.json:
            options.json.write_text(json.dumps({"machine": where, "findings": findings}, indent=1), "utf-8")
    found = table(findings, where)
    print(found)
    if options.write:
        options.write.write_text(written(options.write.read_text("utf-8"), found), "utf-8")


if __name__ == "__main__":
    main()
