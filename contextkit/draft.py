"""Draft: one build between its gathering and its prompt, and the report and view it leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contextkit.blocks import block_message
from contextkit.decide import Decided
from contextkit.fit import Fit, fit
from contextkit.gather import Answer
from contextkit.prompt import Prompt, parts
from contextkit.report import Decision, Report
from contextkit.report.lazy import Lazy
from contextkit.said import Said
from contextkit.shortlist import Shortlist
from contextkit.types import Notice, Request
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

    def refitted(self, window: int) -> list[Decision]:
        """The decisions of the same build within another window."""
        request = replace(self.request, budget=replace(self.request.budget, window=window))
        other = fit(self.listed.by_section, request, said=self.said, handles=self.handles)
        return list(replace(self, request=request, fit=other).decided.decisions())

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

    def tokens(self, prompt: Prompt) -> int:
        """The whole prompt as counted, tool schemas and framing included."""
        counter = self.request.counter
        return counter.framing(len(prompt.messages), len(prompt.tools)) + sum(
            part.tokens for part in parts(self.fit, prompt, self.request)
        )

    def report(self, prompt: Prompt, seconds: float) -> Report:
        """The report; its decisions and parts are made when somebody looks."""
        request = self.request
        texts = {item.id: item.text for item in self.listed.items}
        return Report(
            decisions=Lazy(self.decided.decisions),
            sections=Lazy(self.decided.sections),
            sources=tuple(answer.run for answer in self.answers),
            notices=(*self.listed.notices, *self.fit.notices, *self.notices),
            parts=Lazy(lambda: parts(self.fit, prompt, request)),
            tokens=self.tokens(prompt),
            window=request.budget.window,
            reserve=request.budget.reserve,
            margin=request.budget.window - request.budget.reserve - self.fit.available,
            exact=request.counter.exact,
            counter=request.counter.name,
            strategy=request.strategy.name,
            seconds=seconds,
            refit=self.refitted,
            preview=texts.get,
        )

    def view(self, prompt: Prompt) -> View:
        """What the session's next build must know of this one."""
        return View(
            tools=tuple(tool.name for tool in prompt.tools),
            history_from=self.fit.past.start or self.request.turn.after + 1,
            shrunk_through=self.fit.present.stubs_through,
            summary=self.request.view.summary,
            turn=self._turn(prompt),
        )

    def _turn(self, prompt: Prompt) -> Turn:
        """The turn with its volatile block, which stays as it is until the turn ends."""
        before = self.request.view.turn
        if self.request.continuing and before is not None:
            return before if self.fit.frozen else replace(before, block="", block_tokens=0, items=())
        volatile = {section.name for section in self.request.strategy.region("volatile")}
        shown = {one.item.id for name in volatile for one in self.fit.sections.get(name, ())}
        message = block_message(prompt.block)
        return replace(
            self.request.turn,
            block=prompt.block,
            block_tokens=self.request.counter.message(message) if prompt.block else 0,
            items=tuple(one for one in self.decided.decisions() if one.section in volatile or one.item_id in shown),
        )
