"""JSON stays JSON, its schema stays visible, and what is rare or asked for stays in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.compress import shorten
from contextkit.compress.asked import Asked
from contextkit.tokens import get_counter
from contextkit.types import TokenCounter

COUNTER = get_counter("o200k_base")


def orders(count: int = 400) -> list[dict[str, Any]]:
    return [
        {
            "id": f"ord_{n:05}",
            "status": "delivered",
            "customer": {"name": f"Customer {n}", "city": ["Rome", "Oslo", "Lima"][n % 3]},
            "items": [{"sku": f"S{n}{k}", "quantity": k + 1} for k in range(6)],
            "note": "Left at the door with the neighbour. " * 6,
        }
        for n in range(count)
    ]


def test_the_schema_stays_and_the_gap_is_counted(counter: TokenCounter) -> None:
    short = json.loads(shorten(json.dumps({"page": 1, "total": 400, "orders": orders()}), 400, counter))
    assert short["page"] == 1
    assert set(short["orders"][0]) == {"id", "status", "customer", "items", "note"}
    kept = [entry for entry in short["orders"] if isinstance(entry, dict)]
    gone = sum(int(entry.split()[1]) for entry in short["orders"] if isinstance(entry, str))
    assert len(kept) + gone == 400


def test_what_the_query_asks_for_stays(counter: TokenCounter) -> None:
    short = shorten(json.dumps(orders()), 500, counter, query="Where is order ord_00217?")
    assert any(entry["id"] == "ord_00217" for entry in json.loads(short) if isinstance(entry, dict))


@pytest.mark.parametrize(
    "change", [{"status": "payment_failed"}, {"status": "on hold"}, {"error": "card declined"}, {"refunded": True}]
)
def test_what_is_unlike_the_others_stays(change: dict[str, Any], counter: TokenCounter) -> None:
    rows = orders()
    rows[217] |= change
    kept = [entry for entry in json.loads(shorten(json.dumps(rows), 700, counter)) if isinstance(entry, dict)]
    assert any(entry["id"] == "ord_00217" and change.items() <= entry.items() for entry in kept)


def shop_orders() -> list[dict[str, Any]]:
    """Orders with similar things in them: the last has those of all the others."""
    things = ["hand grinder", "milk jug, small", "milk jug, large", "glass carafe, 500 ml", "tamper, 58 mm"]
    return [
        {
            "id": f"TT-1180{n:02}",
            "customer": {"name": "Ines Duarte", "email": "ines@andorinha.example", "group": "trade"},
            "lines": [
                {"name": thing, "unit_price": f"{n + 10}.{k}7", "tax": {"code": "PT-23", "rate": 0.23}}
                for k, thing in enumerate(things if n == 29 else [things[n % 5], things[(n + 1) % 5]])
            ],
            "address": {"street": "Rua do Bonjardim 88", "city": "Porto"},
        }
        for n in range(30)
    ]


def test_the_record_that_is_named_stays_before_one_that_shares_more_words(counter: TokenCounter) -> None:
    query = "What did I pay for the glass carafe, 500 ml in TT-118012, and what for the tamper, 58 mm in TT-118014?"
    short = shorten(json.dumps({"orders": shop_orders()}), 220, counter, query=query)
    kept = [one for one in json.loads(short)["orders"] if isinstance(one, dict)]
    assert kept
    assert {one["id"] for one in kept} <= {"TT-118012", "TT-118014"}


def test_of_two_records_that_are_named_both_stay(counter: TokenCounter) -> None:
    query = "Is the milk jug, small of TT-118006 dearer than the milk jug, small of TT-118011?"
    short = json.loads(shorten(json.dumps({"orders": shop_orders()}), 300, counter, query=query))
    assert {one["id"] for one in short["orders"] if isinstance(one, dict)} >= {"TT-118006", "TT-118011"}


def test_the_record_of_the_month_that_is_asked_for_stays(counter: TokenCounter) -> None:
    rows = [{"placed_at": f"2025-{n % 12 + 1:02}-03T09:00:00Z", **row} for n, row in enumerate(shop_orders())]
    query = "How much was the milk jug, small that I ordered in December?"
    short = json.loads(shorten(json.dumps({"orders": rows}), 250, counter, query=query))
    assert "TT-118011" in {one["id"] for one in short["orders"] if isinstance(one, dict)}


def test_what_is_deep_in_a_record_stays_before_what_the_query_does_not_ask_for(counter: TokenCounter) -> None:
    order = shop_orders()[7] | {
        f"part{n}": {"kind": "note", "state": "done", "by": "system", "checked": True} for n in range(4)
    }
    short = shorten(json.dumps({"order": order}), 110, counter, query="the price of the milk jug, large")
    assert "17.07" in short


def test_what_a_record_has_as_the_one_above_it_is_said_once(counter: TokenCounter) -> None:
    rows = shop_orders()
    text = json.dumps({"orders": rows})
    short = json.loads(shorten(text, counter.text(text) // 3, counter))["orders"]
    first, second = (one for one in short if isinstance(one, dict) and one["id"] in ("TT-118000", "TT-118001"))
    assert first["customer"] == rows[0]["customer"]
    assert "customer" not in second
    assert second["…"] == "customer, address as above"


def test_records_that_fit_stand_whole(counter: TokenCounter) -> None:
    text = json.dumps({"orders": shop_orders()}, indent=4)
    assert json.loads(shorten(text, counter.text(text) - 1, counter)) == {"orders": shop_orders()}


def test_white_space_goes_before_anything_else(counter: TokenCounter) -> None:
    value = orders(20)
    spacious = json.dumps(value, indent=8)
    limit = counter.text(json.dumps(value, separators=(",", ":")))
    assert limit < counter.text(spacious)
    assert json.loads(shorten(spacious, limit, counter)) == value


def test_numbers_stand_as_they_were_written(counter: TokenCounter) -> None:
    text = '{"a": 1.10, "b": 1e400, "c": 123456789012345678901234567890, "d": NaN, "e": "' + "word " * 500 + '"}'
    short = shorten(text, 80, counter)
    for literal in ('"a":1.10', '"b":1e400', '"c":123456789012345678901234567890', '"d":NaN'):
        assert literal in short


def test_a_long_text_inside_is_shortened_by_the_query(counter: TokenCounter) -> None:
    filler = "The harbour was quiet. Gulls circled over the boats. The baker swept the step. " * 40
    text = json.dumps({"ok": True, "page": filler + "The ferry to Ostrava leaves at 07:45. " + filler})
    short = json.loads(shorten(text, 150, counter, query="ferry to Ostrava"))
    assert short["ok"] is True
    assert "The ferry to Ostrava leaves at 07:45." in short["page"]


def test_a_line_of_json_ends_at_a_newline_only(counter: TokenCounter) -> None:
    text = "".join(json.dumps(order | {"note": "one\u2028two"}, ensure_ascii=False) + "\r\n" for order in orders())
    rows = [json.loads(line) for line in shorten(text, 600, counter).split("\n") if line]
    assert rows[0]["id"] == "ord_00000"


def test_json_lines_stay_json_lines(counter: TokenCounter) -> None:
    text = "".join(json.dumps(order) + "\n" for order in orders())
    rows = [json.loads(line) for line in shorten(text, 600, counter, query="ord_00217").splitlines()]
    assert any(row.get("id") == "ord_00217" for row in rows)
    gone = sum(int(row["…"].split()[0]) for row in rows if list(row) == ["…"])
    assert gone + sum(1 for row in rows if "id" in row) == 400


def test_an_object_of_many_keys_is_pruned_like_an_array(counter: TokenCounter) -> None:
    value = {f"user_{n:04}": {"name": f"Name {n}", "visits": n} for n in range(900)}
    short = json.loads(shorten(json.dumps(value), 300, counter, query="user_0555"))
    assert short["user_0555"]["visits"] == 555
    assert short["…"].endswith("keys left out")


@pytest.mark.parametrize("text", ['{"rows": [' + '{"a": 1, "b": "text"}, ' * 400, "[" * 5000 + "]" * 5000, "{]" * 800])
def test_what_is_no_json_is_shortened_as_text(text: str, counter: TokenCounter) -> None:
    short = shorten(text, 60, counter)
    assert 0 < counter.text(short) <= 60


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.text("ab \n", max_size=600),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=8), inner, max_size=12),
    max_leaves=80,
)


@settings(max_examples=150, deadline=None)
@given(values.filter(lambda value: isinstance(value, (dict, list))), st.integers(20, 200))
def test_json_stays_json(value: Any, limit: int) -> None:
    short = shorten(json.dumps(value), limit, COUNTER)
    assert type(json.loads(short)) is type(value)


def test_a_long_string_is_looked_at_once_however_often_it_is_cut(
    counter: TokenCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    found = Asked.found

    def noted(asked: Asked, text: str) -> tuple[str, ...]:
        looked.append(text)
        return found(asked, text)

    monkeypatch.setattr(Asked, "found", noted)
    image = "iVBORw0KGgo/" * 2_000
    shorten(json.dumps({"name": "plot", "image": image}), 300, counter, query="which plot")
    assert looked.count(image) == 1


NAMES = ["id", "city", "sent", "paid", "carrier", "parcel", "state", "weight", "shelf"]
TABLE = [
    [f"A{n}", ["Vik", "Oslo"][n % 2], f"s{n}", f"p{n}", f"c{n}", f"k{n}", "open", n * 7, f"h{n}"] for n in range(200)
]
TABLES = {
    "rows": {"columns": NAMES, "rows": TABLE},
    "a Data API": {"ColumnMetadata": [{"name": name} for name in NAMES], "Records": TABLE},
    "cells": {"rows": [{"Data": [{"VarCharValue": cell} for cell in row]} for row in [NAMES, *TABLE]]},
    "fields": {"results": [[{"field": key, "value": row[n]} for n, key in enumerate(NAMES)] for row in TABLE]},
}


@pytest.mark.parametrize("form", TABLES)
def test_of_rows_that_are_arrays_whole_ones_are_kept_and_what_their_columns_are_called(
    form: str, counter: TokenCounter
) -> None:
    table = TABLES[form]
    short = shorten(json.dumps(table), 400, counter, query="Which parcel is of order A117?")
    (rows,) = (each for key, each in table.items() if len(each) >= len(TABLE))
    assert json.dumps(rows[117 + (form == "cells")], separators=(",", ":")) in short
    assert all(f'"{name}"' in short for name in NAMES)


@pytest.mark.parametrize("keyed", [False, True], ids=["arrays", "objects"])
def test_columns_are_kept_at_the_same_places(keyed: bool, counter: TokenCounter) -> None:
    columns = dict(zip(NAMES, map(list, zip(*TABLE, strict=True)), strict=True))
    told: dict[str, Any] = {name: dict(enumerate(each)) if keyed else each for name, each in columns.items()}
    short = json.loads(shorten(json.dumps({"from": "today", **told}), 900, counter, query="Which parcel is of A117?"))
    for name in NAMES:
        gone = [str(each).startswith("…") for each in short[name]]
        assert gone == [str(each).startswith("…") for each in short["id"]]
        kept = short[name].values() if keyed else short[name]
        assert columns[name][117] in kept


def test_vectors_are_no_rows(counter: TokenCounter) -> None:
    found = [{"id": f"A{n}", "vector": [n / k for k in range(1, 60)], "text": f"Parcel {n}."} for n in range(50)]
    short = shorten(json.dumps(found), 300, counter, query="Which is parcel 31?")
    assert '"text":"Parcel 31."' in short
    assert short.count("items left out") > 1
