"""Several: whether what a source was given is a list, or one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard


def is_list(given: object) -> TypeGuard[Iterable[object]]:
    """Whether these are several: a text's letters and a dict's keys are not, though one can loop over them."""
    return isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)
