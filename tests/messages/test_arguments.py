"""A model's arguments: what says the same is taken, anything else is an error that tells it what to write."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidInput
from contextkit.messages.arguments import called_with
from contextkit.types import Tool

KINDS = {"name": "string", "part": "number", "count": "integer", "past": "boolean"}
TOOL = Tool(
    "look", "Looks.", {"properties": {key: {"type": kind} for key, kind in KINDS.items()}, "required": ["name"]}
)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"name": "x", "part": "0.5", "count": "7", "past": "true"}, {"part": 0.5, "count": 7, "past": True}),
        ({"name": "x", "part": 1, "count": 7.0, "past": False}, {"part": 1.0, "count": 7, "past": False}),
        ({"name": "x", "count": 10**30, "past": "False"}, {"count": 10**30, "past": False}),
        ({"name": "x", "part": None, "count": None}, {}),
    ],
)
def test_what_says_the_same_is_taken(given: dict[str, Any], read: dict[str, Any]) -> None:
    assert called_with(TOOL, given) == called_with(TOOL, json.dumps(given)) == {"name": "x", **read}


def test_a_number_is_a_text_where_one_is_wanted() -> None:
    assert called_with(TOOL, {"name": 12}) == {"name": "12"}


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["1", "-1", "1e400", "nan", "9" * 5_000, 10**400, b"x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=3,
)
arguments = st.dictionaries(st.sampled_from([*KINDS, "self", "other"]), values, max_size=4) | values | st.text()


@given(arguments)
def test_whatever_a_model_wrote_is_read_or_refused_in_words(given: Any) -> None:
    with contextlib.suppress(InvalidInput):
        read = called_with(TOOL, given)
        assert "name" in read
        assert read.keys() <= KINDS.keys()
        types = {"string": str, "number": float, "integer": int, "boolean": bool}
        assert all(type(value) is types[KINDS[key]] for key, value in read.items())
