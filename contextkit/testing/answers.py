"""Answers of DynamoDB as they arrive where something goes wrong on the way."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any, Final

_BINARY: Final = re.compile(rb'"B": ?"([A-Za-z0-9+/]{24,}={0,2})"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def refusal(status: int, kind: str, text: str) -> Answer:
    """An error as DynamoDB tells it."""
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": text}).encode()
    return Answer(status, (("Content-Type", "application/x-amz-json-1.0"), *_checksum(body)), body)


def halves(body: bytes) -> tuple[bytes, dict[str, Any] | None]:
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


def handed_back(answer: Answer, rest: dict[str, Any]) -> Answer:
    """The answer to a part of a batch, with the rest of it as unprocessed."""
    if answer.status != 200 or not rest:
        return answer
    content = json.loads(answer.body)
    keys = any(isinstance(items, dict) for items in rest.values())
    body = json.dumps({**content, "UnprocessedKeys" if keys else "UnprocessedItems": rest}).encode()
    return Answer(answer.status, _with_checksum(answer, body), body)


def corrupted(answer: Answer) -> Answer:
    """The answer with one bit turned in the first long binary value, under the checksum of what was sent."""
    found = _BINARY.search(answer.body)
    if found is None:
        return answer
    value = bytearray(base64.b64decode(found[1]))
    value[-1] ^= 1
    body = answer.body[: found.start(1)] + base64.b64encode(value) + answer.body[found.end(1) :]
    return Answer(answer.status, _with_checksum(answer, answer.body), body)


def _with_checksum(answer: Answer, body: bytes) -> tuple[tuple[str, str], ...]:
    return (*((name, value) for name, value in answer.headers if name.lower() != "x-amz-crc32"), *_checksum(body))


def _checksum(body: bytes) -> tuple[tuple[str, str], ...]:
    return (("x-amz-crc32", str(binascii.crc32(body))),)
