"""The memory of a process that serves thousands of short sessions, one after the other, and where it levels off.

    [CONTEXTKIT_CACHE_SCALE=0.25] python -m tests.benchmarks.many_sessions [--sessions 12000] [--window 8000]

Each session is another actor's, of eight messages, and one prompt is made of it: from a system prompt, 20 tools,
40 documents, memories and its messages, in an SQLite file. None is returned to, so that all that is kept of it is kept
in vain: the worst case. `added_mb` is what the process holds more than after the first prompt, by how many sessions
it has served. Prints JSON, in MiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from contextkit import ContextBuilder
from contextkit.recent import SCALE
from contextkit.sources import Documents, History, Memories, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from tests.benchmarks import talk
from tests.benchmarks.peak_memory import peak_mb

SAID, STEPS = 8, 6


def held_mb() -> float:
    """The memory this process holds now; on other systems than Linux, the most it ever held."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    return peak_mb()


def held(folder: Path, sessions: int, window: int) -> Mapping[int, float]:
    """What is held more than after the first session, in MiB, by how many were served."""
    pool = talk.messages(SAID * 500)
    questions = talk.questions(pool)
    with SQLiteStore(folder / "sessions.db") as store:
        builder = ContextBuilder(
            store=store,
            sources=[
                System("You are the assistant of a shop."),
                Tools(talk.tools(20)),
                Documents(talk.documents(40)),
                Memories(),
                History(),
            ],
            strategy="chat",
            budget=window,
        )
        found, step = {1: 0.0}, max(1, sessions // STEPS)
        for number in islice(count(1), sessions):
            start = SAID * (number % 500)
            said = [replace(each, content=f"{each.text} {number}") for each in pool[start : start + SAID]]
            store.append(f"user{number}", "session", said)
            builder.build(next(questions), actor_id=f"user{number}", session_id="session")
            if number == 1:
                before = held_mb()
            elif number % step == 0:
                found[number] = round(held_mb() - before, 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=12_000)
    parser.add_argument("--window", type=int, default=8_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        added = held(Path(folder), given.sessions, given.window)
    scale = float(os.environ.get(SCALE, "1"))
    print(json.dumps({"benchmark": "many_sessions", **vars(given), "scale": scale, "added_mb": added}, indent=2))


if __name__ == "__main__":
    main()
