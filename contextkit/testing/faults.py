"""A proxy that fails on purpose: real HTTP on loopback, between a client and a DynamoDB or S3.

    with FaultProxy("http://127.0.0.1:4566", Sometimes(0.3, ("throttle", "5xx", "hang"))) as proxy:
        store = DynamoDBStore(endpoint=proxy.url, region="us-east-1")

It notes every call with its size both ways, faults or none, so that it also counts what a piece of
work costs. It is for tests: it checks no signatures and encrypts nothing.
"""

from __future__ import annotations

import http.client
import random
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from contextkit.testing.answers import Answer, corrupted, halves, handed_back, refusal

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

    def __exit__(self, *_: object) -> None:
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


_HOP: Final = {"content-length", "transfer-encoding", "connection", "keep-alive"}
"""Headers that concern one connection alone."""


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

    def _answer(self, call: Call, body: bytes) -> Answer | None:
        if call.fault == "throttle":
            return refusal(400, "ProvisionedThroughputExceededException", "The level of throughput was exceeded.")
        if call.fault == "5xx":
            return refusal(500, "InternalServerError", "Internal server error.")
        if call.fault == "hang":
            self.server.proxy.wait_out()
        if call.fault in ("hang", "drop"):
            return None
        now, later = halves(body) if call.fault == "unprocessed" else (body, None)
        answer = self._forward(now)
        if call.fault == "lose answer":
            return None
        if later is not None:
            return handed_back(answer, later)
        return corrupted(answer) if call.fault == "corrupt" else answer

    def _forward(self, body: bytes) -> Answer:
        if self._upstream is None:
            self._upstream = self.server.proxy.connect()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        self._upstream.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
        with self._upstream.getresponse() as response:
            kept = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _HOP)
            return Answer(response.status, kept, response.read())

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
