"""Fit: which items stand in the prompt, and in which form, so that it never exceeds its budget.

What is required comes first: the system prompt, pinned tools, the current turn. The rest of the
window is shared between sections by `budget.allocate`; then each takes what fits its share.
Pure: the same items, strategy and budget give the same fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from contextkit.blocks import Chosen, block_cost
from contextkit.errors import BudgetTooSmall
from contextkit.fit import notices
from contextkit.fit.fill import Shelf, best_first, demand
from contextkit.fit.past import CandidateHistory, Past, Shortening, read_history
from contextkit.fit.present import Present, Shrunk, read_present
from contextkit.fit.repeats import Repeats
from contextkit.fit.sharing import Shared, kept, share
from contextkit.fit.standing import in_call_order
from contextkit.ladder import READ_TOOL, Ladder
from contextkit.pause import most_pauses
from contextkit.said import Said
from contextkit.strategy import BLOCKS, Region, Section, tokens_of
from contextkit.system import system_tokens
from contextkit.types import Item, Notice, Request
from contextkit.view import Stable


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What stands in the prompt.

    * `system`, `tools`: whole items, in prompt order.
    * `past`: the history that stands verbatim; `pause`: word of a long time between it and the question;
      `present`: the current turn.
    * `sections`: of each ranked section, what was chosen.
    * `frozen`: whether the turn's volatile block stands as it was when the turn began.
    * `shares`, `used`: what the allocation gave each section and what it took, in tokens.
    * `stable`: the shares of the stable sections, to be kept by the next build.
    * `reasons`: by item id, why an item does not stand, for those with a reason of their own.
    * `said`: by item id, of long texts of which all that bears on the query stands elsewhere: where. What else they say
      stands nowhere.
    """

    available: int
    tokens: int
    system: Sequence[Item]
    tools: Sequence[Item]
    past: Past
    pause: Item | None = None
    present: Present
    sections: Mapping[str, Sequence[Chosen]]
    frozen: bool = False
    shares: Mapping[str, int]
    stable: Stable
    used: Mapping[str, int]
    reasons: Mapping[str, str]
    said: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[Notice] = ()


def fit(items: Mapping[str, Sequence[Item]], request: Request, *, said: Said, handles: bool, tighter: int = 0) -> Fit:
    """Fit the items, by section, into the request's budget.

    `said` knows what the session's messages say, so that nothing repeats them. `handles` allows
    handles to be shown. `tighter` leaves so many tokens of the budget unused. Raises
    `BudgetTooSmall` where the required items alone are too large.
    """
    return _Fitting(items, request, said, handles, tighter).result()


