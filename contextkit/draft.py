"""Draft: one build between its gathering and its prompt, and the report and view it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from contextkit.calibration.counter import CalibratedCounter
from contextkit.charges import heard
from contextkit.conversation import UNREAD
from contextkit.decide import Decided
from contextkit.fit import Fit, fit
from contextkit.gather import Answer
from contextkit.prompt import Prompt, parts, write
from contextkit.report import Decision, Report
from contextkit.report.lazy import Lazy
from contextkit.said import Said
from contextkit.shortlist import Shortlist
from contextkit.steps import taken
from contextkit.summarise import summary_item
from contextkit.types import Item, Message, Notice, Provenance, Request, TokenCounter, Unread
from contextkit.view import Turn, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one build knows: what was asked, gathered, fitted, and what was stored.

    `handles` says whether the prompt may show handles, `stored` which items were moved.
    """

    request: Request
    answers: Sequence[Answer]
    listed: Shortlist
    said: Said
    fit: Fit
    handles: bool
    stored: frozenset[str] = frozenset()
    notices: tuple[Notice, ...] = ()

    @classmethod
    def of(cls, request: Request, answers: Sequence[Answer], listed: Shortlist, said: Said, *, handles: bool) -> Draft:
        """Fit what was listed."""
        fitted = fit_whole(listed.by_section, request, said=said, handles=handles)
        return cls(request=request, answers=answers, listed=listed, said=said, fit=fitted, handles=handles)

    def noting(self, *notices: Notice) -> Draft:
        """The draft with more notices for its report."""
        return replace(self, notices=(*self.notices, *notices))

    def without_handles(self) -> Draft:
        """The draft fitted anew, with no handle shown."""
        fitted = fit_whole(self.listed.by_section, self.request, said=self.said, handles=False)
        return replace(self, fit=fitted, handles=False)

    @property
    def left_window(self) -> list[Message]:
        """The messages of the history that lie before its window and in no summary yet."""
        start = self.fit.past.start or self.request.turn.after + 1
        items = self.listed.by_section.get("history", ())
        return [item.message for item in items if item.order < start and item.message is not None]

    def with_summary(self, summary: str) -> Draft:
        """The draft fitted anew around another summary, with the history's window where it is."""
        start = self.fit.past.start or self.request.turn.after + 1
        short_through = self.fit.past.short_through
        view = replace(self.request.view, summary=summary, history_from=start, short_through=short_through)
        listed = self.listed.with_summary(summary_item(summary, self.request.counter))
        request = replace(self.request, view=view)
        fitted = fit_whole(listed.by_section, request, said=self.said, handles=self.handles)
        notices = (*self.notices, *(note for note in self.fit.notices if note not in fitted.notices))
        return replace(self, request=request, listed=listed, fit=fitted, notices=notices)

    @property
    def stands_twice(self) -> bool:
        """Whether a summary stands of messages that all stand themselves: the window has grown since."""
        return self.fit.past.start == 1 and bool(self.listed.by_section.get("summary"))

    def without_summary(self) -> Draft:
        """The draft fitted anew without the summary. The view keeps it, for when the window moves on again."""
        listed = self.listed.with_summary(None)
        fitted = fit_whole(listed.by_section, self.request, said=self.said, handles=self.handles)
        return replace(self, listed=listed, fit=fitted)

    def refitted(self, window: int) -> list[Decision]:
        """The decisions of the same build within another window."""
        budget = replace(self.request.budget, window=window)
        view = self.request.view.within(self.request.strategy.name, budget.available(self.request.counter.margin))
        request = replace(self.request, budget=budget, view=view)
        other = fit_whole(self.listed.by_section, request, said=self.said, handles=self.handles)
        decided = replace(self, request=request, fit=other).decided
        return list(decided.decisions(list(decided.at_hand())))

    @property
    def decided(self) -> Decided:
        turn = self.request.view.turn
        return Decided(
            fit=self.fit,
            request=self.request,
            items=self.listed.items,
            unread=self.listed.unread,
            stored=self.stored,
            handles=self.handles,
            before=turn.items if self.request.continuing and turn and self.fit.frozen else (),
        )

    def report(self, prompt: Prompt, seconds: float) -> Report:
        """The report; its decisions and parts are made when somebody looks."""
        request = self.request
        decided = self.decided
        at_hand = Lazy(decided.at_hand)
        found, origins = _by_id(self.listed.items), _origins(self.listed.items, self.listed.unread)
        return Report(
            decisions=Lazy(lambda: decided.decisions(at_hand)),
            at_hand=at_hand,
            sections=Lazy(lambda: decided.sections(at_hand)),
            sources=tuple(answer.run for answer in self.answers),
            notices=(*self.listed.notices, *self.fit.notices, *self.notices),
            parts=Lazy(lambda: parts(self.fit, prompt, request)),
            tokens=prompt.tokens,
            window=request.budget.window,
            reserve=request.budget.reserve,
            margin=request.budget.window - request.budget.reserve - self.fit.available,
            exact=request.counter.exact,
            counter=_counted_by(request.counter),
            strategy=request.strategy.name,
            cost=request.budget.cost(prompt.tokens),
            seconds=seconds,
            steps=taken(),
            charges=heard(),
            refit=self.refitted,
            preview=lambda item_id: item.text if (item := found(item_id)) else None,
            origin=origins,
        )

    def view(self, prompt: Prompt) -> View:
        """What the session's next build must know of this one. What shows no history leaves its window where it is."""
        view, past = self.request.view, self.fit.past
        return View(
            strategy=self.request.strategy.name,
            tools=tuple(tool.name for tool in prompt.tools),
            history_from=self._history_from if self.request.shows("history") else view.history_from,
            stable=self.fit.stable,
            short_through=past.short_through if self.request.shows("history") else view.short_through,
            shrunk_through=self.fit.present.shrunk.results,
            reads_shrunk_through=self.fit.present.shrunk.reads,
            left_through=self.fit.present.shrunk.left,
            summary=view.summary,
            left=self.request.apart.stretches,
            turn=self._turn(prompt),
        )

    @property
    def _history_from(self) -> int | None:
        """Where the history begins, or will, with what is said next; not known where the session could not be read.

        What could not be read of it this time has not left it: then it begins where it did.
        """
        if self.request.session is None:
            return None
        if any(notice.kind == UNREAD for notice in self.listed.notices):
            return self.request.view.history_from
        return self.fit.past.start or self.request.turn.after + 1

    def _turn(self, prompt: Prompt) -> Turn:
        """The turn with its volatile block, which stays as it is until the turn ends."""
        before = self.request.view.turn
        if self.request.continuing and before is not None:
            return before if self.fit.frozen else replace(before, block="", block_tokens=0, items=())
        volatile = {section.name for section in self.request.strategy.region("volatile")}
        return replace(
            self.request.turn,
            block=prompt.block,
            block_tokens=prompt.block_tokens,
            counter=self.request.counter.name,
            items=tuple(self.decided.about(volatile)),
        )


