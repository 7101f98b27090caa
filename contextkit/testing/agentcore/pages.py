"""Pages of a list: some rows now, and an opaque token for the rest."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final, TypeVar

from contextkit.testing.agentcore.refusals import invalid
from contextkit.testing.agentcore.wire import Params, to_json

DEFAULT: Final = 20
"""Rows of a page where the caller does not say."""

Row = TypeVar("Row")


def page(rows: Iterable[tuple[str, Row]], params: Params, *, reverse: bool = False) -> tuple[list[Row], str | None]:
    """The rows of the page that was asked for, and the token of the next.

    Each row comes with its key; the keys ascend, or descend if `reverse`. A token holds the last key that was
    given, so that what is added or deleted meanwhile moves no other row across a page's edge.
    """
    after = _read(params)
    left = [(key, row) for key, row in rows if after is None or (key < after if reverse else key > after)]
    size = params.get("maxResults", DEFAULT)
    token = _token(params, left[size - 1][0]) if len(left) > size else None
    return [row for _, row in left[:size]], token


def paged(name: str, rows: list[Params], token: str | None) -> Params:
    """An answer with its rows under `name`, and the token where there is one."""
    return {name: rows} | ({"nextToken": token} if token else {})


def _token(params: Params, last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([_question(params), last]).encode()).decode()


def _read(params: Params) -> str | None:
    """The last key that was given. A token serves only the question that it came from."""
    token = params.get("nextToken")
    if token is None:
        return None
    try:
        content = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except ValueError:
        content = None
    match content:
        case [str(question), str(last)] if question == _question(params):
            return last
    raise invalid("nextToken", "The token is not one of this list's")


def _question(params: Params) -> str:
    asked: dict[str, Any] = {name: value for name, value in params.items() if name not in ("nextToken", "maxResults")}
    return hashlib.sha256(json.dumps(to_json(asked), sort_keys=True).encode()).hexdigest()[:16]
