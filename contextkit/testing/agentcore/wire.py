"""Between HTTP and the service: a call's parameters out of its path, query and body; an answer's JSON, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from contextkit.testing.agentcore.model import Operation, find_operation
from contextkit.testing.agentcore.refusals import Refused, invalid, refused_for
from contextkit.testing.agentcore.shapes import Reading

Params: TypeAlias = dict[str, Any]
"""Parameters or an answer in boto3's own shape, as the operation's model describes it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: `target` is the path with its query, as sent."""

    method: str
    target: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `error` is the code of a modelled error, None for a success."""

    status: int
    body: bytes
    error: str | None = None


def route(request: Request) -> tuple[Operation, Params]:
    """The operation that was called, and its parameters as sent, not checked yet."""
    target = urlsplit(request.target)
    found = find_operation(request.method, target.path)
    if found is None:
        raise Refused("UnknownOperationException", f"No operation is at {request.method} {target.path}")
    operation, labels = found
    elsewhere = {name for name, member in operation.input.members.items() if member.serialization.get("location")}
    params = {name: value for name, value in _body(request.body).items() if name not in elsewhere}
    params |= {name: unquote(label) for name, label in labels.items()}
    params |= _query(operation, target.query)
    return operation, params


def check(operation: Operation, params: Params) -> Params:
    """The parameters with times as datetimes. Raises `Refused` over all that breaks the model."""
    reading = Reading()
    checked: Params = reading.read(operation.input, params)
    if reading.problems:
        raise refused_for(reading.problems)
    return checked


def answer(operation: Operation, content: Params) -> Answer:
    """The operation's success. Raises `Refused` (500) where the emulator itself breaks the model."""
    wire = to_json(content)
    reading = Reading(strict=True)
    reading.read(operation.output, wire)
    if reading.problems:
        told = "; ".join(f"{problem.where}: {problem.what}" for problem in reading.problems)
        raise Refused("ServiceException", f"The emulator's answer to {operation.name} breaks the model: {told}")
    return Answer(operation.status, _dump(wire))


def refusal(error: Refused) -> Answer:
    """A modelled error as an answer."""
    return Answer(error.status, _dump(error.body()), error.code)


def to_json(value: Any) -> Any:
    """A value in boto3's shape as JSON has it: times in seconds since 1970, to the millisecond."""
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, dict):
        return {name: to_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(part) for part in value]
    return value


def _body(body: bytes) -> Params:
    if not body:
        return {}
    try:
        parsed = json.loads(body, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise invalid("body", f"The body is not JSON: {error}", "CannotParse") from None
    if not isinstance(parsed, dict):
        raise invalid("body", "The body is not a JSON object", "CannotParse")
    if b"\\ud" in body.lower() and not _is_text(parsed):
        raise invalid("body", "The body has a lone surrogate, which is no character", "CannotParse")
    return parsed


def _is_text(parsed: Params) -> bool:
    try:
        _dump(parsed)
    except UnicodeEncodeError:
        return False
    return True


def _no_such_number(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _query(operation: Operation, query: str) -> Params:
    sent = parse_qs(query, keep_blank_values=True)
    return {
        name: sent[member.serialization["name"]][-1]
        for name, member in operation.input.members.items()
        if member.serialization.get("location") == "querystring" and member.serialization["name"] in sent
    }


def _dump(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
