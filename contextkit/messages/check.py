"""What makes a message one that contextkit can keep: every field checked, or a clear refusal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeGuard, cast, get_args

from contextkit.errors import InvalidMessage, shortened
from contextkit.stores import check_id
from contextkit.types import Block, Message, Role, ToolCall

ROLES: tuple[str, ...] = get_args(Role)

MAX_DEPTH = 100
"""Levels of nesting in a block or in metadata: far above any real message, far below the depth at
which Python's own JSON reader gives up (about 1,000 levels, less what the caller's stack holds)."""

CALL_BLOCKS = ("tool_use", "tool_call", "invalid_tool_call", "function_call")
RESULT_BLOCKS = ("tool_result", "function_call_output")


class _Model(Protocol):
    def model_dump(self, *, mode: str, exclude_unset: bool = ...) -> dict[str, Any]: ...


def checked_message(
    role: object,
    content: object,
    *,
    id: object = None,  # noqa: A002 - the field's own name
    name: object = None,
    tool_calls: Sequence[ToolCall] = (),
    tool_call_id: object = None,
    created_at: object = None,
    metadata: object = None,
) -> Message:
    """A `Message` from parts of unknown make. Raises `InvalidMessage` or `InvalidId`, naming the part."""
    checked = Message(
        role=_role(role),
        content=_content(content),
        id=None if id is None else check_id("message id", id),
        name=_text("name", name) or None,
        tool_calls=tuple(map(_tool_call, tool_calls)),
        tool_call_id=_text("tool_call_id", tool_call_id),
        created_at=moment(created_at),
        metadata=_metadata(metadata),
    )
    _check_pairing(checked)
    return checked


def moment(value: object) -> datetime | None:
    """A point in time as aware UTC, from an aware datetime, an ISO 8601 text or Unix seconds.

    A text without an offset is taken as UTC, as logs mean it; a datetime object without one is
    refused, since Python itself takes it as local time.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value), UTC)
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value if value.tzinfo is UTC else value.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass  # refused below, as all else that names no point in time
    raise InvalidMessage(
        f"created_at is {shortened(value)}, which names no point in time.",
        "Pass an aware datetime (`datetime.now(timezone.utc)`), an ISO 8601 text or Unix seconds.",
        value=value,
    )


def json_value(value: object, where: str, depth: int = 0) -> Any:
    """A copy made of JSON values only; pydantic models become their JSON form. `where` names it in errors."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and -sys.float_info.max <= value <= sys.float_info.max:
        return value
    if depth < MAX_DEPTH:
        if isinstance(value, Mapping):
            return {_key(key, where): json_value(item, where, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [json_value(item, where, depth + 1) for item in value]
        if is_model(value):
            return json_value(dumped(value, where), where, depth + 1)
    if isinstance(value, Decimal) and value.is_finite() and abs(value) <= Decimal(sys.float_info.max):
        return int(value) if value == value.to_integral_value() else float(value)  # as boto3 reads DynamoDB's numbers
    raise _not_json(value, where, depth)


def dumped(model: _Model, where: str, *, exclude_unset: bool = False) -> dict[str, Any]:
    """The model's JSON form, without defaults if those are excluded. Raises `InvalidMessage` where it has none."""
    try:
        return model.model_dump(mode="json", exclude_unset=exclude_unset)
    except ValueError as error:  # pydantic's own: what it holds has no JSON form
        raise InvalidMessage(
            f"{where} holds {shortened(model)}, which JSON cannot say ({error}).",
            "Use text, finite numbers, booleans, None, lists and dicts with text keys in it.",
            value=model,
        ) from error


def plain_model(value: object) -> Any:
    """The dict that a pydantic model (a client's message, block or tool call) stands for; anything else as it is."""
    return dumped(value, "A message") if is_model(value) else value


def is_model(value: object) -> TypeGuard[_Model]:
    """Whether it is a pydantic model (pydantic itself is not imported for that)."""
    return callable(getattr(value, "model_dump", None)) and not isinstance(value, type)


