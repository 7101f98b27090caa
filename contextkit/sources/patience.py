"""Patience: how long a source waits for an embedder, so that one which hangs costs it no more than one which fails."""

from __future__ import annotations

from typing import Final

from contextkit.types import Request

FOR_MEANING: Final = 0.6
"""The part of its deadline that a source gives an embedder: ranking by words takes milliseconds, and is still done."""


def for_meaning(request: Request, section: str, spent: float = 0.0) -> float:
    """The seconds that the section's source has for embedding, having spent some of its own."""
    return FOR_MEANING * max(0.0, request.strategy.seconds({section}) - spent)
