"""ContextBuilder: gathers, ranks, fits, offloads, places and renders one prompt.

The road of a build, and the modules in which it runs:

* open: the session as its store has it (`known`), and the turn it is in (`turns`, `question`, `topic`);
* gather: every source at once, each with its own deadline (`gather`, `sources`);
* fit: the candidates by section (`shortlist`), and which of them stand, in which form (`fit`, `ladder`);
* summarise: what the history's window has left behind (`summarise`);
* offload: what moved out of the prompt is stored under handles (`offload`);
* write: the blocks and messages in their final order (`prompt`, `blocks`, `place`);
* keep view: what the next build goes on from (`view`), beside those of other builders (`views`).

`Draft` is all that one build knows on this road, and `decide` puts it into words for the report, once
somebody asks. I/O happens when a build opens the session, gathers, offloads, and keeps its view.
Everything between is pure and shared by `build` and `abuild`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contextkit.aside import aside
from contextkit.budget import Budget
from contextkit.calibration.meter import Meter
from contextkit.charges import metered
from contextkit.clock import Clock, utc_now
from contextkit.compress.summary import Summarizer
from contextkit.context import Context
from contextkit.deadline import Deadline, patiently
from contextkit.draft import Draft
from contextkit.errors import InvalidInput, StoreError, shortened
from contextkit.gather import Answer, agather, gather
from contextkit.known import KnownSessions
from contextkit.offload import Page, answer_read, answer_search, answer_session_search, offload, read_context
from contextkit.prompt import Prompt, write
from contextkit.said import SaidInSessions
from contextkit.shortlist import shortlist
from contextkit.spelling import spelling
from contextkit.steps import elapsed, step, timed
from contextkit.stored import StoredPieces
from contextkit.stores import Degradable, OverflowStore, Session, SessionStore, check_id
from contextkit.strategy import ContextStrategy
from contextkit.summarise import rolled
from contextkit.tokens import get_counter
from contextkit.turns import Asked, open_request
from contextkit.types import Notice, Remembering, Request, Source, TokenCounter
from contextkit.usage import input_tokens
from contextkit.views import series_of
from contextkit.zones import Zones, clock_in

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from contextkit.adapters.langchain import ContextRunnable
    from contextkit.render.langchain_cache import Caching


class ContextBuilder:
    """Decides, before each request to a model, what that model sees.

    * `sources`: what may be shown; see `contextkit.sources`.
    * `budget`: a `Budget`, a window in tokens, or a LangChain chat model whose profile gives it.
    * `strategy`: the name of a shipped strategy, the path of a TOML file, or a `ContextStrategy`.
    * `store`: where sessions, memories and overflow live. Without one there is no history, and
      nothing can be moved: what does not fit is dropped, and the report says so.
    * `counter`: an encoding, an OpenAI model's name, or a `TokenCounter`.
    * `model`: the name under which is kept what `observe` learns of the model's own counting.
    * `summarizer`: writes the rolling summary (see `contextkit.compress.chat.from_chat_model`);
      without one it is made of sentences taken from the conversation.
    * `name`: tells this builder from others that make prompts of the same sessions: agents that hand over to each
      other, say. Those with another strategy, window, or sources of other names are told apart without one.
    * `timezone`: where the actors live, as a zone or its IANA name, or a function that tells it by the actor's id: what
      days "yesterday" means, and which dates stand in prompts.

    One builder serves many threads, actors and sessions.
    """

    def __init__(
        self,
        *,
        sources: Sequence[Source],
        budget: Budget | int | BaseChatModel,
        strategy: str | Path | ContextStrategy = "agent",
        store: object = None,
        counter: str | TokenCounter = "o200k_base",
        model: str = "default",
        summarizer: Summarizer | None = None,
        name: str = "",
        timezone: Zones = UTC,
        clock: Clock = utc_now,
    ) -> None:
        self.sources = _sources(sources)
        self.budget = Budget.of(budget)
        self.strategy = ContextStrategy.load(strategy)
        self.store = _instance(store)
        self._session_store = store if isinstance(store, SessionStore) else None
        self._overflow_store = store if isinstance(store, OverflowStore) else None
        self._degradable = store if isinstance(store, Degradable) else None
        self._meter = Meter(get_counter(counter), model, store)
        self._summarizer = summarizer
        self._now = clock_in(timezone, clock)
        self._said = SaidInSessions()
        self._known = KnownSessions(self._remembered)
        asked = [source for source in self.sources if any(map(self.strategy.section, source.sections))]
        self._remembering = [source for source in asked if isinstance(source, Remembering)]
        self._stored = StoredPieces()
        self._filled = frozenset(section for source in self.sources for section in source.sections)
        self._series = series_of(name, self.strategy.name, self.budget.window, (one.name for one in self.sources))

    def build(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context:
        """Assemble one prompt.

        With a `query` (a text, or a message with images) a turn begins; without one, the turn
        the session is in continues after its tool results. It also continues where a message is
        sent again, under the same id, that has no answer yet. The query is not written to the
        session: append it, and what the model answers, yourself.

        `actor_id` says whose data is read, and `session_id` which of the actor's conversations this is, a new one
        too. `variables` fill the system prompt where that is a `Template`.

        `beside` is whatever else the model is sent, which takes up some of the budget too: the provider's
        own tools and the schema of a structured answer, as the dicts that are sent.

        Raises `BudgetTooSmall` where what is required does not fit, `EmptyQuery` where there is
        nothing to answer, `SourceFailed` for a required source, and other `InvalidInput`.
        """
        asked = Asked(query, actor_id, session_id, variables or {}, beside)
        with metered(), timed():
            request = self._open(asked)
            with step("gather"):
                answers = gather(self.sources, request)
            return self._assemble(request, answers)

    async def abuild(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context:
        """`build` for an event loop, which it never blocks."""
        asked = Asked(query, actor_id, session_id, variables or {}, beside)
        with metered(), timed():
            request = await aside(partial(self._open, asked))
            with step("gather"):
                answers = await agather(self.sources, request)
            return await aside(partial(self._assemble, request, answers))

    def observe(self, context: Context, usage: object) -> None:
        """Learn from what the model reported for a prompt: how its tokens differ from the counted ones.

        `usage` is the number of input tokens, or an answer's usage in LangChain's, OpenAI's,
        Anthropic's or Bedrock's shape. What is learnt is kept in the store under the builder's
        `model`. The LangChain runnable with `with_tools` calls this by itself.
        """
        reported = max(0, input_tokens(usage) - context.beside)
        self._meter.observe(context.messages, context.tools, reported)

    def read_context(
        self,
        handle: str | None = None,
        *,
        actor_id: str,
        session_id: str,
        start: int = 0,
        length: int | None = None,
        search: str | None = None,
    ) -> str:
        """Answer a model's call of the `read_context` tool: a stored piece in part, or around a search.

        Without a handle, the places of the whole session where the words of the search stand together, each under
        the handle that reads on there.

        Raises `HandleNotFound` for a handle that is not this session's, and `InvalidInput` for neither handle nor
        search.
        """
        counter = self.counter
        page = Page.within(self.budget.available(counter.margin), counter)
        if handle is None or handle == "":
            return answer_session_search(self.store, actor_id, session_id, search, page)
        text = read_context(self.store, actor_id, session_id, handle)
        return answer_search(text, str(search), page) if search else answer_read(text, start, length, page)

    def as_runnable(
        self, *, cache: Caching = "auto", beside: Sequence[Mapping[str, Any]] = (), model: object = None
    ) -> ContextRunnable:
        """This builder as a LangChain runnable: `builder.as_runnable() | model`.

        Prompts are written for the chat model that comes next in the chain: it can read what other providers' models
        said earlier in the session, and finds breakpoints marked in its own style. Where the model does not come next,
        pass it as `model`, or name that style as `cache` (see `Context.to_langchain`; None is for no marks).
        `beside` is what else the model was bound to, as `build` takes it:
        `beside=[Answer.model_json_schema()]` before `model.with_structured_output(Answer)`.
        """
        from contextkit.adapters.langchain import ContextRunnable

        return ContextRunnable(self, cache=cache, beside=beside, model=model)

    @property
    def counter(self) -> TokenCounter:
        """What tokens are counted with now: the counter given, corrected by what `observe` has learnt."""
        return self._meter.counter

    # The steps

    @step("open")
    def _open(self, asked: Asked) -> Request:
        self._meter.plain.text(".")  # the first count loads a vocabulary, which no source's deadline should pay for
        deadline = Deadline(self.strategy.seconds(self._filled))
        return open_request(
            asked,
            budget=self.budget,
            counter=self._meter.within(deadline.for_opening / 2),
            strategy=self.strategy,
            store=self.store,
            filled=self._filled,
            series=self._series,
            now=self._now(check_id("actor id", asked.actor_id)),
            known=self._known,
            deadline=deadline,
        )

    def _assemble(self, request: Request, answers: Sequence[Answer]) -> Context:
        """The road from what was gathered to the prompt."""
        draft = self._draft(request, answers)
        draft = self._summarise(draft)
        draft = self._offload(draft)
        prompt = write(draft.fit, draft.request)
        problems = [*self._keep_view(draft, prompt), *([self._meter.problem] if self._meter.problem else [])]
        problems += self._degradable.degraded if self._degradable is not None else ()
        draft = draft.noting(*problems, *spelling(prompt.messages))
        return Context(
            messages=prompt.messages,
            tools=prompt.tools,
            tokens=prompt.tokens,
            beside=draft.listed.beside,
            report=draft.report(prompt, elapsed()),
            breakpoints=prompt.breakpoints,
        )

    @step("fit")
    def _draft(self, request: Request, answers: Sequence[Answer]) -> Draft:
        """Rank and fit what was gathered."""
        handles = self._shows_handles(request)
        listed = shortlist(answers, request, read_tool=handles and request.strategy.read_tool)
        said = self._said.of(request, listed.by_section.get("history", ()))
        return Draft.of(request, answers, listed, said, handles=handles).noting(*request.notices)

    def _summarise(self, draft: Draft) -> Draft:
        """Where the window of the history has moved on, bring the summary of what it left up to date."""
        section = self.strategy.section("summary")
        left = draft.left_window
        if section is None or not left:
            return draft.without_summary() if draft.stands_twice else draft
        with step("summarise"):
            summary, failed = rolled(draft.request, section, left, draft.fit.available, self._summarizer)
            return draft.with_summary(summary).noting(*([failed] if failed else []))

    def _offload(self, draft: Draft) -> Draft:
        """Store what moved; where the store fails, fit again without showing any handle."""
        if self._overflow_store is None:
            return draft
        request = draft.request
        moved = draft.listed.moved(draft.fit, request.strategy)
        within = request.deadline.for_closing
        failed = offload(self._overflow_store, request, moved, self._stored, seconds=within)
        if failed is not None:
            return draft.without_handles().noting(failed)
        return replace(draft, stored=frozenset(item.id for item in moved))

    def _keep_view(self, draft: Draft, prompt: Prompt) -> list[Notice]:
        if self._session_store is None:
            return []
        request = draft.request
        if request.apart.branch:
            self._known.saw_branch(request.session, request.apart.branch, draft.view(prompt))
            return []
        views = self._known.views(request.session).keeping(self._series, draft.view(prompt))
        text = views.to_json()
        if request.session is not None and request.session.view == text:
            return []
        save = partial(self._session_store.save_view, request.actor_id, request.session_id, text, life=request.life)
        try:
            with step("keep view"):
                patiently(save, request.deadline.for_closing)
        except StoreError as error:
            return [Notice("view not kept", f"The next prompt may not extend this one: {error}")]
        self._known.saw(request.session, views, text)
        return []

    def _remembered(self, session: Session) -> bool:
        """Whether every source that reads sessions once still has what it read of this one."""
        return all(source.remembers(session, self.store) for source in self._remembering)

    def _shows_handles(self, request: Request) -> bool:
        rehydrates = any("overflow" in source.sections for source in self.sources)
        return self._overflow_store is not None and (request.strategy.read_tool or rehydrates)


def _sources(sources: Iterable[Source]) -> tuple[Source, ...]:
    if not isinstance(sources, Iterable):
        raise InvalidInput(
            f"The sources are {shortened(sources)}.", "Pass a list of them, also of a single one.", value=sources
        )
    return tuple(map(_checked, sources))


def _instance(store: object) -> object:
    if isinstance(store, type):
        raise InvalidInput(
            f"The store is the class {store.__name__}.", f"Pass an instance: {store.__name__}(…).", value=store
        )
    if isinstance(store, str | Path):
        raise InvalidInput(
            f"The store is {shortened(store)}, not a store.", f"Pass SQLiteStore({shortened(store)}).", value=store
        )
    return store


def _checked(source: Source) -> Source:
    if isinstance(source, type) or not isinstance(source, Source):
        raise InvalidInput(
            f"{shortened(source)} is not a source.",
            "Pass instances, such as History() or System(text); one of your own has `name`, `sections` and `gather`.",
            value=source,
        )
    return source
