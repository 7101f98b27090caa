"""A failed request is told from others by its status alone."""

from __future__ import annotations

import pytest

from contextkit.compress.failures import failed_status


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
