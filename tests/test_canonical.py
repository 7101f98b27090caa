from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.canonical import canonical_json
from contextkit.errors import InvalidInput

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e300, 1e300) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def test_the_example_of_the_rfc() -> None:
    """RFC 8785, section 3.2.2 and 3.2.3: the input and its canonical form."""
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_json(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_sorted_as_the_rfc_sorts_them() -> None:
    """RFC 8785, section 3.2.3: by UTF-16 code units, so that a surrogate pair comes before U+FB33."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    canonical = canonical_json(dict.fromkeys(keys, 0)).decode()
    assert list(json.loads(canonical)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@settings(max_examples=50, deadline=None)
@given(value=st.dictionaries(st.text(), JSON))
def test_it_is_the_same_value(value: dict[str, Any]) -> None:
    assert json.loads(canonical_json(value), parse_int=float) == value


@settings(max_examples=50, deadline=None)
@given(value=st.dictionaries(st.text(), JSON), order=st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any], order: Any) -> None:
    items = list(value.items())
    order.shuffle(items)
    assert canonical_json(dict(items)) == canonical_json(value)


@pytest.mark.parametrize(
    "bad", [float("nan"), float("inf"), 2**53, -(2**53), "\ud800", {1: 2}, {1, 2}, b"bytes", object(), {"\udfff": 1}]
)
def test_what_has_no_canonical_form_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidInput, match="has no canonical JSON"):
        canonical_json({"value": [bad]})


def test_endless_nesting_is_refused() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    with pytest.raises(InvalidInput, match="has no canonical JSON"):
        canonical_json(value)
