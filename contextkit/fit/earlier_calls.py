"""Earlier calls: the list that stands for the calls of a turn which no longer do.

A turn of hundreds of calls outgrows a window even when each of its results is only a handle. Then
its oldest calls are left out, and a message in their place says what was called and how to read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from contextkit.blocks import block_message
from contextkit.compress.plan import newest_plan
from contextkit.fence import close_fence, defused, open_fence
from contextkit.ladder import READ_TOOL, Ladder, handle_of, whole_message
from contextkit.types import Item, Provenance, ToolCall

EARLIER: Final = "earlier-calls"
"""The id of the message, and the name of its fence."""

NAMED: Final = 8
"""Tools whose calls are counted by name, those called most; the others are counted together."""

PLAN_SHARE: Final = 2
"""One part in so many of the list is the most that the newest plan takes."""

SHOWN: Final = 80
"""Characters shown of what a tool was called with, and of what the model said before."""


def earlier_calls(left: Sequence[Item], limit: int, ladder: Ladder) -> Item:
    """The message for what was left out of a turn, oldest first: the newest calls a line each within about `limit`
    tokens, the others counted."""
    count = ladder.counter.text
    lines: list[str] = []
    taken = 0
    plan = newest_plan(map(whole_message, left))
    planned = _planned(plan, limit // PLAN_SHARE, ladder)
    limit -= count(planned)
    unlisted = Counter(call.name for item in left for call in whole_message(item).tool_calls)
    for names, line in _newest_first(left, ladder.readable):
        taken += count(line)
        if taken > limit:
            break
        lines.append(line)
        unlisted.subtract(names)
    text = "".join([open_fence(EARLIER), _told(left, ladder.readable), _counted(+unlisted), planned, *reversed(lines)])
    message = block_message(text + close_fence(EARLIER))
    return Item(
        id=EARLIER,
        section="turn",
        text=message.text,
        tokens=ladder.counter.message(message),
        order=left[-1].order,
        required=True,
        message=message,
        provenance=Provenance(source="contextkit"),
    )


def _told(left: Sequence[Item], handles: bool) -> str:
    calls = sum(len(whole_message(item).tool_calls) for item in left)
    one = f'{READ_TOOL}("{handle_of(left[-1])}") reads one by its handle'
    read = f' {one}, {READ_TOOL}(search="…") finds words in all of them.' if handles else ""
    return f"The turn has outgrown the window: {calls} earlier calls of it, and their results, are left out.{read}\n"


def _planned(plan: ToolCall | None, limit: int, ladder: Ladder) -> str:
    """The newest plan that the calls told, whole where there is room for it: its line alone would not tell it."""
    if plan is None or len(plan.arguments) <= SHOWN:
        return ""
    told = " ".join(ladder.brief(plan.arguments, limit).split())
    return f"The plan as it was last written then: {defused(told)}\n" if told else ""


def _counted(unlisted: Counter[str]) -> str:
    """The calls that no line shows, by tool."""
    if not unlisted:
        return ""
    most = unlisted.most_common(NAMED)
    others = unlisted.total() - sum(number for _, number in most)
    named = [f"{_brief(name)} ×{number}" for name, number in most] + ([f"others ×{others}"] if others else [])
    return f"Not listed: {', '.join(named)}\n"


def _newest_first(left: Sequence[Item], handles: bool) -> Iterator[tuple[list[str], str]]:
    """A line for each call, under the handle of its result, and for what was said with calls; with the tools called."""
    handle = {}
    for item in reversed(left):
        message = whole_message(item)
        if message.role == "tool":
            handle[message.tool_call_id] = handle_of(item)
            continue
        for call in reversed(message.tool_calls):
            arguments = _brief(call.arguments)
            shown = f"{handle.get(call.id, '')} " if handles else ""
            whole = f" whole: {handle_of(item)}" if handles and arguments.endswith("…") else ""
            yield [call.name], f"{shown}{_brief(call.name)} {arguments}{whole}\n"
        if said := _brief(message.text):
            yield [], f"{handle_of(item)} said: {said}\n" if handles else f"said: {said}\n"


def _brief(text: str) -> str:
    """The beginning of a text on one line, which can forge no fence."""
    line = " ".join(text[: 2 * SHOWN].split())
    return defused(line if len(line) <= SHOWN else f"{line[:SHOWN].rstrip()}…")
