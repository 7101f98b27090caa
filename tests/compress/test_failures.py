"""A failed request is told from others by its status alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.compress import failures, logs
from contextkit.compress.failures import failed_status, is_likely


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ('10.0.0.1 - - [04/May/2026] "GET /pay HTTP/1.1" 503 77', "503"),
        ("HTTP/2 404", "404"),
        ("request done status=500 in 20 ms", "500"),
        ('{"status_code": 429}', "429"),
        ('10.0.0.1 "GET /pay HTTP/1.1" 200 500', ""),
        ("took 503 ms", ""),
        ("status: 4041", ""),
    ],
)
def test_a_status_of_failure_is_found(line: str, status: str) -> None:
    assert failed_status(line) == status


@pytest.mark.parametrize(
    ("exact", "quick"),
    [
        (logs._ERROR, logs._MAY_ERR),
        (logs._WARNING, logs._MAY_WARN),
        (failures.FAILED, failures._MAY_FAIL),
        (failures._STATUS, failures._MAY_HAVE_STATUS),
    ],
)
def test_a_quicker_look_misses_nothing(exact: re.Pattern[str], quick: re.Pattern[str]) -> None:
    @given(st.from_regex(exact))
    def law(text: str) -> None:
        assert is_likely(quick, text)

    law()
