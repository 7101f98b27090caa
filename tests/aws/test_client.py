"""Clients that processes and threads share."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import NoRegionError

from contextkit.aws.client import fork_safe, new_client
from contextkit.errors import InvalidInput


class Tables(BaseHTTPRequestHandler):
    """A DynamoDB that knows of no table, and keeps connections open; each answer names the one it came over."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"TableNames": ["%d"]}' % self.client_address[1]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with ThreadingHTTPServer(("127.0.0.1", 0), Tables) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        client = new_client("dynamodb", region="us-east-1", endpoint=f"http://127.0.0.1:{server.server_port}")
        yield client
        client.close()
        server.shutdown()


@pytest.mark.parametrize(
    "wrong", [{"endpoint": "localhost:8000"}, {"endpoint": "http://"}, {"region": "us east"}, {"region": "moon!"}]
)
def test_what_is_no_endpoint_or_region_is_told(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="Write an endpoint as http://") as told:
        new_client("dynamodb", **{"region": "us-east-1", **wrong})  # type: ignore[arg-type]
    assert ".." not in str(told.value)


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine whose environment and files name no region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    return monkeypatch


@pytest.mark.parametrize(
    ("environment", "passed", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, None, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, None, "eu-west-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-3", "eu-west-3"),
    ],
)
def test_the_region_is_what_boto3_finds_or_else_what_aws_other_tools_do(
    unconfigured: pytest.MonkeyPatch, environment: dict[str, str], passed: str | None, region: str
) -> None:
    for name, value in environment.items():
        unconfigured.setenv(name, value)
    assert new_client("dynamodb", region=passed).meta.region_name == region


@pytest.mark.usefixtures("unconfigured")
def test_no_region_at_all() -> None:
    with pytest.raises(NoRegionError):
        new_client("dynamodb")


def connection(client: Any) -> str:
    (port,) = client.list_tables()["TableNames"]
    return str(port)


def test_a_forked_child_opens_connections_of_its_own(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over an inherited one it would read the answers that its parent waits for."""
    fork_safe(fork_safe(client))
    inherited = connection(client)
    assert connection(client) == inherited
    child = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: child)
    own = connection(client)
    assert own != inherited
    assert connection(client) == own
