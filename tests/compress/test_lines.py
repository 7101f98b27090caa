"""Logs and code keep the lines that matter."""

from __future__ import annotations

import re

import pytest

from contextkit.compress import shorten
from contextkit.types import TokenCounter

TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/app/jobs.py", line 88, in run
    client.connect(timeout=5)
  File "/srv/app/client.py", line 31, in connect
    raise ConnectionError("db-7 refused")
ConnectionError: db-7 refused
"""


def log(*, lines: int = 1500, failing_at: int = 700) -> str:
    out = [
        f"2024-05-01 12:{n // 60 % 60:02}:{n % 60:02} INFO worker-{n % 5} done with job {n} in {n % 90} ms\n"
        for n in range(lines)
    ]
    out.insert(failing_at, "2024-05-01 12:11:40 ERROR worker-2 job 4711 failed\n" + TRACEBACK)
    return "".join(out)


def test_a_log_keeps_its_failure_with_what_stands_around_it(counter: TokenCounter) -> None:
    short = shorten(log(), 300, counter)
    assert "ERROR worker-2 job 4711 failed" in short
    assert "ConnectionError: db-7 refused" in short
    assert "job 1499 " in short
    assert "job 0 " in short


def test_a_log_says_how_many_lines_are_gone(counter: TokenCounter) -> None:
    text = log()
    short = shorten(text, 300, counter)
    gone = sum(int(n.replace(",", "")) for n in re.findall(r"\[… ([\d,]+) lines? ", short))
    kept = [line for line in short.splitlines() if not line.startswith("[…")]
    assert gone + len(kept) == text.count("\n")
    assert set(kept) <= set(text.splitlines())


def test_a_log_keeps_what_the_query_asks_for(counter: TokenCounter) -> None:
    assert "done with job 1234 " in shorten(log(), 300, counter, query="How long did job 1234 take?")


def test_lines_repeated_are_collapsed_with_their_number(counter: TokenCounter) -> None:
    text = "starting\n" + "still waiting for the lock\n" * 800 + "lock acquired\nfinished\n"
    assert shorten(text, 60, counter) == (
        "starting\nstill waiting for the lock\n[… 799 more times the same line …]\nlock acquired\nfinished\n"
    )


def test_lines_that_differ_in_numbers_are_said_to_be_alike(counter: TokenCounter) -> None:
    text = "starting\n" + "".join(f"copied block {n} of 800\n" for n in range(800)) + "finished\n"
    short = shorten(text, 80, counter)
    assert re.search(r"copied block \d+ of 800\n\[… \d+ lines like it left out …\]\n", short)


def test_two_kinds_of_failure_are_both_kept(counter: TokenCounter) -> None:
    out = [f"12:00:{n % 60:02} ERROR request {n} timed out\n" for n in range(900)]
    out.insert(450, "12:07:30 ERROR disk sdb1 is full\n")
    assert "disk sdb1 is full" in shorten("".join(out), 200, counter)


CODE = '''\
"""Payments."""

import decimal
from typing import Final

RATE: Final = decimal.Decimal("0.19")


class Ledger:
    """All bookings of one account.

    Long explanation.
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.rows = []

    def refund(self, booking: str, *, reason: str) -> None:
        """Give the money back."""
        row = self.find(booking)
        if row is None:
            raise LookupError(booking)
        row.state = "refunded"
        row.reason = reason
        self.notify(row)
''' + "".join(
    f'''
    def report_{n}(
        self,
        month: int,
    ) -> list[str]:
        """Rows of report {n}."""
        out = []
        for row in self.rows:
            if row.month == month:
                out.append(str(row))
            else:
                continue
        return out
'''
    for n in range(12)
)


def test_code_keeps_imports_and_signatures(counter: TokenCounter) -> None:
    short = shorten(CODE, counter.text(CODE) // 2, counter)
    assert "import decimal" in short
    assert "class Ledger:" in short
    for n in range(12):
        assert f"    def report_{n}(\n        self,\n        month: int,\n    ) -> list[str]:\n" in short
    assert "lines left out …]" in short


def test_code_keeps_the_body_that_is_asked_for(counter: TokenCounter) -> None:
    short = shorten(CODE, counter.text(CODE) // 3, counter, query="how does refund handle a missing booking?")
    assert "def refund(self, booking: str, *, reason: str) -> None:" in short
    assert "raise LookupError(booking)" in short


def test_part_of_an_endless_line_is_counted_in_characters(counter: TokenCounter) -> None:
    line = "".join(f"var a{n}=function(){{return {n}}};" for n in range(3000))
    text = f"// minified\n// by a tool\n// do not edit\n{line}\n// end\n"
    short = shorten(text, 120, counter, query="a1500")
    assert "a1500" in short
    gone = sum(int(n.replace(",", "")) for n in re.findall(r"\[… ([\d,]+) characters left out …\]", short))
    kept = re.sub(r"\[….*?\]", "", short)
    assert gone + len(kept) == len(text)


def test_an_access_log_keeps_the_request_that_failed(counter: TokenCounter) -> None:
    requests = [f'10.0.0.{n % 9} - - [04/May/2026] "GET /cart HTTP/1.1" 200 {n}' for n in range(500)]
    requests[217] = '10.0.0.1 - - [04/May/2026] "GET /cart HTTP/1.1" 503 12'
    assert requests[217] in shorten("\n".join(requests), 200, counter)


@pytest.mark.parametrize("failure", ["错误 处理失败", "lỗi không xử lý", "Fehler bei Auftrag", "エラー 処理できません"])
def test_a_failure_is_known_in_other_languages(failure: str, counter: TokenCounter) -> None:
    done = [f"2026-05-04 12:{n // 60 % 60:02}:{n % 60:02} order {n * 7} done" for n in range(500)]
    done[217] = f"2026-05-04 12:03:37 {failure} 1519"
    assert done[217] in shorten("\n".join(done), 150, counter)


@pytest.mark.parametrize(
    "line",
    [
        "tests/test_mod{n}.py ..................................   [ 12%]",
        "b4957f{n} A failed read of the index is tried anew",
    ],
    ids=["paths", "hashes"],
)
def test_lines_that_begin_with_small_letters_are_cut_whole(line: str, counter: TokenCounter) -> None:
    some = [line.format(n=n * 7 % 1000) for n in range(300)]
    kept = [
        each for each in shorten("\n".join(some), 150, counter, query="index 12").splitlines() if "left" not in each
    ]
    assert kept
    assert set(kept) <= set(some)
