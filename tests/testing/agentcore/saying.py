"""Short forms of what tests of the emulator say again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(text: str, role: str = "USER") -> dict[str, Any]:
    """One conversational payload."""
    return {"conversational": {"role": role, "content": {"text": text}}}


@dataclass(frozen=True)
class Talk:
    """One session of a memory, to append to and to read."""

    data: Any
    memory: str
    actor: str = "ana"
    session: str = "first"

    @property
    def who(self) -> dict[str, str]:
        return {"memoryId": self.memory, "actorId": self.actor, "sessionId": self.session}

    def say(self, text: str, at: float = 0, **more: Any) -> dict[str, Any]:
        """Create an event, so many seconds after noon."""
        when = NOON + timedelta(seconds=at)
        event = self.data.create_event(**self.who, eventTimestamp=when, payload=[said(text)], **more)["event"]
        return dict(event)

    def texts(self, **more: Any) -> list[str]:
        """What ListEvents shows, page by page."""
        pages = self.data.get_paginator("list_events").paginate(**self.who, **more)
        return [text_of(event) for page in pages for event in page["events"]]

    def branch(self, name: str, **more: Any) -> list[str]:
        """What a list of one branch shows."""
        return self.texts(filter={"branch": {"name": name, **more}})


def text_of(event: dict[str, Any]) -> str:
    return str(event["payload"][0]["conversational"]["content"]["text"])


@contextmanager
def refused(code: str, reason: str | None = None, field: str | None = None) -> Iterator[None]:
    """The call inside is refused with this error."""
    with pytest.raises(ClientError) as caught:
        yield
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    assert reason is None or response["reason"] == reason, response
    assert field is None or [each["name"] for each in response["fieldList"]] == [field], response


def add_records(data: Any, memory: str, *texts: str, namespace: str = "/facts", **more: Any) -> list[str]:
    """Create records, and return their ids."""
    records = [
        {"requestIdentifier": str(n), "namespaces": [namespace], "content": {"text": text}, "timestamp": NOON, **more}
        for n, text in enumerate(texts)
    ]
    answer = data.batch_create_memory_records(memoryId=memory, records=records)
    assert answer["failedRecords"] == []
    return [record["memoryRecordId"] for record in answer["successfulRecords"]]


def listed(data: Any, memory: str, **where: Any) -> list[str]:
    """The texts of ListMemoryRecords, page by page."""
    pages = data.get_paginator("list_memory_records").paginate(memoryId=memory, **where)
    return [record["content"]["text"] for page in pages for record in page["memoryRecordSummaries"]]


def found(data: Any, memory: str, query: str, **criteria: Any) -> list[tuple[str, float]]:
    """Texts and scores of RetrieveMemoryRecords under `/`."""
    answer = data.retrieve_memory_records(
        memoryId=memory, namespacePath="/", searchCriteria={"searchQuery": query, **criteria}
    )
    return [(record["content"]["text"], record["score"]) for record in answer["memoryRecordSummaries"]]
