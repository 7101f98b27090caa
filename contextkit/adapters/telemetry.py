"""Telemetry: what each build decided and cost, in the traces and metrics that an application has already.

    builder = InstrumentedBuilder(builder)

They go wherever the application's own OpenTelemetry SDK sends them; where none is set up, they cost next to nothing.
They tell numbers, names from the code and the strategy, and kinds of errors: no text of a message, a memory or a
document. What is personal besides, or may quote such a text, is told on request only, and never in metrics.

* `contextkit.build` spans a build, below whatever is current. Below it are its steps, and each source it asked, and
  what else is traced meanwhile, such as calls of DynamoDB. Its attributes tell the tokens by section against the
  budget, what was kept, shortened, moved and dropped, what notices there are, what storage billed, and how much of
  the prompt is as it was in the last one, so that a provider may have it in its cache.
* `contextkit.observe` tells what a model reported next to what was counted, `contextkit.read_context` how much of
  what was moved out a model read back.
* Metrics tell the same of all builds, sampled or not; `telemetry_metrics` lists them.

Names are OpenTelemetry's where it has one (semantic conventions 1.44: `error.type`, `exception.…`, `user.id`,
`db.collection.name`, `cloud.region`; of those for GenAI, which are in development, `gen_ai.conversation.id`) and begin
with `contextkit.` where not. What a model reported has no name in `gen_ai.` here: those are for spans and metrics of
the model's own call, and its tokens would be counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from time import time_ns
from typing import TYPE_CHECKING, Any

from contextkit.adapters.telemetry_metrics import Metrics
from contextkit.adapters.telemetry_prefix import Prefix, Prefixes
from contextkit.adapters.telemetry_spans import Attributes, Spans, harmless
from contextkit.aside import aside
from contextkit.assemble import ContextBuilder
from contextkit.context import Context
from contextkit.errors import InvalidInput, shortened

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider


class InstrumentedBuilder(ContextBuilder):
    """A builder that tells OpenTelemetry what it does, and is otherwise the one it was made of.

    It stands in that one's place wherever a `ContextBuilder` does: in a chain, a Strands plugin, a lifecycle. What one
    of them learns, the other knows.

    * `ids`: spans also name the actor (`user.id`) and the session (`gen_ai.conversation.id`).
    * `error_messages`: spans also repeat what errors and notices say, which may quote a query, an id or an address.
    * `tracer_provider`, `meter_provider`: other than the global ones.

    What goes wrong with telemetry is logged under `contextkit.telemetry` and does no harm to what it tells of. Raises
    `InvalidInput` for what is no builder.
    """

    def __init__(
        self,
        builder: ContextBuilder,
        *,
        ids: bool = False,
        error_messages: bool = False,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        if not isinstance(builder, ContextBuilder):
            raise InvalidInput(
                f"{shortened(builder)} is not a builder.", "Pass a ContextBuilder, made as ever.", value=builder
            )
        vars(self).update(vars(builder))  # its very parts, so that whatever asks for them need not ask the builder
        self._builder = builder
        self._ids = ids
        self._spans = Spans(tracer_provider, error_messages=error_messages)
        self._metrics = Metrics(meter_provider)
        self._prefixes = Prefixes()

    def build(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context:
        with self._spans.around("contextkit.build", self._asked(actor_id, session_id)) as span:
            began = time_ns()
            with self._metrics.timed(self.strategy.name):
                context = self._builder.build(
                    query, actor_id=actor_id, session_id=session_id, variables=variables, beside=beside
                )
            with harmless():
                if self._heard(span):
                    self._tell(span, began, context, (actor_id, session_id))
        return context

    async def abuild(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context:
        with self._spans.around("contextkit.build", self._asked(actor_id, session_id)) as span:
            began = time_ns()
            with self._metrics.timed(self.strategy.name):
                context = await self._builder.abuild(
                    query, actor_id=actor_id, session_id=session_id, variables=variables, beside=beside
                )
            with harmless():
                if self._heard(span):
                    await aside(partial(self._tell, span, began, context, (actor_id, session_id)))
        return context

    def observe(self, context: Context, usage: object) -> None:
        with self._spans.around("contextkit.observe") as span:
            self._builder.observe(context, usage)
            with harmless():
                self._spans.observed(span, context, usage)
            with harmless():
                self._metrics.observed(context.report, usage)

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
        with self._spans.around("contextkit.read_context", self._whose(actor_id, session_id)) as span:
            text = self._builder.read_context(
                handle, actor_id=actor_id, session_id=session_id, start=start, length=length, search=search
            )
            with harmless():
                span.set_attribute("contextkit.read.characters", len(text))
        return text

    def _asked(self, actor_id: str, session_id: str) -> Attributes:
        """What is known of a build before it begins: it may fail, and a sampler may want to know."""
        return {
            "contextkit.strategy.name": self.strategy.name,
            "contextkit.budget.window": self.budget.window,
            **self._whose(actor_id, session_id),
        }

    def _whose(self, actor_id: str, session_id: str) -> dict[str, str]:
        return {"user.id": actor_id, "gen_ai.conversation.id": session_id} if self._ids else {}

    def _heard(self, span: Span) -> bool:
        """Whether anybody wants to know: what a report has to work out is not worked out for nobody."""
        return span.is_recording() or self._metrics.heard

    def _tell(self, span: Span, began: int, context: Context, whose: tuple[str, str]) -> None:
        """Tell what a build that began then, by `time_ns`, has come to."""
        prefix: Prefix | None = None
        with harmless():
            prefix = self._prefixes.compared(*whose, context.report)
        with harmless():
            self._spans.built(span, began, context, prefix)
        with harmless():
            self._metrics.built(context.report, prefix)
