"""Of what a program says of its options, whole options are kept, and those that speak of errors are no failures."""

from __future__ import annotations

import pytest

from contextkit.compress import shorten
from contextkit.types import TokenCounter

GROUPS = ["Selection", "Overwriting", "Compression", "Names", "Devices"]


def group(name: str) -> str:
    word = name.lower()
    plain = "".join(f"  -{n}, --{word}-{n}=FILE      set the {word} of entry {n}\n" for n in range(9))
    return f""" {name} options:

{plain}      --ignore-{word}-error
                             treat errors of {word} as warnings, do not
                             exit with a failure
      --no-{word}             leave {word} as it is when entries are
                             restored

"""


USAGE = (
    "Usage: keep [OPTION...] [FILE]...\nKeeps many files in one.\n\nExamples:\n  keep -c a.kp b  # Makes a.kp.\n\n"
    + "".join(map(group, GROUPS))
)


@pytest.mark.parametrize("name", GROUPS)
def test_an_option_stands_whole_and_under_its_heading(name: str, counter: TokenCounter) -> None:
    word = name.lower()
    short = shorten(USAGE, 150, counter, query=f"leave {word} alone when restored")
    whole = f"      --no-{word}             leave {word} as it is when entries are\n{' ' * 29}restored\n"
    assert whole in short
    assert short.startswith("Usage: keep [OPTION...] [FILE]...\n")
    assert short.index(f" {name} options:\n") < short.index(whole)


def test_an_option_that_speaks_of_errors_tells_of_no_failure(counter: TokenCounter) -> None:
    for size in (120, 300, 600):
        short = shorten(USAGE, size, counter)
        assert short.count("treat errors") <= short.count("--selection-") + short.count("--overwriting-")
    assert "treat errors" not in shorten(USAGE, 200, counter, query="entry 4 of names")


def test_what_is_said_of_a_wrong_use_is_kept(counter: TokenCounter) -> None:
    said = "keep: error: unrecognized arguments: --sellection\n"
    for text in (USAGE + said, said + USAGE):
        assert said in shorten(text, 100, counter)


@pytest.mark.parametrize("query", ["", "entry 4 of names", "compression"])
@pytest.mark.parametrize("limit", [20, 60, 150, 400])
def test_no_heading_stands_alone(query: str, limit: int, counter: TokenCounter) -> None:
    lines = [line for line in shorten(USAGE, limit, counter, query=query).splitlines() if line.strip()]
    kept = [line for line in lines if "left out" not in line]
    after = [*kept[1:], "Usage:"]
    assert not any(
        line.endswith("options:") and not then.startswith("  ") for line, then in zip(kept, after, strict=True)
    )


def test_a_log_with_flags_in_it_is_a_log(counter: TokenCounter) -> None:
    log = "".join(
        f"  -v step {n} ran --quick on host {n}\n2026-05-01 10:00:{n % 60:02} INFO step {n}\n" for n in range(90)
    )
    failed = "2026-05-01 10:01:00 ERROR disk full\n"
    assert failed in shorten(log[:4000] + failed + log[4000:].partition("\n")[2], 150, counter)
