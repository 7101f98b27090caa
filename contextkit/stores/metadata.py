"""Metadata: which memory records a search or a listing is narrowed to by what their metadata says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from contextkit.errors import InvalidInput, shortened
from contextkit.stores import MemoryRecord

Test: TypeAlias = Callable[[MemoryRecord], bool]


def with_metadata(wanted: Mapping[str, Any] | None) -> Test:
    """What tells whether a record's metadata has all these keys with these values; where it has a list, among others.

    None, or nothing wanted, is told of every record. Raises `InvalidInput` for what is no mapping of texts.
    """
    pairs = dict(check_wanted(wanted) or {})
    return lambda record: all(_says(record.metadata, key, value) for key, value in pairs.items())


def check_wanted(wanted: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What records are narrowed by, as it was given. Raises `InvalidInput` for what is no mapping of texts."""
    if wanted is None or (isinstance(wanted, Mapping) and all(isinstance(key, str) for key in wanted)):
        return wanted
    raise InvalidInput(
        f"Memories are narrowed by the metadata {shortened(wanted)}.",
        'Pass keys with the values that they must have: {"category": "diet"}.',
        value=wanted,
    )


def _says(metadata: Mapping[str, Any], key: str, value: object) -> bool:
    if key not in metadata:
        return False
    said = metadata[key]
    return said == value or (isinstance(said, list | tuple) and value in said)
