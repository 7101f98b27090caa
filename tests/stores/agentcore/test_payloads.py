from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextkit.errors import InvalidMessage, StoreCorrupt
from contextkit.stores.agentcore import payloads
from contextkit.stores.agentcore.payloads import (
    MAX_PARTS,
    MAX_PIECE,
    check_size,
    fitting,
    from_payload,
    pieces,
    to_payload,
)
from contextkit.testing.conformance.messages import MESSAGES, RICH
from contextkit.types import Message

PLACE = ("u1", "s1")


def sent(payload: list[Any]) -> list[Any]:
    """The payload as it comes back over HTTP."""
    found: list[Any] = json.loads(json.dumps(payload))
    return found


def numbered(messages: list[Message]) -> list[Message]:
    return [replace(message, seq=number, id=f"m{number}") for number, message in enumerate(messages, 1)]


@given(messages=st.lists(MESSAGES, min_size=1, max_size=5))
def test_any_messages_come_back_equal(messages: list[Message]) -> None:
    given_ = numbered(messages)
    assert from_payload(sent(to_payload(given_, PLACE))) == given_


def test_every_field_comes_back() -> None:
    given_ = numbered(list(RICH))
    assert from_payload(sent(to_payload(given_, PLACE))) == given_


def test_what_was_said_is_conversational_and_in_order() -> None:
    said = [
        Message(role="system", content="Be brief."),
        Message(role="user", content="Hello"),
        Message(role="assistant", content=({"type": "text", "text": "Hi"}, {"type": "image", "data": "…"})),
        Message(role="tool", content="42", tool_call_id="c1"),
        Message(role="assistant", content=""),
    ]
    *parts, blob = to_payload(numbered(said), PLACE)
    assert [(part["conversational"]["role"], part["conversational"]["content"]["text"]) for part in parts] == [
        ("USER", "Hello"),
        ("ASSISTANT", "Hi"),
        ("TOOL", "42"),
    ]
    assert isinstance(blob["blob"], str)
    assert "Be brief." in blob["blob"]


def test_plain_text_stands_there_once() -> None:
    payload = to_payload(numbered([Message(role="user", content="only once")]), PLACE)
    assert json.dumps(payload).count("only once") == 1


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\x1b[0m", "\u0085"])
def test_text_that_may_not_arrive_is_shown_readable_and_kept_exact(text: str) -> None:
    (message,) = numbered([Message(role="user", content=f"before {text} after")])
    part, _ = payload = to_payload([message], PLACE)
    assert part["conversational"]["content"]["text"].isprintable()
    assert from_payload(sent(payload)) == [message]


def test_long_text_is_split_and_comes_back_whole() -> None:
    text = "word " * 50_000
    (message,) = numbered([Message(role="user", content=text)])
    *parts, _ = payload = to_payload([message], PLACE)
    texts = [part["conversational"]["content"]["text"] for part in parts]
    assert [len(piece) <= MAX_PIECE for piece in texts] == [True, True, True]
    assert all(piece.endswith(" ") for piece in texts)
    assert from_payload(sent(payload)) == [message]


@given(text=st.text("a \n語", max_size=200), limit=st.integers(1, 40))
def test_pieces_are_the_text(text: str, limit: int) -> None:
    found = list(pieces(text, limit))
    assert "".join(found) == text
    assert all(0 < len(piece) <= limit for piece in found)


def test_what_no_event_can_hold_is_refused_with_its_size() -> None:
    with pytest.raises(InvalidMessage, match="10,000,000 characters"):
        check_size(Message(role="user", content="x" * 10_000_000))
    with pytest.raises(InvalidMessage, match="2,000,000 characters"):
        check_size(Message(role="user", content="語" * 2_000_000))
    check_size(Message(role="user", content="x" * 9_000_000))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.sampled_from([0, 5, 1_500, 50_000, 80_000]), min_size=1, max_size=8))
def test_as_many_messages_go_into_an_event_as_it_can_hold(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MAX_BYTES", 95_000)
    messages = numbered([Message(role="user", content="x" * size) for size in sizes])
    count = fitting(messages)
    payload = to_payload(messages[:count], PLACE)
    assert len(payload) <= MAX_PARTS
    assert len(json.dumps(payload)) <= 95_000 + 200
    if count < len(messages):
        assert len(json.dumps(to_payload(messages[: count + 1], PLACE))) > 95_000


def test_no_event_has_more_than_a_hundred_parts() -> None:
    messages = numbered([Message(role="user", content="x")] * 150)
    assert fitting(messages) == 99
    assert len(to_payload(messages[:99], PLACE)) == 100


@pytest.mark.parametrize(
    "payload",
    [
        [],
        [{"blob": "text"}],
        [{"blob": {"contextkit": 1}}],
        [{"conversational": {"role": "USER", "content": {"text": "x"}}}],
        [{"json": {"content": {"contextkit": 1}}}],
    ],
)
def test_other_clients_events_are_not_ours(payload: list[Any]) -> None:
    assert from_payload(payload) is None


def test_an_event_that_was_changed_says_so() -> None:
    payload = to_payload(
        numbered([Message(role="user", content="x", created_at=datetime(2026, 1, 1, tzinfo=UTC))]), PLACE
    )
    with pytest.raises(StoreCorrupt, match="changed since"):
        from_payload(payload[1:])
