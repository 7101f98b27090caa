"""A DynamoDB to test with: the endpoint that is named, or else MiniStack, started for the session of tests.

`CONTEXTKIT_DYNAMODB_ENDPOINT` names any server. Otherwise MiniStack is looked for in its own
environment: the one that `CONTEXTKIT_MINISTACK` names, or `.venv-ministack` beside this project's.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb import DynamoDBStore

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a DynamoDB."""
    named = os.environ.get("CONTEXTKIT_DYNAMODB_ENDPOINT")
    if named:
        yield named
        return
    program = Path(os.environ.get("CONTEXTKIT_MINISTACK") or ROOT / ".venv-ministack") / "bin" / "ministack"
    if not program.exists():
        pytest.skip(f"needs MiniStack ({program} is not there) or an endpoint in CONTEXTKIT_DYNAMODB_ENDPOINT")
    with Server(program, tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="session")
def tables(patient_client: object) -> str:
    """The prefix of tables that no other run uses."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    DynamoDBStore(prefix, client=patient_client).create_tables()
    return prefix


@pytest.fixture(scope="session")
def patient_client(endpoint: str) -> Iterator[object]:
    """A client that all tests may share."""
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    yield client
    client.close()


class Server:
    """MiniStack on a free port of this machine, for a `with` block."""

    def __init__(self, program: Path, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._program = program
        self._home = home

    def __enter__(self) -> str:
        environment = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self._port), "LOG_LEVEL": "ERROR"}
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(self._program)], env=environment, cwd=self._home, stdout=log, stderr=log, start_new_session=True
            )
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return f"http://127.0.0.1:{self._port}"
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.__exit__()
        raise RuntimeError(f"MiniStack did not start: {(self._home / 'log').read_text()[-2000:]}")

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


@pytest.fixture(scope="session", autouse=True)
def credentials() -> None:
    """Local servers take any credentials, and boto3 needs some."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
