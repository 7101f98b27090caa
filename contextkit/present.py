"""Present: the current turn. The question whole, and every call and result since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contextkit.ladder import Ladder
from contextkit.standing import Standing, whole_groups
from contextkit.types import Item

RELIEF = 0.8
"""Where a turn ends up, as a part of its room, when it has outgrown it: results become handles rarely and far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The turn as it stands. Results up to `stubs_through` stand as their handles only."""

    standing: tuple[Standing, ...]
    tokens: int
    stubs_through: int
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def required(self) -> list[tuple[str, int]]:
        return [(one.item.id, one.tokens) for one in self.standing]


def read_present(
    items: Sequence[Item], room: int, *, ladder: Ladder, result_ceiling: int, stubs_through: int
) -> Present:
    """The turn within `room` tokens, if it can be brought there; its smallest form otherwise.

    A result above `result_ceiling` is shortened from its first appearance on. When the turn as
    a whole outgrows its room, its older results become handles, the oldest first.
    """
    groups, reasons = whole_groups(items)
    shown = [item for group in groups for item in items[group.start : group.stop]]
    standing = [_within(item, result_ceiling, ladder, stubs_through) for item in shown]
    tokens = sum(one.tokens for one in standing)
    target = room if tokens <= room else int(room * RELIEF)
    for index, one in enumerate(standing):
        if tokens <= target:
            break
        stub = _stub(one.item, ladder)
        if stub.tokens < one.tokens:
            tokens -= one.tokens - stub.tokens
            standing[index] = stub
            stubs_through = max(stubs_through, one.item.order)
    return Present(standing=tuple(standing), tokens=tokens, stubs_through=stubs_through, reasons=reasons)


def _within(item: Item, ceiling: int, ladder: Ladder, stubs_through: int) -> Standing:
    if not _is_result(item):
        return Standing(item)
    if item.order <= stubs_through:
        return _stub(item, ladder)
    return Standing(item) if item.tokens <= ceiling else Standing(item, ladder.short_message(item, ceiling))


def _stub(item: Item, ladder: Ladder) -> Standing:
    return Standing(item, ladder.message_stub(item, item.tokens)) if _is_result(item) else Standing(item)


def _is_result(item: Item) -> bool:
    return item.message is not None and item.message.role == "tool"
