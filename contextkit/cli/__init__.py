"""The `contextkit` command: a prompt from a terminal, and why it is what it is.

Exit codes: 0 for success, 1 for an error of ours or of the input (one sentence on stderr, never a
traceback), 2 for wrong usage or a missing extra, 130 for Ctrl-C, 141 where nobody reads the result
any more. Standard output is UTF-8 whatever the locale; notes and progress go to standard error.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Final

from contextkit.cli.exits import INTERRUPTED, UNREAD, hush

NEEDED: Final = ("typer", "rich")

UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF)
"""What a write to an output fails with that has no room left, or was closed before we began."""


def main() -> None:
    """The entry point. Typer and rich are imported here, so importing this package needs neither."""
    try:
        _replace_closed()
        _speak_utf8()
        _run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        hush()
        sys.exit(UNREAD)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        hush()
        print(  # noqa: T201
            f"contextkit: The output cannot be written: {error.strerror}. Make room, or send it elsewhere.",
            file=sys.stderr,
        )
        sys.exit(1)


def _run() -> None:
    try:
        from contextkit.cli.app import app
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in NEEDED:
            raise
        print(  # noqa: T201 - rich may be what is missing
            "The command line needs typer and rich: pip install 'contextkit-sdk[cli]'", file=sys.stderr
        )
        sys.exit(2)
    try:
        app(prog_name="contextkit")
    finally:  # it leaves by `SystemExit`
        sys.stdout.flush()


def _replace_closed() -> None:
    """Standard streams that were closed before we began fail as those of any command do; notes then go nowhere.

    Python has None for them. What is opened here takes their numbers, so that no store's file does.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY))
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _speak_utf8() -> None:
    """UTF-8 on both outputs. What UTF-8 cannot say (lone surrogates) is written as JSON escapes it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
