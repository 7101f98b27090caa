"""Data keeps its records, and code that begins with a tag its lines."""

from __future__ import annotations

import re

import pytest

from contextkit.compress import shorten
from contextkit.types import TokenCounter


def orders(row: str, *, failing: int = 77) -> str:
    states = ["paid", "sent"]
    rows = (row.format(n, "lost" if n == failing else states[n % 2], n * 137 % 1000) for n in range(200))
    return f"<?xml version='1.0'?>\n<orders page='3'>{''.join(rows)}</orders>"


@pytest.mark.parametrize(
    "row",
    [
        "<order><id>{}</id><state>{}</state><total>{}</total></order>",
        "<order id='{}' state='{}' total='{}'/>\n",
    ],
    ids=["elements on one line", "attributes"],
)
def test_of_data_whole_records_are_kept(row: str, counter: TokenCounter) -> None:
    short = shorten(orders(row), 200, counter, query="What is the total of order 150?")
    assert short.startswith("<?xml version='1.0'?>\n<orders page='3'>")
    assert row.format(150, "paid", 150 * 137 % 1000) in short
    assert row.format(77, "lost", 77 * 137 % 1000) in short  # which is unlike the others
    rows = re.sub(r"\[….*?\]\n?", "", short).removeprefix("<?xml version='1.0'?>\n<orders page='3'>")
    whole = row.replace("{}", "X")
    assert re.sub(r"(?<=[>'])\w+(?=[<'])", "X", rows.removesuffix("</orders>")).replace(whole, "") == ""
    gone = sum(map(int, re.findall(r"\[… (\d+) records? left out …\]", short)))
    assert gone + short.count("<order>") + short.count("<order ") == 200


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"<alice> hello {n}\n<bob> and {n} to you, too\n" for n in range(300)),
        "".join(f"<{n}> Nov 22 10:00:{n % 60:02} host sshd[{n}]: session opened\n" for n in range(300)),
    ],
    ids=["chat", "syslog"],
)
def test_what_only_begins_like_markup_is_cut_at_lines(text: str, counter: TokenCounter) -> None:
    short = shorten(text, 150, counter)
    assert "record" not in short
    assert {line for line in short.splitlines() if "left out" not in line} <= set(text.splitlines())


ITEMS = "".join(f'    <Item key="{n}" to="/items/{n}">Item {n}</Item>\n' for n in range(60))
CODE = {
    "php": f"""<?php
namespace Shop;
class Basket {{
    public function total(array $items): float {{
        return array_sum(array_column($items, 'price'));
    }}
}}
?>
<ul>
{ITEMS}</ul>
""",
    "jsx": f"""<Basket items={{items}}>
{ITEMS}    {{items.map(item => (
      <Row key={{item.id}} total={{total(item)}} />
    ))}}
</Basket>
""",
    "vue": f"""<template>
{ITEMS}</template>
<script>
export default {{
  methods: {{
    total(items) {{ return items.length }},
  }},
}}
</script>
""",
}


@pytest.mark.parametrize("language", CODE)
def test_code_that_begins_with_a_tag_is_cut_at_lines(language: str, counter: TokenCounter) -> None:
    short = shorten(CODE[language], 150, counter, query="total")
    assert "record" not in short
    assert "total" in short
    assert {line for line in short.splitlines() if "left out" not in line} <= set(CODE[language].splitlines())


@pytest.mark.parametrize("unit", ["<", "<a ", "<a b='", "</", "<a></a>"])
def test_broken_markup_takes_linear_time(unit: str, counter: TokenCounter) -> None:
    assert counter.text(shorten("<r>" + "<x></x>" * 9 + unit * 40_000, 60, counter, query="x")) <= 60
