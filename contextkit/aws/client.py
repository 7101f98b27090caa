"""Clients of AWS that fail soon enough for somebody else to answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]

from contextkit.errors import InvalidInput

CONNECT_TIMEOUT: Final = 1.0
"""Seconds to reach an endpoint. botocore's own 60 would hold a prompt back for minutes."""

READ_TIMEOUT: Final = 2.0
"""Seconds to wait for an answer: DynamoDB's slowest healthy answers, a 1 MB page, take a tenth of that."""

ATTEMPTS: Final = 2
"""Tries of one call, the first included. `standard` mode, for `adaptive` was seen to hold healthy
calls back by up to 1.8 s after a throttle."""

CONNECTIONS: Final = 50
"""Connections that a client keeps: as many threads can call at once without waiting for one."""

ENDPOINT: Final = "CONTEXTKIT_{}_ENDPOINT"
"""The environment variable that names an endpoint for one service, as CONTEXTKIT_BEDROCK_AGENTCORE_ENDPOINT."""


def new_client(
    service: str,
    *,
    region: str | None = None,
    endpoint: str | None = None,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    attempts: int = ATTEMPTS,
) -> Any:
    """A boto3 client for threads to share; timeouts in seconds.

    Credentials come from where boto3 looks for them, the region from `default_region`. Without `endpoint`, one
    is taken from the environment (see `ENDPOINT`), or else Amazon's own is used. Raises `InvalidInput` for what
    is no endpoint and no region, and what boto3 raises where there is none.
    """
    config = Config(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
    )
    endpoint = endpoint or os.environ.get(ENDPOINT.format(service.upper().replace("-", "_")))
    try:
        region = region or default_region()
        return boto3.Session().client(service, region_name=region, endpoint_url=endpoint, config=config)
    except ValueError as error:
        raise InvalidInput(
            f"No client of {service} can be made: {str(error).rstrip('.')}.",
            "Write an endpoint as http://127.0.0.1:8000, and a region as us-east-1.",
            value=endpoint or region,
        ) from error


def default_region() -> str | None:
    """The region that boto3 finds, or else that of AWS_REGION, which AWS's other tools know and boto3 does not.

    Raises what boto3 raises where its configuration cannot be read.
    """
    return boto3.Session().region_name or os.environ.get("AWS_REGION") or None


def fork_safe(client: Any) -> Any:
    """The client, which from now on opens connections of its own in a forked child.

    Over those that it inherits, it would read answers that its parent and siblings wait for: other actors' data.
    """
    client.meta.events.register("before-call", _OfThisProcess(client.close), unique_id="contextkit-fork-safe")
    return client


class _OfThisProcess:
    """Called before each request: in another process than before, closes the connections first."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._process = os.getpid()
        self._lock = Lock()

    def __call__(self, **_: object) -> None:
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._close()
                    self._process = os.getpid()
