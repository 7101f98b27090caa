"""Tables keep their header and the rows that matter, however their columns are told apart."""

from __future__ import annotations

import pytest

from contextkit.compress import shorten
from contextkit.types import TokenCounter


def test_a_markdown_table_keeps_its_header_and_the_row_asked_for(counter: TokenCounter) -> None:
    rows = "".join(f"| {n} | Town {n} | {n * 137 % 1000} |\n" for n in range(400))
    short = shorten("| id | town | people |\n| --- | --- | ---: |\n" + rows, 120, counter, query="Town 277")
    assert short.startswith("| id | town | people |\n| --- | --- | ---: |\n")
    assert "| 277 | Town 277 |" in short
    assert "rows left out …]" in short


def test_a_csv_keeps_its_header_and_the_row_asked_for(counter: TokenCounter) -> None:
    rows = "".join(f"{n},Town {n},{n * 137 % 1000}\n" for n in range(400))
    short = shorten("id,town,people\n" + rows, 80, counter, query="how many people live in Town 277?")
    assert short.startswith("id,town,people\n")
    assert "277,Town 277," in short


@pytest.mark.parametrize("wide", ["-" * 30_000, " " * 30_000, "| -" * 10_000])
def test_a_wide_line_that_is_no_rule_takes_linear_time(wide: str, counter: TokenCounter) -> None:
    text = f"one | 1\ntwo | 2\n{wide}x\nthree | 3\nfour | 4\n"  # tried in every way, this would take days
    assert counter.text(shorten(text, 30, counter)) <= 30


@pytest.mark.parametrize(
    "head",
    [
        "| id | city |\n|-|:-:|",
        " id | city \n----+------",
        "+----+------+\n| id | city |\n+----+------+",
        "id | city\n---|---",
    ],
    ids=["short", "psql", "mysql", "bare"],
)
def test_a_table_keeps_its_header_however_it_is_ruled(head: str, counter: TokenCounter) -> None:
    rows = [f"| {n} | {['Rome', 'Oslo', 'Lima'][n % 3]} |" for n in range(400)]
    short = shorten("\n".join([head, *rows]), 60, counter, query="row 217")
    assert short.startswith(head)
    assert rows[217] in short
    assert "rows left out" in short


@pytest.mark.parametrize(
    ("row", "head"), [("{},{},{}", "id,city,state"), ("| {} | {} | {} |", "| id | city | state |\n|---|---|---|")]
)
def test_a_table_keeps_the_row_that_failed(row: str, head: str, counter: TokenCounter) -> None:
    rows = [row.format(n, ["Rome", "Oslo", "Lima"][n % 3], "shipped") for n in range(400)]
    rows[217] = row.format(217, "Oslo", "failed")
    short = shorten("\n".join([head, *rows]), 120, counter)
    assert rows[217] in short
    assert rows[216] not in short


PODS = ["NAMESPACE     NAME                READY   STATUS             RESTARTS   AGE"] + [
    f"{['default', 'kube-system'][n % 2]:<13} {['web', 'worker', 'api'][n % 3]}-{n * 7919 % 65_536:04x}-{n:03}"
    f"        1/1     Running            0          {n * 31 % 97}d"
    for n in range(200)
]


def pods(*, failing: int | None = None) -> str:
    """A listing as programs print it. Its lines begin with small letters, as lines do that go on in prose."""
    rows = list(PODS)
    if failing is not None:
        rows[failing] = "default       db-1f3a-007        0/1     CrashLoopBackOff   17         9d"
    return "\n".join(rows) + "\n"


def test_aligned_columns_are_cut_at_rows(counter: TokenCounter) -> None:
    text = pods()
    kept = [line for line in shorten(text, 200, counter).splitlines() if "left out" not in line]
    assert kept[0] == PODS[0]
    assert set(kept) <= set(PODS)


def test_the_row_unlike_the_others_is_kept(counter: TokenCounter) -> None:
    assert "CrashLoopBackOff" in shorten(pods(failing=117), 150, counter)
    rows = [f"{n},Town {n},{n * 137 % 1000},{'N' if n != 217 else 'Q'}" for n in range(400)]
    assert rows[217] in shorten("\n".join(["id,town,people,region", *rows]), 80, counter)


def test_what_differs_in_every_row_makes_none_unlike_the_others(counter: TokenCounter) -> None:
    """Ages differ, and each is rare: the row asked for has room, and the first rows fill what is left."""
    short = shorten(pods(), 250, counter, query="how old is the pod worker-9dd7-121?")
    kept = [line for line in short.splitlines() if "left out" not in line]
    first = next(n for n, (a, b) in enumerate(zip(kept, PODS, strict=False)) if a != b)
    assert kept[:first] == PODS[:first]
    assert first > 2
    assert PODS[122] in kept


def test_rows_that_say_nothing_are_not_chosen(counter: TokenCounter) -> None:
    rows = [f"service-{n}\t{n}/tcp\talias-{n}" + "\n#" * (n % 10 == 9) for n in range(300)]
    short = shorten("\n".join(rows), 120, counter, query="alias-150")
    assert "service-150\t" in short
    assert short.count("left out") == 2


@pytest.mark.parametrize(
    "text",
    [
        "It was late.  Nobody was there, he thought, as he closed the door\nbehind him.  Then it rang.\n" * 60,
        "Name:         web-1\nNamespace:    default\nLabels:       app=web, tier=front\n" * 60,
    ],
    ids=["two spaces behind a sentence", "labels"],
)
def test_a_gap_alone_makes_no_table(text: str, counter: TokenCounter) -> None:
    assert "row" not in shorten(text, 100, counter)
