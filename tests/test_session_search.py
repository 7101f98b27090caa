"""A search of all that was said in a session: what it finds, in which order, and what it never shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contextkit import Budget, ContextBuilder, Message
from contextkit.errors import InvalidInput
from contextkit.ladder import READ_TOOL
from contextkit.offload import answer_call
from contextkit.session_search import search_session
from contextkit.sources import History, Overflow, System
from contextkit.stores import Overflow as Piece
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import ToolCall

A: dict[str, Any] = {"actor_id": "u1", "session_id": "s1"}


def result(number: int, text: str, name: str = "run", **arguments: object) -> list[Message]:
    call = ToolCall(f"c{number}", name, json.dumps(arguments))
    return [
        Message(role="assistant", tool_calls=(call,)),
        Message(role="tool", content=text, tool_call_id=call.id),
    ]


def handles(store: SQLiteStore, search: str, limit: int = 10) -> list[str]:
    return [place.handle for place in search_session(store, "u1", "s1", search, limit)]


@pytest.fixture
def said(store: SQLiteStore) -> SQLiteStore:
    """A setting in the middle of the seventh of ten long logs."""
    store.append(**A, messages=[{"role": "user", "content": "Watch the services."}])
    for number in range(10):
        log = [f"INFO request {number}{line} of the orders service took 5 ms" for line in range(200)]
        log[100] = "INFO orders DATABASE_PORT = 54017" if number == 6 else log[100]
        store.append(**A, messages=result(number, "\n".join(log)))
    return store


def test_words_are_found_in_any_result_whatever_their_endings_and_case(said: SQLiteStore) -> None:
    [best, *_] = search_session(said, "u1", "s1", "the database ports of orders", 10)
    assert best.handle == "m15"
    assert "DATABASE_PORT = 54017" in best.excerpt
    assert len(best.excerpt) <= 480


def test_a_model_needs_no_handle_to_search(said: SQLiteStore) -> None:
    builder = ContextBuilder(sources=[System("Help."), History(), Overflow()], budget=Budget(8_000), store=said)
    for asked in ({"search": "orders database port"}, {"handle": "", "search": "orders database port"}):
        answer = answer_call(builder, asked, **A)
        assert not answer.failed
        assert "54017" in answer.text.split("[m15]")[1]
    assert answer_call(builder, {"search": "zeppelin"}, **A).text.startswith("[no word of 'zeppelin'")
    with pytest.raises(InvalidInput, match="Neither a handle nor a search"):
        builder.read_context(**A)


def test_another_session_is_not_searched(said: SQLiteStore) -> None:
    assert not search_session(said, "u1", "s2", "database port", 10)
    assert not search_session(said, "u2", "s1", "database port", 10)


def test_places_where_the_words_stand_together_come_first_and_of_those_alike_the_newest(store: SQLiteStore) -> None:
    apart = "retry " + "x " * 400 + "limit"
    said = [apart, "the retry limit is 3", "the retry limit is now 4", "nothing"]
    store.append(**A, messages=[{"role": "user", "content": text} for text in said])
    assert handles(store, "retry limit") == ["m3", "m2", "m1"]


def an_order(number: str, state: str, refund: str) -> dict[str, object]:
    lines = [{"name": f"thing {n}", "price": n, "tax": {"code": "PT-23", "rate": 0.23}} for n in range(8)]
    return {"id": number, "state": state, "lines": lines, "customer": "Ines " * 20, "refund": {"id": refund}}


def test_of_a_record_what_stands_at_each_word_is_shown_and_of_records_alike_the_newest_first(
    store: SQLiteStore,
) -> None:
    numbers = [f"TT-1182{n}" for n in range(50, 60)]
    for round_ in (1, 2):
        orders = [an_order(number, "refunded", f"RF-{round_}{number[-2:]}") for number in numbers]
        store.append(**A, messages=result(round_, json.dumps(orders), "list_orders"))
    newest, older = search_session(store, "u1", "s1", "refund of TT-118257", 10)
    assert (newest.handle, older.handle) == ("m4", "m2")
    assert '"id": "TT-118257", "state": "refunded"' in newest.excerpt
    assert '"refund": {"id": "RF-257"}' in newest.excerpt
    assert len(newest.excerpt) <= 480


def test_of_a_record_more_is_shown_at_the_word_that_is_worth_more(store: SQLiteStore) -> None:
    order = {"id": "TT-118250", "placed": "2026-02-10", "state": "sent", "expected": "2026-02-14", "pad": "x" * 900}
    mandates = [{"id": n, "mandate": "M", "date": "-"} for n in range(9)]
    store.append(**A, messages=result(1, json.dumps(order | {"mandate": "M-77120"}), "get_order"))
    store.append(**A, messages=result(2, json.dumps(mandates), "list_mandates"))
    [best, *_] = search_session(store, "u1", "s1", "Is there a date for TT-118250?", 10)
    shown, *_ = best.excerpt.split(" […] ")
    assert '"expected": "2026-02-14"' in shown
    assert len(shown) > len(best.excerpt) / 2


def test_the_number_that_is_looked_for_comes_before_rarer_words(store: SQLiteStore) -> None:
    orders = [json.dumps(an_order("TT-118250", "sent", f"RF-{n}")) for n in range(6)]
    for n, order in enumerate(orders):
        store.append(**A, messages=result(n, order, "get_order"))
    store.append(**A, messages=[{"role": "user", "content": "Please tell me about postage and packing."}])
    assert handles(store, "postage of TT-118250")[0] == "m12"


def test_what_was_asked_before_comes_after_what_was_answered(store: SQLiteStore) -> None:
    said = ["The grinder is sent on Monday.", "When is the grinder sent?"]
    store.append(**A, messages=[{"role": "user", "content": text} for text in said])
    assert handles(store, "grinder sent") == ["m1", "m2"]


def test_numbers_and_short_words_are_found_whole(store: SQLiteStore) -> None:
    said = [*(f"The port of stage {stage} is {stage}811{stage}." for stage in range(1, 30)), "A report on stages, 1983"]
    store.append(**A, messages=[{"role": "user", "content": text} for text in said])
    assert handles(store, "port of stage 1")[0] == "m1"
    assert handles(store, "id") == []


def test_of_places_with_the_same_words_those_come_first_where_they_stand_closer(store: SQLiteStore) -> None:
    said = [f"The port in stage {stage} is {stage}811, told by eu-west-1 of the service." for stage in range(1, 20)]
    store.append(**A, messages=[{"role": "user", "content": text} for text in said])
    assert handles(store, "port in stage 1")[:2] == ["m1", "m19"]


def test_what_stands_the_same_in_several_results_is_one_place_under_the_newest(store: SQLiteStore) -> None:
    for number in range(3):
        store.append(**A, messages=result(number, "queue = parcels-7"))
    assert handles(store, "queue") == ["m6"]


def test_what_was_read_back_is_not_found_again(store: SQLiteStore) -> None:
    store.append(**A, messages=result(0, "queue = parcels-7"))
    store.append(**A, messages=result(1, "[m2] queue = parcels-7, read", READ_TOOL, search="queue"))
    assert handles(store, "queue") == ["m2"]


def test_what_tools_were_called_with_is_found_and_read_back(store: SQLiteStore) -> None:
    store.append(**A, messages=result(0, "written", "write_file", path="a.py", content="LIFETIME = 77"))
    assert handles(store, "lifetime") == ["m1"]
    builder = ContextBuilder(sources=[System("Help."), History(), Overflow()], budget=Budget(8_000), store=store)
    assert builder.read_context("m1", **A) == 'write_file {"path": "a.py", "content": "LIFETIME = 77"}'


def test_what_was_moved_out_is_found_under_its_handle(store: SQLiteStore) -> None:
    piece = Piece(handle="c1", text="Parcels to Ghent leave at noon.", item_id="d", title="d", tokens=8)
    store.put_overflow("u1", "s1", [piece])
    assert handles(store, "parcel to Ghent") == ["c1"]


def test_json_whose_letters_are_spelled_as_numbers_is_found(store: SQLiteStore) -> None:
    store.append(**A, messages=result(0, json.dumps({"địa chỉ": "đường Nguyễn Huệ"})))
    [place] = search_session(store, "u1", "s1", "Nguyễn Huệ", 10)
    assert (place.handle, place.excerpt) == ("m2", '{"địa chỉ": "đường Nguyễn Huệ"}')


def test_scripts_without_spaces_are_found_too(store: SQLiteStore) -> None:
    store.append(
        **A, messages=[{"role": "user", "content": "数据库端口是54017。"}, {"role": "user", "content": "你好"}]
    )
    assert handles(store, "数据库的端口") == ["m1"]


@pytest.mark.parametrize("long_when_folded", ["Straße ", "İstanbul ", "ﬁle "])
def test_a_place_is_shown_behind_letters_that_are_more_in_lower_case(store: SQLiteStore, long_when_folded: str) -> None:
    store.append(**A, messages=result(1, long_when_folded * 1_000 + "the port is 8081." + " and so on" * 1_000))
    (place,) = search_session(store, "u1", "s1", "port 8081", 10)
    assert "the port is 8081." in place.excerpt


def test_a_search_of_small_words_alone_looks_for_them(store: SQLiteStore) -> None:
    store.append(**A, messages=[{"role": "user", "content": "To be, or not"}])
    assert handles(store, "to be") == ["m1"]
