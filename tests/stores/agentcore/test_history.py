from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from contextkit.stores.agentcore.events import MAIN, Branch, Event
from contextkit.stores.agentcore.history import EXPIRES, LAST, LINE, last_delivered, line, past
from contextkit.stores.agentcore.payloads import to_payload
from contextkit.types import Message

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(second: int, text: str, *, branch: str = MAIN, root: str | None = None, role: str = "USER") -> Event:
    """An event of another client."""
    payload = ({"conversational": {"role": role, "content": {"text": text}}},)
    at = NOW + timedelta(seconds=second)
    return Event(id=f"{second:019}#ab", at=at, payload=payload, branch=Branch(branch, root))


def ours(second: int, first: int, *texts: str, life: str = "1", expires: int | None = None) -> Event:
    """An event of our own."""
    at = NOW + timedelta(seconds=second)
    messages = [
        Message(role="user", content=text, id=f"m{seq}", seq=seq, created_at=at)
        for seq, text in enumerate(texts, first)
    ]
    metadata = {LINE: life, LAST: str(first + len(texts) - 1)}
    if expires is not None:
        metadata[EXPIRES] = str(expires)
    payload = tuple(to_payload(messages, ("u", "s")))
    return Event(id=f"{second:019}#cd", at=at, payload=payload, metadata=metadata)


def texts(events: list[Event], now: datetime = NOW) -> list[str]:
    return [message.text for message in past(events, now).messages]


def test_a_branch_has_what_came_before_it_and_nothing_beside_it() -> None:
    one, two, three = event(1, "one"), event(2, "two"), event(3, "three")
    left = event(4, "left", branch="left", root=two.id)
    more = event(5, "more", branch="left", root=two.id)
    deep = event(6, "deep", branch="deep", root=left.id)
    everything = [deep, more, left, three, two, one]
    assert texts(line(everything)) == ["one", "two", "three"]
    assert texts(line(everything, "left")) == ["one", "two", "left", "more"]
    assert texts(line(everything, "deep")) == ["one", "two", "left", "deep"]
    assert texts(line(everything, "nowhere")) == []


def test_a_branch_whose_root_is_gone_stands_alone() -> None:
    assert texts(line([event(1, "left", branch="left", root="0#00"), event(0, "main")], "left")) == ["left"]


def test_events_are_put_in_order_whatever_the_list_says() -> None:
    assert texts([event(3, "c"), event(1, "a"), event(2, "b")]) == ["a", "b", "c"]


def test_our_own_messages_go_by_their_numbers_and_others_by_time() -> None:
    events = [event(5, "theirs"), ours(9, 1, "one", "two"), ours(3, 3, "three")]
    assert texts(events) == ["theirs", "one", "two", "three"]
    events = [event(10, "theirs"), ours(9, 1, "one", "two"), ours(11, 3, "three")]
    assert texts(events) == ["one", "two", "theirs", "three"]


def test_the_latest_life_counts_and_one_that_has_ended_does_not() -> None:
    micros = int(NOW.timestamp() * 1_000_000)
    ended, lasting = ours(1, 1, "old", life="1", expires=micros), ours(2, 1, "new", life="2", expires=micros + 1)
    assert texts([ended]) == []
    assert texts([ended, lasting]) == ["new"]
    assert past([ended, lasting], NOW).line == "2"
    assert past([event(1, "x")], NOW).line is None


def test_a_life_lasts_as_long_as_the_last_of_its_events_says() -> None:
    micros = int(NOW.timestamp() * 1_000_000)
    assert texts([ours(1, 1, "a", expires=micros - 9), ours(2, 2, "b", expires=micros + 9)]) == ["a", "b"]


def test_what_is_delivered_is_told_by_life() -> None:
    events = [ours(1, 1, "a", "b"), ours(2, 3, "c"), ours(3, 1, "x", life="2"), event(4, "y")]
    assert (last_delivered(events, "1"), last_delivered(events, "2"), last_delivered(events, "3")) == (3, 1, 0)


def test_messages_of_others_have_ids_of_their_events() -> None:
    (message,) = past([event(1, "x")], NOW).messages
    assert message.id == f"agentcore:{1:019}#ab:0"
    assert message.created_at == NOW + timedelta(seconds=1)


def strands(message: dict[str, Any]) -> str:
    return json.dumps({"message": message, "message_id": 0, "created_at": "2026-01-01T00:00:00"})


def test_messages_of_strands_are_read() -> None:
    call = {"toolUse": {"toolUseId": "c1", "name": "look", "input": {"at": "it"}}}
    result = {"toolResult": {"toolUseId": "c1", "content": [{"text": "found"}], "status": "success"}}
    events = [
        event(1, strands({"role": "user", "content": [{"text": "Look!"}]})),
        event(2, strands({"role": "assistant", "content": [{"text": "I look."}, call]}), role="ASSISTANT"),
        event(3, strands({"role": "user", "content": [result]})),
    ]
    messages = past(events, NOW).messages
    assert [(message.role, message.text) for message in messages] == [
        ("user", "Look!"),
        ("assistant", "I look."),
        ("tool", "found"),
    ]
    assert messages[1].tool_calls[0].id == messages[2].tool_call_id == "c1"


def test_blobs_are_messages_only_where_strands_put_one_there() -> None:
    large = json.dumps([strands({"role": "user", "content": [{"text": "long"}]}), "user"])
    for blob, expected in [(large, ["long"]), ("[1, 2]", []), ("{", []), ({"a": 1}, []), ('{"message": 1}', [])]:
        found = Event(id="1#a", at=NOW, payload=({"blob": blob},))
        assert texts([found]) == expected


def test_json_that_is_no_message_of_strands_is_text() -> None:
    for text in ('{"message": "x"}', '{"message_id": 1, "message": {"role": "nobody"}}', "{", "[1]"):
        assert texts([event(1, text)]) == [text]
