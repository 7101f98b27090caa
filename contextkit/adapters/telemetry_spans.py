"""Spans around what a builder does, and what they tell of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from traceback import format_tb
from typing import TypeAlias

from contextkit.adapters.telemetry_prefix import Prefix
from contextkit.context import Context
from contextkit.errors import BudgetTooSmall, MissingExtra, SourceFailed
from contextkit.report import Report, SectionUse, SourceRun
from contextkit.report.layout import OUTCOMES
from contextkit.usage import cached_tokens, input_tokens

try:
    from opentelemetry import trace
    from opentelemetry.trace import INVALID_SPAN, Span, Status, StatusCode, TracerProvider
except ImportError as error:
    raise MissingExtra("Telemetry", "telemetry") from error

Attributes: TypeAlias = Mapping[str, str | int | float | bool | tuple[str, ...]]

_CAUSED = "The above exception was the direct cause of the following exception:"
"""Python's own words, by which those that read tracebacks find the causes in them."""

_log = logging.getLogger("contextkit.telemetry")


@contextmanager
def harmless() -> Iterator[None]:
    """Log what goes wrong inside, and go on: what telemetry cannot tell is no failure of what it tells of."""
    try:
        yield
    except Exception:  # an exporter's, a processor's or a sampler's own
        _log.warning("Telemetry failed, and lacks something.", exc_info=True)


class Spans:
    """The spans of one builder. `error_messages` says whether they repeat what errors and notices say."""

    def __init__(self, provider: TracerProvider | None, *, error_messages: bool) -> None:
        self._tracer = trace.get_tracer("contextkit", tracer_provider=provider)
        self._error_messages = error_messages

    @contextmanager
    def around(self, name: str, attributes: Attributes | None = None) -> Iterator[Span]:
        """A span that is current for what is done inside, and tells of what is raised there."""
        span = self._started(name, attributes)
        with _current(span):
            try:
                yield span
            except BaseException as error:  # on its way to whoever asked
                with harmless():
                    self._failed(span, error)
                raise
            finally:
                with harmless():
                    span.end()

    def built(self, span: Span, began: int, context: Context, prefix: Prefix | None) -> None:
        """What a build has come to that began then, by `time_ns`: its numbers, and a span for each step and source."""
        report = context.report
        span.set_attributes({**_numbers(report), **_shared(prefix)})
        span.set_attribute("contextkit.prompt.messages", len(context.messages))
        span.set_attribute("contextkit.prompt.tools", len(context.tools))
        if self._error_messages:
            for notice in report.notices:
                told = {"contextkit.notice.kind": notice.kind, "contextkit.notice.text": notice.text}
                span.add_event("contextkit.notice", told)
        for step in report.steps:
            start = began + _nanoseconds(step.start)
            with self._past(f"contextkit.{step.name.replace(' ', '_')}", start, step.seconds):
                for source in report.sources if step.name == "gather" else ():
                    self._source(source, start)

    def observed(self, span: Span, context: Context, usage: object) -> None:
        """What a model reported for a prompt, next to what was counted."""
        span.set_attribute("contextkit.prompt.tokens", context.tokens)
        span.set_attribute("contextkit.usage.input_tokens", input_tokens(usage))
        cached = cached_tokens(usage)
        if cached is not None:
            span.set_attribute("contextkit.usage.cache_read_tokens", cached)

    def _started(self, name: str, attributes: Attributes | None) -> Span:
        with harmless():
            return self._tracer.start_span(name, attributes=attributes)
        return INVALID_SPAN

    def _source(self, source: SourceRun, start: int) -> None:
        """A source that was asked. One that hangs has a span too, for it is made when the source is given up."""
        if source.status == "skipped":
            return
        with self._past(f"contextkit.source {source.name}", start, source.seconds) as span:
            span.set_attribute("contextkit.source.name", source.name)
            span.set_attribute("contextkit.source.status", source.status)
            span.set_attribute("contextkit.source.items", source.items)
            if source.error is not None:
                span.set_attribute("error.type", source.status)
                span.set_status(Status(StatusCode.ERROR, source.error if self._error_messages else source.status))

    @contextmanager
    def _past(self, name: str, start: int, seconds: float) -> Iterator[Span]:
        """A span of what is over, below the current one."""
        span = self._tracer.start_span(name, start_time=start)
        with trace.use_span(span):
            yield span
        span.end(start + _nanoseconds(seconds))

    def _failed(self, span: Span, error: BaseException) -> None:
        span.set_attributes({"error.type": kind_of(error), **_facts(error)})
        span.set_status(Status(StatusCode.ERROR, str(error) if self._error_messages else None))
        if self._error_messages:
            span.record_exception(error)
        else:
            span.add_event("exception", {"exception.type": kind_of(error), "exception.stacktrace": _where(error)})


