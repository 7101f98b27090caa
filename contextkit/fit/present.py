"""Present: the current turn. The question whole, and every call and result since, as long as there is room for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from contextkit.budget import Claim, allocate
from contextkit.fit.earlier_calls import earlier_calls
from contextkit.fit.standing import Standing, whole_groups
from contextkit.ladder import READ_TOOL, Ladder
from contextkit.types import Form, Item

RELIEF: Final = 0.6
"""Where a turn ends up, as a part of its room, when it has outgrown it: results become handles rarely and far.

Chosen on turns of 150 calls with results of 5 to 600 rows in windows of 16,000 and 64,000 tokens, where a cached token
costs a tenth: at 0.8 their prompts cost 24 to 53% more, at 0.5 up to 14% less, but fewer results stand whole."""

CROWDED: Final = RELIEF / 2
"""What older calls may take of the room as handles alone, in a turn that has outgrown it. Beyond that the oldest are
left out, until they take half as much: of what a turn is brought down to, half is for what stands whole. Of a coding
agent's 400 calls in a window of 16,000 (tests/benchmarks/agent_loop.py), the newest state of the file worked on stands
in 99% of the prompts so, and in 92% where handles may take half of the room, for 8% fewer tokens paid."""

CERTAIN: Final = 1.25
"""How far the newest results must outgrow the room, each by what one may take, to be cut to their shares of it at once.
Cut to what one may take, a result comes to some 95% of that; it is seldom worth knowing how much it is exactly, and
takes as long as to cut it to its share."""

LISTED: Final = 2
"""One part in so many of what one result may take is the most that the list of calls left out does."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Sequence numbers up to which results stand as their handles only: of tools, and of what was read back; and up to
    which calls are left out, with their results."""

    results: int = 0
    reads: int = 0
    left: int = 0

    def through(self, order: int, *, read: bool) -> Shrunk:
        """The same, with one more result."""
        return replace(self, reads=max(self.reads, order)) if read else replace(self, results=max(self.results, order))


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The turn as it stands, its cost, and which of its results have become handles.

    `torn` says by item id why messages cannot stand, `left` has those for which there was no room.
    """

    standing: tuple[Standing, ...]
    tokens: int
    shrunk: Shrunk
    torn: Mapping[str, str] = field(default_factory=dict)
    left: Sequence[Item] = ()

    @property
    def reasons(self) -> Mapping[str, str]:
        """By item id, why a message does not stand."""
        return {**self.torn, **dict.fromkeys((item.id for item in self.left), _LEFT)}

    @property
    def required(self) -> list[tuple[str, int]]:
        return [(one.item.id, one.tokens) for one in self.standing]


def read_present(items: Sequence[Item], room: int, *, ladder: Ladder, result_ceiling: int, shrunk: Shrunk) -> Present:
    """The turn within `room` tokens, if it can be brought there; its smallest form otherwise.

    A result above `result_ceiling` is shortened from its first appearance on. When the turn as
    a whole outgrows its room, its older results become handles, the oldest first; where handles
    alone would take too much of it, the oldest calls are left out, and a list stands for them; if
    that is not enough, the newest results share what room is left. What was read back in this turn
    by its handle stands whole, and is only shortened when nothing else is left to shorten. What the
    user said, and the newest calls, always stand.
    """
    groups, torn = whole_groups(items)
    reading = _Reading(items, groups, room, ladder=ladder, ceiling=result_ceiling, shrunk=shrunk)
    if reading.tokens > room:
        reading.relieve()
    return Present(
        standing=reading.in_order,
        tokens=reading.tokens,
        shrunk=reading.shrunk,
        torn=torn,
        left=reading.left,
    )


