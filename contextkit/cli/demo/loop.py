"""An agent's turn, played by a script: ask, call, get a result larger than the window, search it, answer."""

from __future__ import annotations

import json
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from contextkit.assemble import ContextBuilder
from contextkit.cli.demo.world import World
from contextkit.context import Context
from contextkit.demo import ACTOR_ID, SESSION_ID, shipment_events
from contextkit.errors import BudgetTooSmall

STRATEGY: Final = "agent"
"""The strategy that keeps room for a turn's calls, so that it need not move anything meanwhile."""

QUESTION: Final = "Was the K80 dropped on its way to us? Get the carrier's events of shipment SHP-88213 and look."
SEARCHED: Final = "shock alarm"
ANSWER: Final = "Yes: 11.4 g on 9 April 2025 at 22:17 UTC at the Padborg terminal, when it fell from a roller cage."


def show_loop(console: Console, world: World) -> None:
    """Play the turn, and show after each step how much of the last prompt the next one repeats."""
    turn = _Turn(world)
    console.print(Text.assemble(("asked  ", "dim"), (QUESTION, "bold")))
    console.print(Text(f"(strategy {STRATEGY}: it keeps room for calls; the model is played by a script)", "dim"))
    console.print()
    try:
        found = _play(world, turn)
    except BudgetTooSmall as error:
        console.print(turn.table)
        console.print(Text(f"This turn needs a larger window. {error}", "yellow"))
        return
    console.print(turn.table)
    console.print()
    console.print(Text.assemble(("found  ", "dim"), _alarm(found)))
    console.print(Text.assemble(("answer ", "dim"), (ANSWER, "bold")))


def _play(world: World, turn: _Turn) -> str:
    """The turn from its question to what the model finds."""
    world.append({"role": "user", "content": QUESTION})
    turn.build("the question", QUESTION)
    events = shipment_events()
    turn.call("export_shipment_events", {"shipment_id": "SHP-88213"}, events)
    shortened = turn.build(f"a call, and its result of {len(events.encode()):,} bytes")
    return _search(world, turn, _handle(shortened), events)


def _search(world: World, turn: _Turn, handle: str | None, events: str) -> str:
    """What the model reads next: the places it searches for, where the result did not fit whole."""
    if handle is None:
        return events
    found = world.builder.read_context(handle, actor_id=ACTOR_ID, session_id=SESSION_ID, search=SEARCHED)
    turn.call("read_context", {"handle": handle, "search": SEARCHED}, found)
    turn.build(f"read_context({handle!r}, search={SEARCHED!r})")
    return found


class _Turn:
    """The prompts of one turn, each measured against the one before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._builder = ContextBuilder(
            store=world.store, sources=world.builder.sources, strategy=STRATEGY, budget=world.builder.budget
        )
        self._last: Context | None = None
        self._calls = 0
        self.table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("new in the prompt", "tokens", "of the last prompt, repeated", ""):
            self.table.add_column(heading, justify="right" if heading == "tokens" else "left")

    def build(self, news: str, query: str | None = None) -> Context:
        """Build the next prompt, and note it in the table."""
        context = self._builder.build(query, actor_id=ACTOR_ID, session_id=SESSION_ID)
        repeated, verdict = _against(context, self._last)
        self.table.add_row(news, f"{context.tokens:,}", repeated, verdict)
        self._last = context
        return context

    def call(self, name: str, arguments: dict[str, str], result: str) -> None:
        """Write a call and its result into the session, as an agent would."""
        self._calls += 1
        call_id = f"call_demo_{self._calls}"
        function = {"name": name, "arguments": json.dumps(arguments)}
        self._world.append(
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": call_id, "type": "function", "function": function}],
            }
        )
        self._world.append({"role": "tool", "tool_call_id": call_id, "name": name, "content": result})


def _against(context: Context, last: Context | None) -> tuple[str, Text]:
    if last is None:
        return "", Text("the turn begins", "dim")
    diff = context.report.diff(last.report)
    before = sum(part.tokens for part in last.report.parts)
    repeated = f"the first {diff.shared_tokens:,} of {before:,}"
    if diff.broken is None and diff.shared_tokens == before:
        return repeated, Text("✓ it only adds", "green")
    return repeated, Text(f"{diff.broken}, to stay within the window", "yellow")


def _handle(context: Context) -> str | None:
    """The handle of the turn's result that stands shortened; None where all of it fits."""
    handles = (one.handle for one in context.report.decisions if one.section == "turn" and one.handle)
    return next(handles, None)


def _alarm(found: str) -> str:
    """The one event that was looked for."""
    return next((line for line in found.split("\n") if SEARCHED in line), "").rstrip(",")
