"""Screen: standard output for people, standard error for notes. In colour on a terminal, plain in a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from rich.console import Console
from rich.text import Text

from contextkit.cli.exits import UNREAD, hush
from contextkit.report.layout import printable

WIDEST: Final = 110
"""Columns beyond which lines of prose are hard to read."""

NARROWEST: Final = 40


class Screen(Console):
    """A console that ends the command as the shell would where nobody reads it any more."""

    def on_broken_pipe(self) -> NoReturn:
        hush()
        raise SystemExit(UNREAD)


def stdout() -> Console:
    """The console for results, as wide as the terminal up to what reads well."""
    console = Screen(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=False)
    console.width = max(NARROWEST, min(console.width, WIDEST))
    return console


def stderr() -> Console:
    """The console for notes and progress, which never mix with results."""
    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)


def write_json(document: Mapping[str, Any]) -> None:
    """A document to standard output, as JSON to read."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def note(text: str) -> None:
    """A line for people, beside the result."""
    stderr().print(Text(printable(text), style="dim"), soft_wrap=True)
