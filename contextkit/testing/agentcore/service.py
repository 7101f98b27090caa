"""The service without its HTTP: a request in, an answer out, and a note of every call."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from contextkit.clock import Clock, utc_now
from contextkit.testing.agentcore.behaviour import Behaviour
from contextkit.testing.agentcore.calls import Call, Fault, Plan, new_call, no_fault
from contextkit.testing.agentcore.engine import Engines, rule_engine
from contextkit.testing.agentcore.events import EventCalls
from contextkit.testing.agentcore.extraction import Extraction
from contextkit.testing.agentcore.idempotence import Idempotence
from contextkit.testing.agentcore.memories import Memories, Memory
from contextkit.testing.agentcore.model import DATA, Operation, operations
from contextkit.testing.agentcore.quotas import MAX_EVENT_BYTES, Throttle
from contextkit.testing.agentcore.records import RecordCalls, every_second_fails
from contextkit.testing.agentcore.refusals import Refused
from contextkit.testing.agentcore.wire import Answer, Params, Request, answer, check, refusal, route
from contextkit.testing.agentcore.world import Handler, Ids, World
from contextkit.types import Embeddings

_log = logging.getLogger("contextkit.testing")


AFTER_EXTRACTION: Final = frozenset(name for name in DATA if "Record" in name or "Job" in name or name == "DeleteEvent")
"""Operations before which a memory's due jobs are done: those that would see it, or take away what they are about."""


