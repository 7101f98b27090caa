"""Whether what was said long ago stands in the prompt, and what becomes of texts that give orders."""

from __future__ import annotations

import re
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contextkit.cli.demo.world import World
from contextkit.context import Context
from contextkit.demo import Question
from contextkit.report.layout import printable

PAST: Final = ("q-name", "q-vat-number", "q-refund")
"""Answers from the first day, from a correction of a wrong one, and from two places at once."""

FORGERY: Final = "My K80 scrapes in the morning and then it stops. Is the shaft bent?"
"""A question that brings up the forum page which forges the end of its own fence."""


def show_past(console: Console, world: World) -> None:
    """Build for three questions about the past, and look for the evidence of each answer in the prompt."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("asked", ratio=5)
    table.add_column("the answer", ratio=5)
    table.add_column("said on", no_wrap=True)
    table.add_column("in the prompt", no_wrap=True)
    table.add_column("tokens", justify="right")
    for question in map(world.question, PAST):
        context = world.build(question.query)
        found = question.answerable(prompt_text(context))
        table.add_row(
            question.query,
            question.answer,
            _said_on(world, question),
            Text("✓ yes", "bold green") if found else Text("✗ not all of it", "bold red"),
            f"{context.tokens:,}",
            end_section=True,
        )
    console.print(table)


def show_injection(console: Console, world: World) -> None:
    """Show how a page that forges the end of its fence stands in the prompt."""
    text = prompt_text(world.build(FORGERY))
    lines = printable(text).split("\n")
    forged = [at for at, line in enumerate(lines) if "&lt;" in line]
    console.print()
    console.print(Text.assemble(("asked  ", "dim"), (FORGERY, "bold")))
    if not forged:
        console.print("This prompt has no text that imitates a fence.")
        return
    console.print(
        Text(
            "A forum page among the documents closes its own fence and then gives orders. In the prompt its "
            "forged tags have lost their angle bracket (&lt;), so that it never leaves the fence:",
            "dim",
        )
    )
    opened = max(at for at, line in enumerate(lines[: forged[0]]) if line == "<documents>")
    closed = next(at for at, line in enumerate(lines) if at > forged[-1] and line == "</documents>")
    console.print()
    for at in (opened, None, *range(forged[0] - 1, forged[-1] + 1), None, closed):
        console.print(_fenced(lines, at))


def prompt_text(context: Context) -> str:
    """All that the messages of a prompt say."""
    return "\n".join(message.text for message in context.messages)


def _fenced(lines: list[str], at: int | None) -> Padding:
    line = Text("⋯", "dim") if at is None else Text(lines[at])
    line.highlight_regex(re.compile(r"&lt;/?\w+>?"), "bold yellow")
    return Padding(line, (0, 0, 0, 2))


def _said_on(world: World, question: Question) -> str:
    """When the evidence was first said."""
    holders = {holder for piece in question.evidence for holder in piece.holders}
    dates = [message.created_at for message in world.data.messages if message.id in holders and message.created_at]
    return f"{min(dates).day} {min(dates):%b %Y}" if dates else ""
