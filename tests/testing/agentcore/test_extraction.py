"""Extraction: events become records after a while, by whatever engine, and what failed can be started again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contextkit.errors import ExtractionFailed
from contextkit.memory.facts import Batch, Change, Fact, Kind
from contextkit.stores import MemoryRecord
from contextkit.testing.agentcore import AgentCoreEmulator, Engine
from contextkit.testing.clock import ManualClock
from tests.testing.agentcore.saying import NOON, Talk, add_records, found, listed, refused, said

DELAY = timedelta(seconds=20)


class Scripted:
    """Makes a fact of every message of the user's, and a record of every fact. `failing` is what it raises instead."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.near: list[Sequence[MemoryRecord]] = []
        self.failing: Exception | None = None

    def extract(self, batch: Batch) -> list[Fact]:
        if self.failing is not None:
            raise self.failing
        self.batches.append(batch)
        return [
            Fact(text=message.text, sources=(str(message.id),), said_at=NOON)
            for message in batch.messages
            if message.role == "user"
        ]

    def consolidate(self, facts: Sequence[Fact], near: Sequence[MemoryRecord], namespace: str) -> list[Change]:
        self.near.append(near)
        return [self._change(fact, near, namespace) for fact in facts]

    def _change(self, fact: Fact, near: Sequence[MemoryRecord], namespace: str) -> Change:
        """`not x` supersedes the record `x`; anything else is added."""
        new = MemoryRecord(id=fact.sources[0], text=fact.text, namespace=namespace, created_at=NOON, valid_from=NOON)
        old = [replace(record, valid_to=NOON) for record in near if f"not {record.text}" == fact.text]
        return Change(kind=Kind.SUPERSEDE if old else Kind.ADD, fact=fact, records=(new, *old))


@pytest.fixture
def scripted(server: AgentCoreEmulator) -> Scripted:
    """The engine of every strategy."""
    scripted = Scripted()
    server.service.engines = lambda _: Engine(scripted, scripted)
    return scripted


def with_strategy(control: Any, member: str = "semanticMemoryStrategy", **more: Any) -> str:
    """The id of a memory with one strategy."""
    content = {"name": "facts", **more}
    made = control.create_memory(name="mine", eventExpiryDuration=30, memoryStrategies=[{member: content}])
    return str(made["memory"]["id"])


@pytest.fixture
def talk(control: Any, data: Any) -> Talk:
    return Talk(data, with_strategy(control, namespaceTemplates=["/facts/{actorId}/"]))


def remembered(talk: Talk) -> list[str]:
    return sorted(listed(talk.data, talk.memory, namespace=f"/facts/{talk.actor}/"))


def jobs(talk: Talk, **criteria: Any) -> list[dict[str, Any]]:
    pages = talk.data.get_paginator("list_memory_extraction_jobs").paginate(memoryId=talk.memory, **criteria)
    return [job for page in pages for job in page["jobs"]]


class TestByRules:
    def test_what_was_said_is_found_later(self, talk: Talk, clock: ManualClock):
        talk.say("My name is Ana Pham and I live in Hanoi.")
        talk.say("I work at Acme as an engineer.", 1)
        assert remembered(talk) == []
        clock.advance(DELAY)
        best, score = found(talk.data, talk.memory, "Where does Ana live?")[0]
        assert "Hanoi" in best
        assert score > 0
        assert any("Acme" in text for text in remembered(talk))

    def test_what_was_corrected_is_gone(self, talk: Talk, clock: ManualClock):
        talk.say("I live in Hanoi.")
        clock.advance(DELAY)
        assert any("Hanoi" in text for text in remembered(talk))
        talk.say("I live in Lisbon now.", 60)
        clock.advance(DELAY)
        texts = remembered(talk)
        assert any("Lisbon" in text for text in texts)
        assert not any("Hanoi" in text for text in texts)

    @pytest.mark.parametrize(
        "member", ["summaryMemoryStrategy", "userPreferenceMemoryStrategy", "episodicMemoryStrategy"]
    )
    def test_every_kind_of_strategy_runs(self, control: Any, data: Any, clock: ManualClock, member: str):
        talk = Talk(data, with_strategy(control, member))
        talk.say("I prefer tea. Yesterday I moved to Hanoi. We decided to launch on Friday.")
        clock.advance(DELAY)
        assert jobs(talk) == []


