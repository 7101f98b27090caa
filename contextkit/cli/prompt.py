"""The prompt as the model gets it, drawn for a terminal: who says what, for how many tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from contextkit.cli.excerpt import Line, block_excerpt, excerpt
from contextkit.context import Context
from contextkit.fence import BLOCK_NAME
from contextkit.report import Part
from contextkit.report.layout import printable
from contextkit.types import Message, Tool

_COLOURS: Final = {"system": "magenta", "user": "cyan", "assistant": "green", "tool": "yellow"}
_MARK: Final = "dim italic"
_SPEAKER: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a prompt is drawn: lines of a message and of a block's section, characters of a line.

    Of a run of history, `edge` messages are drawn at either end.
    """

    message: int = 4
    section: int = 6
    characters: int = 220
    edge: int = 4


WHOLE: Final = Limits(message=10**9, section=10**9, characters=10**9, edge=10**9)
"""Everything, to the last character."""


def draw_prompt(console: Console, context: Context, limits: Limits) -> None:
    """Print the prompt of one build."""
    parts = list(context.report.parts)
    grid = _grid()
    if context.tools:
        used = sum(part.tokens for part in parts[: len(context.tools)])
        grid.add_row(Text("tools", "bold blue"), _names(context.tools), f"{used:,}")
    for row in _shown(context.messages, parts[len(context.tools) :], limits):
        grid.add_row(*row)
    console.print(grid)


def draw_messages(console: Console, messages: Sequence[Message], limits: Limits) -> None:
    """Print messages as they are stored."""
    grid = _grid()
    for message in messages:
        grid.add_row(_speaker(message), _said(message, limits), f"{message.tokens or 0:,}")
    console.print(grid)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(width=_SPEAKER)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", style="dim")
    return grid


def _shown(messages: Sequence[Message], parts: Sequence[Part], limits: Limits) -> Iterator[tuple[Text, Text, str]]:
    """A row for each message, or for a run of history that is only counted."""
    past = [at for at, part in enumerate(parts) if part.section == "history"]
    hidden = set(past[limits.edge : -limits.edge]) if len(past) > 2 * limits.edge + 1 else set()
    for at, (message, part) in enumerate(zip(messages, parts, strict=True)):
        if at not in hidden:
            yield _speaker(message), _said(message, limits), f"{part.tokens:,}"
        elif at - 1 not in hidden:
            tokens = sum(parts[index].tokens for index in hidden)
            said = f"⋯ {len(hidden):,} messages more of the history stand here, not drawn ⋯"
            yield Text(), Text(said, _MARK), f"{tokens:,}"


def _speaker(message: Message) -> Text:
    label = Text(message.role, style=f"bold {_COLOURS[message.role]}")
    if message.name:
        label.append(f"\n{printable(message.name)}", style="dim")
    return label


def _said(message: Message, limits: Limits) -> Text:
    text = printable(message.text)
    if message.name == BLOCK_NAME:
        lines = block_excerpt(text, limits.section, limits.characters)
    else:
        lines = excerpt(text, limits.message, limits.characters) if text else []
    body = Text("\n").join([*map(_line, lines), *_media(message), *_calls(message, limits)])
    return body if body.plain else Text("(empty)", _MARK)


def _line(line: Line) -> Text:
    return Text.assemble(line.text, (line.mark, _MARK))


def _calls(message: Message, limits: Limits) -> Iterator[Text]:
    for call in message.tool_calls:
        (arguments,) = excerpt(printable(call.arguments).replace("\n", " "), 1, limits.characters)
        yield Text.assemble(("→ ", "yellow"), (call.name, "yellow"), " ", _line(arguments))


def _media(message: Message) -> Iterator[Text]:
    if isinstance(message.content, str):
        return
    for block in message.content:
        if block.get("type") != "text":
            yield Text(f"[{printable(str(block.get('type')))}]", _MARK)


def _names(tools: Sequence[Tool]) -> Text:
    return Text(" · ").join(Text(printable(tool.name)) for tool in tools)
