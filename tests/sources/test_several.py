"""What counts as a list."""

from __future__ import annotations

import pytest

from contextkit.sources.several import is_list


@pytest.mark.parametrize("given", [[], [1], ("a", "b"), {1}, iter([1]), (n for n in [1])])
def test_several(given: object) -> None:
    assert is_list(given)


@pytest.mark.parametrize("given", ["text", b"text", {"key": 1}, 7, None, len])
def test_one(given: object) -> None:
    assert not is_list(given)
