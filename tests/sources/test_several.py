"""What counts as a list."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from contextkit.sources.several import is_list


class Listed(BaseModel):
    """As MCP's `ListToolsResult`: what it holds is a list, and it is none."""

    tools: list[object]


@pytest.mark.parametrize("given", [[], [1], ("a", "b"), {1}, iter([1]), (n for n in [1])])
def test_several(given: object) -> None:
    assert is_list(given)


@pytest.mark.parametrize("given", ["text", b"text", {"key": 1}, 7, None, len, Listed(tools=[])])
def test_one(given: object) -> None:
    assert not is_list(given)
