"""clientToken: the same call again gets the same answer, and another call under the same token is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from contextkit.testing.agentcore.refusals import invalid
from contextkit.testing.agentcore.wire import Answer, Params, to_json


class Idempotence:
    """Answers by operation, memory and token. None is forgotten while the emulator runs."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, str], tuple[str, Answer]] = {}

    def once(self, operation: str, params: Params, do: Callable[[], Answer]) -> Answer:
        """What `do` answers, or what it answered when the same was asked before. An error is not kept."""
        token = params.get("clientToken")
        if not token:
            return do()
        key = (operation, str(params.get("memoryId", "")), token)
        asked = _fingerprint(params)
        if key not in self._answers:
            self._answers[key] = (asked, do())
        before, answer = self._answers[key]
        if before != asked:
            raise invalid(
                "clientToken",
                "The token was used before with other parameters",
                "IdempotentParameterMismatchException",
            )
        return answer


def _fingerprint(params: Params) -> str:
    asked = {name: value for name, value in params.items() if name != "clientToken"}
    return hashlib.sha256(json.dumps(to_json(asked), sort_keys=True).encode()).hexdigest()
