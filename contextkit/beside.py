"""Beside: what a model is sent that is no part of the prompt, and takes up some of the budget all the same.

Tools that the provider runs itself, and the schema of a structured answer: whoever calls the model sends them, and
nothing here writes them. They are counted as the JSON that is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from contextkit.errors import InvalidInput, shortened
from contextkit.types import Item, Provenance, TokenCounter

BESIDE: Final = "beside"
"""The source of such items, as reports name it."""


def beside_item(sent: Mapping[str, Any], counter: TokenCounter) -> Item:
    """An item that stands for what is sent, in the section of tools. Raises `InvalidInput` for what is no JSON."""
    text = _json(sent)
    return Item(
        id=f"{BESIDE}:{_name(sent)}",
        section="tools",
        text=text,
        tokens=counter.text(text),
        order=-2,
        required=True,
        trusted=True,
        provenance=Provenance(source=BESIDE),
    )


def _json(sent: object) -> str:
    try:
        if isinstance(sent, Mapping):
            return json.dumps(dict(sent), ensure_ascii=False, default=_plain)
        problem = "it is no dict"
    except (TypeError, ValueError, RecursionError) as error:
        problem = str(error)
    raise InvalidInput(
        f"What is sent beside the prompt cannot be counted: {shortened(sent)} ({problem}).",
        "Pass `beside` a list of the dicts that are sent.",
        value=sent,
    )


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _name(sent: Mapping[str, Any]) -> str:
    """What it calls itself, or what it is."""
    function = sent.get("function")
    inner = function if isinstance(function, Mapping) else {}
    named = (sent.get("name"), inner.get("name"), sent.get("title"), sent.get("type"))
    return next((name for name in named if isinstance(name, str)), "schema")
