"""Runs the command in a process of its own, forked from one that has imported everything: many runs in little time.

Reads one JSON object per line from standard input: the `arguments`, the environment's further
`variables`, the working `folder`, and the folder of the `streams`, whose files `stdin`, `stdout` and
`stderr` the command gets. Answers each with the exit code on a line.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import contextkit
from contextkit.cli import main
from contextkit.errors import MissingExtra
from contextkit.tokens import get_counter


def serve() -> None:
    _import_everything()
    get_counter("o200k_base").text("and the vocabulary is read")
    gc.freeze()  # so that a collection in a child does not copy all of it
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _import_everything() -> None:
    """Also what a command imports only once it runs, and so would in each process anew."""
    for module in pkgutil.walk_packages(contextkit.__path__, "contextkit."):
        if not module.name.endswith("__main__") and not module.name.startswith("contextkit.testing.conformance"):
            with suppress(MissingExtra):
                importlib.import_module(module.name)


def _become(order: dict[str, Any]) -> None:
    """Be the command from here on, as a shell would have started it."""
    streams = Path(order["streams"])
    for number, (name, flags) in enumerate(
        (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY | os.O_CREAT), ("stderr", os.O_WRONLY | os.O_CREAT))
    ):
        os.dup2(os.open(streams / name, flags), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    os.chdir(order["folder"])
    os.environ.update(order["variables"])
    sys.argv = ["contextkit", *order["arguments"]]
    try:
        main()
    except SystemExit as ended:
        _leave(ended.code)
    _leave(None)


def _leave(code: object) -> NoReturn:
    """End as an interpreter does, except that what was imported is not taken down: that takes longer than a command."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else code is not None)


if __name__ == "__main__":
    serve()
