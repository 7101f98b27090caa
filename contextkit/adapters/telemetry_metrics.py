"""Metrics of what a builder does. Their attributes have few values each: no ids, no handles.

All but those of storage name the strategy; beside it:

* `contextkit.build.duration` (seconds): `error.type`, where it failed
* `contextkit.step.duration`, `contextkit.source.duration` (seconds): the step; the source and its status
* `contextkit.prompt.tokens`, `contextkit.prompt.utilization`, `contextkit.section.tokens`: the section
* `contextkit.prefix.tokens`, `contextkit.prefix.breaks` (a counter): the section in which it broke, and by what
* `contextkit.items`, `contextkit.notices` (counters): the section and the outcome; the kind
* `contextkit.storage.read_units`, `.write_units`, `.cost` (counters; units, and US dollars): the table and its region
* `contextkit.usage.input_tokens`, `.cache_read_tokens`, `.counted_tokens`: what a model reported, and what was counted
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from contextkit.adapters.telemetry_prefix import Prefix
from contextkit.adapters.telemetry_spans import harmless, kind_of
from contextkit.charges import Charge
from contextkit.errors import MissingExtra
from contextkit.report import Report
from contextkit.report.layout import OUTCOMES
from contextkit.usage import cached_tokens, input_tokens

try:
    from opentelemetry import metrics
    from opentelemetry.metrics import Histogram, Meter, MeterProvider
except ImportError as error:
    raise MissingExtra("Telemetry", "telemetry") from error

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""From what a step takes in memory to more than any shipped strategy waits."""

_TOKENS: Final = (64, 256, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288, 1_048_576)
"""From a section's least to the largest windows, doubling where most prompts are."""

_SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Of what a prompt may have; finer where it is nearly used up."""


class Metrics:
    """The instruments of one builder; those of the same name are one, however many builders there are."""

    def __init__(self, provider: MeterProvider | None) -> None:
        self._provider = provider
        meter = metrics.get_meter("contextkit", meter_provider=provider)
        self._build = _seconds(meter, "contextkit.build.duration", "What a build took.")
        self._step = _seconds(meter, "contextkit.step.duration", "What a step of a build took.")
        self._source = _seconds(meter, "contextkit.source.duration", "What a source took, or was waited for.")
        self._prompt = _tokens(meter, "contextkit.prompt.tokens", "A prompt's tokens as counted.")
        self._used = meter.create_histogram(
            "contextkit.prompt.utilization",
            unit="1",
            description="A prompt's part of what its budget has for it: the window less reserve and margin.",
            explicit_bucket_boundaries_advisory=_SHARES,
        )
        self._section = _tokens(meter, "contextkit.section.tokens", "A section's tokens in a prompt.")
        self._prefix = _tokens(
            meter, "contextkit.prefix.tokens", "Those that the session's last prompt began with too."
        )
        self._breaks = meter.create_counter("contextkit.prefix.breaks", "{break}", "What should have stayed as it was.")
        self._items = meter.create_counter("contextkit.items", "{item}", "Items, by what became of them.")
        self._notices = meter.create_counter("contextkit.notices", "{notice}", "Notices of degradations and the like.")
        self._reads = meter.create_counter("contextkit.storage.read_units", "{unit}", "Read capacity billed.")
        self._writes = meter.create_counter("contextkit.storage.write_units", "{unit}", "Write capacity billed.")
        self._cost = meter.create_counter("contextkit.storage.cost", "USD", "What that costs, where prices are known.")
        self._reported = _tokens(meter, "contextkit.usage.input_tokens", "Input tokens as the model reported them.")
        self._cached = _tokens(
            meter, "contextkit.usage.cache_read_tokens", "Those of them that the provider's cache had."
        )
        self._counted = _tokens(meter, "contextkit.usage.counted_tokens", "The same prompt's tokens as counted.")

    @property
    def heard(self) -> bool:
        """Whether there is more than what the API itself has in place of an SDK, which drops everything."""
        provider = self._provider or metrics.get_meter_provider()
        return not type(provider).__module__.startswith("opentelemetry.metrics")

    @contextmanager
    def timed(self, strategy: str) -> Iterator[None]:
        """Record what a build takes that is done inside, and how it fails if it does."""
        told = {"contextkit.strategy.name": strategy}
        began = perf_counter()
        try:
            yield
        except BaseException as error:  # on its way to whoever asked
            told["error.type"] = kind_of(error)
            raise
        finally:
            with harmless():
                self._build.record(perf_counter() - began, told)

    def built(self, report: Report, prefix: Prefix | None) -> None:
        """Record what a build has come to. Like its span, it reads nothing that the build has left unread."""
        strategy = {"contextkit.strategy.name": report.strategy}
        self._prompt.record(report.tokens, strategy)
        self._used.record(report.tokens / (report.tokens + report.free), strategy)
        self._shares(report)
        if prefix is not None:
            self._shared(prefix, report.strategy)
        for step in report.steps:
            self._step.record(step.seconds, strategy | {"contextkit.step.name": step.name})
        for source in report.sources:
            if source.status != "skipped":
                told = {"contextkit.source.name": source.name, "contextkit.source.status": source.status}
                self._source.record(source.seconds, strategy | told)
        for notice in report.notices:
            self._notices.add(1, strategy | {"contextkit.notice.kind": notice.kind})
        self._storage(report.charges)

    def observed(self, report: Report, usage: object) -> None:
        """Record what a model reported for a prompt, and what was counted."""
        strategy = {"contextkit.strategy.name": report.strategy}
        self._reported.record(input_tokens(usage), strategy)
        self._counted.record(report.tokens, strategy)
        cached = cached_tokens(usage)
        if cached is not None:
            self._cached.record(cached, strategy)

    def _shares(self, report: Report) -> None:
        for section in report.sections:
            told = {"contextkit.strategy.name": report.strategy, "contextkit.section.name": section.name}
            self._section.record(section.used, told)
            for outcome in OUTCOMES:
                if count := getattr(section, outcome):
                    self._items.add(count, told | {"contextkit.outcome": outcome})

    def _shared(self, prefix: Prefix, strategy: str) -> None:
        told = {"contextkit.strategy.name": strategy}
        self._prefix.record(prefix.tokens, told)
        if broken := prefix.broken:
            where = {"contextkit.prefix.broken_in": broken.section, "contextkit.prefix.broken_by": broken.kind}
            self._breaks.add(1, told | where)

    def _storage(self, charges: Sequence[Charge]) -> None:
        for charge in charges:
            told = {"db.collection.name": charge.table, "cloud.region": charge.region}
            self._reads.add(charge.read_units, told)
            self._writes.add(charge.write_units, told)
            if charge.cost is not None:
                self._cost.add(charge.cost, told)


def _seconds(meter: Meter, name: str, description: str) -> Histogram:
    return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=_SECONDS)


def _tokens(meter: Meter, name: str, description: str) -> Histogram:
    return meter.create_histogram(name, "{token}", description, explicit_bucket_boundaries_advisory=_TOKENS)
