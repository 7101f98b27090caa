"""The emulator as a server: its connections, its threads, what it notes, and what befalls calls on purpose."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from contextkit.testing.agentcore import AgentCoreEmulator, emulator
from tests.testing.agentcore.raw import Raw, model
from tests.testing.agentcore.saying import NOON, Talk, add_records, refused, said


class TestConnections:
    def test_one_connection_serves_many_calls(self, server: AgentCoreEmulator):
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
            call = b"POST /memories/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
            connection.sendall(call + call)
            received = b""
            while received.count(b'{"memories":[]}') < 2:
                received += connection.recv(65_536)
        assert received.count(b"HTTP/1.1 200 OK") == 2

    def test_nothing_is_left_when_it_is_closed(self):
        before = set(threading.enumerate())
        with AgentCoreEmulator() as server:
            idle = [socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) for _ in range(3)]
            raw = Raw(server.url)
            raw.send("POST", "/memories/", b"{}")
        assert set(threading.enumerate()) == before
        assert [connection.recv(1) for connection in idle] == [b"", b"", b""]
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        raw.close()
        for connection in idle:
            connection.close()

    def test_a_client_that_asks_before_it_sends(self, server: AgentCoreEmulator):
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
            head = "POST /memories/ HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.recv(65_536).startswith(b"HTTP/1.1 100 Continue")
            connection.sendall(b"{}")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")

    def test_one_that_was_never_started_can_be_closed(self):
        AgentCoreEmulator().close()

    @pytest.mark.parametrize(
        ("head", "status"),
        [
            ("POST /memories/ HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
            ("POST /memories/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413),
            ("POST /memories/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
            ("HEAD /memories/ HTTP/1.1\r\n\r\n", 501),
        ],
    )
    def test_what_is_no_call(self, server: AgentCoreEmulator, head: str, status: int):
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
            connection.sendall(head.encode())
            assert f" {status} ".encode() in connection.recv(65_536)

    def test_a_client_that_gives_up_disturbs_nobody(self, server: AgentCoreEmulator, raw: Raw):
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
            connection.sendall(b"POST /memories/ HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        assert raw.send("POST", "/memories/", b"{}").status == 200


class TestRequests:
    @pytest.mark.parametrize(
        ("method", "target"),
        [
            ("GET", "/"),
            ("PUT", "/memories/"),
            ("POST", "/memories"),
            ("GET", "/memories/"),
        ],
    )
    def test_a_path_of_no_operation(self, raw: Raw, method: str, target: str):
        reply = raw.send(method, target)
        assert (reply.status, reply.error) == (404, "UnknownOperationException")

    @pytest.mark.parametrize(
        "body",
        [b"{", b"[]", b'"x"', b"\xff", b'{"maxResults": NaN}', b'{"nextToken": "\\ud800"}', b"[" * 100_000],
    )
    def test_a_body_that_is_no_json_object(self, raw: Raw, body: bytes):
        reply = raw.send("POST", "/memories/", body)
        assert (reply.status, reply.error, reply.content["reason"]) == (400, "ValidationException", "CannotParse")

    def test_everything_that_is_wrong_is_told_at_once(self, raw: Raw, memory: str):
        body = b'{"actorId": "!", "sessionId": 5, "eventTimestamp": 1, "payload": [{}]}'
        reply = raw.send("POST", f"/memories/{memory}/events", body)
        assert reply.fields.keys() == {"actorId", "sessionId", "payload.0"}
        assert reply.content["reason"] == "CannotParse"

    def test_what_a_model_does_not_know_is_ignored(self, raw: Raw):
        assert raw.send("POST", "/memories/", b'{"future": 1, "maxResults": null}').status == 200

    def test_an_answer_that_breaks_the_model_is_an_error_of_the_emulator(
        self, raw: Raw, server: AgentCoreEmulator, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(server.service.memories, "list_memories", lambda *_: {"memories": [{"id": "x"}]})
        reply = raw.send("POST", "/memories/", b"{}")
        assert (reply.status, reply.error) == (500, "ServiceException")
        assert "memories.0.createdAt: Member must not be null" in reply.content["message"]

    def test_a_defect_of_the_emulator_is_told_and_not_hidden(
        self, raw: Raw, server: AgentCoreEmulator, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(server.service.memories, "list_memories", lambda *_: {}["memories"])
        reply = raw.send("POST", "/memories/", b"{}")
        assert (reply.status, reply.content) == (500, {"message": "The emulator failed: KeyError: 'memories'"})


class TestThreads:
    def test_no_call_is_lost_between_them(self, data: Any, memory: str, server: AgentCoreEmulator):
        talk = Talk(data, memory)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: talk.say(str(n), n), range(200)))
        assert len(talk.texts()) == 200
        assert len([call for call in server.calls if call.operation == "CreateEvent"]) == 200

    def test_one_token_from_many_threads_is_one_event(self, data: Any, memory: str):
        talk = Talk(data, memory)
        with ThreadPoolExecutor(8) as pool:
            ids = set(pool.map(lambda _: talk.say("x", clientToken="one")["eventId"], range(40)))
        assert len(ids) == len(talk.texts()) == 1


class TestCalls:
    def test_each_call_is_noted(self, data: Any, memory: str, server: AgentCoreEmulator):
        talk = Talk(data, memory)
        with server.counted() as calls:
            data.create_event(**talk.who, eventTimestamp=NOON, payload=[said("a"), said("b")])
            with refused("ValidationException"):
                data.list_sessions(memoryId=memory, actorId="!")
        created, listed = calls
        assert (created.operation, created.status, created.error, created.messages) == ("CreateEvent", 201, None, 2)
        assert (created.memory_id, created.actor_id, created.session_id) == (memory, "ana", "first")
        assert created.sent > 0
        assert created.received > 0
        assert (listed.operation, listed.status, listed.error) == ("ListSessions", 400, "ValidationException")

    def test_what_is_held_can_be_searched(self, data: Any, control: Any, server: AgentCoreEmulator):
        strategy = {"semanticMemoryStrategy": {"name": "facts"}}
        memory = control.create_memory(name="mine", eventExpiryDuration=30, memoryStrategies=[strategy])["memory"]["id"]
        talk = Talk(data, memory)
        event = talk.say("a secret")
        (record_id,) = add_records(data, memory, "a secret, too")
        assert server.held().count("a secret") == 3  # the job that waits has the event, too
        data.delete_event(**talk.who, eventId=event["eventId"])
        data.delete_memory_record(memoryId=memory, memoryRecordId=record_id)
        assert "a secret" not in server.held()
        assert "ana" in server.held()

    def test_a_new_beginning(self, data: Any, memory: str, server: AgentCoreEmulator):
        assert len(server.calls) == 1
        server.reset()
        assert server.calls == []
        with refused("ResourceNotFoundException"):
            Talk(data, memory).say("x")


class TestFaults:
    @pytest.fixture
    def talk(self, data: Any, memory: str) -> Talk:
        return Talk(data, memory)

    @pytest.mark.parametrize(
        ("fault", "code", "status"),
        [
            ("throttle", "ThrottledException", 429),
            ("5xx", "ServiceException", 500),
            ("denied", "AccessDeniedException", 403),
            ("conflict", "RetryableConflictException", 409),
        ],
    )
    def test_a_refused_call_has_not_taken_place(
        self, talk: Talk, server: AgentCoreEmulator, fault: Any, code: str, status: int
    ):
        server.plan = lambda call: fault if call.operation == "CreateEvent" else None
        with refused(code):
            talk.say("x")
        assert (server.calls[-1].status, server.calls[-1].fault) == (status, fault)
        assert talk.texts() == []

    def test_only_create_event_knows_conflicts(self, talk: Talk, server: AgentCoreEmulator):
        server.plan = lambda _: "conflict"
        assert talk.texts() == []

    @pytest.mark.parametrize(("fault", "there"), [("drop", 0), ("hang", 0), ("lose answer", 1)])
    def test_without_an_answer(self, talk: Talk, server: AgentCoreEmulator, fault: Any, there: int):
        server.hang = 0.01
        server.plan = lambda call: fault if call.operation == "CreateEvent" else None
        with pytest.raises(ConnectionClosedError):
            talk.say("x")
        assert (server.calls[-1].status, server.calls[-1].received) == (0, 0)
        assert len(talk.texts()) == there

    def test_a_retry_after_a_lost_answer_is_the_same_event(self, server: AgentCoreEmulator, memory: str):
        once = iter(["lose answer"])
        server.plan = lambda _: next(once, None)  # type: ignore[arg-type, return-value]
        retrying = boto3.client(
            "bedrock-agentcore",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
            config=Config(retries={"mode": "standard", "total_max_attempts": 3}),
        )
        talk = Talk(retrying, memory)
        talk.say("x")
        assert talk.texts() == ["x"]
        retrying.close()

    def test_half_a_batch(self, data: Any, memory: str, server: AgentCoreEmulator):
        record = {"namespaces": ["/x"], "content": {"text": "x"}, "timestamp": NOON}
        server.plan = lambda _: "partial"
        records = [{**record, "requestIdentifier": str(n)} for n in range(5)]
        answer = data.batch_create_memory_records(memoryId=memory, records=records)
        assert [each["requestIdentifier"] for each in answer["failedRecords"]] == ["1", "3"]
        assert {each["errorCode"] for each in answer["failedRecords"]} == {500}
        assert len(answer["successfulRecords"]) == 3

    def test_closing_ends_a_client_that_does_not_read(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(emulator, "GRACE", 0.1)
        with AgentCoreEmulator() as server:
            raw = Raw(server.url)
            memory = raw.call(model("CreateMemory"), {"name": "m", "eventExpiryDuration": 3}).content["memory"]["id"]
            event = {"memoryId": memory, "actorId": "a", "sessionId": "s", "eventTimestamp": 1}
            raw.call(model("CreateEvent"), event | {"payload": [{"blob": "x" * 9_000_000}]})
            raw.close()
            connection = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
            connection.sendall(f"POST /memories/{memory}/actor/a/sessions/s HTTP/1.1\r\n\r\n".encode())
            while server.calls[-1].operation != "ListEvents":
                time.sleep(0.001)
        connection.close()

    def test_closing_ends_what_hangs(self):
        with AgentCoreEmulator(plan=lambda _: "hang", hang=600) as server:
            connection = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
            connection.sendall(b"POST /memories/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            while not server.calls:
                time.sleep(0.001)
        assert connection.recv(1) == b""
        connection.close()
