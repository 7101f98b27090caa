"""Runs the command in a process of its own, forked from one that has imported everything: many runs in little time.

Reads one JSON object per line from standard input: the `arguments`, the working `folder`, and the
folder of the `streams`, whose files `stdin`, `stdout` and `stderr` the command gets. Answers each
with the exit code on a line.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from contextkit.cli import main
from contextkit.cli.app import app
from contextkit.tokens import get_counter


def serve() -> None:
    assert app.registered_commands, "everything is imported"
    get_counter("o200k_base").text("and the vocabulary is read")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """Be the command from here on, as a shell would have started it."""
    streams = Path(order["streams"])
    for number, (name, flags) in enumerate(
        (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY | os.O_CREAT), ("stderr", os.O_WRONLY | os.O_CREAT))
    ):
        os.dup2(os.open(streams / name, flags), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    os.chdir(order["folder"])
    sys.argv = ["contextkit", *order["arguments"]]
    main()
    sys.exit()


if __name__ == "__main__":
    serve()
