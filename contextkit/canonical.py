"""Canonical JSON (RFC 8785): one text for one value, whatever order its keys came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rfc8785

from contextkit.errors import InvalidInput, shortened


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """The object as RFC 8785 writes it, in UTF-8: the same bytes in every process and language.

    `1.0` and `1` are one number in JSON and give the same text. Raises `InvalidInput` for what
    the RFC has no text for: non-finite numbers, integers beyond ±(2⁵³ - 1), which it cannot tell
    apart, lone surrogates, and values that are not JSON.
    """
    try:
        return rfc8785.dumps(dict(value))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{shortened(value)} has no canonical JSON: {error}.",
            "Pass text keys, and texts, finite numbers, booleans, None, lists and dicts; large integers as text.",
            value=value,
        ) from error
