"""The shape of a model's answer to "what should be remembered?", and its strict reading."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from contextkit.clock import utc_now
from contextkit.compress.mishap import reads_as
from contextkit.errors import shortened
from contextkit.memory.asking import malformed
from contextkit.memory.facts import Fact
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.strategy_parts import RecordField
from contextkit.types import Message

LONGEST_FACT: Final = 16_000
"""Characters of a fact: what the managed service stores in one record."""

_OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"type": "string", "description": "The fact, in one or two sentences that stand on their own."},
    "sources": {
        "type": "array",
        "items": {"type": "integer"},
        "description": "Numbers of the new messages that it comes from.",
    },
    "subject": {"type": "string", "description": "What it is a value of, if two values cannot both hold; or empty."},
    "value": {"type": "string", "description": "That value alone; or empty."},
    "ends": {"type": "boolean", "description": "Whether it only says that something holds no longer."},
    "importance": {"type": "number", "description": "0 (trivial) to 1 (must never be forgotten)."},
}
_KINDS: Final[Mapping[str, Any]] = {
    "text": str,
    "sources": list,
    "subject": str,
    "value": str,
    "ends": bool,
    "importance": (int, float),
}
_REQUIRED: Final = ("text", "sources")

_FIELD_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "number": {"type": "number"},
}


def answer_schema(strategy: MemoryStrategy) -> dict[str, Any]:
    """The JSON schema that a model answers in, the strategy's own fields among the properties of a fact."""
    fields = {field.name: _field_schema(field) for field in strategy.fields}
    fact = {"type": "object", "properties": {**_OWN, **fields}, "required": list(_REQUIRED)}
    return {
        "title": "Memories",
        "description": f"What should be remembered: {strategy.description}",
        "type": "object",
        "properties": {
            "facts": {"type": "array", "items": fact, "description": "One entry for each fact; may be empty."}
        },
        "required": ["facts"],
    }


def _field_schema(field: RecordField) -> dict[str, Any]:
    schema = dict(_FIELD_SCHEMAS[field.type])
    if field.values and field.type == "texts":
        schema["items"] = {"type": "string", "enum": list(field.values)}
    elif field.values:
        schema["enum"] = list(field.values)
    return {**schema, "description": field.description}


def answered_facts(answer: object, strategy: MemoryStrategy, messages: Sequence[Message]) -> list[Fact]:
    """The facts of an answer about these messages, which it numbers from 1; those that are not as asked have a `fault`.

    Raises `ExtractionFailed` where it is no list of facts, or none of them is as asked; then nothing of it is used.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("facts"), list):
        raise malformed("no list of facts", answer)
    facts: list[Fact] = []
    for told in answer["facts"]:
        try:
            facts.append(_fact(told, strategy, messages))
        except _Malformed as error:
            facts.append(_faulty(told, f"The model answered with {error}."))
            failure = malformed(str(error), told)
    if facts and all(fact.fault for fact in facts):
        raise failure
    return facts


class _Malformed(Exception):
    """What is not as asked in a fact."""


def _faulty(told: object, fault: str) -> Fact:
    text = told.get("text") if isinstance(told, Mapping) else None
    return Fact(text=shortened(text) if isinstance(text, str) else "", sources=(), said_at=utc_now(), fault=fault)


def _fact(told: object, strategy: MemoryStrategy, messages: Sequence[Message]) -> Fact:
    if not isinstance(told, Mapping):
        raise _Malformed("a fact that is no object")
    for key in (*_REQUIRED, *(key for key in _KINDS if told.get(key) is not None)):
        value = told.get(key)
        if not isinstance(value, _KINDS[key]) or (isinstance(value, bool) and key != "ends"):
            raise _Malformed(f"a fact whose `{key}` is {shortened(value)}")
    text = str(told["text"]).strip()
    if not 0 < len(text) <= LONGEST_FACT:
        raise _Malformed(f"a fact of {len(text):,} characters where 1 to {LONGEST_FACT:,} are allowed")
    if mishap := reads_as(text):
        raise _Malformed(f"a fact that reads like {mishap}")
    importance = told.get("importance")
    if importance is not None and not 0 <= importance <= 1:
        raise _Malformed(f"a fact whose importance is {importance}")
    sources = _sources(told, messages)
    return Fact(
        text=text,
        sources=tuple(message.id for message in sources if message.id),
        said_at=max(message.created_at or utc_now() for message in sources),
        subject=(told.get("subject") or "").strip(),
        value=(told.get("value") or "").strip(),
        importance=0.5 if importance is None else float(importance),
        ends=told.get("ends") or False,
        metadata={field.name: _value(field, told) for field in strategy.fields if told.get(field.name) is not None},
    )


def _sources(told: Mapping[str, Any], messages: Sequence[Message]) -> list[Message]:
    numbers = told["sources"]
    if not numbers or not all(type(number) is int and 1 <= number <= len(messages) for number in numbers):
        raise _Malformed(f"a fact from {shortened(numbers)}, where the messages are 1 to {len(messages)}")
    return [messages[number - 1] for number in dict.fromkeys(numbers)]


def _value(field: RecordField, told: Mapping[str, Any]) -> Any:
    value = told[field.name]
    texts = value if isinstance(value, list) else [value]
    if field.type == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    else:
        fits = isinstance(value, list) == (field.type == "texts") and all(isinstance(text, str) for text in texts)
    if not fits or (field.values and not set(texts) <= set(field.values)):
        raise _Malformed(f"a fact whose `{field.name}` is {shortened(value)}")
    return value