def _by_id(items: Sequence[Item]) -> Callable[[str], Item | None]:
    """Gives the items by their ids; they are sorted when somebody first asks."""
    known = cache(lambda: {item.id: item for item in items})
    return lambda item_id: known().get(item_id)


def _origins(items: Sequence[Item], unread: Sequence[Unread]) -> Callable[[str], Provenance | None]:
    """Gives where items are from by their ids, when somebody first asks; of those left unread too, but for what is
    stored, which would be read for it."""

    @cache
    def known() -> dict[str, Provenance | None]:
        left = {item.id: item.provenance for one in unread if not one.stored for item in one.items()}
        return left | {item.id: item.provenance for item in items}

    return lambda item_id: known().get(item_id)


def _counted_by(counter: TokenCounter) -> str:
    """The counter as the report names it: a calibrated one with what it was corrected by."""
    return str(counter) if isinstance(counter, CalibratedCounter) else counter.name


def fit_whole(items: Mapping[str, Sequence[Item]], request: Request, *, said: Said, handles: bool) -> Fit:
    """Fit so that the prompt as it will be written stays within the budget, whatever the counter.

    Counts of blocks are sums of their lines. Where a counter does not promise that such a sum
    is never too small, the written prompt is counted as a whole and the fit made tighter.
    """
    tighter = 0
    while True:
        fitted = fit(items, request, said=said, handles=handles, tighter=tighter)
        over = 0 if request.counter.additive else _written(fitted, request) - fitted.available
        if over <= 0:
            return fitted
        tighter += over


def _written(fitted: Fit, request: Request) -> int:
    prompt = write(fitted, request)
    counter = request.counter
    tools = sum(item.tokens if item.tool is None else counter.tool(item.tool) for item in fitted.tools)
    bodies = sum(map(counter.message, prompt.messages)) + tools
    return counter.framing(len(prompt.messages), len(fitted.tools)) + bodies