def _current(span: Span) -> AbstractContextManager[Span]:
    """The span made current, or, where there is none, that which is current already: what is below it keeps it."""
    known = span.get_span_context().is_valid
    return trace.use_span(
        span if known else trace.get_current_span(), record_exception=False, set_status_on_exception=False
    )


def kind_of(error: BaseException) -> str:
    """An error's type, as `error.type` and `exception.type` want it."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _facts(error: BaseException) -> Attributes:
    """What an error says in numbers and names, which quote nobody."""
    if isinstance(error, BudgetTooSmall):
        return {"contextkit.budget.needed": error.needed, "contextkit.budget.available": error.available}
    return {"contextkit.source.name": error.source} if isinstance(error, SourceFailed) else {}


def _where(error: BaseException) -> str:
    """The tracebacks of the error and its causes as Python prints them, but without what the errors say."""
    cause = f"{_where(error.__cause__)}\n{_CAUSED}\n\n" if error.__cause__ else ""
    frames = "".join(format_tb(error.__traceback__))
    return f"{cause}Traceback (most recent call last):\n{frames}{kind_of(error)}\n"


def _numbers(report: Report) -> Attributes:
    """Nothing here reads what the build has left unread: `report.decisions` would."""
    return {
        "contextkit.strategy.name": report.strategy,
        "contextkit.counter.name": report.counter,
        "contextkit.counter.exact": report.exact,
        "contextkit.budget.window": report.window,
        "contextkit.budget.reserve": report.reserve,
        "contextkit.budget.margin": report.margin,
        "contextkit.budget.free": report.free,
        "contextkit.prompt.tokens": report.tokens,
        "contextkit.notices": tuple(notice.kind for notice in report.notices),
        **_items(report),
        **{name: value for section in report.sections for name, value in _section(section).items()},
        **_storage(report),
    }


def _items(report: Report) -> Attributes:
    totals = {outcome: sum(getattr(section, outcome) for section in report.sections) for outcome in OUTCOMES}
    return {f"contextkit.items.{outcome}": total for outcome, total in totals.items()}


def _section(section: SectionUse) -> Attributes:
    """A section's tokens, used and allotted, and its items by outcome; what is zero of these is left out."""
    told = {"tokens": section.used, "share": section.share}
    counts = {outcome: getattr(section, outcome) for outcome in OUTCOMES}
    return {f"contextkit.section.{section.name}.{name}": value for name, value in (told | counts).items() if value}


def _storage(report: Report) -> Attributes:
    if not report.charges:
        return {}
    told: dict[str, float] = {
        "contextkit.storage.read_units": sum(charge.read_units for charge in report.charges),
        "contextkit.storage.write_units": sum(charge.write_units for charge in report.charges),
    }
    costs = [charge.cost for charge in report.charges if charge.cost is not None]
    return told | ({"contextkit.storage.cost": sum(costs)} if len(costs) == len(report.charges) else {})


def _shared(prefix: Prefix | None) -> Attributes:
    if prefix is None:
        return {}
    broken = prefix.broken
    where = (
        {"contextkit.prefix.broken_in": broken.section, "contextkit.prefix.broken_by": broken.kind} if broken else {}
    )
    return {"contextkit.prefix.tokens": prefix.tokens, **where}


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
