"""Rows of memories: what is said of a record is read back, also where a former version wrote it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.stores import MemoryRecord
from contextkit.stores.codec import to_micros
from contextkit.stores.dynamodb import DynamoDBStore, keys
from contextkit.stores.dynamodb.items import Columns, to_item
from contextkit.stores.dynamodb.memory_rows import columns_of, content_of, record_of, sk_of, told
from tests.world import NOW

ids = st.text(min_size=1, max_size=12) | st.text("é~#", min_size=400, max_size=500)
times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
records = st.builds(
    MemoryRecord,
    id=ids,
    text=st.text(max_size=5),
    namespace=ids,
    strategy=ids,
    importance=st.floats(0, 1),
    created_at=times,
    valid_from=st.none() | times,
    valid_to=st.none() | times,
    expires_at=st.none() | times,
    sources=st.tuples(ids),
)


@given(records)
def test_a_record_is_read_back(record: MemoryRecord) -> None:
    written = {"sk": sk_of(record.id), **columns_of(record)}
    row = told(Columns({name: value for name, value in written.items() if value is not None}))
    assert told(row) == row
    assert record_of(row, content_of(record)) == record


def test_a_short_record_has_few_columns() -> None:
    written = columns_of(MemoryRecord(id="m/1 é", text="x", created_at=NOW))
    assert {name for name, value in written.items() if value is not None} == {"facts", "awaits"}
    assert len(to_item(written)["facts"]["S"]) < 50


def test_facts_that_are_damaged_are_told() -> None:
    with pytest.raises(StoreCorrupt):
        told(Columns({"sk": "rec#m1", "facts": "["}))


def test_records_of_a_former_version_are_read_and_replaced(
    store: DynamoDBStore, stores: Callable[[], DynamoDBStore], tables: str
) -> None:
    actor, client = f"actor-{uuid.uuid4()}", store._regions.all[0].client
    old = [
        MemoryRecord(id="m1", text="Ana lives in Porto.", created_at=NOW, expires_at=NOW + timedelta(days=40_000)),
        MemoryRecord(id="é~" * 400, text="Ana lived in Ghent.", created_at=NOW, valid_to=NOW + timedelta(days=1)),
        MemoryRecord(id="m3", text="Of another kind.", namespace="n", created_at=NOW - timedelta(days=1)),
    ]
    store.put_memories(actor, old)
    table, pk = f"{tables}agent-memories", keys.memories_key(actor)
    for record in old:
        place = to_item({"pk": pk, "sk": sk_of(record.id)})
        item = client.get_item(TableName=table, Key=place)["Item"]
        del item["facts"]
        client.put_item(TableName=table, Item={**item, **to_item(_formerly(record))})
    with stores() as another:
        assert another.memories(actor, active=False) == [old[2], *sorted(old[:2], key=lambda record: record.id)]
        assert another.memories(actor, namespace="n") == [old[2]]
        assert another.search_memories(actor, "Where is Porto?", limit=1)[0].record == old[0]
        new = replace(old[0], text="Ana lives in Braga.")
        another.put_memories(actor, [new])
        another.delete_memories(actor, [old[1].id])
        for reader in (another, store):
            assert reader.memories(actor, active=False) == [old[2], new]
            assert reader.search_memories(actor, "Where is Braga?", limit=1)[0].record == new


def _formerly(record: MemoryRecord) -> dict[str, str | int | None]:
    """The columns that say of a record what its facts do."""
    return {
        "record_id": record.id,
        "namespace": record.namespace,
        "strategy": record.strategy,
        "importance": repr(record.importance),
        "created_at": to_micros(record.created_at),
        "valid_from": to_micros(record.valid_from),
        "valid_to": to_micros(record.valid_to),
        "expires_at": to_micros(record.expires_at),
    }
