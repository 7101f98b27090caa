"""Quotas: so many calls a second, for the account and for each session, and none for those who want none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contextkit.testing.agentcore import AgentCoreEmulator, Quotas
from contextkit.testing.clock import ManualClock
from tests.testing.agentcore.saying import NOON, Talk, refused

A_SECOND = timedelta(seconds=1)


@pytest.fixture
def talk(data: Any, memory: str, server: AgentCoreEmulator) -> Talk:
    server.behaviour = replace(server.behaviour, quotas=Quotas())
    return Talk(data, memory)


def granted(call: Callable[[], object], calls: int = 300) -> int:
    """How many of so many calls at one moment are not refused."""
    answers: Counter[str] = Counter()
    for _ in range(calls):
        try:
            call()
        except ClientError as error:
            answers[error.response["Error"]["Code"]] += 1
        else:
            answers["granted"] += 1
    assert answers.keys() <= {"granted", "ThrottledException"}
    return answers["granted"]


def test_five_conversational_events_a_second_for_one_session(talk: Talk, clock: ManualClock):
    assert granted(lambda: talk.say("x"), 20) == 5
    assert granted(lambda: replace(talk, session="second").say("x"), 20) == 5
    clock.advance(A_SECOND / 5)
    assert granted(lambda: talk.say("x"), 20) == 1
    clock.advance(100 * A_SECOND)
    assert granted(lambda: talk.say("x"), 20) == 5
    assert len(talk.texts()) == 11


def test_ten_events_a_second_without_a_conversation(talk: Talk):
    create = talk.data.create_event
    assert granted(lambda: create(**talk.who, eventTimestamp=NOON, payload=[{"blob": {}}]), 20) == 10


def test_the_account_as_a_whole(talk: Talk):
    sessions = iter(range(300))
    assert granted(lambda: replace(talk, session=f"s{next(sessions)}").say("x")) == 200


@pytest.mark.parametrize(("operation", "expected"), [("list_sessions", 20), ("list_events", 20), ("get_event", 20)])
def test_other_operations(talk: Talk, operation: str, expected: int):
    event = talk.say("x")
    who = talk.who | ({"eventId": event["eventId"]} if operation == "get_event" else {})
    if operation == "list_sessions":
        del who["sessionId"]
    assert granted(lambda: getattr(talk.data, operation)(**who), 30) == expected


def test_the_control_plane_is_slow(control: Any, talk: Talk):
    assert granted(lambda: control.get_memory(memoryId=talk.memory), 60) == 50
    assert granted(control.list_memories, 10) == 5
    assert granted(lambda: control.update_memory(memoryId=talk.memory), 10) == 3


def test_what_is_not_valid_counts_for_nothing(talk: Talk):
    for _ in range(10):
        with refused("ValidationException"):
            talk.data.create_event(**{**talk.who, "actorId": "!"}, eventTimestamp=NOON, payload=[])
    assert granted(lambda: talk.say("x"), 10) == 5


def test_ones_own_rates(talk: Talk, server: AgentCoreEmulator):
    server.behaviour = replace(server.behaviour, quotas=Quotas(session={"CreateEvent conversational": 2}))
    assert granted(lambda: talk.say("x"), 10) == 2


def test_no_rates_unless_they_are_asked_for(data: Any, memory: str):
    assert granted(lambda: Talk(data, memory).say("x"), 100) == 100
