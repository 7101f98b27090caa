"""JSON and JSON Lines, shortened by pruning, so that what remains is still JSON.

Keys stay visible, since they are the schema. Of an array the beginning, the end, the elements
that bear on the query and those that are unlike the others (a failure, a rare value, another
shape) stay, and an entry says how many were left out; long strings are shortened by what they
hold. Numbers stand as they were written. How much of all that is kept is one number, the rung;
the richest rung that fits is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from contextkit.compress.asked import Asked
from contextkit.compress.pruning import Excerpts, Literal, Pruning
from contextkit.compress.rungs import Rung, ladder
from contextkit.compress.search import byte_size, richest
from contextkit.types import TokenCounter

LARGEST: Final = 4_000_000
"""Characters of JSON that are parsed; what is longer is shortened as text."""


def parse(text: str) -> Any:
    """The value of a JSON text, numbers as `Literal`; of a key that stands twice, the last.

    Raises ValueError or RecursionError.
    """
    return json.loads(text, parse_float=Literal, parse_int=Literal, parse_constant=Literal)


def parse_lines(text: str) -> list[Any]:
    """The records of JSON Lines, at least two, each an object or array. Raises ValueError or RecursionError."""
    rows = [line for line in text.split("\n") if line.strip()]  # U+2028 and the like may stand in a string
    if len(rows) < 2 or any(row.lstrip()[0] not in "{[" for row in rows):
        raise ValueError("not JSON Lines")
    return [parse(row) for row in rows]


def shorten_json(value: Any, limit: int, counter: TokenCounter, query: str, excerpts: Excerpts) -> str | None:
    """The richest pruning of a parsed value that fits; None where not even its outermost shape does."""
    pruning = Pruning(value, Asked(query), excerpts)
    return _richest(pruning, pruning.render, limit, counter)


def shorten_json_lines(
    records: list[Any], limit: int, counter: TokenCounter, query: str, excerpts: Excerpts
) -> str | None:
    """The same for records: one to a line, and a line that says how many were left out for each gap."""
    pruning = Pruning(records, Asked(query), excerpts)
    return _richest(pruning, pruning.render_lines, limit, counter)


def _richest(pruning: Pruning, render: Callable[[Rung], str], limit: int, counter: TokenCounter) -> str | None:
    rungs = ladder(pruning.longest_array, pruning.longest_string)
    drafts: dict[int, str] = {}

    def draft(n: int) -> str:
        if n not in drafts:
            drafts[n] = render(rungs[n])
        return drafts[n]

    best = richest(draft, lambda n: byte_size(draft(n)), len(rungs) - 1, limit, counter)
    return best[1] if best else None
