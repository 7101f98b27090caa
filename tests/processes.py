"""Processes for tests to start, to let write at once, and to kill."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from typing import Final

FRESH: Final = multiprocessing.get_context("spawn")
"""Each is an interpreter of its own, from its first import to the handlers that run at its end."""

QUICK: Final = multiprocessing.get_context("forkserver")
"""Each has nothing of this process, but all of `tests.preloaded`, which takes longer to load than most such tests."""

QUICK.set_forkserver_preload(["tests.preloaded"])


def run_together(processes: Sequence[BaseProcess]) -> None:
    """Run them at the same time, and expect each to end well."""
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(processes)
