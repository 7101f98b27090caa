"""Items as a source of documents gives them."""

from __future__ import annotations

from typing import Any

from contextkit.blocks import line_tokens
from contextkit.tokens import get_counter
from contextkit.types import Item

COUNTER = get_counter()


def document(number: int, text: str, **fields: Any) -> Item:
    """The item of that natural order, which costs what its text does as a line."""
    tokens = line_tokens(COUNTER, "", text)
    return Item(id=f"i{number}", section="documents", text=text, tokens=tokens, order=number, **fields)
