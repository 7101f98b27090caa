"""Pages keep the text that bears on the query, and data its records."""

from __future__ import annotations

import re

import pytest

from contextkit.compress import shorten
from contextkit.types import TokenCounter

TOPICS = ("ferries", "harbours", "lighthouses", "tides", "anchors", "pilots", "buoys", "sails", "winches", "charts")


def page() -> str:
    """A page with a menu, a style, a script, and ten sections of text with a block of code in each."""
    menu = "".join(f'<li class="chapter"><a href="{topic}.html">{topic}</a></li>' for topic in TOPICS)
    sections = "".join(
        f"<h2 id='{topic}'>About {topic}</h2>\n<p>What is known of <em>{topic}</em> fills many books, says clerk {n}.\n"
        f"It was gathered by the office in the year {1900 + n}.</p>\n"
        f"<pre><code>open --topic {topic}\nread --all\nclose --quietly\n</code></pre>\n"
        for n, topic in enumerate(TOPICS)
    )
    script = "".join(f"if (tides > {n}) {{ document.write('<p>harbours and tides</p>'); }}\n" for n in range(40))
    style = "".join(f".tides-{n} {{ color: #00{n:02}ff; }}\n" for n in range(40))
    return (
        f"<!DOCTYPE html>\n<html><head><title>Of the sea</title><meta name='author' content='tides'>\n"
        f"<style>{style}</style></head><body><!-- tides --><nav><ul>{menu}</ul></nav>\n<main>{sections}</main>\n"
        f"<script>{script}</script></body></html>\n"
    )


def test_of_a_page_the_text_that_is_asked_for_is_kept(counter: TokenCounter) -> None:
    short = shorten(page(), 150, counter, query="Who gathered what is known of tides?")
    assert "What is known of <em>tides</em> fills many books, says clerk 3." in short
    assert "in the year 1903" in short


def test_code_on_a_page_is_one_piece(counter: TokenCounter) -> None:
    short = shorten(page(), 150, counter, query="How do I open tides?")
    assert "<pre><code>open --topic tides\nread --all\nclose --quietly\n</code></pre>" in short


@pytest.mark.parametrize("query", ["", "What colour are the tides?"])
def test_what_a_page_does_not_say_is_left_out(query: str, counter: TokenCounter) -> None:
    text = page()
    short = shorten(text, counter.text(text) // 2, counter, query=query)
    assert len(re.findall("fills many books", short)) == 10
    assert "document.write" not in short
    assert "color:" not in short
    assert "<meta" not in short
    assert "<!-- tides -->" not in short


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


@pytest.mark.parametrize("unit", ["<", "<a ", "<!--", "<script>", "<pre>", "<a b='", "</", "<a></a"])
def test_broken_markup_takes_linear_time(unit: str, counter: TokenCounter) -> None:
    for head in ("<!doctype html>", "<r>" + "<x></x>" * 9):
        assert counter.text(shorten(head + unit * 40_000, 60, counter, query="x")) <= 60
