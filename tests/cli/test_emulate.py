"""`contextkit emulate agentcore`: a server that any AWS client can talk to, until it is told to end."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest

from tests.cli.conftest import COMMAND, Run, environment


@contextmanager
def emulating(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command while it runs, and the URL that it printed."""
    with subprocess.Popen(
        [*COMMAND, "emulate", "agentcore", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_serves_until_it_is_told_to_end(how: signal.Signals, code: int):
    with emulating("--extraction-delay", "0", "--creation-delay", "60") as (url, process):
        client = boto3.client(
            "bedrock-agentcore-control",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )
        memory = client.create_memory(name="mine", eventExpiryDuration=30)["memory"]
        client.close()
        assert memory["status"] == "CREATING"
        process.send_signal(how)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err


def test_it_says_how_other_programs_find_it():
    with emulating() as (url, process):
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert f"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE={url} AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL={url}" in err


def test_a_port_that_is_taken(run: Run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failure = run("emulate", "agentcore", "--port", port).failure
    assert failure.startswith(f"Port {port} cannot be listened on: Address already in use.")
    assert failure.endswith("Choose another with --port, or 0 for a free one.")


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--extraction-delay", "-1"], ["--creation-delay", "1e300"], ["dynamodb"]]
)
def test_wrong_usage(run: Run, arguments: list[str]):
    command = ["emulate", *([] if arguments == ["dynamodb"] else ["agentcore"]), *arguments]
    assert run(*command).code == 2
