"""AgentCore Memory over HTTP on loopback, for any client that takes an endpoint."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from contextkit.clock import Clock, utc_now
from contextkit.testing.agentcore.behaviour import Behaviour
from contextkit.testing.agentcore.calls import Call, Plan, no_fault
from contextkit.testing.agentcore.engine import Engines, rule_engine
from contextkit.testing.agentcore.service import Service
from contextkit.testing.agentcore.wire import Answer, Request
from contextkit.types import Embeddings

MAX_BODY: Final = 32_000_000
"""Bytes of a request that are read at all; above an event's 10 MB, so that the service itself can refuse it."""

GRACE: Final = 2.0
"""Seconds that a client has to read its answer when the emulator is closed."""


class AgentCoreEmulator:
    """An AgentCore Memory of one's own, for a `with` block: both planes at one `url`, state in memory.

    The clock, the switches (`behaviour`) and the `plan` of faults may be exchanged at any time. `calls` notes every
    call. `hang` is how many seconds a hanging call hangs. `embeddings` makes RetrieveMemoryRecords search by
    meaning, too. `engines` gives each kind of strategy the engine that extracts its records: the project's
    own, by its built-in rules, unless another is named.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        port: int = 0,
        clock: Clock = utc_now,
        plan: Plan = no_fault,
        embeddings: Embeddings | None = None,
        engines: Engines = rule_engine,
        hang: float = 30.0,
    ) -> None:
        self.hang = hang
        self.service = Service(behaviour, clock=clock, plan=plan, embeddings=embeddings, engines=engines)
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.emulator = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where the emulator listens: the `endpoint_url` for clients of both planes."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in the order in which they were answered."""
        return self.service.calls

    @property
    def behaviour(self) -> Behaviour:
        """The switches."""
        return self.service.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.service.behaviour = behaviour

    @property
    def plan(self) -> Plan:
        """What befalls each call."""
        return self.service.plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self.service.plan = plan

    @contextmanager
    def counted(self) -> Iterator[list[Call]]:
        """The calls of a `with` block, in a list that is filled at its end."""
        before = len(self.calls)
        counted: list[Call] = []
        yield counted
        counted += self.calls[before:]

    def reset(self) -> None:
        """Forget everything, for the next test."""
        self.service.reset()

    def held(self) -> str:
        """All that any memory still holds of events, records and jobs, as text to search in: for tests of erasure."""
        return self.service.held()

    def __enter__(self) -> AgentCoreEmulator:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, and end every connection and its thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.close_connections()
        self._server.server_close()

    def wait_out(self) -> None:
        """Hang, unless the emulator is being closed."""
        self._stopping.wait(self.hang)


class _Server(ThreadingHTTPServer):
    """One thread per connection; all of them are joined when the server is closed."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    emulator: AgentCoreEmulator

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()
        self._guard = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
            self._guard.notify_all()
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Wake every thread that waits for its client's next call; after a while, those that cannot answer theirs."""
        with self._guard:
            self._shut(socket.SHUT_RD)
            if not self._guard.wait_for(lambda: not self._open, GRACE):
                self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        for connection in self._open:
            with suppress(OSError):  # its client is gone already
                connection.shutdown(how)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has given up is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        """Answer one call."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self.send_error(411 if "Transfer-Encoding" in self.headers else 413)
            return
        emulator = self.server.emulator
        answer, fault = emulator.service.serve(Request(self.command, self.path, self.rfile.read(int(length))))
        if fault == "hang":
            emulator.wait_out()
        if fault in ("hang", "drop", "lose answer"):
            self.close_connection = True
        else:
            self._send(answer)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815

    def handle_expect_100(self) -> bool:
        """Say at once that the body may come: what is written here is buffered."""
        expected = super().handle_expect_100()
        self.wfile.flush()
        return expected

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: calls are noted instead."""

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("x-amzn-RequestId", self.headers.get("amz-sdk-invocation-id", "-"))
        if answer.error:
            self.send_header("x-amzn-ErrorType", answer.error)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()
