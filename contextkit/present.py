"""Present: the current turn. The question whole, and every call and result since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contextkit.budget import Claim, allocate
from contextkit.ladder import READ_TOOL, Ladder
from contextkit.standing import Standing, whole_groups
from contextkit.types import Item

RELIEF = 0.8
"""Where a turn ends up, as a part of its room, when it has outgrown it: results become handles rarely and far."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Sequence numbers up to which results stand as their handles only: of tools, and of what was read back."""

    results: int = 0
    reads: int = 0

    def through(self, order: int, *, read: bool) -> Shrunk:
        """The same, with one more result."""
        return Shrunk(self.results, max(self.reads, order)) if read else Shrunk(max(self.results, order), self.reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The turn as it stands, its cost, and which of its results have become handles."""

    standing: tuple[Standing, ...]
    tokens: int
    shrunk: Shrunk
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def required(self) -> list[tuple[str, int]]:
        return [(one.item.id, one.tokens) for one in self.standing]


def read_present(items: Sequence[Item], room: int, *, ladder: Ladder, result_ceiling: int, shrunk: Shrunk) -> Present:
    """The turn within `room` tokens, if it can be brought there; its smallest form otherwise.

    A result above `result_ceiling` is shortened from its first appearance on. When the turn as
    a whole outgrows its room, its older results become handles, the oldest first; if that is
    not enough, the newest results share what room is left. What was read back in this turn by
    its handle stands whole, and is only shortened when nothing else is left to shorten.
    """
    groups, reasons = whole_groups(items)
    reading = _Reading(items, groups, ladder, shrunk, result_ceiling)
    if reading.tokens > room:
        reading.relieve(room)
    return Present(standing=tuple(reading.standing), tokens=reading.tokens, shrunk=reading.shrunk, reasons=reasons)


class _Reading:
    """The turn's messages in the form in which each stands."""

    def __init__(
        self, items: Sequence[Item], groups: Sequence[range], ladder: Ladder, shrunk: Shrunk, ceiling: int
    ) -> None:
        self.ladder = ladder
        self.ceiling = ceiling
        self.shrunk = shrunk
        self.shown = [item for group in groups for item in items[group.start : group.stop]]
        self.reads = {item.id for group in groups for item in _reads(items[group.start : group.stop])}
        self.newest = {item.id for group in groups[-1:] for item in items[group.start : group.stop]}
        self.standing = [self._standing(item) for item in self.shown]
        self.tokens = sum(one.tokens for one in self.standing)

    def relieve(self, room: int) -> None:
        """Bring the turn within its room, giving up first what is missed least."""
        older = [place for place, item in enumerate(self.shown) if _is_result(item) and item.id not in self.newest]
        newest = [place for place, item in enumerate(self.shown) if _is_result(item) and item.id in self.newest]
        self._stub([place for place in older if not self._is_read(place)], int(room * RELIEF))
        self._share([place for place in newest if not self._is_read(place)], room)
        if self.tokens > room:
            self._restore(newest)  # they get what is left by the step that helps, not by one that did not
            self._stub([place for place in older if self._is_read(place)], int(room * RELIEF))
            self._share([place for place in newest if not self._is_read(place)], room)
            self._share(newest, room)

    def _standing(self, item: Item) -> Standing:
        """The item's form by the rules that hold from build to build."""
        if not _is_result(item):
            return Standing(item)
        read = item.id in self.reads
        shrunk = item.order <= (self.shrunk.reads if read else self.shrunk.results)
        if not read and item.tokens > self.ceiling:
            stub = self._stubbed(item) if shrunk else None
            return stub if stub and stub.form else self._short(item, self.ceiling)  # no extract is as small as a handle
        return self._smaller(Standing(item), self._stubbed(item)) if shrunk else Standing(item)

    def _stub(self, places: Sequence[int], target: int) -> None:
        """These results become handles, the oldest first, until the target is met."""
        for place in places:
            if self.tokens <= target:
                return
            self._put(place, self._stubbed(self.shown[place]))
            self.shrunk = self.shrunk.through(self.shown[place].order, read=self._is_read(place))

    def _share(self, places: Sequence[int], room: int) -> None:
        """These results share what room is left for them; one that gets too little becomes its handle."""
        if self.tokens <= room:
            return
        now = {str(place): self.standing[place].tokens for place in places}
        limits = allocate(room - self.tokens + sum(now.values()), [Claim(name, cost) for name, cost in now.items()])
        for place in places:
            if limits[str(place)] < now[str(place)]:
                self._put(place, self._short(self.shown[place], limits[str(place)]))

    def _restore(self, places: Sequence[int]) -> None:
        for place in places:
            whole = self._standing(self.shown[place])
            self.tokens += whole.tokens - self.standing[place].tokens
            self.standing[place] = whole

    def _is_read(self, place: int) -> bool:
        return self.shown[place].id in self.reads

    def _short(self, item: Item, limit: int) -> Standing:
        form = self.ladder.short_message(item, limit)
        return Standing(item, form) if form else self._stubbed(item)

    def _stubbed(self, item: Item) -> Standing:
        return Standing(item, self.ladder.message_stub(item, item.tokens))

    def _put(self, place: int, one: Standing) -> None:
        smaller = self._smaller(self.standing[place], one)
        self.tokens += smaller.tokens - self.standing[place].tokens
        self.standing[place] = smaller

    @staticmethod
    def _smaller(one: Standing, other: Standing) -> Standing:
        return other if other.tokens < one.tokens else one


def _reads(group: Sequence[Item]) -> Iterator[Item]:
    """Those results of a group that answer a call of `read_context`."""
    first = group[0].message
    called = {call.id for call in first.tool_calls if call.name == READ_TOOL} if first else set()
    for item in group[1:]:
        if item.message is not None and item.message.tool_call_id in called:
            yield item


def _is_result(item: Item) -> bool:
    return item.message is not None and item.message.role == "tool"
