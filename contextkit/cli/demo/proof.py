"""Proof that what was moved out of a prompt can be read back, byte for byte."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from contextkit.cli.demo.world import World
from contextkit.cli.excerpt import excerpt
from contextkit.context import Context
from contextkit.errors import StoreCorrupt
from contextkit.report import Decision
from contextkit.report.layout import printable

LARGE: Final = "s17-05"
"""The tool result of over 200 KB."""


def show_proof(console: Console, world: World, context: Context) -> None:
    """Read every moved item back, compare it with the original, and show two of them."""
    moved = [decision for decision in context.report.decisions if decision.outcome == "moved" and decision.handle]
    texts = {decision.item_id: _original(world, context, decision) for decision in moved}
    for decision in moved:
        _check(decision, world.read(decision.handle or ""), texts[decision.item_id])
    size = sum(len(text.encode()) for text in texts.values())
    console.print(
        _yes(f"{len(moved):,} of {len(moved):,} moved items read back and compared: {size:,} bytes, all the same")
    )
    ordinary = [decision for decision in moved if 80 < len(texts[decision.item_id]) < 400]
    large = [decision for decision in moved if decision.item_id == LARGE]
    for decision in [*ordinary[-1:], *large]:
        _show(console, decision, texts[decision.item_id])


def _original(world: World, context: Context, decision: Decision) -> str:
    """The text as the demo's data has it; of what has no id of its own there, as its source gave it."""
    try:
        return world.data.text(decision.item_id)
    except KeyError:
        preview = context.report.preview
        return (preview(decision.item_id) if preview else None) or ""


def _check(decision: Decision, stored: str, original: str) -> None:
    if stored != original:
        raise StoreCorrupt(
            f"The item {decision.item_id!r} does not read back as it was.", "Please report this: it must never happen."
        )


def _show(console: Console, decision: Decision, text: str) -> None:
    (line,) = excerpt(printable(text).replace("\n", " "), 1, 120)
    console.print()
    console.print(Text.assemble((f"{decision.handle}", "bold blue"), f"  is {decision.item_id}: {decision.reason}"))
    console.print(Padding(Text.assemble(line.text, (line.mark, "dim italic")), (0, 0, 0, 2)))
    size = len(text.encode())
    console.print(_yes(f"read_context({decision.handle!r}) gave {size:,} bytes, the same as the original's"))


def _yes(text: str) -> Text:
    return Text.assemble(("✓ ", "bold green"), text)
