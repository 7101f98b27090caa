"""One memory of AgentCore behind one client: checked before each call, patient with throttles, errors translated."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore import xform_name  # type: ignore[import-untyped]

from contextkit.aws.client import fork_safe, new_client
from contextkit.aws.models import check_agentcore
from contextkit.errors import InvalidId, MemoryNotReady, StoreThrottled, StoreUnavailable
from contextkit.stores.agentcore.checks import check_request
from contextkit.stores.agentcore.failures import Missing, translated

MEMORY: Final = "CONTEXTKIT_AGENTCORE_MEMORY"
"""The environment variable that names the memory where none is passed."""

READ_TIMEOUT: Final = 5.0
"""Seconds to wait for an answer. AWS gives about 200 ms for a retrieval, its slowest call."""

PAGE: Final = 100
"""Entries of one page of any list, the most that the service gives."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class Service:
    """The data plane's calls on one memory, for all threads.

    `wait` is how many seconds a call goes on trying while it is throttled or the service fails;
    `sleep` and `monotonic` are what it waits with. The control plane is never called: its quotas
    are far below the data plane's.
    """

    def __init__(
        self,
        memory_id: str | None,
        *,
        client: Any,
        region: str | None,
        endpoint: str | None,
        wait: float,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.memory_id = _memory_id(memory_id)
        self._where = f"The AgentCore memory {self.memory_id!r}"
        with translated(self._where):
            self._client = fork_safe(
                client
                or new_client(
                    "bedrock-agentcore", region=region, endpoint=endpoint, read_timeout=READ_TIMEOUT, attempts=1
                )
            )
        self._wait = wait
        self._sleep = sleep
        self._monotonic = monotonic
        self._shapes = self._client.meta.service_model
        check_agentcore(self._shapes)
        self.check("ListActors", {})

    def check(self, operation: str, request: Mapping[str, Any]) -> None:
        """Raise `InvalidInput` where the service would refuse the request for a size, a pattern or an enum."""
        check_request(self._shapes.operation_model(operation).input_shape, {"memoryId": self.memory_id, **request})

    def call(
        self, operation: str, request: Mapping[str, Any], *, missing: Missing | None = None, patient: bool = True
    ) -> dict[str, Any]:
        """The operation's answer. A call that is not `patient` is tried once: its caller tries again by itself."""
        self.check(operation, request)
        deadline, pause = self._monotonic() + (self._wait if patient else 0.0), _FIRST_PAUSE
        while True:
            try:
                return self._once(operation, request, missing)
            except StoreUnavailable as error:
                if not _passes(error) or self._monotonic() + pause >= deadline:
                    raise
            self._sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def pages(self, operation: str, request: Mapping[str, Any], *, patient: bool = True) -> Iterator[dict[str, Any]]:
        """Every page of a list. An empty page is not the end of one; a missing token is."""
        asked: dict[str, Any] = {**request, "maxResults": PAGE}
        while True:
            answer = self.call(operation, asked, patient=patient)
            yield answer
            if not answer.get("nextToken"):
                return
            asked = {**asked, "nextToken": answer["nextToken"]}

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def _once(self, operation: str, request: Mapping[str, Any], missing: Missing | None) -> dict[str, Any]:
        with translated(self._where, missing):
            answer: dict[str, Any] = getattr(self._client, xform_name(operation))(memoryId=self.memory_id, **request)
        return answer


def _passes(error: StoreUnavailable) -> bool:
    """Whether the same call may succeed in a moment: after a throttle, a failing service or a lost answer."""
    if isinstance(error, StoreThrottled):
        return True
    return not isinstance(error, MemoryNotReady) and ("failed (" in error.problem or "did not answer" in error.problem)


def _memory_id(given: str | None) -> str:
    memory_id = given or os.environ.get(MEMORY)
    if not memory_id:
        raise InvalidId(
            "There is no AgentCore memory id.",
            f"Pass `memory_id`, or set {MEMORY}; `contextkit provision agentcore` makes a memory and prints its id.",
            value=given,
        )
    return memory_id
