"""Builds as spans and metrics of the real OpenTelemetry SDK: below whom they are, what they tell, and what never."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from string import Template
from threading import Event
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from packaging.version import Version

from contextkit import Budget, Context, ContextBuilder, Document, Item, Request
from contextkit.errors import BudgetTooSmall, HandleNotFound, InvalidInput, SourceFailed, StoreUnavailable
from contextkit.sources import Documents, History, Overflow, System
from contextkit.stores.sqlite import SQLiteStore
from tests.noise import noise

pytest.importorskip("opentelemetry.sdk", reason="needs the extra dev: opentelemetry-sdk")

from opentelemetry.metrics import get_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Sampler
from opentelemetry.trace import Tracer, get_current_span, get_tracer_provider

from contextkit.adapters.langchain import with_tools
from contextkit.adapters.telemetry import InstrumentedBuilder

IDS = {"actor_id": "actor-wintergreen", "session_id": "session-wintergreen"}
QUERY = "Where is the parcel for quillfeather lane?"


class Traces:
    """What a tracer provider has exported, to memory."""

    def __init__(self, **options: Any) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(**options)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def app(self) -> Tracer:
        return self.provider.get_tracer("app")

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span

    def below(self, parent: ReadableSpan) -> list[str]:
        return [span.name for span in self.spans if span.parent and span.parent.span_id == parent.context.span_id]

    def __str__(self) -> str:
        return "\n".join(span.to_json() for span in self.spans)


class Measured:
    """What a meter provider has collected so far."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider(metric_readers=[self._reader])

    def points(self) -> dict[str, list[tuple[dict[str, Any], float]]]:
        """Each instrument's attributes and sums."""
        data = json.loads(str(self))
        found = [
            one for each in data["resource_metrics"] for scope in each["scope_metrics"] for one in scope["metrics"]
        ]
        return {
            one["name"]: [
                (point["attributes"], point.get("sum", point.get("value"))) for point in one["data"]["data_points"]
            ]
            for one in found
        }

    def total(self, name: str, **attributes: str) -> float:
        wanted = {f"contextkit.{key.replace('_', '.', 1)}": value for key, value in attributes.items()}
        return sum(value for told, value in self.points()[name] if wanted.items() <= told.items())

    def __str__(self) -> str:
        data = self._reader.get_metrics_data()
        return data.to_json() if data else '{"resource_metrics": []}'


class Asked:
    """A source that does what a test tells it to, in its own thread."""

    name = "lookup"
    sections = ("documents",)

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work

    def gather(self, request: Request) -> Iterable[Item]:  # noqa: ARG002
        self._work()
        return []


@pytest.fixture
def traces() -> Iterator[Traces]:
    traces = Traces()
    yield traces
    traces.provider.shutdown()


@pytest.fixture
def measured() -> Iterator[Measured]:
    measured = Measured()
    yield measured
    measured.provider.shutdown()


@pytest.fixture
def plain(store: SQLiteStore) -> Callable[..., ContextBuilder]:
    def build(*more: Any, store: object = store) -> ContextBuilder:
        sources = [System("You are Otis."), History(), Overflow(), *more]
        return ContextBuilder(sources=sources, budget=Budget(window=2_000, reserve=200), store=store)

    return build


@pytest.fixture
def built(
    plain: Callable[..., ContextBuilder], traces: Traces, measured: Measured
) -> Callable[..., InstrumentedBuilder]:
    def build(*more: Any, **options: Any) -> InstrumentedBuilder:
        telling = {key: options.pop(key) for key in ("ids", "error_messages") if key in options}
        return InstrumentedBuilder(
            plain(*more, **options), tracer_provider=traces.provider, meter_provider=measured.provider, **telling
        )

    return build


def told(span: ReadableSpan) -> dict[str, Any]:
    """The attributes of a span."""
    return dict(span.attributes or {})


def talk(store: SQLiteStore, messages: int = 40) -> None:
    said = [{"role": ("user", "assistant")[n % 2], "content": f"{n}: {noise(200, n)}"} for n in range(messages)]
    store.append(*IDS.values(), said)


