import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.messages import dump_columns, dumps, load_columns, loads
from contextkit.types import Message, ToolCall

# Every code point, lone surrogates and NUL among them, with surrogates common enough to meet.
text = st.text(st.one_of(st.characters(categories=["Cs"]), st.characters(), st.sampled_from("a \x00\ue000\U0001f600")))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
blocks = st.dictionaries(text, json_values, max_size=3)
moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))
messages = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=text | st.lists(blocks, max_size=3).map(tuple),
    id=st.none() | text,
    name=st.none() | text,
    tool_calls=st.lists(st.builds(ToolCall, text, text, text), max_size=3).map(tuple),
    tool_call_id=st.none() | text,
    created_at=st.none() | moments,
    metadata=st.dictionaries(text, json_values, max_size=3),
)


@given(messages)
@example(Message(role="user", content="\ud83d\ude00"))
@example(Message(role="user", content="\ud83d\ud83d\ude00\ude00 \ue000 😀", metadata={"\ud83d\ude00": "wedge"}))
def test_what_is_written_reads_back_equal(message: Message) -> None:
    written = dumps(message)
    assert loads(written) == message
    assert written.isascii()


@given(st.lists(st.tuples(messages, st.none() | st.integers(0, 9), st.none() | st.just("o200k_base")), max_size=4))
@example([(Message(role="user", content="\ud83d\ude00"), 1, "a"), (Message(role="user", content="\ude00"), 2, "b")])
def test_what_is_written_field_by_field_reads_back_equal(
    stored: list[tuple[Message, int | None, str | None]],
) -> None:
    given = [
        replace(message, seq=seq, tokens=tokens, counter=counter)
        for seq, (message, tokens, counter) in enumerate(stored, 7)
    ]
    written = "".join(dump_columns(given))
    read = load_columns(written, 7)
    assert read == given
    assert [str(message.created_at) for message in read] == [str(message.created_at) for message in given]
    assert written.isascii()


def test_times_in_columns_follow_each_other_or_stand_as_a_former_version_wrote_them() -> None:
    begin = datetime(2026, 1, 5, 9, tzinfo=UTC)
    given = [Message(role="user", content="", seq=n, created_at=begin + timedelta(seconds=n)) for n in range(1, 4)]
    written = json.loads("".join(dump_columns(given)))
    assert written["created_at"] == ["2026-01-05T09:00:01+00:00", 1_000_000, 1_000_000]
    former = {**written, "created_at": [message.created_at.isoformat() for message in given if message.created_at]}
    assert load_columns(json.dumps(former), 1) == given


GIVEN = ["0123456789abcdef", "fedcba9876543210", "0000000000000000"]
OTHERS = [GIVEN[0], "m2", GIVEN[2]]


@pytest.mark.parametrize(("ids", "written"), [(GIVEN, "".join(GIVEN)), (OTHERS, OTHERS)])
def test_ids_that_a_store_has_given_are_one_text_in_columns(ids: list[str], written: object) -> None:
    given = [Message(role="user", content="", seq=seq, id=name) for seq, name in enumerate(ids, 1)]
    columns = "".join(dump_columns(given))
    assert json.loads(columns)["id"] == written
    assert load_columns(columns, 1) == given
    former = {**json.loads(columns), "id": ids}
    assert load_columns(json.dumps(former), 1) == given


@pytest.mark.parametrize(
    "damaged",
    [
        *("", "{", "[]", "null", "[1]", '{"role":["user"]}', '{"role":["user"],"content":["a","b"]}', '{"role":1}'),
        *('{"role":["user"],"content":["a"],"created_at":' + times + "}" for times in ("5", "[7]", "[[]]", '["x"]')),
        '{"role":["user"],"content":["a"],"id":"0123456789abcdef0"}',
        '{"role":["a","b"],"content":["a","b"],"created_at":["9999-12-31T00:00:00+00:00",999999999999999]}',
    ],
)
def test_damaged_columns_are_named_as_such(damaged: str) -> None:
    with pytest.raises(StoreCorrupt):
        load_columns(damaged, 1)


def test_a_plain_message_costs_its_role_and_content() -> None:
    assert dumps(Message(role="user", content="hi")) == '{"role":"user","content":"hi"}'


def test_what_the_store_has_columns_for_is_left_to_it() -> None:
    stored = Message(role="user", content="hi", seq=7, tokens=9, counter="o200k_base")
    assert loads(dumps(stored)) == Message(role="user", content="hi")
    assert loads(dumps(stored), seq=8, tokens=9, counter="other") == replace(stored, seq=8, counter="other")


def test_what_is_counted_is_written_where_the_store_has_no_columns_for_it() -> None:
    stored = Message(role="user", content="\ud83d \ude00 hi", seq=7, tokens=9, counter="o200k_base")
    assert loads(dumps(stored, counted=True), seq=7) == stored
    assert dumps(Message(role="user", content="hi"), counted=True) == '{"role":"user","content":"hi"}'


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{",
        "[]",
        "null",
        '{"content":"no role"}',
        '{"role":"user"}',
        '{"role":"user","content":"hi"} and more',
        '{"role":"user","content":"hi","unheard_of":1}',
        '{"role":"user","content":"hi","created_at":"yesterday"}',
        '{"role":"user","content":"hi","tool_calls":[["only an id"]]}',
        '{"role":"user","content":' + "[" * 100_000,
    ],
)
def test_a_damaged_text_is_named_as_such(damaged: str) -> None:
    with pytest.raises(StoreCorrupt, match="is not a message that was stored here"):
        loads(damaged)


def test_the_text_is_json_that_other_tools_read() -> None:
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    message = Message(role="assistant", tool_calls=(ToolCall("c1", "find", '{"q": 1}'),), created_at=when)
    assert json.loads(dumps(message)) == {
        "role": "assistant",
        "content": "",
        "tool_calls": [["c1", "find", '{"q": 1}']],
        "created_at": "2026-03-01T12:00:00+00:00",
    }
