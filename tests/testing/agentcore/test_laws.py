"""What holds for any calls in any order: pages, tokens, quotas, and times on the wire."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.testing.agentcore import ManualClock, Quotas
from contextkit.testing.agentcore.model import operations
from contextkit.testing.agentcore.quotas import Throttle
from contextkit.testing.agentcore.refusals import Refused
from contextkit.testing.agentcore.service import Service
from contextkit.testing.agentcore.shapes import Reading, compiled
from contextkit.testing.agentcore.wire import Request, to_json
from tests.testing.agentcore.raw import MODELS, model
from tests.testing.agentcore.requests import sites
from tests.testing.agentcore.saying import NOON


class Calls:
    """A service without HTTP, and one session of a memory in it."""

    def __init__(self) -> None:
        self.service = Service(clock=ManualClock(NOON))
        memory = self("CreateMemory", name="mine", eventExpiryDuration=30)["memory"]["id"]
        self.who = {"memoryId": memory, "actorId": "a", "sessionId": "s"}

    def __call__(self, operation_name: str, /, **params: Any) -> dict[str, Any]:
        status, content = self.reply(operation_name, params)
        assert status < 300, content
        return content

    def reply(self, operation_name: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status of the answer, and what is in it."""
        operation = model(operation_name)
        path = operation.http["requestUri"]
        for member, shape in operation.input_shape.members.items():
            if shape.serialization.get("location") == "uri":
                path = path.replace(f"{{{member}}}", quote(params[member], safe=""))
        body = json.dumps(to_json(params)).encode()
        answer, _ = self.service.serve(Request(operation.http["method"], path, body))
        return answer.status, json.loads(answer.body)


class Walk:
    """A walk over the pages of ListEvents, page by page. `stayed` are those that were there from its beginning on."""

    def __init__(self, calls: Calls, size: int) -> None:
        self.calls = calls
        self.size = size
        self.seen: list[str] = []
        self.stayed: set[str] | None = None
        self.asked: dict[str, str] | None = {}

    def step(self, there: set[str]) -> None:
        """Read one page, if there is another."""
        if self.asked is None:
            return
        self.stayed = set(there) if self.stayed is None else self.stayed
        page = self.calls("ListEvents", **self.calls.who, maxResults=self.size, **self.asked)
        self.seen += [event["eventId"] for event in page["events"]]
        self.asked = {"nextToken": page["nextToken"]} if "nextToken" in page else None


TIMES = st.integers(0, 5).map(float)


@given(steps=st.lists(st.one_of(TIMES, st.just("delete"), st.just("page")), max_size=40), size=st.integers(1, 4))
def test_a_walk_over_pages_sees_all_that_stays_once_and_newest_first(steps: list[Any], size: int):
    calls = Calls()
    there: set[str] = set()
    walk = Walk(calls, size)
    for step in steps:
        if step == "page":
            walk.step(there)
        elif step == "delete" and there:
            gone = min(there)
            calls("DeleteEvent", **calls.who, eventId=gone)
            there.discard(gone)
        elif isinstance(step, float):
            there.add(calls("CreateEvent", **calls.who, eventTimestamp=step, payload=[])["event"]["eventId"])
    while walk.asked is not None:
        walk.step(there)
    assert walk.seen == sorted(set(walk.seen), reverse=True)
    assert walk.stayed is not None
    assert walk.stayed & there <= set(walk.seen)


@given(sent=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=30))
def test_a_token_stands_for_one_event_however_often_it_comes(sent: list[tuple[int, int]]):
    calls = Calls()
    first: dict[int, tuple[int, str]] = {}
    for token, at in sent:
        params = {**calls.who, "eventTimestamp": at, "payload": [], "clientToken": f"t{token}"}
        status, content = calls.reply("CreateEvent", params)
        if token in first and first[token][0] != at:
            assert (status, content["reason"]) == (400, "IdempotentParameterMismatchException")
        else:
            made = (at, content["event"]["eventId"])
            assert first.setdefault(token, made) == made
    assert len(calls("ListEvents", **calls.who, maxResults=100)["events"]) == len(first)


@given(gaps=st.lists(st.sampled_from([0, 1, 10, 100, 199, 1_000]), max_size=60))
def test_no_span_of_time_grants_more_than_a_full_bucket_and_what_flows_in(gaps: list[int]):
    throttle, now, granted = Throttle(), NOON, list[datetime]()
    params = {"memoryId": "m", "actorId": "a", "sessionId": "s", "payload": [{"conversational": {}}]}
    for gap in gaps:
        now += timedelta(milliseconds=gap)
        try:
            throttle.spend(Quotas(), "CreateEvent", params, now)
        except Refused:
            continue
        granted.append(now)
    for index, start in enumerate(granted):
        for place, end in zip(count(1), granted[index:], strict=False):
            assert place <= 5 + 5 * (end - start).total_seconds() + 1e-6


@settings(max_examples=300)
@given(milliseconds=st.integers(-62_000_000_000_000, 62_000_000_000_000))
def test_a_time_comes_back_to_the_millisecond(milliseconds: int):
    shape = MODELS["bedrock-agentcore"].shape_for("Timestamp")
    reading = Reading()
    time = reading.read(shape, milliseconds / 1000)
    assert reading.problems == []
    assert to_json(time) == milliseconds / 1000


@pytest.mark.parametrize("name", operations())
def test_every_pattern_can_be_read(name: str, recwarn: pytest.WarningsRecorder):
    """Java's patterns, as Python's: none warns, and none is anchored, so that all mean the whole value."""
    for site in sites(model(name).input_shape):
        if site.kind == "pattern":
            pattern = site.shape.metadata["pattern"]
            assert compiled.__wrapped__(pattern)
            assert not pattern.startswith("^")
    assert len(recwarn) == 0