MANUAL = Documents([Document(id="manual", title="Manual", text="Where the parcel is. " * 1_000)])


# Whose children


def test_a_build_is_below_the_callers_span_and_its_steps_and_sources_below_it(
    built: Callable[..., InstrumentedBuilder], store: SQLiteStore, traces: Traces
) -> None:
    talk(store)
    with traces.app.start_as_current_span("request"):
        built(MANUAL).build(QUERY, **IDS)
        assert get_current_span().is_recording(), "the caller's span is current again"
    build = traces.one("contextkit.build")
    assert traces.below(traces.one("request")) == ["contextkit.build"]
    steps = ["open", "gather", "fit", "summarise", "offload", "keep_view"]
    assert traces.below(build) == [f"contextkit.{step}" for step in steps]
    sources = ["system", "history", "overflow", "documents"]
    assert traces.below(traces.one("contextkit.gather")) == [f"contextkit.source {name}" for name in sources]
    for span in (span for span in traces.spans if span.name != "request"):
        assert (build.start_time or 0) <= (span.start_time or 0) <= (span.end_time or 0) <= (build.end_time or 0)


def test_without_a_span_of_the_callers_a_build_is_a_root(
    built: Callable[..., InstrumentedBuilder], traces: Traces
) -> None:
    built().build(QUERY, **IDS)
    assert traces.one("contextkit.build").parent is None


