"""What a call takes is told to whoever meters, and stands in a build's report."""

from __future__ import annotations

import uuid

import pytest

from contextkit import ContextBuilder
from contextkit.aws.loads import recorded
from contextkit.aws.prices import shipped
from contextkit.charges import Charge, metered
from contextkit.sources import History
from contextkit.stores.dynamodb import DynamoDBStore, consumption


@pytest.fixture
def store(patient_client: object, tables: str) -> DynamoDBStore:
    return DynamoDBStore(tables, client=patient_client, wait=60)


def test_a_build_reports_its_charges(store: DynamoDBStore, tables: str) -> None:
    actor = f"actor-{uuid.uuid4()}"
    builder = ContextBuilder(sources=[History()], budget=8_000, strategy="chat", store=store)
    with metered() as writing:
        store.append(actor, "s", [{"role": "user", "content": "Where is my order?"}])
    (appended,) = writing.total
    assert (appended.table, appended.region) == (f"{tables}agent-sessions", "us-east-1")
    assert appended.write_units >= 3
    assert appended.cost == pytest.approx(shipped().units(appended.read_units, appended.write_units))
    report = builder.build("And when will it be here?", actor_id=actor, session_id="s").report
    charged = {charge.table.removeprefix(tables): charge for charge in report.charges}
    assert charged["agent-sessions"].read_units > 0
    assert charged["agent-sessions"].write_units > 0, "the view that is kept"
    assert "read and" in report.to_text().split("\n\n")[0]
    month = {load.table: load for load in recorded([report.to_json()], builds=1_000)}
    assert month["sessions"].reads == pytest.approx(1_000 * charged["agent-sessions"].read_units)


@pytest.mark.parametrize(
    ("operation", "answer", "charged"),
    [
        ("get_item", {"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1.5}}, (1.5, 0)),
        ("put_item", {"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 3}}, (0, 3)),
        ("query", {"ConsumedCapacity": {"TableName": "arn:aws:dynamodb:r:1:table/t", "CapacityUnits": 2}}, (2, 0)),
        ("transact_write_items", {"ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 8}] * 2}, (0, 16)),
    ],
)
def test_answers_are_read_as_dynamodb_gives_them(
    operation: str, answer: dict[str, object], charged: tuple[float, float]
) -> None:
    with metered() as charges:
        consumption.note(operation, answer, "us-east-1")
    cost = pytest.approx(shipped().units(*charged))
    assert charges.total == (Charge("t", "us-east-1", *charged, cost=cost),)


def test_each_replica_costs_another_write_and_unknown_regions_have_no_price() -> None:
    answer = {"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1_000_000}}
    with metered() as charges:
        consumption.note("put_item", answer, "us-east-1", replicas=2)
        consumption.note("get_item", answer, "mars-north-1", replicas=2)
    mars, home = charges.total
    assert (home.cost, mars.cost) == (pytest.approx(3 * 0.625), None)


def test_servers_that_say_nothing_charge_nothing() -> None:
    with metered() as charges:
        consumption.note("get_item", {}, "us-east-1")
    assert charges.total == ()
