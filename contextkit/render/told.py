"""What a provider has no shape for, told in words: a session may change its provider, and none refuses it then.

* What a model's own provider did for it (a search on the web, code that ran on its servers) is told as calls and
  results, as `contextkit.render.turns` tells of calls without tools.
* Whatever a tool answered is told as the JSON that it is.
* A picture or sound of the model's own is mentioned: providers take media of users and tools only.
* What only the provider that wrote it can read is left out, and so are the bytes of files in its results.

The session keeps all of it, and the provider that it came from gets it back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from contextkit.parts import Other, Part, unusable
from contextkit.parts.media import Media
from contextkit.types import Block, Message

_OF_USERS = ("search_result", "document", "container_upload", "guardContent", "searchResult")
"""Blocks of Anthropic's and Converse's own that a user may send; any other that is not known may be a slip."""

_SEALED = ("encrypted_content", "encrypted_index", "encrypted_stdout", "signature")
_PAYLOADS = {"base64": "data", "image_generation_call": "result"}
"""Where blocks of these types keep bytes."""


def told(found: Part, message: Message, provider: str) -> str:
    """The part in words. Raises `InvalidMessage` for what cannot be told, such as a user's film."""
    if isinstance(found, Media) and message.role == "assistant":
        return mentioned(found)
    in_words = told_block(found.block, message) if isinstance(found, Other) else None
    if in_words is None:
        raise unusable(found, message, provider)
    return in_words


def mentioned(media: Media) -> str:
    """A picture, sound or file in words: what it is."""
    return f"[{media.described}]"


def told_block(block: Block, message: Message) -> str | None:
    """A block that none of ours can stand for, in words; None for what may be a user's slip."""
    if message.role == "tool":
        return _json(block)
    if message.role == "assistant" or _name(block) in _OF_USERS:
        return _words(block).strip() or _json(block)
    return None


def _name(block: Block) -> str:
    """What kind of block it is: its type, or as in Converse its only key."""
    return str(block.get("type") or next(iter(block), ""))


def _words(block: Block) -> str:
    kind = _name(block)
    match block:
        case {"guardContent": {"text": {"text": str(text)}}}:
            return text
        case {"citationsContent": {"content": [*pieces]}}:
            return "".join(str(piece.get("text", "")) for piece in pieces if isinstance(piece, Mapping))
        case {"toolUse": {"name": name, "input": given}}:
            return f"[called {name} with {_json(given)}]"
        case {"toolResult": {"content": content}}:
            return f"[result] {_json(_readable(content))}"
        case {"type": "server_tool_use" | "mcp_tool_use", "name": name, "input": given}:
            return f"[called {name} with {_json(given)}]"
        case {"type": "server_tool_call", "name": name, "args": given}:
            return f"[called {name} with {_json(given)}]"
        case {"type": "server_tool_result", "output": content} | {"type": "server_tool_result", "content": content}:
            return f"[result] {_json(_readable(content))}"
        case {"content": content} if kind.endswith("_tool_result"):
            return f"[result of {kind.removesuffix('_tool_result')}] {_json(_readable(content))}"
    return _json(_readable(block))


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        left_out = (*_SEALED, _PAYLOADS.get(str(value.get("type"))))
        return {key: _readable(inner) for key, inner in value.items() if key not in left_out}
    return [_readable(inner) for inner in value] if isinstance(value, list | tuple) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=dict)
