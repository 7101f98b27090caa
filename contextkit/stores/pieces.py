"""Pieces of overflow as databases keep them: their handles, and when they end, in microseconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from contextkit.errors import HandleNotFound, InvalidId, StoreCorrupt
from contextkit.stores import Overflow, check_id
from contextkit.stores.codec import after, from_micros, to_micros


def known_handle(handle: str) -> str:
    """The handle if it could be one. A model may pass anything: what cannot be a handle is simply not found."""
    try:
        return check_id("handle", handle)
    except InvalidId:
        raise HandleNotFound(str(handle)[:80]) from None


def another_text(handle: str) -> StoreCorrupt:
    """What is raised where two texts would have one handle."""
    return StoreCorrupt(
        f"Another text is already stored under the handle {handle!r}.",
        "Derive handles from the whole content, so that each content has its own.",
    )


def created(piece: Overflow, now: int) -> int:
    """When a piece was made: now, if it does not say."""
    return now if piece.created_at is None else to_micros(piece.created_at)


def ending(piece: Overflow, now: int, ttl: timedelta | None) -> int | None:
    """When a piece ends before its session does: when it says itself, or else after `ttl`; None for never."""
    if piece.expires_at is not None:
        return to_micros(piece.expires_at)
    return None if ttl is None else after(now, ttl)


def first_end(ends: Iterable[int | None]) -> datetime | None:
    """The first of several ends, of which None is never."""
    return from_micros(min((end for end in ends if end is not None), default=None))


def later_end(one: int | None, other: int | None) -> int | None:
    """The later of two."""
    return None if one is None or other is None else max(one, other)