class _Fitting:
    """One fit under way: the room that is left, and what has been decided so far."""

    # Decided on the way, in this order:
    stable: Stable
    present: Present
    shared: Shared
    tools: Sequence[Item]

    def __init__(
        self, items: Mapping[str, Sequence[Item]], request: Request, said: Said, handles: bool, tighter: int
    ) -> None:
        self.request = request
        self.said = said
        self.strategy = request.strategy
        self.counter = request.counter
        self.view = request.view
        self.items = {name: [item for item in group if item.left_out is None] for name, group in items.items()}
        self._put_in_order()
        self.reasons = {item.id: item.left_out for group in items.values() for item in group if item.left_out}
        self.available = request.budget.available(self.counter.margin)
        self.tighter = tighter
        reads = any(item.tool is not None and item.tool.name == READ_TOOL for item in items.get("tools", ()))
        self.ladder = Ladder(self.counter, request.topic, handles, reads)
        self.pause = self._paused()
        self.notices: list[Notice] = []
        self.used: dict[str, int] = {}
        self.sections: dict[str, Sequence[Chosen]] = {}
        self.said_in_parts: dict[str, str] = {}

    def _put_in_order(self) -> None:
        """Results behind their calls, also where these are of the history and the user's next question came between."""
        past, turn = self.items.get("history", []), self.items.get("turn", [])
        said = [*past, *turn]
        ordered = in_call_order(said)
        if ordered is said:
            return
        begins = next((place for place, item in enumerate(ordered) if turn and item is turn[0]), len(past))
        self.items |= {"history": list(ordered[:begins]), "turn": list(ordered[begins:])}

    def result(self) -> Fit:
        fixed = self._framing() + self._system() + self._pinned()
        wanted = self._wanted()
        self.stable = self._kept(wanted)
        self.present, frozen = self._turn(self.available - fixed)
        rest = self.available - fixed - self.used["turn"] - frozen
        history = self._history()
        headroom = 0 if self.request.continuing else max(0, self._size("turn", "floor") - self.used["turn"])
        self._share(rest - headroom, {**wanted, "history": history.demand})
        left = rest - self._tools() - self._ranked("stable", rest)
        past = self._past(history, left)
        left -= past.tokens
        if not self.request.continuing:
            repeats = self._repeats(past)
            left -= self._ranked("volatile", left - headroom, repeats)
            self.reasons |= repeats.reasons
        return Fit(
            available=self.available,
            tokens=self.available - left,
            system=self.items.get("system", ()),
            tools=self.tools,
            past=past,
            pause=self.pause,
            present=self.present,
            sections=self.sections,
            frozen=self.request.continuing and notices.BLOCK_GONE not in self.notices,
            shares=self.shared.shares,
            stable=self.stable,
            used=self.used,
            reasons={**self.reasons, **past.reasons, **self.present.reasons},
            said=self.said_in_parts,
            notices=self.notices,
        )

    # What is required

    def _framing(self) -> int:
        """What frames the request, with both block messages and the pauses, and what a whole costs more than its parts.

        An upper bound, as blocks may turn out empty.
        """
        messages = sum(len(group) for name, group in self.items.items() if name in ("history", "turn")) + 4
        tools = len(self.items.get("tools", ()))
        if self.counter.framing(2 * messages, tools) > self.counter.framing(messages, tools):  # else they need no count
            messages += most_pauses(item.message.created_at for item in self.items.get("history", ()) if item.message)
        blocks = sum(1 for region in BLOCKS if any(map(self._expects, self.strategy.region(region))))
        framing = self.counter.framing(messages, tools)
        return framing + blocks * block_cost(self.counter) + self.tighter

    def _system(self) -> int:
        self.used["system"] = system_tokens(self.items.get("system", ()), self.counter)
        return self.used["system"]

    def _pinned(self) -> int:
        return sum(item.tokens for item in self.items.get("tools", ()) if item.required)

    def _turn(self, room: int) -> tuple[Present, int]:
        """The current turn, and the cost of its frozen block where that still stands.

        A turn that grows takes from the history first. Then its own older results become handles,
        and its oldest calls a list; then the block goes; and only then the stable sections get less.
        """
        block = self.view.turn.block_tokens if self.request.continuing and self.view.turn else 0
        kept = sum(self.stable.shares.values())
        pause = self.pause.tokens if self.pause else 0
        for spared in dict.fromkeys((kept + block, kept, 0)):
            present = self._present(room - spared - pause)
            if present.tokens <= room - spared - pause:
                self.used["turn"] = present.tokens + pause
                return self._accept(present, block if spared >= kept + block else 0, spared)
        if self.pause:
            self.pause = None
            self.notices += [notices.PAUSE_GONE] if self.request.continuing else []
            return self._turn(room)
        raise BudgetTooSmall(self._required(present), self.available, self.request.budget.window)

    def _accept(self, present: Present, block: int, spared: int) -> tuple[Present, int]:
        """Note what had to give way to the turn."""
        if replace(present.shrunk, left=self._shrunk.left) != self._shrunk:
            self.notices.append(notices.RESULTS_MOVED)
        if present.shrunk.left != self._shrunk.left:
            self.notices.append(notices.CALLS_LEFT)
        if present.torn:
            self.notices.append(notices.TURN_TORN)
        if self.request.continuing and self.view.turn and self.view.turn.block_tokens > block:
            self.notices.append(notices.BLOCK_GONE)
        if spared < sum(self.stable.shares.values()):
            self.notices.append(notices.PREFIX_CUT)
            self.stable = replace(self.stable, shares={})
        return present, block

    def _paused(self) -> Item | None:
        """Word of a pause before the question, where history stands before it: that bears no dates."""
        turn, history = self.request.turn, self.strategy.section("history")
        if turn.pause is None or history is None or "history" not in self.request.filled:
            return None
        return turn.pause.item(turn.after, "turn", self.counter, self.request.zone)

    def _present(self, room: int) -> Present:
        return read_present(
            self.items.get("turn", ()),
            room,
            ladder=self.ladder,
            result_ceiling=self._size("turn", "item_ceiling"),
            shrunk=self._shrunk,
        )

    @property
    def _shrunk(self) -> Shrunk:
        return Shrunk(self.view.shrunk_through, self.view.reads_shrunk_through, self.view.left_through)

    def _required(self, present: Present) -> list[tuple[str, int]]:
        pinned = [(item.id, item.tokens) for item in self.items.get("tools", ()) if item.required]
        system = [("system", self.used["system"])] if self.used["system"] else []
        return [("framing", self._framing()), *system, *pinned, *present.required]

    # What is wanted of the rest

    def _wanted(self) -> Mapping[str, int]:
        """What sections could use of it, by name, in tokens; of the history it is not known yet."""
        apart = ("system", "turn", "history")
        return {section.name: self._demand(section) for section in self.strategy.sections if section.name not in apart}

    def _demand(self, section: Section) -> int:
        items = self.items.get(section.name, ())
        if section.region == "volatile" and self.request.continuing:
            return 0
        if section.name == "tools":
            return sum(item.tokens for item in self._optional_tools())
        wanted = demand(items, section, self.ladder)
        if section.name == "summary" and self._expects(section):
            return max(wanted, tokens_of(section.floor, self.available))
        return wanted

    def _expects(self, section: Section) -> bool:
        """Whether room is kept for a section: it has items, or is the summary, which is written later on."""
        return bool(self.items.get(section.name)) or (section.name == "summary" and self.request.store is not None)

    # How it is shared

    def _kept(self, wanted: Mapping[str, int]) -> Stable:
        stable = {
            section.name: wanted[section.name] for section in self.strategy.region("stable") if section.name in wanted
        }
        return kept(self.request, self.available, stable, self._optional_tools())

    def _share(self, rest: int, wanted: Mapping[str, int]) -> None:
        self.shared = share(rest, self.request, self.stable, wanted)
        self.stable = self.shared.stable
        if self.shared.grown:
            self.notices.append(notices.PREFIX_GROWN)

    def _optional_tools(self) -> list[Item]:
        return [item for item in self.items.get("tools", ()) if not item.required]

    # What each section takes of it

    def _tools(self) -> int:
        """The best tools within the share, in their source's order; those of the last prompt before others."""
        room = self.shared.shares.get("tools", 0)
        taken: list[Item] = []
        ranked = best_first(self.items.get("tools", ()))
        for item in sorted(ranked, key=lambda item: item.tool is None or item.tool.name not in self.view.tools):
            if item.required or item.tokens <= room:
                taken.append(item)
                room -= 0 if item.required else item.tokens
        self.tools = sorted(taken, key=lambda item: (item.order, item.id))
        self.used["tools"] = sum(item.tokens for item in taken)
        return sum(item.tokens for item in taken if not item.required)

    def _history(self, whole_from: int | None = None) -> CandidateHistory:
        """The history; its messages from number `whole_from` on stand whole, tools' results excepted."""
        section = self.strategy.section("history")
        can_shorten = section is not None and "extract" in section.ladder
        return read_history(
            self.items.get("history", ()) if section else (),
            Shortening(
                ladder=self.ladder,
                ceiling=self._size("history", "item_ceiling") if can_shorten else self.available,
                result_ceiling=self._size("turn", "item_ceiling"),
                stubs_through=self.present.shrunk.results,
                whole_from=whole_from,
            ),
            self.request.zone,
        )

    def _past(self, history: CandidateHistory, left: int) -> Past:
        share = min(left, self.shared.shares.get("history", 0))
        past = self._whole_past(history, left) or replace(
            history.window(share, cursor=self.view.history_from, low=self.strategy.history_low),
            short_through=self.request.turn.after,
        )
        self.used["history"] = past.tokens
        if past.moved_on:
            self.notices.append(notices.CURSOR_MOVED)
        return past

    def _whole_past(self, history: CandidateHistory, left: int) -> Past | None:
        """The history with its long messages whole, where no other section could ask for the room that takes.

        A file that someone pasted is what the next questions are about. Once a message stood shortened it
        stays so: else each prompt might have another beginning.
        """
        known, cursor = self.view.short_through, self.view.history_from
        room = min(left, self.shared.shares.get("history", 0) + self.shared.unasked, self._size("history", "ceiling"))
        if not history.shortens_after(known):
            return None
        whole = self._history(known + 1)
        if not whole.fits(room, cursor=cursor):
            return None
        return replace(whole.window(room, cursor=cursor, low=self.strategy.history_low), short_through=known)

    def _ranked(self, region: Region, left: int, repeats: Repeats | None = None) -> int:
        """Fill the ranked sections of a region; what one leaves of its share the next may use, up to its ceiling."""
        spare = max(0, left - sum(self.shared.shares.get(section.name, 0) for section in self.strategy.region(region)))
        total = 0
        for section in self.strategy.region(region):
            if section.name in ("system", "tools"):
                continue
            ceiling = tokens_of(section.ceiling, self.available)
            own = self.shared.shares.get(section.name, 0)
            room = min(own + (spare if region == "volatile" else 0), ceiling, left - total)
            used = self._fill(section, room, repeats)
            spare += own - used
            total += used
        return total

    def _fill(self, section: Section, room: int, repeats: Repeats | None) -> int:
        asked = self.ladder if section.region == "volatile" else replace(self.ladder, query="")  # stays as it is
        shelf = Shelf(section, asked, max(0, room), tokens_of(section.item_ceiling, self.available), repeats)
        shelf.fill(best_first(self.items.get(section.name, ())))
        self.sections[section.name] = shelf.chosen
        self.said_in_parts |= shelf.said
        self.used[section.name] = shelf.used
        return shelf.used

    def _repeats(self, past: Past) -> Repeats:
        """What the volatile sections must not say again."""
        repeats = Repeats(self.said, past.worded)
        for message in self.present.standing:
            repeats.add(message.item, message.form)
        for chosen in self.sections.values():
            for one in chosen:
                repeats.add(one.item, one.form)
        return repeats

    def _size(self, section: str, size: Literal["floor", "ceiling", "item_ceiling"]) -> int:
        """A size of a section in tokens; 0 where the strategy has no such section."""
        found = self.strategy.section(section)
        return 0 if found is None else tokens_of(getattr(found, size), self.available)