def _not_json(value: object, where: str, depth: int) -> InvalidMessage:
    if isinstance(value, bytes | bytearray | memoryview):
        return InvalidMessage(
            f"{where} holds {shortened(value)}, which is bytes.",
            "Decode text with `.decode()`; encode images and files as base64 text.",
            value=value[:80],
        )
    if depth >= MAX_DEPTH:
        return InvalidMessage(
            f"{where} is nested more than {MAX_DEPTH} levels deep.", "Flatten it, or pass it as text."
        )
    said = f"an integer of {value.bit_length()} bits" if isinstance(value, int) else shortened(value)
    return InvalidMessage(
        f"{where} holds {said}, which JSON cannot say.",
        "Use text, finite numbers, booleans, None, lists and dicts with text keys.",
        value=said,
    )


def _key(key: object, where: str) -> str:
    if isinstance(key, str):
        return key
    raise InvalidMessage(f"{where} has the key {shortened(key)}, which is not text.", "Use text keys.", value=key)


def _role(role: object) -> Role:
    if role in ROLES:
        return cast("Role", role)
    raise InvalidMessage(
        f"The role {shortened(role)} is unknown.",
        f"Use one of {', '.join(ROLES)} (developer and function are understood too).",
        value=role,
    )


def _content(content: object) -> str | tuple[Block, ...]:
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list | tuple):
        return tuple(map(_block, content))
    if isinstance(content, bytes | bytearray | memoryview):
        raise _not_json(content, "The content", 0)
    raise InvalidMessage(
        f"The content {shortened(content)} is neither text nor a list of blocks.",
        'Pass a str, or blocks such as {"type": "text", "text": "…"}.',
        value=content,
    )


def _block(block: object) -> Block:
    if isinstance(block, str):
        return {"type": "text", "text": block}
    if not isinstance(block, Mapping):
        raise InvalidMessage(
            f"The content block {shortened(block)} is not a dict.",
            'Pass blocks such as {"type": "text", "text": "…"}.',
            value=block,
        )
    kind = block.get("type")
    if kind in CALL_BLOCKS or kind in RESULT_BLOCKS:
        raise InvalidMessage(
            f"The content holds a {kind} block where its role has none.",
            "Put calls in an assistant message (`tool_calls`) and each result in a tool message (`tool_call_id`).",
            value=block,
        )
    if kind == "text" and not isinstance(block.get("text"), str):
        raise InvalidMessage(
            f"A text block's text is {shortened(block.get('text'))}.", "Give it text (it may be empty).", value=block
        )
    return cast("Block", json_value(block, "The content"))


def _text(field: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise InvalidMessage(f"{field} is {shortened(value)}, which is not text.", f"Pass {field} as text.", value=value)


def _metadata(metadata: object) -> Mapping[str, Any]:
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise InvalidMessage(f"The metadata {shortened(metadata)} is not a dict.", "Pass a dict.", value=metadata)
    return {
        _key(key, "The metadata"): json_value(value, f"{shortened(key)} in the metadata", 1)
        for key, value in metadata.items()
    }


def _tool_call(call: ToolCall) -> ToolCall:
    if not isinstance(call, ToolCall):
        raise InvalidMessage(f"The tool call {shortened(call)} is not a ToolCall.", "Pass ToolCalls.", value=call)
    for field, value in (("id", call.id), ("name", call.name)):
        if not isinstance(value, str) or not value:
            raise InvalidMessage(
                f"A tool call's {field} is {shortened(value)}.", "Give every tool call an id and a name.", value=value
            )
    if not isinstance(call.arguments, str):
        raise InvalidMessage(
            f"The arguments of the tool call {shortened(call.id)} are {shortened(call.arguments)}.",
            "Pass them as JSON text.",
            value=call.arguments,
        )
    return call


def _check_pairing(message: Message) -> None:
    if message.role == "tool" and not message.tool_call_id:
        raise InvalidMessage(
            "A tool message has no tool_call_id.", "Give it the id of the tool call that it answers.", value=message
        )
    if message.role != "tool" and message.tool_call_id is not None:
        raise InvalidMessage(
            f"A message of role {message.role} has a tool_call_id.",
            "Only messages of role tool answer a call.",
            value=message.tool_call_id,
        )
    if message.tool_calls and message.role != "assistant":
        raise InvalidMessage(
            f"A message of role {message.role} has tool calls.", "Only assistants call tools.", value=message.role
        )
    if len({call.id for call in message.tool_calls}) < len(message.tool_calls):
        raise InvalidMessage(
            "Two tool calls of one message have the same id.", "Give each its own id.", value=message.tool_calls[0].id
        )
