"""Events: what is listed, in which order, on which branch, and for how long."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contextkit.testing.agentcore import AgentCoreEmulator
from contextkit.testing.clock import ManualClock
from tests.testing.agentcore.saying import NOON, Talk, refused, said

A_DAY = timedelta(days=1)


@pytest.fixture
def talk(data: Any, memory: str) -> Talk:
    return Talk(data, memory)


def test_an_event_comes_back_as_it_went_in(talk: Talk, data: Any):
    payload = [said("hé\u2028"), {"blob": {"n": [1, 2.5, None, True, ""]}}, {"json": {"content": "text"}}]
    metadata = {"kind": {"stringValue": ""}}
    made = data.create_event(**talk.who, eventTimestamp=NOON, payload=payload, metadata=metadata)["event"]
    event = data.get_event(**talk.who, eventId=made["eventId"])["event"]
    assert event == made
    assert event["payload"] == payload
    assert event["metadata"] == metadata
    assert event["eventTimestamp"] == NOON


def test_ids_begin_with_the_zero_padded_millisecond(talk: Talk):
    event = talk.say("x", at=0.0019)
    assert event["eventTimestamp"] == NOON + timedelta(milliseconds=1)
    assert re.fullmatch(r"[0-9]{19}#[0-9a-f]{8}", event["eventId"])
    assert int(event["eventId"].partition("#")[0]) == NOON.timestamp() * 1000 + 1


def test_events_are_listed_newest_first_whatever_order_they_came_in(talk: Talk):
    for at in (3, 1, 2):
        talk.say(f"at {at}", at)
    assert talk.texts() == ["at 3", "at 2", "at 1"]


def test_events_of_one_millisecond_are_all_there_and_in_no_order_to_lean_on(talk: Talk):
    texts = [f"{n}" for n in range(30)]
    for text in texts:
        talk.say(text)
    assert sorted(talk.texts(), key=int) == texts
    assert talk.texts() not in (texts, texts[::-1])


@pytest.mark.parametrize(("count", "size"), [(0, 5), (4, 5), (5, 5), (6, 5), (45, None), (101, 100)])
def test_pages_have_the_size_that_was_asked_for(talk: Talk, data: Any, count: int, size: int | None):
    for n in range(count):
        talk.say(str(n), n)
    asked = {} if size is None else {"maxResults": size}
    pages = list(data.get_paginator("list_events").paginate(**talk.who, **asked))
    sizes = [len(page["events"]) for page in pages]
    assert sum(sizes) == count
    assert all(each == (size or 20) for each in sizes[:-1])
    assert len(pages) == max(1, -(-count // (size or 20)))


def test_a_page_is_not_moved_by_what_comes_and_goes_meanwhile(talk: Talk, data: Any):
    events = [talk.say(str(n), n) for n in range(6)]
    first = data.list_events(**talk.who, maxResults=2)
    talk.say("new", 9)
    data.delete_event(**talk.who, eventId=events[4]["eventId"])
    rest = data.list_events(**talk.who, maxResults=9, nextToken=first["nextToken"])["events"]
    assert [event["eventId"] for event in rest] == [event["eventId"] for event in events[3::-1]]


@pytest.mark.parametrize("token", ["", "e30=", "none", "!", "WzEsMl0="])
def test_a_token_of_no_list_is_refused(talk: Talk, data: Any, token: str):
    with refused("ValidationException", "FieldValidationFailed", "nextToken"):
        data.list_events(**talk.who, nextToken=token)


def test_a_token_serves_only_its_own_list(talk: Talk, data: Any):
    for n in range(3):
        talk.say(str(n), n)
    token = data.list_events(**talk.who, maxResults=1)["nextToken"]
    with refused("ValidationException", field="nextToken"):
        data.list_events(**{**talk.who, "sessionId": "other"}, nextToken=token)


def test_payloads_can_be_left_out(talk: Talk, data: Any):
    talk.say("x")
    assert data.list_events(**talk.who, includePayloads=False)["events"][0]["payload"] == []
    assert data.list_events(**talk.who)["events"][0]["payload"] == [said("x")]


def test_without_a_session_one_is_made(talk: Talk, data: Any):
    event = data.create_event(memoryId=talk.memory, actorId="ana", eventTimestamp=NOON, payload=[])["event"]
    sessions = data.list_sessions(memoryId=talk.memory, actorId="ana")["sessionSummaries"]
    assert [session["sessionId"] for session in sessions] == [event["sessionId"]]


def test_ids_with_slashes_and_colons_do_not_meet(data: Any, memory: str):
    talks = [Talk(data, memory, actor) for actor in ("a/b", "a", "a:b", "a/b:c/d")]
    for talk in talks:
        talk.say(talk.actor)
    assert [talk.texts() for talk in talks] == [[talk.actor] for talk in talks]
    actors = data.list_actors(memoryId=memory)["actorSummaries"]
    assert {actor["actorId"] for actor in actors} == {talk.actor for talk in talks}


def test_another_session_knows_nothing_of_an_event(talk: Talk, data: Any):
    event = talk.say("x")
    for other in (replace(talk, session="second"), replace(talk, actor="bob")):
        with refused("ResourceNotFoundException"):
            data.get_event(**other.who, eventId=event["eventId"])
        with refused("ResourceNotFoundException"):
            data.delete_event(**other.who, eventId=event["eventId"])
    assert talk.texts() == ["x"]


def test_a_memory_that_is_not_there(data: Any):
    with refused("ResourceNotFoundException"):
        Talk(data, "nothing-0123456789").say("x")


def test_emptied_sessions_and_actors_stay_listed(talk: Talk, data: Any, clock: ManualClock):
    event = talk.say("x")
    data.delete_event(**talk.who, eventId=event["eventId"])
    about = {"memoryId": talk.memory, "actorId": "ana"}
    assert len(data.list_sessions(**about)["sessionSummaries"]) == 1
    assert data.list_sessions(**about, filter={"eventFilter": "HAS_EVENTS"})["sessionSummaries"] == []
    clock.advance(A_DAY)
    assert data.list_sessions(**about)["sessionSummaries"] == []
    assert data.list_actors(memoryId=talk.memory)["actorSummaries"] == [{"actorId": "ana"}]


def test_events_expire_by_when_they_came_in(talk: Talk, clock: ManualClock):
    talk.say("old", at=-1_000_000_000)
    clock.advance(29 * A_DAY)
    talk.say("newer")
    assert talk.texts() == ["newer", "old"]
    clock.advance(A_DAY)
    assert talk.texts() == ["newer"]
    clock.advance(29 * A_DAY)
    assert talk.texts() == []


def test_json_has_its_own_limit(talk: Talk, data: Any):
    largest = "x" * (100_000 - 2)
    data.create_event(**talk.who, eventTimestamp=NOON, payload=[{"json": {"content": largest}}])
    with refused("ValidationException", field="payload.0.json.content"):
        data.create_event(**talk.who, eventTimestamp=NOON, payload=[{"json": {"content": largest + "x"}}])


def test_an_event_has_at_most_ten_megabytes(talk: Talk, data: Any):
    with refused("ServiceQuotaExceededException"):
        data.create_event(**talk.who, eventTimestamp=NOON, payload=[{"blob": {"b": "x" * 10_000_000}}])


class TestClientToken:
    def test_the_same_again_is_the_same_event(self, talk: Talk):
        first, again = (talk.say("x", clientToken="one") for _ in range(2))
        assert first == again
        assert talk.texts() == ["x"]

    def test_another_request_under_the_token_is_refused(self, talk: Talk):
        talk.say("x", clientToken="one")
        with refused("ValidationException", "IdempotentParameterMismatchException", "clientToken"):
            talk.say("y", clientToken="one")
        assert talk.texts() == ["x"]

    def test_what_failed_under_a_token_may_be_tried_again(self, talk: Talk, server: AgentCoreEmulator):
        server.plan = lambda _: "5xx"
        with refused("ServiceException"):
            talk.say("x", clientToken="one")
        server.plan = lambda _: None
        talk.say("x", clientToken="one")
        assert talk.texts() == ["x"]


class TestBranches:
    @pytest.fixture
    def root(self, talk: Talk) -> str:
        """The second of three events on the main branch."""
        return [talk.say(f"main {n}", n)["eventId"] for n in range(3)][1]

    def test_events_without_a_branch_are_on_main(self, talk: Talk, data: Any, root: str):
        event = data.get_event(**talk.who, eventId=root)["event"]
        assert event["branch"] == {"name": "main"}
        assert talk.branch("main") == ["main 2", "main 1", "main 0"]

    def test_a_branch_goes_on_without_naming_its_root_again(self, talk: Talk, root: str):
        talk.say("left 0", 5, branch={"name": "left", "rootEventId": root})
        event = talk.say("left 1", 6, branch={"name": "left"})
        assert event["branch"] == {"name": "left", "rootEventId": root}
        assert talk.branch("left") == ["left 1", "left 0"]
        assert talk.branch("main") == ["main 2", "main 1", "main 0"]
        assert len(talk.texts()) == 5

    def test_parents_are_included_up_to_the_root(self, talk: Talk, root: str):
        left = talk.say("left 0", 5, branch={"name": "left", "rootEventId": root})
        talk.say("left 1", 6, branch={"name": "left"})
        talk.say("twig", 7, branch={"name": "twig", "rootEventId": left["eventId"]})
        assert talk.branch("twig", includeParentBranches=True) == ["twig", "left 0", "main 1", "main 0"]
        assert talk.branch("left", includeParentBranches=True) == ["left 1", "left 0", "main 1", "main 0"]

    def test_a_branch_outlives_its_root(self, talk: Talk, data: Any, root: str):
        talk.say("left", 5, branch={"name": "left", "rootEventId": root})
        data.delete_event(**talk.who, eventId=root)
        talk.say("left again", 6, branch={"name": "left"})
        assert talk.branch("left", includeParentBranches=True) == ["left again", "left", "main 0"]

    def test_an_unknown_branch_is_empty(self, talk: Talk, root: str):
        assert root
        assert talk.branch("unheard-of", includeParentBranches=True) == []

    def test_a_new_branch_needs_a_root(self, talk: Talk):
        with refused("ResourceNotFoundException"):
            talk.say("x", branch={"name": "left"})
        with refused("ResourceNotFoundException"):
            talk.say("x", branch={"name": "left", "rootEventId": "0000000000000000001#ff"})
        assert talk.texts() == []

    def test_a_root_in_another_session(self, talk: Talk, root: str):
        with refused("ValidationException", "EventInOtherSession", "branch.rootEventId"):
            replace(talk, session="second").say("x", branch={"name": "left", "rootEventId": root})

    def test_a_branch_has_one_root(self, talk: Talk, root: str):
        event = talk.say("left", branch={"name": "left", "rootEventId": root})
        with refused("ValidationException", "ResourceConflict", "branch.rootEventId"):
            talk.say("x", branch={"name": "left", "rootEventId": event["eventId"]})


class TestFilters:
    @pytest.fixture(autouse=True)
    def _events(self, talk: Talk):
        talk.say("red", 1, metadata={"colour": {"stringValue": "red"}, "n": {"stringValue": "1"}})
        talk.say("blue", 2, metadata={"colour": {"stringValue": "blue"}})
        talk.say("none", 3)

    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("EQUALS_TO", "red", ["red"]),
            ("EQUALS_TO", "green", []),
            ("EXISTS", None, ["blue", "red"]),
            ("NOT_EXISTS", None, ["none"]),
        ],
    )
    def test_one_condition(self, talk: Talk, operator: str, value: str | None, expected: list[str]):
        assert talk.texts(filter={"eventMetadata": [condition("colour", operator, value)]}) == expected

    def test_all_conditions_must_hold(self, talk: Talk):
        both = [condition("colour", "EXISTS"), condition("n", "NOT_EXISTS")]
        assert talk.texts(filter={"eventMetadata": both, "branch": {"name": "main"}}) == ["blue"]

    def test_an_operand_is_missing(self, talk: Talk):
        with refused("ValidationException", "FieldValidationFailed", "filter.eventMetadata.0.right"):
            talk.texts(filter={"eventMetadata": [condition("colour", "EQUALS_TO")]})

    def test_filtered_lists_can_lag_behind(self, talk: Talk, server: AgentCoreEmulator, clock: ManualClock):
        server.behaviour = replace(server.behaviour, filter_lag=timedelta(seconds=1))
        assert talk.branch("main") == []
        assert talk.texts() == ["none", "blue", "red"]
        clock.advance(timedelta(seconds=1))
        assert talk.branch("main") == ["none", "blue", "red"]


def condition(key: str, operator: str, value: str | None = None) -> dict[str, Any]:
    right = {} if value is None else {"right": {"metadataValue": {"stringValue": value}}}
    return {"left": {"metadataKey": key}, "operator": operator, **right}