class TestJobs:
    def test_events_are_extracted_once_and_together(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        talk.say("one", 1)
        clock.advance(DELAY / 2)
        talk.say("two", 2)
        clock.advance(DELAY / 2)
        assert remembered(talk) == ["one", "two"]
        assert remembered(talk) == ["one", "two"]
        assert [[message.text for message in batch.messages] for batch in scripted.batches] == [["one", "two"]]
        (batch,) = scripted.batches
        assert (batch.actor_id, batch.session_id, batch.namespace) == ("ana", "first", "/facts/ana/")

    def test_what_came_before_is_shown_with_it(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        for n in range(6):
            talk.say(f"{n}", n)
        clock.advance(DELAY)
        remembered(talk)
        talk.say("new", 9)
        clock.advance(DELAY)
        remembered(talk)
        assert [message.text for message in scripted.batches[-1].before] == ["2", "3", "4", "5"]
        assert [message.text for message in scripted.batches[-1].messages] == ["new"]
        assert len(scripted.near[-1]) == 6

    def test_sessions_and_branches_are_extracted_apart(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        root = talk.say("main")["eventId"]
        talk.say("left", 1, branch={"name": "left", "rootEventId": root})
        replace(talk, session="second").say("second")
        clock.advance(DELAY)
        assert remembered(talk) == ["left", "main", "second"]
        assert len(scripted.batches) == 3

    def test_what_was_superseded_is_gone(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        assert scripted
        for text in ("tea", "not tea"):
            talk.say(text)
            clock.advance(DELAY)
            remembered(talk)
        assert remembered(talk) == ["not tea"]

    def test_records_that_others_made_are_seen(self, talk: Talk, scripted: Scripted, clock: ManualClock, control: Any):
        strategy = control.get_memory(memoryId=talk.memory)["memory"]["strategies"][0]["strategyId"]
        add_records(talk.data, talk.memory, "tea", namespace="/facts/ana/", memoryStrategyId=strategy)
        talk.say("not tea")
        clock.advance(DELAY)
        assert remembered(talk) == ["not tea"]
        assert [record.text for record in scripted.near[0]] == ["tea"]

    @pytest.mark.parametrize(
        ("payload", "heard"),
        [
            ([said("a"), said("b", "ASSISTANT"), said("c", "TOOL"), said("d", "OTHER")], ["a", "b", "c", "d"]),
            ([{"json": {"content": {"note": ["a", 1, {"deep": "b"}]}}}], ["a", "b"]),
            ([{"blob": {"text": "a"}}], []),
            ([], []),
        ],
    )
    def test_what_is_heard(self, talk: Talk, scripted: Scripted, clock: ManualClock, payload: Any, heard: list[str]):
        talk.data.create_event(**talk.who, eventTimestamp=NOON, payload=payload)
        clock.advance(DELAY)
        remembered(talk)
        assert [message.text for batch in scripted.batches for message in batch.messages] == heard

    def test_an_event_can_keep_out(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        talk.say("x", extractionMode="SKIP")
        clock.advance(DELAY)
        assert remembered(talk) == scripted.batches == []

    def test_an_event_that_was_deleted_in_time_is_not_extracted(
        self, talk: Talk, scripted: Scripted, clock: ManualClock
    ):
        assert scripted
        event = talk.say("gone")
        talk.say("kept", 1)
        talk.data.delete_event(**talk.who, eventId=event["eventId"])
        clock.advance(DELAY)
        assert remembered(talk) == ["kept"]

    def test_without_its_variable_an_event_is_silently_left(
        self, control: Any, data: Any, scripted: Scripted, clock: ManualClock
    ):
        assert scripted
        made = control.create_memory(
            name="mine",
            eventExpiryDuration=30,
            namespaceKeys=[{"key": "tenant"}],
            memoryStrategies=[{"semanticMemoryStrategy": {"name": "f", "namespaceTemplates": ["/{tenant}/{actorId}"]}}],
        )
        talk = Talk(data, made["memory"]["id"])
        talk.say("left")
        talk.say("kept", 1, extractionConfig={"namespaceVariables": {"tenant": "acme"}})
        clock.advance(DELAY)
        assert listed(data, talk.memory, namespacePath="/") == ["kept"]
        assert listed(data, talk.memory, namespace="/acme/ana") == ["kept"]

    def test_a_self_managed_strategy_is_left_to_its_owner(
        self, control: Any, data: Any, scripted: Scripted, clock: ManualClock
    ):
        invocation = {"topicArn": "arn:aws:sns:us-east-1:123456789012:topic", "payloadDeliveryBucketName": "bucket"}
        own = {"selfManagedConfiguration": {"invocationConfiguration": invocation}}
        talk = Talk(data, with_strategy(control, "customMemoryStrategy", configuration=own))
        talk.say("x")
        clock.advance(DELAY)
        assert listed(data, talk.memory, namespacePath="/") == scripted.batches == []

    def test_strictly_consistent_metadata_is_passed_on(
        self, control: Any, data: Any, scripted: Scripted, clock: ManualClock
    ):
        assert scripted
        schema = [{"key": key, "type": kind, "extractionType": "STRICTLY_CONSISTENT"} for key, kind in PASSED]
        made = control.create_memory(
            name="mine",
            eventExpiryDuration=30,
            indexedKeys=[{"key": key, "type": kind} for key, kind in PASSED],
            memoryStrategies=[
                {"semanticMemoryStrategy": {"name": "f", "memoryRecordSchema": {"metadataSchema": schema}}}
            ],
        )
        talk = Talk(data, made["memory"]["id"])
        values = {"team": "a", "age": "7", "tags": "x", "other": "y"}
        talk.say("x", metadata={key: {"stringValue": value} for key, value in values.items()})
        clock.advance(DELAY)
        (record,) = data.list_memory_records(memoryId=talk.memory, namespacePath="/")["memoryRecordSummaries"]
        assert record["metadata"] == {
            "team": {"stringValue": "a"},
            "age": {"numberValue": 7},
            "tags": {"stringListValue": ["x"]},
        }

    def test_records_live_as_long_as_the_strategy_says(
        self, control: Any, data: Any, scripted: Scripted, clock: ManualClock
    ):
        assert scripted
        expiry = {"recordExpiryDurationDays": 31}
        talk = Talk(data, with_strategy(control, recordExpirySpecification=expiry))
        talk.say("x")
        clock.advance(DELAY)
        assert listed(data, talk.memory, namespacePath="/") == ["x"]
        clock.advance(timedelta(days=31))
        assert listed(data, talk.memory, namespacePath="/") == []


PASSED = [("team", "STRING"), ("age", "NUMBER"), ("tags", "STRINGLIST")]


class TestFailures:
    def test_a_job_that_failed_is_listed_and_can_be_started_again(
        self, talk: Talk, scripted: Scripted, clock: ManualClock
    ):
        scripted.failing = ExtractionFailed("The model said nothing.", "Try again.")
        event = talk.say("x")
        clock.advance(DELAY)
        (job,) = jobs(talk)
        assert job["status"] == "FAILED"
        assert "The model said nothing." in job["failureReason"]
        assert job["messages"] == {"messagesList": [{"eventId": event["eventId"], "messageIndex": 0}]}
        assert remembered(talk) == []
        scripted.failing = None
        talk.data.start_memory_extraction_job(memoryId=talk.memory, extractionJob={"jobId": job["jobID"]})
        assert remembered(talk) == ["x"]
        assert jobs(talk) == []

    def test_what_else_failed_in_the_session_is_extracted_with_it(
        self, talk: Talk, scripted: Scripted, clock: ManualClock
    ):
        scripted.failing = RuntimeError("down")
        for n in range(3):
            talk.say(str(n), n)
            clock.advance(DELAY)
        failed = jobs(talk)
        assert len(failed) == 3
        scripted.failing = None
        talk.data.start_memory_extraction_job(memoryId=talk.memory, extractionJob={"jobId": failed[0]["jobID"]})
        assert remembered(talk) == ["0", "1", "2"]
        assert [[message.text for message in batch.messages] for batch in scripted.batches] == [["0", "1", "2"]]

    @pytest.mark.parametrize(
        ("criteria", "count"),
        [({"sessionId": "first"}, 1), ({"actorId": "ana", "status": "FAILED"}, 2), ({"actorId": "bob"}, 0)],
    )
    def test_jobs_can_be_looked_for(
        self, talk: Talk, scripted: Scripted, clock: ManualClock, criteria: dict[str, str], count: int
    ):
        scripted.failing = RuntimeError("down")
        talk.say("x")
        replace(talk, session="second").say("y")
        clock.advance(DELAY)
        assert len(jobs(talk, filter=criteria)) == count

    def test_there_is_no_such_job(self, talk: Talk):
        with refused("ResourceNotFoundException"):
            talk.data.start_memory_extraction_job(memoryId=talk.memory, extractionJob={"jobId": "none"})

    def test_a_record_that_is_too_long_is_a_failure(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        assert scripted
        talk.say("x" * 16_001)
        clock.advance(DELAY)
        assert remembered(talk) == []
        assert "16001 characters" in jobs(talk)[0]["failureReason"]

    def test_a_namespace_that_no_record_can_have_is_a_failure(
        self, control: Any, data: Any, scripted: Scripted, clock: ManualClock
    ):
        assert scripted
        talk = Talk(data, with_strategy(control, namespaceTemplates=["-{actorId}"]))
        talk.say("x")
        clock.advance(DELAY)
        assert "-ana" in jobs(talk)[0]["failureReason"]


class TestIngest:
    def test_what_is_ingested_becomes_records_and_no_event(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        assert scripted
        source = {"inline": {"payload": [said("x"), {"json": {"content": "y"}}]}}
        about = {"memoryId": talk.memory, "actorId": "ana"}
        answer = talk.data.ingest_data(**about, source=source, contentTimestamp=NOON)
        clock.advance(DELAY)
        assert remembered(talk) == ["x", "y"]
        assert talk.data.list_sessions(**about)["sessionSummaries"] == []
        assert answer["sessionId"]

    def test_it_goes_to_the_session_that_is_named_and_is_taken_once(
        self, talk: Talk, scripted: Scripted, clock: ManualClock
    ):
        given = {"source": {"inline": {"payload": [said("x")]}}, "contentTimestamp": NOON, "clientToken": "one"}
        for _ in range(2):
            assert talk.data.ingest_data(**talk.who, **given)["sessionId"] == "first"
        clock.advance(DELAY)
        assert remembered(talk) == ["x"]
        assert [batch.session_id for batch in scripted.batches] == ["first"]


class TestSlowEngines:
    def test_events_do_not_wait_for_an_engine_at_work(self, talk: Talk, scripted: Scripted, clock: ManualClock):
        """Records do: whoever asks for them, asks for what is due."""
        begun, go_on = threading.Event(), threading.Event()

        def slowly(batch: Batch) -> list[Fact]:
            begun.set()
            assert go_on.wait(30)
            return Scripted.extract(scripted, batch)

        scripted.extract = slowly  # type: ignore[method-assign]
        talk.say("one", 1)
        clock.advance(DELAY)
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(remembered, talk) for _ in range(2)]
            assert begun.wait(30)
            talk.say("two", 2)
            assert talk.texts() == ["two", "one"]
            assert not any(each.done() for each in waiting)
            go_on.set()
            assert [each.result(30) for each in waiting] == [["one"], ["one"]]
        clock.advance(DELAY)
        assert remembered(talk) == ["one", "two"]
        assert len(scripted.batches) == 2
