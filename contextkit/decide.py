"""Decide: put what a fit did into words, exactly one decision per item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contextkit.fit import Fit
from contextkit.fit.fill import best_first
from contextkit.fit.standing import Standing
from contextkit.ladder import handle_of
from contextkit.report import Decision, SectionUse
from contextkit.strategy import Section, tokens_of
from contextkit.types import Form, Item, Outcome, Request, Rung, Unread, UnreadItem

_IN_ORDER: Final = ("history", "turn")
"""Sections in which messages stand that were read, beside what is recalled of those that were not."""

_OUTCOME: Mapping[Rung, Outcome] = {"full": "kept", "extract": "shortened", "handle": "moved"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Everything the decisions of one build are made of.

    `stored` holds the ids of items that were moved to storage; `before` the decisions of the
    turn's frozen block.
    """

    fit: Fit
    request: Request
    items: Sequence[Item]
    unread: Sequence[Unread] = ()
    stored: frozenset[str] = frozenset()
    handles: bool = False
    before: Sequence[Decision] = field(default_factory=tuple)

    def decisions(self, at_hand: Sequence[Decision]) -> Iterator[Decision]:
        """Those `at_hand`, and one for each item that was left unread."""
        yield from at_hand
        done = {decision.item_id for decision in at_hand}
        for unread in self.unread:
            yield from (_left(unread, one) for one in unread.items() if one.id not in done)

    def at_hand(self) -> Iterator[Decision]:
        """One decision per item that was read, in the order in which the items were gathered."""
        shown = self._shown()
        done = set(shown)
        latest = {item.id: item for item in self.items}
        for item in _once(self.items):
            if item.id in shown:
                yield self._standing(shown[item.id])
        for decision in self.before:
            if decision.item_id not in done:
                done.add(decision.item_id)
                yield decision
        ranks = _ranks(self.items)
        for item in _once(self.items):
            if item.id not in done:
                done.add(item.id)
                yield self._absent(latest[item.id], ranks)

    def about(self, sections: Collection[str]) -> Iterator[Decision]:
        """The decisions about the items of these ranked sections alone, but for those that stand in the history."""
        shown = {one.item.id: one for name in sections for one in self.fit.sections.get(name, ())}
        items = [item for item in self.items if item.section in sections]
        ranks = _ranks(items)
        elsewhere = self.fit.past.worded
        for item in _once(items):
            if item.id in shown:
                yield self._standing(Standing(item, shown[item.id].form))
            elif item.id not in elsewhere:
                yield self._absent(item, ranks)

    def sections(self, at_hand: Sequence[Decision]) -> list[SectionUse]:
        """What each section of the strategy was given and used, with its decisions counted, those `at_hand` and others.

        A section may use more than the share it was allotted: what others leave goes round. Of a
        block that is frozen for the turn, a section has what its items cost.
        """
        counts: Counter[tuple[str, str]] = Counter()
        shown: Counter[str] = Counter()
        for unread in self.unread:
            counts[unread.section, "moved" if unread.stored else "dropped"] += self._left(unread, at_hand)
        for decision in at_hand:
            counts[decision.section, decision.outcome] += 1
            shown[decision.section] += decision.tokens
        return [self._use(section, counts, shown) for section in self.request.strategy.sections]

    def _left(self, unread: Unread, at_hand: Sequence[Decision]) -> int:
        """How many of the unread items are nowhere else, told without reading them."""
        given = {one.item_id for one in at_hand if one.source == unread.source and one.section != unread.section}
        return unread.count - len(given.difference(item.id for item in self.items if item.section in _IN_ORDER))

    def _use(self, section: Section, counts: Counter[tuple[str, str]], shown: Counter[str]) -> SectionUse:
        frozen = section.region == "volatile" and self.request.continuing
        used = shown[section.name] if frozen else self.fit.used.get(section.name, 0)
        return SectionUse(
            name=section.name,
            region=section.region,
            share=max(used, self.fit.shares.get(section.name, 0)),
            used=used,
            floor=tokens_of(section.floor, self.fit.available),
            ceiling=tokens_of(section.ceiling, self.fit.available),
            kept=counts[section.name, "kept"],
            shortened=counts[section.name, "shortened"],
            moved=counts[section.name, "moved"],
            dropped=counts[section.name, "dropped"],
        )

    def _shown(self) -> dict[str, Standing]:
        """Every item that stands in the prompt, by its id."""
        standing = [*map(Standing, (*self.fit.system, *self.fit.tools))]
        standing += [*self.fit.present.standing, *self.fit.past.standing]
        standing += [Standing(one.item, one.form) for chosen in self.fit.sections.values() for one in chosen]
        return {one.item.id: one for one in reversed(standing)}

    def _standing(self, one: Standing) -> Decision:
        item, form = one.item, one.form
        rung = "full" if form is None else form.rung
        outcome = _OUTCOME[rung]
        handle = handle_of(item) if outcome != "kept" and (self.handles or item.handle) else None
        return self._decision(item, outcome, self._why_shown(item, form), one.tokens, rung, handle)

    def _absent(self, item: Item, ranks: Mapping[str, _Rank]) -> Decision:
        kept_elsewhere = item.handle is not None or item.id in self.stored
        outcome: Outcome = "moved" if kept_elsewhere else "dropped"
        handle = handle_of(item) if kept_elsewhere else None
        return self._decision(item, outcome, self._why_absent(item, ranks), 0, None, handle)

    def _decision(
        self, item: Item, outcome: Outcome, reason: str, tokens: int, rung: Rung | None, handle: str | None
    ) -> Decision:
        return Decision(
            item_id=item.id,
            section=item.section,
            outcome=outcome,
            reason=reason,
            tokens=tokens,
            full_tokens=item.tokens,
            handle=handle,
            source=item.provenance.source,
            score=None if item.section in ("system", "history", "turn") else item.score,
            rung=rung,
        )

    def _why_shown(self, item: Item, form: Form | None) -> str:
        rung = "full" if form is None else form.rung
        if form is not None and form.within is not None:
            return f"it stands in one passage with {form.within!r}, where what both say stands once"
        if item.section == "turn" and rung == "full":
            return "it is part of the current turn"
        if item.required and rung == "full":
            return "it is required"
        if rung == "handle" and item.id in self.fit.said:
            return self._why_said(item)
        if rung != "full":
            return "its full form is larger than one item may be here, or than the room that was left"
        if item.section == "history":
            return "it lies within the recent window of the history"
        return "it is among the best of its section and fits the section's share"

    def _why_absent(self, item: Item, ranks: Mapping[str, _Rank]) -> str:
        own = self.fit.reasons.get(item.id) or item.left_out
        if own is not None:
            return own
        section = self.request.strategy.section(item.section)
        if section is None:
            return f"the strategy {self.request.strategy.name!r} has no section {item.section!r}"
        if item.section == "history":
            return "it lies before the recent window of the history"
        share = self.fit.shares.get(item.section, 0)
        place = ranks[item.id]
        least = section.relevance
        if least and item.score <= 0:
            return f"{place} and does not bear on the query"
        if least and item.score < least * place.best:
            return f"{place} and scores less than {least:.0%} of the best"
        if item.id in self.fit.said:
            return f"{place} and {self._why_said(item)}"
        if 0 < section.limit <= len(self.fit.sections.get(item.section, ())):
            return f"{place} and the section shows at most {section.limit}"
        if item.tokens > share or not self.fit.sections.get(item.section, (item,)):
            return f"{place} and its {item.tokens} tokens do not fit the section's share of {share}"
        return f"{place} and the section's share of {share} tokens was used by better ones"

    def _why_said(self, item: Item) -> str:
        return f"what of it bears on the query stands in {self.fit.said[item.id]!r} already"


def _once(items: Iterable[Item]) -> Iterator[Item]:
    seen: set[str] = set()
    for item in items:
        if item.id not in seen:
            seen.add(item.id)
            yield item


@dataclass(frozen=True, slots=True)
class _Rank:
    """An item's place in its section, and the best score there."""

    rank: int
    of: int
    best: float

    def __str__(self) -> str:
        return f"it ranks {self.rank} of {self.of}"


def _ranks(items: Sequence[Item]) -> dict[str, _Rank]:
    by_section: dict[str, list[Item]] = {}
    for item in items:
        by_section.setdefault(item.section, []).append(item)
    ranked = map(best_first, by_section.values())
    return {item.id: _Rank(rank, len(group), group[0].score) for group in ranked for rank, item in enumerate(group, 1)}


def _left(unread: Unread, item: UnreadItem) -> Decision:
    return Decision(
        item_id=item.id,
        section=unread.section,
        outcome="dropped" if item.handle is None else "moved",
        reason=item.reason,
        tokens=0,
        full_tokens=item.tokens,
        handle=item.handle,
        source=unread.source,
        score=item.score,
    )
