"""The memory that a prompt takes, from a session of 20,000 messages: ours and `trim_messages`, a process each.

    python -m tests.benchmarks.peak_memory [--messages 20000] [--window 100000]

The same messages lie in an SQLite file and in a JSON file. One process opens the store, makes the
builder of `build.py` (system prompt, tools, documents, memories, history) and builds a first
prompt, which reads and indexes the session, and five more. The other reads the list, as
`trim_messages` needs it, and trims it exactly as often. `peak_mb` is the most that the process ever
held; `added_mb` leaves out what it held before, with everything imported and the vocabulary
loaded; `built_mb` is what only the five later prompts added on top. Prints JSON, in MiB.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

WARM = 5
"""Prompts after the first."""


def peak_mb() -> float:
    """The most memory this process ever held. Linux' own mark where there is one: the other is inherited."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)):
        return int(found[1]) / 1_024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def prepare(folder: Path, count: int) -> None:
    """The session as a store and as a list, in files."""
    from contextkit.stores.sqlite import SQLiteStore
    from tests.benchmarks import talk

    said = talk.messages(count)
    with SQLiteStore(folder / "session.db") as store:
        for start in range(0, len(said), 5_000):
            store.append("user", "session", said[start : start + 5_000])
        store.put_memories("user", talk.memories(300))
    (folder / "session.json").write_text(json.dumps([[message.role, message.text] for message in said]))
    questions = list(islice(talk.questions(said), WARM + 1))
    (folder / "questions.json").write_text(json.dumps(questions))


def contextkit(folder: Path, window: int) -> dict[str, float]:
    from contextkit.stores.sqlite import SQLiteStore
    from contextkit.tokens import get_counter
    from tests.benchmarks.build import builder

    get_counter().text("load")
    questions = iter(json.loads((folder / "questions.json").read_text()))
    before = peak_mb()
    with SQLiteStore(folder / "session.db") as store:
        made = builder(store, window)
        return _peaks(before, lambda: made.build(next(questions), actor_id="user", session_id="session"))


def trim_messages(folder: Path, window: int) -> dict[str, float]:
    from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

    from tests.benchmarks.build import peer

    trim = peer(window)
    trim([HumanMessage("load")])
    before = peak_mb()
    said: list[BaseMessage] = [
        (HumanMessage if role == "user" else AIMessage)(text)
        for role, text in json.loads((folder / "session.json").read_text())
    ]
    return _peaks(before, lambda: trim(said))


def _peaks(before: float, prompt: Callable[[], object]) -> dict[str, float]:
    prompt()
    first = peak_mb()
    for _ in range(WARM):
        prompt()
    last = peak_mb()
    found = {"peak_mb": last, "added_mb": last - before, "built_mb": last - first}
    return {name: round(value, 1) for name, value in found.items()}


SYSTEMS: dict[str, Callable[[Path, int], dict[str, float]]] = {
    "contextkit": contextkit,
    "trim_messages": trim_messages,
}


def alone(*arguments: str) -> Any:
    """What this file prints with these arguments, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.peak_memory", *arguments]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(said) if said else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--window", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=["prepare", *SYSTEMS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "prepare":
        prepare(options.folder, options.messages)
    elif options.step:
        print(json.dumps(SYSTEMS[options.step](options.folder, options.window)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            given = ["--folder", folder, "--messages", str(options.messages), "--window", str(options.window)]
            alone(*given, "--step", "prepare")
            systems = {name: alone(*given, "--step", name) for name in SYSTEMS}
        found = {"benchmark": "peak_memory", "messages": options.messages, "window": options.window}
        print(json.dumps({**found, "systems": systems}, indent=2))


if __name__ == "__main__":
    main()
