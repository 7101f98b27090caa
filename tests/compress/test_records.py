"""Of records that tools print on several lines, whole ones are kept, each with what it is called."""

from __future__ import annotations

import pprint
import re

import pytest

from contextkit.compress import shorten
from contextkit.types import TokenCounter

CITIES = ("Hanoi", "Osaka", "Brno")
ROWS = [
    {"id": f"A{n}", "name": f"{'abcdefghij'[n // 10 % 10]}ame {n // 100}{'klmnopqrst'[n % 10]}", "city": CITIES[n % 3]}
    for n in range(300)
]


def each(form: str, *, between: str = "", end: str = "") -> list[str]:
    """The rows in a form: what stands before the fields, then that of a field, parted by `between`."""
    head, field = form.split("~")
    return [
        head.format(n=n, **row) + between.join(field.format(*one) for one in row.items()) + end
        for n, row in enumerate(ROWS)
    ]


RECORDS = {
    "blocks": ("", each("~{}: {}\n", end="\n")),
    "under a title": ("The orders\n\n", each("Order {n}\n~\t{}: {}\n", end="\n")),
    "under a name": ("The orders\n\n", each("{name}\n~\t{}: {}\n", end="\n")),
    "YAML": ("orders:\n", each("- ~{}: {}\n", between="  ")),
    "TOML": ("", each("[[orders]]\n~{} = '{}'\n", end="\n")),
    "rows of psql": ("", each("-[ RECORD {n} ]---\n~{:6} | {}\n")),
    "rows of MySQL": ("", each("***** {n}. row *****\n~{:>9}: {}\n")),
    "tables of the AWS CLI": ("", each("||  orders  ||\n~||  {:6} |  {:9} ||\n", end="|+---+---+|\n")),
    "XML": ("<?xml version='1.0'?>\n<list>\n", each(" <o>\n~  <{0}>{1}</{0}>\n", end=" </o>\n")),
    "JSON in a text": ("Found:\n[\n", each('  {{\n~    "{}": "{}",\n', end="  },\n")),
    "calendar": ("", each("BEGIN:VEVENT\r\n~{}:{}\r\n", end="END:VEVENT\r\n")),
    "blocks of code": ("", each('resource "order" "{name}" {{\n~  {} = {}\n', end="}\n\n")),
    "headings": ("# Orders\n\n", each("## {name}\n\n~- {}: {}\n", end="\n")),
    "a page's definitions": ("", each("### Order {n}\n\n~{}\n{}\n", end="\n")),
}


@pytest.mark.parametrize("wanted", [0, 77, 150, 299])
@pytest.mark.parametrize("form", RECORDS)
def test_whole_records_are_kept_and_the_one_asked_about(form: str, wanted: int, counter: TokenCounter) -> None:
    header, records = RECORDS[form]
    short = shorten(header + "".join(records), 700, counter, query=f"In which city is the order A{wanted}?")
    assert records[wanted].strip() in short
    assert short.startswith(header)
    gone = sum(map(int, re.findall(r"\[… (\d+) records? left out …\]", short)))
    assert gone + sum(record.strip() in short for record in records) == len(records)


def test_a_record_of_pprint_is_not_read_from_its_second_line(counter: TokenCounter) -> None:
    text = pprint.pformat(ROWS, width=30, sort_dicts=False)
    short = shorten(text, 70, counter, query="In which city is A150?")
    assert pprint.pformat(ROWS[150], width=30, sort_dicts=False).replace("\n", "\n ") in short


def test_of_a_large_record_a_part_stands_under_its_first_line(counter: TokenCounter) -> None:
    pods = [f"Pod: web-{n}\n" + "".join(f"  env{k}: value {k * n}\n" for k in range(70)) for n in range(8)]
    short = shorten("".join(pods), 400, counter, query="What is env60 of web-5?")
    at = short.index("  env60: value 300\n")
    assert "Pod: web-5\n" in short[:at]
    assert "Pod: web-6" not in short[:at]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"host-{'abc'[n % 3]} | {n} | up\n" for n in range(90)),
        "".join(f"def f{n}(x):\n    y = x + {n}\n    return y\n\n" for n in range(60)),
        "".join(f"Step {n} went well.\nNobody said a word about it, {'so ' * (n % 7)}we went on.\n" for n in range(60)),
    ],
    ids=["table", "code", "prose"],
)
def test_what_is_no_list_of_records_is_not_cut_as_one(text: str, counter: TokenCounter) -> None:
    assert "records left out" not in shorten(text, 150, counter)