class _Reading:
    """The turn's messages, by their places, in the form in which each stands; a list for those that do not."""

    def __init__(
        self,
        items: Sequence[Item],
        groups: Sequence[range],
        room: int,
        *,
        ladder: Ladder,
        ceiling: int,
        shrunk: Shrunk,
    ) -> None:
        self.room = room
        self.ladder = ladder
        self.ceiling = ceiling
        self.shrunk = shrunk
        self.shown = [item for group in groups for item in items[group.start : group.stop]]
        self.reads = {item.id for group in groups for item in _reads(items[group.start : group.stop])}
        self.newest = {item.id for group in groups[-1:] for item in items[group.start : group.stop]}
        self.crowding = self._crowding()
        self.calls = _models(self.shown, groups)[:-1]
        gone = {place for group in self.calls if self.shown[group[-1]].order <= shrunk.left for place in group}
        self.standing = self._stand([place for place in range(len(self.shown)) if place not in gone])
        self.tokens = sum(one.tokens for one in self.standing.values())
        self.list: Standing | None = None
        self._list(self._listed)

    @property
    def left(self) -> list[Item]:
        """What is left out, oldest first."""
        return [item for place, item in enumerate(self.shown) if place not in self.standing]

    @property
    def in_order(self) -> tuple[Standing, ...]:
        """All that stands: the list takes the place of the first calls."""
        standing = tuple(self.standing.values())
        if self.list is None:
            return standing
        before = sum(1 for place in self.standing if place < self.calls[0].start)
        return (*standing[:before], self.list, *standing[before:])

    def relieve(self) -> None:
        """Bring the turn within its room, giving up first what is missed least."""
        target = int(self.room * RELIEF)
        self._leave(int(self.room * CROWDED))
        self._stub(self._results(newest=False, read=False), target)
        self._share(self._results(newest=True, read=False))
        if self.tokens > self.room or self._starved:
            self._restore()  # the newest get what is left by the step that helps, not by one that did not
            self._stub(self._results(newest=False, read=True), target)
            self._leave(int(self.room * CROWDED))
            self._share(self._results(newest=True, read=False))
            self._share(self._results(newest=True))
        if self.tokens > self.room:
            self._leave(0)
        if self.tokens > self.room:
            self._list(0)

    def _stand(self, places: Sequence[int]) -> dict[int, Standing]:
        """Each of these messages in its form. Where the newer ones alone outgrow the room, an older result is a handle:
        it would become that anyway, and is not shortened first."""
        forms: dict[int, Standing] = {}
        taken = 0
        for place in reversed(places):
            item = self.shown[place]
            if taken > self.room and _is_result(item) and item.id not in self.newest and not self._is_read(place):
                self.shrunk = self.shrunk.through(item.order, read=False)
            forms[place] = self._standing(item)
            taken += forms[place].tokens
        return dict(reversed(forms.items()))

    def _standing(self, item: Item) -> Standing:
        """The item's form by the rules that hold from build to build."""
        if not _is_result(item):
            return Standing(item)
        read = item.id in self.reads
        shrunk = item.order <= (self.shrunk.reads if read else self.shrunk.results)
        if not read and item.tokens > self.ceiling:
            stub = self._stubbed(item) if shrunk else None
            if stub and stub.form:  # no extract is as small as a handle
                return stub
            return self._due(item) if item.id in self.crowding else self._short(item, self.ceiling)
        return self._smaller(Standing(item), self._stubbed(item)) if shrunk else Standing(item)

    def _crowding(self) -> set[str]:
        """The newest results that are too large to stand whole, where for certain they have to share the room."""
        results = [item for item in self.shown if item.id in self.newest and _is_result(item)]
        told = [item for item in results if item.id not in self.reads]
        certain = sum(min(item.tokens, self.ceiling) for item in told) >= CERTAIN * self.room
        return {item.id for item in told if item.tokens > self.ceiling} if certain else set()

    def _due(self, item: Item) -> Standing:
        """What stands for an extract that is made once its share of the room is known."""
        return Standing(item, Form("extract", "", self.ceiling))

    def _results(self, *, newest: bool, read: bool | None = None) -> list[int]:
        """The places of the results that stand, of the newest calls or the others, of reads or the others."""
        return [
            place
            for place in self.standing
            if _is_result(self.shown[place])
            and (self.shown[place].id in self.newest) == newest
            and read in (None, self._is_read(place))
        ]

    def _stub(self, places: Sequence[int], target: int) -> None:
        """These results become handles, the oldest first, until the target is met."""
        for place in places:
            if self.tokens <= target:
                return
            self._put(place, self._stubbed(self.shown[place]))
            self.shrunk = self.shrunk.through(self.shown[place].order, read=self._is_read(place))

    def _leave(self, most: int) -> None:
        """Where older calls would take more than `most` as handles, leave out the oldest until they take half of that.

        None is left out that stands behind what was read back and is whole.
        """
        if self.tokens <= self.room:
            return
        self._list(None)
        least = {group: sum(map(self._least, group)) for group in self.calls if group[0] in self.standing}
        older = sum(least.values())
        spared = most // 2 if older > most else older
        for group, tokens in least.items():
            if older <= spared or any(map(self._is_whole_read, group)):
                break
            older -= tokens
            self.tokens -= sum(self.standing.pop(place).tokens for place in group)
            self.shrunk = replace(self.shrunk, left=self.shown[group[-1]].order)
        self._list(self._listed)

    def _least(self, place: int) -> int:
        """What a message of an older call costs at the least, before anything that was read back gives way."""
        one = self.standing[place]
        if not _is_result(one.item) or self._is_read(place):
            return one.tokens
        return min(one.tokens, self._stubbed(one.item).tokens)

    @property
    def _listed(self) -> int:
        """Tokens for the list of the calls left out."""
        return min(self.ceiling, self.room) // LISTED

    def _list(self, limit: int | None) -> None:
        """Have a list of what is left out that takes about `limit` tokens, or none."""
        left = self.left if limit is not None else ()
        self.tokens -= self.list.tokens if self.list else 0
        self.list = Standing(earlier_calls(left, limit or 0, self.ladder)) if left else None
        self.tokens += self.list.tokens if self.list else 0

    def _share(self, places: Sequence[int]) -> None:
        """These results share what room is left for them; one that gets too little becomes its handle."""
        if self.tokens <= self.room:
            return
        now = {str(place): self.standing[place].tokens for place in places}
        limits = allocate(
            self.room - self.tokens + sum(now.values()), [Claim(name, cost) for name, cost in now.items()]
        )
        for place in places:
            if limits[str(place)] < now[str(place)]:
                self._put(place, self._short(self.shown[place], limits[str(place)]))

    def _restore(self) -> None:
        for place in self._results(newest=True):
            whole = self._standing(self.shown[place])
            self.tokens += whole.tokens - self.standing[place].tokens
            self.standing[place] = whole

    @property
    def _starved(self) -> bool:
        """Whether one of the newest results stands as its handle, which tells the model nothing."""
        forms = (self.standing[place].form for place in self._results(newest=True))
        return any(form is not None and form.rung == "handle" for form in forms)

    def _is_read(self, place: int) -> bool:
        return self.shown[place].id in self.reads

    def _is_whole_read(self, place: int) -> bool:
        return self._is_read(place) and self.shown[place].order > self.shrunk.reads

    def _short(self, item: Item, limit: int) -> Standing:
        form = self.ladder.short_message(item, limit)
        return Standing(item, form) if form else self._stubbed(item)

    def _stubbed(self, item: Item) -> Standing:
        return Standing(item, self.ladder.message_stub(item, item.tokens))

    def _put(self, place: int, one: Standing) -> None:
        smaller = self._smaller(self.standing[place], one)
        if smaller == self._due(smaller.item):
            smaller = self._short(smaller.item, self.ceiling)
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


def _models(shown: Sequence[Item], groups: Sequence[range]) -> list[range]:
    """The groups that are the model's own, its calls with their results, by the places where they are shown."""
    found: list[range] = []
    place = 0
    for group in groups:
        message = shown[place].message
        if message is not None and message.role == "assistant":
            found.append(range(place, place + len(group)))
        place += len(group)
    return found


def _is_result(item: Item) -> bool:
    return item.message is not None and item.message.role == "tool"


_LEFT: Final = "the turn outgrew the window even with its results as handles, so its oldest calls stand as a list"