def test_in_threads_each_build_is_below_its_own_caller(
    built: Callable[..., InstrumentedBuilder], traces: Traces
) -> None:
    builder = built()

    def request(number: int) -> None:
        with traces.app.start_as_current_span(f"request {number}"):
            builder.build(QUERY, actor_id="u1", session_id=f"s{number}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(request, range(8)))
    assert [traces.below(traces.one(f"request {number}")) for number in range(8)] == [["contextkit.build"]] * 8


async def test_on_an_event_loop_each_build_is_below_its_own_caller(
    built: Callable[..., InstrumentedBuilder], traces: Traces
) -> None:
    builder = built()

    async def request(number: int) -> None:
        with traces.app.start_as_current_span(f"request {number}"):
            await builder.abuild(QUERY, actor_id="u1", session_id=f"s{number}")

    await asyncio.gather(*map(request, range(8)))
    assert [traces.below(traces.one(f"request {number}")) for number in range(8)] == [["contextkit.build"]] * 8
    for build in traces.named("contextkit.build"):
        assert traces.below(build) == [f"contextkit.{step}" for step in ("open", "gather", "fit", "keep_view")]


@pytest.mark.parametrize("way", ["build", "abuild"])
async def test_what_is_traced_meanwhile_is_below_the_build(
    built: Callable[..., InstrumentedBuilder], traces: Traces, way: str
) -> None:
    def call() -> None:
        with traces.app.start_as_current_span("DynamoDB.Query"):
            pass

    builder = built(Asked(call))
    if way == "build":
        builder.build(QUERY, **IDS)
    else:
        await builder.abuild(QUERY, **IDS)
    assert "DynamoDB.Query" in traces.below(traces.one("contextkit.build"))


# What is told


def test_the_spans_numbers_are_the_reports(
    built: Callable[..., InstrumentedBuilder], store: SQLiteStore, traces: Traces
) -> None:
    talk(store)
    report = built(MANUAL).build(QUERY, **IDS).report
    build = told(traces.one("contextkit.build"))
    assert build["contextkit.strategy.name"] == "agent"
    assert build["contextkit.prompt.tokens"] == report.tokens
    budget = [build[f"contextkit.budget.{name}"] for name in ("window", "reserve", "margin", "free")]
    assert budget == [report.window, report.reserve, report.margin, report.free]
    assert (
        sum(build.get(f"contextkit.section.{one.name}.tokens", 0) for one in report.sections) + report.framing
        == report.tokens
    )
    outcomes = [decision.outcome for decision in report.decisions]
    for outcome in ("kept", "shortened", "moved", "dropped"):
        assert build[f"contextkit.items.{outcome}"] == outcomes.count(outcome)
        of_history = [one.outcome for one in report.decisions if one.section == "history"].count(outcome)
        assert build.get(f"contextkit.section.history.{outcome}", 0) == of_history
    assert build["contextkit.items.moved"] > 1


def test_metrics_are_the_reports_too(
    built: Callable[..., InstrumentedBuilder], store: SQLiteStore, measured: Measured
) -> None:
    talk(store)
    builder = built(MANUAL)
    reports = [builder.build(QUERY, **IDS).report, builder.build("And when?", **IDS).report]
    assert measured.total("contextkit.prompt.tokens", strategy_name="agent") == sum(one.tokens for one in reports)
    used = sum(one.tokens / (one.window - one.reserve - one.margin) for one in reports)
    assert measured.total("contextkit.prompt.utilization") == pytest.approx(used)
    for number, section in enumerate(reports[0].sections):
        both = sum(report.sections[number].used for report in reports)
        assert measured.total("contextkit.section.tokens", section_name=section.name) == both
    moved = sum(section.moved for report in reports for section in report.sections)
    assert measured.total("contextkit.items", outcome="moved") == moved > 0
    gathering = sum(step.seconds for report in reports for step in report.steps if step.name == "gather")
    assert measured.total("contextkit.step.duration", step_name="gather") == pytest.approx(gathering)
    asked = sum(source.seconds for report in reports for source in report.sources if source.name == "history")
    assert measured.total("contextkit.source.duration", source_name="history", source_status="ok") == pytest.approx(
        asked
    )
    assert measured.total("contextkit.build.duration") >= gathering


@pytest.mark.parametrize("counted", [True, False], ids=["cache reads told", "a number alone"])
def test_what_a_model_reports_stands_next_to_what_was_counted(
    built: Callable[..., InstrumentedBuilder], traces: Traces, measured: Measured, counted: bool
) -> None:
    builder = built()
    context = builder.build(QUERY, **IDS)
    reported = context.tokens + 30
    builder.observe(context, {"inputTokens": 30, "cacheReadInputTokens": context.tokens} if counted else reported)
    cached = {"contextkit.usage.cache_read_tokens": context.tokens} if counted else {}
    both = {"contextkit.prompt.tokens": context.tokens, "contextkit.usage.input_tokens": reported}
    assert told(traces.one("contextkit.observe")) == both | cached
    assert measured.total("contextkit.usage.input_tokens") == reported
    assert measured.total("contextkit.usage.counted_tokens") == context.tokens
    assert ("contextkit.usage.cache_read_tokens" in measured.points()) == counted


def test_what_broke_the_prefix_is_told(traces: Traces, measured: Measured, store: SQLiteStore) -> None:
    sources = [System(Template("You are Otis. It is $time.")), History()]
    builder = InstrumentedBuilder(
        ContextBuilder(sources=sources, budget=2_000, store=store),
        tracer_provider=traces.provider,
        meter_provider=measured.provider,
    )
    for time in ("noon", "noon", "one"):
        builder.build(QUERY, **IDS, variables={"time": time})
    names = ("contextkit.prefix.tokens", "contextkit.prefix.broken_in", "contextkit.prefix.broken_by")
    first, same, other = ([told(build).get(name) for name in names] for build in traces.named("contextkit.build"))
    assert first == [None, None, None]
    assert same[1:] == [None, None]
    assert other[1:] == ["system", "changed"]
    assert same[0] > other[0] > 0, "the tools stand before the system prompt"
    assert measured.total("contextkit.prefix.tokens") == same[0] + other[0]
    assert measured.total("contextkit.prefix.breaks", prefix_broken_in="system") == 1


def test_what_a_model_reads_back_is_told_by_its_length(
    built: Callable[..., InstrumentedBuilder], traces: Traces
) -> None:
    builder = built(MANUAL)
    (handle,) = (one.handle for one in builder.build(QUERY, **IDS).report.decisions if one.handle)
    text = builder.read_context(handle, **IDS, length=500)
    assert told(traces.one("contextkit.read_context"))["contextkit.read.characters"] == len(text)
    with pytest.raises(HandleNotFound):
        builder.read_context("nothing", **IDS)
    _, failed = traces.named("contextkit.read_context")
    assert told(failed)["error.type"] == "contextkit.errors.HandleNotFound"


# What goes wrong


def test_an_error_is_recorded_and_raised(
    built: Callable[..., InstrumentedBuilder], traces: Traces, measured: Measured
) -> None:
    with traces.app.start_as_current_span("request"), pytest.raises(BudgetTooSmall) as raised:
        built().build("parcel " * 3_000, **IDS)
    build = traces.one("contextkit.build")
    assert build.parent
    assert build.parent.span_id == traces.one("request").context.span_id
    assert not build.status.is_ok
    kind = "contextkit.errors.BudgetTooSmall"
    assert build.attributes == {
        "error.type": kind,
        "contextkit.strategy.name": "agent",
        "contextkit.budget.window": 2_000,
        "contextkit.budget.needed": raised.value.needed,
        "contextkit.budget.available": raised.value.available,
    }
    (event,) = build.events
    assert event.name == "exception"
    assert (event.attributes or {})["exception.type"] == kind
    assert "in _turn" in str((event.attributes or {})["exception.stacktrace"])
    ((attributes, _),) = measured.points()["contextkit.build.duration"]
    assert attributes == {"contextkit.strategy.name": "agent", "error.type": kind}


def test_a_required_source_that_fails_is_named(traces: Traces) -> None:
    def fail() -> None:
        raise ConnectionError(QUERY)

    class Prompt(Asked):
        sections = ("system",)

    builder = ContextBuilder(sources=[Prompt(fail)], budget=2_000)
    with pytest.raises(SourceFailed):
        InstrumentedBuilder(builder, tracer_provider=traces.provider).build(QUERY, **IDS)
    build = traces.one("contextkit.build")
    assert told(build)["contextkit.source.name"] == "lookup"
    trace = str((build.events[0].attributes or {})["exception.stacktrace"])
    assert "in fail" in trace, "where the source failed, which is the cause"
    assert trace.index("\nConnectionError\n") < trace.index("\ncontextkit.errors.SourceFailed\n")
    assert "no route" not in trace.replace("raise ConnectionError(QUERY)", "")


async def test_a_build_that_is_cancelled_is_told_as_such(
    built: Callable[..., InstrumentedBuilder], traces: Traces
) -> None:
    begun, over = Event(), Event()

    def hang() -> None:
        begun.set()
        over.wait(20)

    task = asyncio.create_task(built(Asked(hang)).abuild(QUERY, **IDS))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    over.set()
    assert told(traces.one("contextkit.build"))["error.type"] == "asyncio.exceptions.CancelledError"


@pytest.mark.parametrize("status", ["failed", "late"])
def test_a_source_that_fails_or_hangs_has_a_span_that_says_so(
    built: Callable[..., InstrumentedBuilder], traces: Traces, measured: Measured, status: str
) -> None:
    over = Event()

    def fail() -> None:
        if status == "late":
            over.wait(20)
        raise ConnectionError("no route to 10.0.0.7")

    context = built(Asked(fail)).build(QUERY, **IDS)
    over.set()
    span = traces.one("contextkit.source lookup")
    assert told(span)["error.type"] == status
    assert span.status.description == status
    run = context.report.sources[-1]
    assert (span.end_time or 0) - (span.start_time or 0) == pytest.approx(run.seconds * 1e9, abs=1_000)
    build = traces.one("contextkit.build")
    assert told(build)["contextkit.notices"] == (f"source {status}",)
    assert build.status.is_unset, "the prompt was built"
    assert measured.total("contextkit.notices", notice_kind=f"source {status}") == 1


class Failing(SQLiteStore):
    """A store that reads and does not write."""

    def put_overflow(self, *_: Any, **__: Any) -> Any:
        raise StoreUnavailable("The disk of quillfeather is gone.", "Mend it.")

    save_view = put_overflow


def test_a_degraded_store_is_told(built: Callable[..., InstrumentedBuilder], traces: Traces) -> None:
    with Failing(":memory:") as store:
        talk(store)
        context = built(MANUAL, store=store, error_messages=True).build(QUERY, **IDS)
    kinds = ("offload failed", "view not kept")
    assert tuple(notice.kind for notice in context.report.notices) == kinds
    build = traces.one("contextkit.build")
    assert told(build)["contextkit.notices"] == kinds
    assert ["quillfeather" in str(event.attributes) for event in build.events] == [True, True]
    assert {"contextkit.offload", "contextkit.keep_view"} <= {*traces.below(build)}


# What is never told, or only on request


def secretive(built: Callable[..., InstrumentedBuilder], store: SQLiteStore, **telling: bool) -> None:
    """Every kind of content goes through a build, and an error that quotes it."""

    def fail() -> None:
        raise ConnectionError("GET https://search.example/?q=quillfeather")

    said = [{"role": "user", "content": "quillfeather said"}, {"role": "assistant", "content": "quillfeather answered"}]
    store.append(*IDS.values(), said)
    shown = Documents([Document(id="quillfeather-id", title="quillfeather title", text="quillfeather text")])
    builder = built(shown, Asked(fail), **telling)
    context = builder.build(QUERY, **IDS, variables={"name": "quillfeather"})
    assert "quillfeather" in str(context.messages)
    builder.observe(context, context.tokens)
    with pytest.raises(HandleNotFound):
        builder.read_context("quillfeather", **IDS)
    with pytest.raises(InvalidInput, match="quillfeather"):
        builder.build({"quillfeather": QUERY}, **IDS)
    with pytest.raises(InvalidInput, match="quillfeather"):
        builder.observe(context, "quillfeather")


def test_no_content_and_no_ids_are_told(
    built: Callable[..., InstrumentedBuilder], store: SQLiteStore, traces: Traces, measured: Measured
) -> None:
    secretive(built, store)
    assert len(traces.named("contextkit.build")) == 2
    for secret in ("quillfeather", "wintergreen"):
        assert secret not in str(traces)
        assert secret not in str(measured)


def test_what_errors_say_is_told_on_request_and_only_on_spans(
    built: Callable[..., InstrumentedBuilder], store: SQLiteStore, traces: Traces, measured: Measured
) -> None:
    secretive(built, store, error_messages=True)
    assert "q=quillfeather" in str(traces.one("contextkit.source lookup").status.description)
    _, refused = traces.named("contextkit.build")
    (event,) = refused.events
    assert "quillfeather" in str((event.attributes or {})["exception.message"])
    assert "quillfeather" not in str(measured)


def test_ids_are_told_on_request_and_only_on_spans(
    built: Callable[..., InstrumentedBuilder], store: SQLiteStore, traces: Traces, measured: Measured
) -> None:
    secretive(built, store, ids=True)
    for span in traces.named("contextkit.build") + traces.named("contextkit.read_context"):
        assert told(span)["user.id"] == IDS["actor_id"]
        assert told(span)["gen_ai.conversation.id"] == IDS["session_id"]
    assert "quillfeather" not in str(traces)
    assert "wintergreen" not in str(measured)


# What it costs


def untouched(context: Context) -> dict[str, bool]:
    report = context.report
    lazy = {
        "sections": report.sections,
        "at hand": report.at_hand,
        "decisions": report.decisions,
        "parts": report.parts,
    }
    return {name: repr(part) == "Lazy(…)" for name, part in lazy.items()}


@pytest.mark.parametrize("way", ["build", "abuild"])
async def test_without_an_sdk_nothing_is_worked_out(plain: Callable[..., ContextBuilder], way: str) -> None:
    assert not isinstance(get_tracer_provider(), TracerProvider)
    assert not isinstance(get_meter_provider(), MeterProvider)
    builder = InstrumentedBuilder(plain())
    context = builder.build(QUERY, **IDS) if way == "build" else await builder.abuild(QUERY, **IDS)
    assert all(untouched(context).values())
    builder.observe(context, context.tokens)
    with pytest.raises(HandleNotFound):
        builder.read_context("nothing", **IDS)


def test_with_an_sdk_nothing_is_read_that_the_build_has_left_unread(
    built: Callable[..., InstrumentedBuilder], store: SQLiteStore, traces: Traces
) -> None:
    talk(store, 400)
    context = built().build(QUERY, **IDS)
    assert untouched(context) == {"sections": False, "at hand": False, "decisions": True, "parts": False}
    build = told(traces.one("contextkit.build"))
    assert len(context.report.at_hand) < 400 < build["contextkit.items.kept"] + build["contextkit.items.moved"]


SDK_AFTERWARDS = """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from contextkit import ContextBuilder
from contextkit.adapters.telemetry import InstrumentedBuilder
from contextkit.sources import System

builder = InstrumentedBuilder(ContextBuilder(sources=[System("You are Otis.")], budget=2_000))
exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
builder.build("Where is it?", actor_id="u1", session_id="s1")
print(exporter.get_finished_spans()[-1].name)
print("contextkit.section.tokens" in reader.get_metrics_data().to_json())
"""


def test_a_builder_is_heard_by_the_global_sdk_also_when_that_is_set_up_later() -> None:
    told = subprocess.run([sys.executable, "-c", SDK_AFTERWARDS], capture_output=True, check=True, text=True).stdout
    assert told.split() == ["contextkit.build", "True"]


def test_metrics_do_not_depend_on_what_is_sampled(plain: Callable[..., ContextBuilder], measured: Measured) -> None:
    traces = Traces(sampler=ALWAYS_OFF)
    builder = InstrumentedBuilder(plain(), tracer_provider=traces.provider, meter_provider=measured.provider)
    report = builder.build(QUERY, **IDS).report
    assert traces.spans == ()
    assert measured.total("contextkit.prompt.tokens") == report.tokens


# What it never breaks


class BrokenProcessor(SpanProcessor):
    def on_end(self, span: ReadableSpan) -> None:
        raise RuntimeError(f"no exporter for {span.name}")


class BrokenStart(SpanProcessor):
    def on_start(self, span: Span, parent_context: Any = None) -> None:  # noqa: ARG002
        raise RuntimeError("no memory left")


class BrokenSampler(Sampler):
    def should_sample(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no rules")

    def get_description(self) -> str:
        return "broken"


@pytest.mark.parametrize("broken", [BrokenProcessor, BrokenStart, BrokenSampler])
def test_a_failing_sdk_is_logged_and_breaks_no_build(
    plain: Callable[..., ContextBuilder],
    measured: Measured,
    traces: Traces,
    caplog: pytest.LogCaptureFixture,
    broken: type,
) -> None:
    provider = TracerProvider(sampler=broken()) if broken is BrokenSampler else TracerProvider()
    if broken is not BrokenSampler:
        provider.add_span_processor(broken())
    seen: list[int] = []
    source = Asked(lambda: seen.append(get_current_span().get_span_context().trace_id))
    builder = InstrumentedBuilder(plain(source), tracer_provider=provider, meter_provider=measured.provider)
    with (
        caplog.at_level(logging.WARNING, "contextkit.telemetry"),
        traces.app.start_as_current_span("request") as request,
    ):
        context = builder.build(QUERY, **IDS)
        builder.observe(context, context.tokens)
        with pytest.raises(HandleNotFound):
            builder.read_context("nothing", **IDS)
        assert get_current_span() is request
    provider.shutdown()
    assert seen == [request.get_span_context().trace_id], "what is below stays in the caller's trace"
    assert {record.name for record in caplog.records} == {"contextkit.telemetry"}
    assert measured.total("contextkit.prompt.tokens") == context.tokens, "the metrics are told all the same"


def test_failing_metrics_break_no_build_and_no_trace(
    built: Callable[..., InstrumentedBuilder],
    traces: Traces,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from opentelemetry.sdk.metrics import Counter, Histogram

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no memory left")

    monkeypatch.setattr(Histogram, "record", fail)
    monkeypatch.setattr(Counter, "add", fail)
    builder = built()
    context = builder.build(QUERY, **IDS)
    builder.observe(context, context.tokens)
    assert [span.name for span in traces.spans if span.parent is None] == ["contextkit.build", "contextkit.observe"]
    assert {record.name for record in caplog.records} == {"contextkit.telemetry"}


# The builder's own face


def test_what_one_learns_the_other_knows(plain: Callable[..., ContextBuilder], traces: Traces) -> None:
    builder = plain()
    traced = InstrumentedBuilder(builder, tracer_provider=traces.provider)
    for _ in range(3):
        traced.observe(traced.build(QUERY, **IDS), 500)
    assert "corrected" in builder.build(QUERY, **IDS).report.counter
    assert traced.counter == builder.counter
    assert (traced.sources, traced.store, traced.budget) == (builder.sources, builder.store, builder.budget)


def test_a_builder_with_ways_of_its_own_keeps_them(traces: Traces) -> None:
    class Asking(ContextBuilder):
        def build(self, query: object = None, **options: Any) -> Context:
            return super().build(f"{query} Please.", **options)

    builder = Asking(sources=[System("You are Otis.")], budget=2_000)
    context = InstrumentedBuilder(builder, tracer_provider=traces.provider).build("Where is it?", **IDS)
    assert context.messages[-1].text == "Where is it? Please."


def test_what_is_no_builder_is_refused(plain: Callable[..., ContextBuilder]) -> None:
    with pytest.raises(InvalidInput, match="ContextBuilder"):
        InstrumentedBuilder(plain().as_runnable())  # type: ignore[arg-type]


async def test_a_chain_builds_and_observes_with_spans(
    built: Callable[..., InstrumentedBuilder], traces: Traces, measured: Measured
) -> None:
    usage = {"input_tokens": 90, "output_tokens": 4, "total_tokens": 94, "input_token_details": {"cache_read": 64}}
    said = [AIMessage("It rains.", usage_metadata=usage) for _ in range(2)]

    class Model(GenericFakeChatModel):
        def bind_tools(self, *_: object, **__: object) -> Model:
            return self

    chain = built().as_runnable() | with_tools(Model(messages=iter(said)))
    config = {"configurable": IDS}
    with traces.app.start_as_current_span("invoke"):
        chain.invoke(QUERY, config=config)
    with traces.app.start_as_current_span("ainvoke"):
        await chain.ainvoke(QUERY, config=config)
    for way in ("invoke", "ainvoke"):
        assert traces.below(traces.one(way)) == ["contextkit.build", "contextkit.observe"]
    assert measured.total("contextkit.usage.cache_read_tokens") == 128


@pytest.mark.skipif(
    Version(version("opentelemetry-api")) < Version("1.41"),
    reason="With an older OpenTelemetry the threads of Strands do not know whose span they are in.",
)
def test_an_agent_of_strands_builds_and_observes_with_spans(store: SQLiteStore, traces: Traces) -> None:
    strands = pytest.importorskip("strands", reason="needs the extra dev: strands-agents")
    from contextkit.adapters.strands import AgentTools, ContextPlugin
    from tests.strands_model import Scripted, call, text

    @strands.tool
    def track_order(order_id: str) -> str:
        """Where an order is."""
        return f"{order_id} is with the carrier."

    builder = ContextBuilder(sources=[System("You are Otis."), AgentTools(), History()], budget=4_000, store=store)
    traced = InstrumentedBuilder(builder, tracer_provider=traces.provider)
    model = Scripted([call("track_order", order_id="TT-1")], [text("It is on its way.")], usage=(70, 5))
    plugin = ContextPlugin(traced, **IDS)
    agent = strands.Agent(model, tools=[track_order], plugins=[plugin], callback_handler=None)
    with traces.app.start_as_current_span("request"):
        agent("Where is TT-1?")
    called = ["contextkit.build", "contextkit.observe"]
    assert traces.below(traces.one("request")) == called * 2
    assert told(traces.named("contextkit.observe")[0])["contextkit.usage.input_tokens"] == 70


def test_without_the_extra_it_is_named() -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from contextkit.errors import MissingExtra\n"
        "for module in ('telemetry', 'telemetry_metrics', 'telemetry_spans'):\n"
        "    try: __import__(f'contextkit.adapters.{module}')\n"
        "    except MissingExtra as error: print(error.extra)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert told.split() == ["telemetry"] * 3
