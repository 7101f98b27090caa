"""Pages are said in Markdown, and shortened as such; nothing else is taken for one."""

from __future__ import annotations

import json
import re

import pytest

from contextkit.compress import page_text, shorten
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
    assert "What is known of tides fills many books, says clerk 3." in short
    assert "in the year 1903" in short


def test_code_on_a_page_is_one_piece(counter: TokenCounter) -> None:
    short = shorten(page(), 150, counter, query="How do I open tides?")
    assert "```\nopen --topic tides\nread --all\nclose --quietly\n```" in short


@pytest.mark.parametrize("query", ["", "What colour are the tides?"])
def test_what_a_page_does_not_say_is_left_out(query: str, counter: TokenCounter) -> None:
    text = page()
    short = shorten(text, counter.text(text) // 2, counter, query=query)
    assert short == page_text(text)
    assert len(re.findall("fills many books", short)) == 10
    assert "document.write" not in short
    assert "color:" not in short
    assert "<meta" not in short
    assert "<!-- tides -->" not in short


def test_a_string_of_data_that_is_a_page_is_shortened_to_its_text(counter: TokenCounter) -> None:
    short = json.loads(shorten(json.dumps({"url": "sea.html", "body": page()}), 200, counter, query="tides"))
    assert "What is known of tides fills many books" in short["body"]


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>The <b>ferry</b> &amp; the\n  train.</p>", "The ferry & the train."),
        ("<h1>Sea</h1><h2>Tides</h2><p>High.<br>Low.</p>", "# Sea\n\n## Tides\n\nHigh.\nLow."),
        (
            "<ul><li>One<ul><li>Inner</li></ul></li><li><p>Two</p><p>more</p></li></ul>",
            "- One\n  - Inner\n- Two\n  more",
        ),
        ("<ol><li>first<li>second</ol><p>third</p>", "1. first\n2. second\n\nthird"),
        ('<p>To <a title="a > b" href="/g?x=1&amp;y=2"> Ghent</a>.</p>', "To [Ghent](/g?x=1&y=2)."),
        ("<p><a href='#top'>top</a> <a href=https://e.org>https://e.org</a></p>", "top https://e.org"),
        ("<div><a href='/1'> <h3>Card</h3><p>text</p></a></div>", "### [Card](/1)\n\ntext"),
        ("<nav><a href='/'>Home</a> <a href='/x'>Prices</a></nav><p>Said.</p>", "Home Prices\n\nSaid."),
        (
            "<table><tr><th>Day<th>At</tr><tr><td>Mon</td><td><p>10 | 11</p><p>late</p></td></tr></table>",
            "| Day | At |\n| --- | --- |\n| Mon | 10 \\| 11 late |",
        ),
        (
            "<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>side</td></tr></table>",
            "| a | b |\n| --- | --- |\n\nside",
        ),
        ("<p>Then:</p><blockquote><p>Said</p><p>she</p></blockquote>", "Then:\n\n> Said\n>\n> she"),
        ("<p>10<sup>6</sup> ships<sup>[1]</sup></p>", "10^6 ships[1]"),
        ("<p>Run <code>a&lt;b</code> <img src=x alt='A ship'></p>", "Run `a<b` ![A ship]"),
        ("<div><pre class=x>if <span>a</span> &lt; b:\n    ```\n</pre></div>", "````\nif a < b:\n    ```\n````"),
    ],
)
def test_what_a_fragment_says(html: str, said: str) -> None:
    assert page_text(html) == said


NO_PAGES = {
    "about HTML": "<p> is the element of a paragraph, <div> of a part. <ul> and <ol> are lists. Close each with </p>",
    "about pages": "<!DOCTYPE html> is what a page begins with. Then <html> and <head> follow.",
    "Jinja": "<!DOCTYPE html><html><body>{% for one in many %}<p>{{ one }}</p>{% endfor %}</body></html>",
    "PHP": "<html><body><p><?php echo $total; ?></p></body></html>",
    "Vue": '<div class="basket"><p v-if="items.length">Some</p><button @click="buy">Buy</button></div>',
    "JSX": "<div><Basket items={items} /><p onClick={() => buy()}>Buy</p></div>",
    "DocBook": "<section><title>Tides</title><para>High.</para><para>Low.</para><note>None.</note></section>",
    "Markdown": "# Pages\n\n<p align=center>Hello</p>\n\n- and `<b>`",
    "code": "page = '<html><body><p>Hello</p></body></html>'",
    "written by a script": "<!DOCTYPE html><html><body><div id='app'></div><script>start()</script></body></html>",
    "nothing": "",
}


@pytest.mark.parametrize("text", NO_PAGES.values(), ids=NO_PAGES)
def test_what_is_no_page_stays_as_it_is(text: str) -> None:
    assert page_text(text) == text


def test_a_page_about_templates_is_one() -> None:
    said = "<html><body><p>In Jinja:</p><pre>{% for one in many %}</pre></body></html>"
    assert page_text(said) == "In Jinja:\n\n```\n{% for one in many %}\n```"


BROKEN = (
    "<",
    "<a ",
    "<!--",
    "<script>",
    "<pre>",
    "<a b='",
    "</",
    "<a></a>",
    "<ul><li>x",
    "<blockquote>x",
    "<td>",
    " :",
)


@pytest.mark.parametrize("unit", BROKEN)
def test_broken_pages_take_linear_time(unit: str, counter: TokenCounter) -> None:
    for head in ("<!doctype html><p>", "<div>"):
        text = head + unit * 40_000 + "</div>"
        assert len(page_text(text)) < 20 * len(text)
        assert counter.text(shorten(text, 60, counter, query="x")) <= 60