class Service:
    """AgentCore Memory in this process. Threads may share it; one call happens at a time."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        clock: Clock = utc_now,
        plan: Plan = no_fault,
        embeddings: Embeddings | None = None,
        engines: Engines = rule_engine,
    ) -> None:
        operations()  # where boto3 is too old for them, that is said at once
        self.behaviour = behaviour or Behaviour()
        self.clock = clock
        self.plan = plan
        self.embeddings = embeddings
        self.engines = engines
        self.calls: list[Call] = []
        self._lock = threading.RLock()
        self._extracting = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew: no memory, no call, no token, full buckets. Ids are handed out as on the first day."""
        with self._lock:
            self.calls.clear()
            self.memories = Memories()
            self._ids = Ids()
            self._idempotence = Idempotence()
            self._throttle = Throttle()

    def held(self) -> str:
        """Everything in every memory, as text. What was deleted and no longer lingers is not in it."""
        with self._lock:
            now = self._now()
            for memory in self.memories.all(now):
                memory.contents.tidy(now, timedelta(days=memory.expiry_days), self.behaviour.linger)
            return "\n".join(text for memory in self.memories.all(now) for text in memory.contents.texts())

    def serve(self, request: Request) -> tuple[Answer, Fault | None]:
        """Answer one request. With a fault, it is for the caller to keep the answer back."""
        now = self._now()
        try:
            operation, params = route(request)
        except Refused as error:
            call = Call(operation=f"{request.method} {request.target}", at=now, sent=len(request.body))
            return self._noted(call, refusal(error)), None
        call = new_call(operation.name, params, now, len(request.body))
        with self._lock:
            call = replace(call, fault=self.plan(call))
        return self._noted(call, self._answer(operation, params, call)), call.fault

    def _answer(self, operation: Operation, params: Params, call: Call) -> Answer:
        try:
            return self._success(operation, params, call)
        except Refused as error:
            return refusal(error)
        except Exception as error:  # a defect here must not look like a broken connection
            _log.exception("The emulator failed at %s", operation.name)
            return refusal(Refused("ServiceException", f"The emulator failed: {type(error).__name__}: {error}"))

    def _success(self, operation: Operation, params: Params, call: Call) -> Answer:
        _befall(operation, call)
        checked = check(operation, params)
        if self.behaviour.quotas is not None:
            with self._lock:
                self._throttle.spend(self.behaviour.quotas, operation.name, checked, call.at)
        if operation.name == "CreateEvent" and call.sent > MAX_EVENT_BYTES:
            raise Refused("ServiceQuotaExceededException", f"An event has at most {MAX_EVENT_BYTES} bytes")
        if operation.name in AFTER_EXTRACTION:
            self._extract(checked["memoryId"], call.at)
        with self._lock:
            return self._done(operation, checked, call)

    def _done(self, operation: Operation, checked: Params, call: Call) -> Answer:
        world = World(call.at, self.behaviour, self._ids)

        def do() -> Answer:
            handler = self._handler(operation, checked, world)
            if call.fault == "partial" and "records" in checked:
                handler = every_second_fails(handler)
            return answer(operation, handler(checked, world))

        return self._idempotence.once(operation.name, checked, do)

    def _handler(self, operation: Operation, params: Params, world: World) -> Handler:
        control: Mapping[str, Handler] = {
            "CreateMemory": self.memories.create,
            "GetMemory": self.memories.get,
            "ListMemories": self.memories.list_memories,
            "UpdateMemory": self.memories.update,
            "DeleteMemory": self.memories.delete,
        }
        if operation.name in control:
            return control[operation.name]
        memory = self.memories.usable(params["memoryId"], world.now)
        return self._data(memory)[operation.name]

    def _extract(self, memory_id: str, now: datetime) -> None:
        """Do what is due in a memory, job by job. The service goes on while an engine is at work."""
        with self._extracting:
            while True:
                with self._lock:
                    extraction = self._extraction(self.memories.usable(memory_id, now))
                    task = extraction.next(now)
                if task is None:
                    return
                outcome = task.work()
                with self._lock:
                    extraction.settle(task, outcome, now)

    def _extraction(self, memory: Memory) -> Extraction:
        held = memory.contents
        return Extraction(held.jobs, held.sessions, held.records, memory.strategies, self.engines)

    def _data(self, memory: Memory) -> Mapping[str, Handler]:
        """The data plane's operations on one memory."""
        held, lifetime = memory.contents, timedelta(days=memory.expiry_days)
        events = EventCalls(memory.id, held.sessions, lifetime, memory.namespace_keys)
        records = RecordCalls(held.records, memory.strategies, memory.indexed, self.embeddings)
        extraction = self._extraction(memory)

        def create_event(params: Params, world: World) -> Params:
            event = events.create(params, world)
            extraction.expect(event, world)
            return {"event": event.view()}

        def ingest(params: Params, world: World) -> Params:
            event = events.ingest(params, world)
            extraction.expect(event, world, direct=True)
            return {"sessionId": event.session_id}

        return {
            "CreateEvent": create_event,
            "IngestData": ingest,
            "ListMemoryExtractionJobs": extraction.list_jobs,
            "StartMemoryExtractionJob": extraction.start,
            "GetEvent": events.get,
            "DeleteEvent": events.delete,
            "ListEvents": events.list_events,
            "ListSessions": events.list_sessions,
            "ListActors": events.list_actors,
            "RetrieveMemoryRecords": records.retrieve,
            "ListMemoryRecords": records.list_records,
            "GetMemoryRecord": records.get,
            "DeleteMemoryRecord": records.delete,
            "BatchCreateMemoryRecords": records.create,
            "BatchUpdateMemoryRecords": records.update,
            "BatchDeleteMemoryRecords": records.delete_batch,
        }

    def _now(self) -> datetime:
        """The time as the service tells it, to the millisecond."""
        now = self.clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _noted(self, call: Call, given: Answer) -> Answer:
        sent = call.fault not in _UNANSWERED
        status, received = (given.status, len(given.body)) if sent else (0, 0)
        self.calls.append(replace(call, status=status, received=received, error=given.error))
        return given


_UNANSWERED: Final = ("hang", "drop", "lose answer")

_REFUSALS: Mapping[str, tuple[str, str]] = {
    "throttle": ("ThrottledException", "Rate exceeded"),
    "5xx": ("ServiceException", "Internal server error"),
    "denied": ("AccessDeniedException", "Not authorized to perform this operation"),
    "conflict": ("RetryableConflictException", "Another request is writing to this session"),
    "hang": ("ServiceException", "No answer is sent"),
    "drop": ("ServiceException", "No answer is sent"),
}


def _befall(operation: Operation, call: Call) -> None:
    """Raise `Refused` where the fault keeps the call from taking place."""
    code, message = _REFUSALS.get(call.fault or "", ("", ""))
    if code in operation.errors:
        raise Refused(code, message)
