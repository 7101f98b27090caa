"""What a build took of DynamoDB, and what it did without while the region was gone, in its trace and its metrics."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from contextkit import ContextBuilder
from contextkit.sources import History, System
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.faults import FaultProxy

pytest.importorskip("opentelemetry.sdk", reason="needs the extra dev: opentelemetry-sdk")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from contextkit.adapters.telemetry import InstrumentedBuilder

QUERY = "Where is my order?"


def test_consumption_and_degradation_are_told(store: DynamoDBStore, proxy: FaultProxy, tables: str) -> None:
    actor = f"actor-{uuid.uuid4()}"
    traces, exporter, reader = TracerProvider(), InMemorySpanExporter(), InMemoryMetricReader()
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    meters = MeterProvider(metric_readers=[reader])
    plain = ContextBuilder(sources=[System("You are Otis."), History()], budget=8_000, strategy="chat", store=store)
    builder = InstrumentedBuilder(plain, tracer_provider=traces, meter_provider=meters)

    store.append(actor, "s", [{"role": "user", "content": "Hello."}])
    report = builder.build(QUERY, actor_id=actor, session_id="s").report
    proxy.cut_off()
    degraded = builder.build(QUERY, actor_id=actor, session_id="another").report

    first, second = [dict(span.attributes or {}) for span in exporter.get_finished_spans() if span.parent is None]
    for unit in ("read_units", "write_units", "cost"):
        charged = sum(getattr(charge, unit) for charge in report.charges)
        assert first[f"contextkit.storage.{unit}"] == pytest.approx(charged)
        assert charged > 0
        measured = _measured(reader, f"contextkit.storage.{unit}")
        for charge in report.charges:
            place = {"db.collection.name": charge.table, "cloud.region": "us-east-1"}
            assert [value for told, value in measured if told == place] == [pytest.approx(getattr(charge, unit))]
    assert {charge.table for charge in report.charges} == {f"{tables}agent-sessions"}
    assert second["contextkit.notices"] == tuple(notice.kind for notice in degraded.notices)
    assert "session not read" in second["contextkit.notices"]
    assert "contextkit.storage.read_units" not in second
    traces.shutdown()
    meters.shutdown()


def _measured(reader: InMemoryMetricReader, name: str) -> list[tuple[dict[str, Any], float]]:
    data = reader.get_metrics_data()
    (scope,) = json.loads(data.to_json())["resource_metrics"][0]["scope_metrics"] if data else []
    (metric,) = [one for one in scope["metrics"] if one["name"] == name]
    return [(point["attributes"], point["value"]) for point in metric["data"]["data_points"]]
