"""Rows of memories: what is said of a record is read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.stores import MemoryRecord
from contextkit.stores.codec import to_micros
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
    assert record_of(row, content_of(record)) == record


def test_a_short_record_has_few_columns() -> None:
    written = columns_of(MemoryRecord(id="m/1 é", text="x", created_at=NOW))
    assert {name for name, value in written.items() if value is not None} == {"facts", "awaits"}
    assert len(to_item(written)["facts"]["S"]) < 20


@given(records)
def test_a_record_of_the_former_version_is_read_back(record: MemoryRecord) -> None:
    columns = columns_of(record)
    moments = (record.created_at, record.valid_from, record.valid_to, record.expires_at)
    facts = [record.namespace, record.strategy, record.importance, *map(to_micros, moments)]
    while facts[-1] is None:
        facts.pop()
    written = {"sk": sk_of(record.id), **columns, "facts": json.dumps(facts)}
    row = told(Columns({name: value for name, value in written.items() if value is not None}))
    assert record_of(row, content_of(record)) == record


FORMER = ['["n",1,0.5,1]', '["n","s",0.5,"today"]', '["n","s",0.5,null]', '["n","s",0.5]']


@pytest.mark.parametrize("facts", ["[", "5", '{"a":1}', "[]", '[1,"n"]', "[1,0.5,2]", "[null]", "[1.5]", *FORMER])
def test_facts_that_are_damaged_are_told(facts: str) -> None:
    with pytest.raises(StoreCorrupt):
        told(Columns({"sk": "rec#m1", "facts": facts}))


def test_a_row_of_another_version_is_told() -> None:
    with pytest.raises(StoreCorrupt, match="another version"):
        told(Columns({"sk": "rec#m1", "namespace": "n", "created_at": 1}))
