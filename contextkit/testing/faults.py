"""A proxy that fails on purpose: real HTTP on loopback, between a client and a DynamoDB or S3.

    with FaultProxy("http://127.0.0.1:4566", Sometimes(0.3, ("throttle", "5xx", "hang"))) as proxy:
        store = DynamoDBStore(endpoint=proxy.url, region="us-east-1")

It notes every call with its size both ways, faults or none, so that it also counts what a piece of
work costs. It is for tests: it checks no signatures and encrypts nothing.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

Fault: TypeAlias = Literal["throttle", "5xx", "hang", "drop", "lose answer", "unprocessed", "corrupt"]
"""What can go wrong with one call.

* `throttle`: refused for too many requests. `5xx`: the server fails. Neither reaches the server.
* `hang`: no answer for `FaultProxy.hang` seconds, then the connection is dropped.
* `drop`: the connection is dropped at once. The call has not taken place.
* `lose answer`: the call takes place, and the connection is dropped before its answer.
* `unprocessed`: of a batch only the first half is carried out; the rest is handed back.
* `corrupt`: one byte of the answer's payload is another than the server sent, and than its checksum says.
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that came through: `DynamoDB`'s operation (or the HTTP method), its bytes, and what befell it."""

    operation: str
    sent: int
    received: int = 0
    fault: Fault | None = None


Plan: TypeAlias = Callable[[Call], Fault | None]
"""Decides what befalls a call."""


class Sometimes:
    """Befalls this share of all calls (0 to 1) with one of these faults, at random from a seed."""

    def __init__(self, share: float, faults: Sequence[Fault], seed: int = 0) -> None:
        self._share = share
        self._faults = tuple(faults)
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self, _: Call) -> Fault | None:
        with self._lock:
            return self._random.choice(self._faults) if self._random.random() < self._share else None


def never(_: Call) -> Fault | None:
    """A plan without faults, for counting."""
    return None


class FaultProxy:
    """A proxy before one server, for a `with` block. `plan` may be exchanged at any time.

    `hang` is how many seconds a hanging call hangs.
    """

    def __init__(self, upstream: str, plan: Plan = never, *, hang: float = 30.0) -> None:
        where = urlsplit(upstream)
        self.plan = plan
        self.hang = hang
        self.calls: list[Call] = []
        self._upstream = (where.hostname or "127.0.0.1", where.port or 80)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._cut = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def cut_off(self) -> None:
        """Let no call through, as if the region were gone, until `restore`."""
        self._cut.set()

    def restore(self) -> None:
        """Undo `cut_off`."""
        self._cut.clear()

    @contextmanager
    def counted(self) -> Iterator[list[Call]]:
        """The calls that come through in a `with` block, in a list that is filled at its end."""
        before = len(self.calls)
        counted: list[Call] = []
        yield counted
        counted += self.calls[before:]

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def decide(self, call: Call) -> Fault | None:
        """What befalls this call."""
        return "drop" if self._cut.is_set() else self.plan(call)

    def note(self, call: Call) -> None:
        """Count a call."""
        with self._lock:
            self.calls.append(call)

    def wait_out(self) -> None:
        """Hang."""
        self._stopping.wait(self.hang)

    def connect(self) -> http.client.HTTPConnection:
        """A new connection to the server."""
        return http.client.HTTPConnection(*self._upstream, timeout=120)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    proxy: FaultProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has given up is nothing to report."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client, with one of its own to the server."""

    protocol_version = "HTTP/1.1"
    server: _Server
    _upstream: http.client.HTTPConnection | None = None

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def finish(self) -> None:
        super().finish()
        if self._upstream is not None:
            self._upstream.close()

    def do_POST(self) -> None:
        """Pass the call on, or let something befall it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(self.headers.get("X-Amz-Target", self.command).rpartition(".")[2], len(body))
        fault = self.server.proxy.decide(call)
        call = replace(call, fault=fault)
        answer = self._answer(call, body)
        self.server.proxy.note(replace(call, received=len(answer.body) if answer else 0))
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST  # noqa: N815

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: calls are counted instead."""

    def _answer(self, call: Call, body: bytes) -> _Answer | None:
        if call.fault == "throttle":
            return _error(400, "ProvisionedThroughputExceededException", "The level of throughput was exceeded.")
        if call.fault == "5xx":
            return _error(500, "InternalServerError", "Internal server error.")
        if call.fault == "hang":
            self.server.proxy.wait_out()
        if call.fault in ("hang", "drop"):
            return None
        now, later = _halves(body) if call.fault == "unprocessed" else (body, None)
        answer = self._forward(now)
        if call.fault == "lose answer":
            return None
        if later is not None:
            return _handed_back(answer, later)
        return _corrupted(answer) if call.fault == "corrupt" else answer

    def _forward(self, body: bytes) -> _Answer:
        if self._upstream is None:
            self._upstream = self.server.proxy.connect()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        self._upstream.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
        with self._upstream.getresponse() as response:
            kept = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _HOP)
            return _Answer(response.status, kept, response.read())

    def _send(self, answer: _Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


_HOP = {"content-length", "transfer-encoding", "connection", "keep-alive"}
_BINARY = re.compile(rb'"B": ?"([A-Za-z0-9+/]{24,}={0,2})"')


def _error(status: int, kind: str, text: str) -> _Answer:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": text}).encode()
    return _Answer(status, (("Content-Type", "application/x-amz-json-1.0"), *_checksum(body)), body)


def _checksum(body: bytes) -> tuple[tuple[str, str], ...]:
    return (("x-amz-crc32", str(binascii.crc32(body))),)


def _halves(body: bytes) -> tuple[bytes, dict[str, Any] | None]:
    """The first half of a batch as a request of its own, and the rest; a call that is no batch is left whole."""
    asked = json.loads(body)
    if "RequestItems" not in asked:
        return body, None
    first: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for table, items in asked["RequestItems"].items():
        several = items if isinstance(items, list) else items["Keys"]
        half = (len(several) + 1) // 2
        for side, part in ((first, several[:half]), (rest, several[half:])):
            if part:
                side[table] = part if isinstance(items, list) else {**items, "Keys": part}
    return json.dumps({**asked, "RequestItems": first}).encode(), rest


def _handed_back(answer: _Answer, rest: dict[str, Any]) -> _Answer:
    if answer.status != 200 or not rest:
        return answer
    content = json.loads(answer.body)
    keys = any(isinstance(items, dict) for items in rest.values())
    body = json.dumps({**content, "UnprocessedKeys" if keys else "UnprocessedItems": rest}).encode()
    return _Answer(answer.status, _with_checksum(answer, body), body)


def _corrupted(answer: _Answer) -> _Answer:
    """The answer with one bit turned in the first long binary value, under the checksum of what was sent."""
    found = _BINARY.search(answer.body)
    if found is None:
        return answer
    value = bytearray(base64.b64decode(found[1]))
    value[-1] ^= 1
    body = answer.body[: found.start(1)] + base64.b64encode(value) + answer.body[found.end(1) :]
    return _Answer(answer.status, _with_checksum(answer, answer.body), body)


def _with_checksum(answer: _Answer, body: bytes) -> tuple[tuple[str, str], ...]:
    return (*((name, value) for name, value in answer.headers if name.lower() != "x-amz-crc32"), *_checksum(body))
