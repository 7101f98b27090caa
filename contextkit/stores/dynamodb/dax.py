"""DAX: a cache before DynamoDB, asked for what never changes, and done without where it does not answer.

DAX answers from what it read minutes ago, and remembers too that something was not there. So only
messages and chunks are asked of it, which nothing ever replaces; what it does not find is read from
the table; and that their session still lives is read from the table first.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Mapping
from typing import Any

from contextkit.errors import MissingExtra
from contextkit.stores.dynamodb.breaker import Breaker

_log = logging.getLogger("contextkit.stores")


class Cache:
    """A DAX cluster. Its client is made at the first call, since making it connects at once."""

    def __init__(self, endpoint: str, region: str) -> None:
        if importlib.util.find_spec("amazondax") is None:
            raise MissingExtra("Reading through DAX", "dax")
        self.endpoint = endpoint
        self._region = region
        self._lock = threading.Lock()
        self._client: Any = None
        self._breaker = Breaker(self._connected)

    @property
    def answers(self) -> bool:
        """False for a while after it has failed."""
        return self._breaker.closed

    def call(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer of one read, or None where the cluster gives none."""
        if not self._breaker.closed:
            return None
        try:
            answer: dict[str, Any] = getattr(self._connected(), operation)(**asked)
        except Exception as error:  # its client raises whatever its sockets and decoders raise
            _log.warning("DAX at %s does not answer (%s: %s).", self.endpoint, type(error).__name__, error)
            self._breaker.failed(hung=True)
            return None
        return answer

    def close(self) -> None:
        """Close its connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _connected(self) -> Any:
        from amazondax import AmazonDaxClient

        with self._lock:
            if self._client is None:
                self._client = AmazonDaxClient(region_name=self._region, endpoint_url=self.endpoint)
            return self._client
