"""Past: the history that stands verbatim, from the cursor to the current turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import accumulate
from operator import attrgetter

from contextkit.fit.standing import Standing, whole_groups
from contextkit.fit.window import Stretches, start_of_all, window_start
from contextkit.ladder import Ladder, shown_message
from contextkit.pause import LEAST, Pause
from contextkit.types import Form, Item, Message, TokenCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What stands of the history, its cost, and where it begins (None: nothing stands).

    `forms` has the form of each item that stands shortened, by its id. Messages up to number `short_through`
    do where they are long; longer ones after it stand whole, as there is room. `reasons` says why an item
    of the history can never stand; `moved_on` whether the cursor moved away from where the last
    prompt had it.
    """

    items: Sequence[Item] = ()
    forms: Mapping[str, Form] = field(default_factory=dict)
    tokens: int = 0
    start: int | None = None
    short_through: int = 0
    moved_on: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def standing(self) -> tuple[Standing, ...]:
        """Every message that stands, and how."""
        return tuple(Standing(item, self.forms.get(item.id)) for item in self.items)

    @property
    def messages(self) -> list[Message]:
        """The messages as they stand."""
        return [shown_message(item, self.forms.get(item.id)) for item in self.items]

    @property
    def verbatim(self) -> set[str]:
        """The ids of the items that stand whole."""
        return set(map(_id, self.items)).difference(self.forms)

    @property
    def worded(self) -> set[str]:
        """The ids of the items whose words all stand: the whole ones, and those that stand without their pictures."""
        shortened = ((item, self.forms[item.id]) for item in self.items if item.id in self.forms)
        return self.verbatim.union(item.id for item, form in shortened if _has_all(form, item))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortening:
    """Which messages of the history stand shortened: a rule that gives the same form every time.

    A message above `ceiling` tokens stands as an extract, a tool result for what the tool was
    called with, and within `result_ceiling` too; a mere picture or file is told of. A result up to
    `stubs_through` stands as its handle.
    What is no tool's result stands whole from number `whole_from` on (None: nowhere).
    """

    ladder: Ladder
    ceiling: int
    result_ceiling: int
    stubs_through: int
    whole_from: int | None = None

    def forms(self, items: Sequence[Item]) -> Iterator[tuple[int, Form]]:
        """The places of the items that stand shortened, and the form of each."""
        least = min(self.ceiling, self.result_ceiling)
        for place, item in enumerate(items):
            if item.tokens > least or item.order <= self.stubs_through:
                form = self._form(items, place)
                if form is not None:
                    yield place, form

    def _form(self, items: Sequence[Item], place: int) -> Form | None:
        item = items[place]
        is_result = item.message is not None and item.message.role == "tool"
        if is_result and item.order <= self.stubs_through:
            return self.ladder.message_stub(item, item.tokens)
        if not is_result and self.whole_from is not None and item.order >= self.whole_from:
            return None
        limit = min(self.ceiling, self.result_ceiling) if is_result else self.ceiling
        if item.tokens <= limit or (item.message is not None and item.message.tool_calls):
            return None
        short = self.ladder.short_message(item, limit, call_of(items, place))
        if short or item.text:
            return short
        return self.ladder.message_stub(item, limit)  # of a mere picture no word is left


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
class CandidateHistory:
    """The candidate history in whole groups, each costed once. `forms` has the shortened ones, by item id, and
    `pauses` word of those behind groups, by the groups' indexes."""

    items: Sequence[Item]
    forms: Mapping[str, Form]
    stretches: Stretches
    reasons: Mapping[str, str]
    pauses: Mapping[int, Item]

    @property
    def demand(self) -> int:
        return sum(self.stretches.tokens)

    def shortens_after(self, number: int) -> bool:
        """Whether a message after that one stands shortened that is no tool's result."""
        later = (item for item in self.items if item.order > number and item.id in self.forms)
        return any(item.message is not None and item.message.role != "tool" for item in later)

    def fits(self, share: int, *, cursor: int | None) -> bool:
        """Whether all of it from the cursor on stands within `share` tokens; without a cursor, all there is."""
        return start_of_all(self.stretches, share, cursor=cursor) is not None

    def window(self, share: int, *, cursor: int | None, low: float) -> Past:
        """What stands within `share` tokens."""
        seqs = self.stretches.seqs
        start = window_start(self.stretches, share, cursor=cursor, low=low)
        if start == len(seqs):
            return Past(reasons=self.reasons, moved_on=cursor is not None and bool(seqs))
        items = self._items(start)
        return Past(
            items=items,
            forms={item.id: self.forms[item.id] for item in items if item.id in self.forms} if self.forms else {},
            tokens=sum(self.stretches.tokens[start:]),
            start=seqs[start],
            moved_on=cursor is not None and seqs[start] > cursor and start > 0 and seqs[start - 1] >= cursor,
            reasons=self.reasons,
        )

    def _items(self, start: int) -> list[Item]:
        """The messages from that stretch on, and word of the pauses between them."""
        if not self.pauses:
            if len(self.stretches) == len(self.items):  # no message stands or falls with another
                return list(self.items[start:])
            return [self.items[place] for places in self.stretches.places[start:] for place in places]
        found: list[Item] = []
        for index, places in enumerate(self.stretches.places[start:], start):
            found += self.items[places.start : places.stop]
            if index in self.pauses:
                found.append(self.pauses[index])
        return found


def read_history(items: Sequence[Item], shortening: Shortening, zone: tzinfo = UTC) -> CandidateHistory:
    """Group and cost the candidate history, oldest first. Pauses are told in that zone."""
    groups, reasons = whole_groups(items)
    shortened = dict(shortening.forms(items))
    costs = list(map(_tokens, items))
    for place, form in shortened.items():
        costs[place] = form.tokens
    before = [0, *accumulate(costs)]
    pauses = dict(_pauses(items, groups, shortening.ladder.counter, zone))
    alone = len(groups) == len(items)
    tokens = costs if alone else [before[group.stop] - before[group.start] for group in groups]
    for index, pause in pauses.items():
        tokens[index] += pause.tokens
    stretches = Stretches(
        places=groups,
        seqs=list(map(_order, items)) if alone else [items[group.start].order for group in groups],
        tokens=tokens,
        opens=lambda index: _opens(items[groups[index].start]),
    )
    forms = {items[place].id: form for place, form in shortened.items()}
    return CandidateHistory(items, forms, stretches, reasons, pauses)


def _pauses(
    items: Sequence[Item], groups: Sequence[range], counter: TokenCounter, zone: tzinfo
) -> Iterator[tuple[int, Item]]:
    """The pauses behind groups, by the groups' indexes: they go with what stands before them, which a window's
    beginning never does without what follows."""
    times = [item.message.created_at if item.message else None for item in items]
    lasts, firsts = times, times[1:]
    if len(groups) < len(items):
        lasts = [times[group.stop - 1] for group in groups]
        firsts = [times[group.start] for group in groups[1:]]
    for index, (last, first) in enumerate(zip(lasts, firsts, strict=False)):
        if last and first and first - last >= LEAST:  # of thousands, hardly one
            yield index, Pause(last, first).item(items[groups[index].stop - 1].order, "history", counter, zone)


def _has_all(form: Form, item: Item) -> bool:
    return bool(item.text) and form.text.startswith(item.text)


def _opens(item: Item) -> bool:
    return item.message is not None and item.message.role == "user"


_id, _order, _tokens = attrgetter("id"), attrgetter("order"), attrgetter("tokens")
