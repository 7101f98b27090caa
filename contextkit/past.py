"""Past: the history that stands verbatim, from the cursor to the current turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contextkit.ladder import Ladder
from contextkit.messages import Group
from contextkit.standing import Standing, whole_groups
from contextkit.types import Item
from contextkit.window import Stretch, window_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What stands of the history, its cost, and where it begins (None: nothing stands).

    `reasons` says why an item of it can never stand; `moved_on` whether the cursor moved away
    from where the last prompt had it.
    """

    standing: tuple[Standing, ...] = ()
    tokens: int = 0
    start: int | None = None
    moved_on: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortening:
    """Which messages of the history stand shortened: a rule that gives the same form every time.

    A message above `ceiling` tokens stands as an extract, a tool result for what the tool was
    called with; a result up to `stubs_through` stands as its handle.
    """

    ladder: Ladder
    ceiling: int
    result_ceiling: int
    stubs_through: int

    def standing(self, items: Sequence[Item], index: int) -> Standing:
        item = items[index]
        is_result = item.message is not None and item.message.role == "tool"
        if is_result and item.order <= self.stubs_through:
            return Standing(item, self.ladder.message_stub(item, item.tokens))
        limit = self.result_ceiling if is_result else self.ceiling
        if item.tokens <= limit or (item.message is not None and item.message.tool_calls):
            return Standing(item)
        return Standing(item, self.ladder.short_message(item, limit, call_of(items, index)))


def call_of(items: Sequence[Item], index: int) -> str:
    """What the tool was called with whose result the message is; empty for any other message.

    The user's question would say more, but it may lie before the window, and then the same
    message would be shortened differently from one prompt to the next.
    """
    result = items[index].message
    while result is not None and result.role == "tool" and index:
        index -= 1
        message = items[index].message
        for call in message.tool_calls if message else ():
            if call.id == result.tool_call_id:
                return f"{call.name} {call.arguments}"
        if message is None or message.role != "tool":
            break
    return ""


@dataclass(frozen=True, slots=True)
class History:
    """The candidate history in whole groups, each costed once."""

    items: Sequence[Item]
    standing: Sequence[Standing]
    groups: Sequence[Group]
    stretches: Sequence[Stretch]
    reasons: Mapping[str, str]

    @property
    def demand(self) -> int:
        return sum(stretch.tokens for stretch in self.stretches)

    def window(self, share: int, *, cursor: int | None, low: float) -> Past:
        """What stands within `share` tokens."""
        start = window_start(self.stretches, share, cursor=cursor, low=low)
        shown = self.stretches[start:]
        if not shown:
            return Past(reasons=self.reasons, moved_on=cursor is not None and bool(self.stretches))
        standing = tuple(
            self.standing[index] for stretch in shown for index in range(stretch.group.start, stretch.group.stop)
        )
        return Past(
            standing=standing,
            tokens=sum(stretch.tokens for stretch in shown),
            start=shown[0].seq,
            moved_on=cursor is not None
            and shown[0].seq > cursor
            and start > 0
            and self.stretches[start - 1].seq >= cursor,
            reasons=self.reasons,
        )


def read_history(items: Sequence[Item], shortening: Shortening) -> History:
    """Group and cost the candidate history, oldest first."""
    found, reasons = whole_groups(items)
    standing = [shortening.standing(items, index) for index in range(len(items))]
    costs = [one.tokens for one in standing]
    stretches = [
        Stretch(group, items[group.start].order, sum(costs[group.start : group.stop]), _opens(items[group.start]))
        for group in found
    ]
    return History(items, standing, found, stretches, reasons)


def _opens(item: Item) -> bool:
    return item.message is not None and item.message.role == "user"
