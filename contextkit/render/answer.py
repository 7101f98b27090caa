"""What the model said in one message, as the items of the Responses API.

There reasoning, messages and calls are items of their own, each reasoning in front of what it led to. It goes back
where it is encrypted (a server that does not encrypt it by itself is asked to by
`include=["reasoning.encrypted_content"]`) or in plain text, as open models give it; the messages and calls beside it
then keep their own ids, since a server that stores answers looks for what belongs together. Reasoning that could only
be looked up by its id, and that of other providers, is left out, and the ids with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from contextkit.messages.responses import NATIVE
from contextkit.parts import Other, Part, Reasoning, Redacted, Text, part, words_beside
from contextkit.parts.media import field, inner
from contextkit.render.told import told
from contextkit.render.turns import Json
from contextkit.types import Block, Message, ToolCall

_ITEM_ID = re.compile(r"(msg|fc)[a-zA-Z0-9_-]{1,61}")
"""The ids of messages and calls that the API takes, by its errors: of these characters, at most 64."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that the model said, and the block that it was said in."""

    what: Part | ToolCall
    block: Block

    @property
    def kind(self) -> tuple[object, ...]:
        """What becomes one item with its neighbours: texts of one message, and summaries of one reasoning."""
        match self.what:
            case Text():
                return ("text", self.block.get("id"), self.block.get("phase"))
            case Reasoning():
                return ("reasoning", self.block.get("id"))
        return ("apart", id(self))

    @property
    def text(self) -> str:
        return self.what.text if isinstance(self.what, Text) else ""

    @property
    def own_id(self) -> Json:
        own = field(self.block, "id")
        return {"id": own} if own and _ITEM_ID.fullmatch(own) else {}


def answer(message: Message, said: Message, provider: str) -> Iterator[Json]:
    """The items of an assistant's message, in the order in which they were said.

    `said` is the message as it came, where the ids of `message`'s calls have been made to fit.
    """
    in_order = [one for one in _in_order(message, said) if not _is_nothing(one)]
    thought = [run for run in _runs(in_order) if isinstance(run[0].what, Reasoning)]
    whole = bool(thought) and all(_encrypted(run) or _plain(run) for run in thought)
    kept = in_order if whole else [one for one in in_order if not isinstance(one.what, Reasoning)]
    for run in _runs(kept):
        yield _item(run, message, whole, provider)


def _runs(said: list[_Said]) -> list[list[_Said]]:
    return [list(run) for _, run in groupby(said, key=lambda one: one.kind)]


def _in_order(message: Message, said: Message) -> list[_Said]:
    """The blocks, and the calls where they stood among them, or else behind them."""
    calls = dict(zip((call.id for call in said.tool_calls), message.tool_calls, strict=True))
    if isinstance(message.content, str):
        found = [_Said(Text(message.content), {})]
    else:
        found = [_Said(part(block), block) for block in message.content]
        for index, block in message.metadata.get("content_calls", ()):
            if call := calls.pop(block.get("call_id") or block.get("id") or "", None):
                found.insert(index, _Said(call, block))
    if words := words_beside(message):
        found.append(_Said(Text(words), {}))
    return found + [_Said(call, {}) for call in calls.values()]


def _is_nothing(one: _Said) -> bool:
    return one.what == Text("") or isinstance(one.what, Redacted) or "cachePoint" in one.block


def _item(run: list[_Said], message: Message, whole: bool, provider: str) -> Json:
    match run[0].what:
        case ToolCall() as call:
            return _call(call, run[0].own_id if whole else {})
        case Text():
            return _message(run, run[0].own_id if whole else {})
        case Reasoning():
            return _reasoning(run)
        case Other(block) if NATIVE.fullmatch(str(block.get("type"))):
            return dict(block)
        case found:
            return {"role": "assistant", "content": told(found, message, provider)}


def _call(call: ToolCall, own_id: Json) -> Json:
    arguments = call.arguments if call.arguments.strip() else "{}"
    return {"type": "function_call", **own_id, "call_id": call.id, "name": call.name, "arguments": arguments}


def _message(run: list[_Said], own_id: Json) -> Json:
    """A message under its own id as the server gave it, or in the form that needs none: one text."""
    phase = {"phase": run[0].block["phase"]} if run[0].block.get("phase") else {}
    if not own_id:
        return {"role": "assistant", "content": "".join(one.text for one in run), **phase}
    content = [_output(one) for one in run]
    return {"type": "message", **own_id, "role": "assistant", "status": "completed", "content": content, **phase}


def _output(one: _Said) -> Json:
    if one.block.get("type") == "refusal":
        return {"type": "refusal", "refusal": one.text}
    return {"type": "output_text", "text": one.text, "annotations": []}


def _reasoning(run: list[_Said]) -> Json:
    """The item as it came; in plain text only where it is not encrypted, since OpenAI's own models take none."""
    own, encrypted = field(run[0].block, "id"), _encrypted(run)
    kept: Json = {"encrypted_content": encrypted} if encrypted else {"content": _plain(run)}
    return {"type": "reasoning", **({"id": own} if own else {}), "summary": _summary(run), **kept}


def _encrypted(run: list[_Said]) -> str | None:
    places = [place for one in run for place in (one.block, inner(one.block, "extras"))]
    return next((text for place in places if (text := field(place, "encrypted_content"))), None)


def _plain(run: list[_Said]) -> list[Json]:
    return [{"type": "reasoning_text", "text": text} for one in run for text in _texts(one.block, "content")]


def _summary(run: list[_Said]) -> list[Json]:
    """The summaries, in OpenAI's shape or in LangChain's, which has a block for each."""
    texts = [text for one in run for text in (*_texts(one.block, "summary"), field(one.block, "reasoning")) if text]
    return [{"type": "summary_text", "text": text} for text in texts]


def _texts(block: Block, key: str) -> Iterator[str]:
    listed = block.get(key)
    for one in listed if isinstance(listed, list | tuple) else ():
        if isinstance(one, Mapping) and (text := field(one, "text")):
            yield text
