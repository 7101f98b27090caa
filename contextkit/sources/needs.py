"""What a source needs of its store, checked once where it is used."""

from __future__ import annotations

from typing import TypeVar

from contextkit.errors import InvalidInput

T = TypeVar("T")


def needed(store: object, protocol: type[T], source: str) -> T:
    """The store, if it can do what the protocol asks; `InvalidInput` otherwise."""
    if isinstance(store, protocol):
        return store
    have = "there is none" if store is None else f"{type(store).__name__} is not one"
    article = "an" if protocol.__name__[0] in "AEIOU" else "a"
    raise InvalidInput(
        f"The source {source!r} needs {article} {protocol.__name__}, and {have}.",
        "Pass `store=SQLiteStore(…)` to the builder or to the source.",
        value=type(store).__name__,
    )
