import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.report import Decision, Lazy, Notice, Report, SectionUse, SourceRun
from contextkit.report.page import _asset
from contextkit.report.rows import LISTED, PREVIEW
from contextkit.types import Provenance


class Reader(HTMLParser):
    """Collects tags, attributes and text, as a browser would see them."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.open, self.scripts, self.text = [], [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in ("input", "meta", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and tag == self.open[-1]:
            self.open.pop()

    def handle_data(self, data):
        (self.scripts if self.open[-1:] in (["script"], ["style"]) else self.text).append(data)


def data_of(page):
    return json.loads(re.search(r'class="ckr-data">(.*?)</script>', page)[1])


def test_it_shows_totals_sections_items_sources_and_notices(report):
    text = " ".join(Reader(report.to_html()).text)
    for expected in ("12,363", "16,000", "agent", "o200k_base", "57 ms", "$0.0341", "fares.pdf#35", "ctx_41ab9c"):
        assert expected in text
    assert "the share of documents went to better items" in text
    assert "gave no answer within its deadline" in text
    assert "The history cursor moved to m12" in text
    assert "All 152 items are listed" in text


def test_every_item_has_one_row(report):
    page = report.to_html()
    rows = re.findall(r'<code class="ckr-id">(.*?)</code>', page)
    assert sorted(rows) == sorted(decision.item_id for decision in report.decisions)


def test_it_asks_for_nothing_from_anywhere(report):
    reader = Reader(report.to_html(standalone=True))
    assert not {"src", "href", "srcset", "action", "background", "poster"} & set(reader.attributes)
    assert not {"link", "img", "iframe", "object", "base", "svg"} & set(reader.tags)
    code = "".join(reader.scripts)
    for request in ("url(", "@import", "fetch(", "XMLHttpRequest", "import(", "://"):
        assert request not in code.replace("window.pwned", "")


def test_documents_cannot_break_out(report):
    page = report.to_html()
    assert "pwned" in page
    assert not {"img", "link", "iframe"} & set(Reader(page).tags)
    assert Reader(page).tags.count("script") == 2
    assert not any(name.startswith("on") for name in Reader(page).attributes)


anything = st.text(st.characters(codec=None)) | st.sampled_from(
    ["</script>", "<!--", "]]>", "\"'><b onclick=x>", "&lt;", "\u202e", "\0", "</details></section>", "</style>"]
)


@settings(max_examples=60, deadline=None)
@given(anything, anything)
def test_no_text_anywhere_becomes_a_tag(first, second):
    odd = Report(
        decisions=[
            Decision(
                item_id=first,
                section=second,
                outcome="moved",
                reason=second,
                tokens=1,
                full_tokens=9,
                handle=first,
                source=second,
                rung="handle",
            )
        ],
        sections=(SectionUse(name=second, region="volatile", share=5, used=1, moved=1),),
        sources=(SourceRun(name=first, seconds=0.1, status="failed", error=second),),
        notices=(Notice(first, second),),
        tokens=1,
        window=10,
        exact=False,
        counter=first,
        strategy=second,
        refit=lambda _: [],
        preview=lambda _: second,
        origin=lambda _: Provenance(title=first, uri=second),
    )
    page = odd.to_html(standalone=True)
    page.encode("utf-8")
    reader = Reader(page)
    plain = Reader(Report.to_html(_plain_twin(odd), standalone=True))
    assert reader.tags == plain.tags
    assert reader.open == plain.open == []
    assert len(data_of(page)["stops"]) > 1


def _plain_twin(odd):
    """The same report with a harmless letter in place of every text."""
    return Report(
        decisions=[
            Decision(
                item_id="x",
                section="x",
                outcome="moved",
                reason="x",
                tokens=1,
                full_tokens=9,
                handle="x" if odd.decisions[0].handle else None,
                source="x" if odd.decisions[0].source else "",
                rung="handle",
            )
        ],
        sections=(SectionUse(name="x", region="volatile", share=5, used=1, moved=1),),
        sources=(SourceRun(name="x", seconds=0.1, status="failed", error="x" if odd.sources[0].error else None),),
        notices=(Notice("x", "x"),),
        tokens=1,
        window=10,
        exact=False,
        counter="x",
        strategy="x",
        refit=lambda _: [],
        preview=lambda _: "x" if odd.preview("") else None,
        origin=lambda _: Provenance(title="x" if odd.decisions[0].item_id else None),
    )


def test_it_says_where_an_item_came_from(report, make_report):
    whole = Provenance(title="Refunds", uri="https://kb/7", created_at=datetime(2024, 1, 5, tzinfo=UTC))
    told = {decision.item_id: whole for decision in report.decisions if decision.section == "documents"}
    page = make_report(origin=told.get).to_html()
    assert page.count("Documents · Refunds · https://kb/7 · 2024-01-05<") == len(told) > 0
    assert page.replace(" · Refunds · https://kb/7 · 2024-01-05", "") == report.to_html()


def test_standalone_is_a_page_and_otherwise_it_is_one_element(report):
    assert report.to_html(standalone=True).startswith('<!doctype html><html lang="en"><head><meta charset="utf-8">')
    assert report.to_html().startswith('<section class="ckr"')
    assert report._repr_html_() == report.to_html()


def test_the_first_screen_says_why_items_are_left_out(report, make_report):
    lines = lines_without_style(report.to_html())
    at = lines.index("Left out or shortened, and why")
    assert lines[at + 1] == "○ 26 dropped documents the share of documents went to better items 10,865 tokens"
    assert next(index for index, line in enumerate(lines) if line.startswith("152 items")) > at
    whole = [replace(decision, outcome="kept") for decision in report.decisions]
    assert "Left out" not in make_report(decisions=whole).to_html()


def test_it_says_what_the_outcomes_mean(report):
    page = lines_without_style(report.to_html())
    (line,) = (line for line in page if line.startswith("● kept: stands in full, ◐ shortened: an extract stands, "))
    assert line.endswith(", ↗ moved: reads back by its handle, ○ dropped: left out.")


def test_sections_that_nothing_was_offered_for_take_one_line_together(report, make_report):
    unused = [SectionUse(name=name, region="volatile", share=90, used=0) for name in ("recall", "calendar <b>")]
    page = make_report(sections=[unused[0], *report.sections, unused[1]]).to_html()
    assert "Nothing was offered for: recall, calendar <b>." in lines_without_style(page)
    assert page.count('class="ckr-section"') == len(report.sections)
    assert page.replace(
        '<p class="ckr-quiet ckr-none">Nothing was offered for: recall, calendar &lt;b&gt;.</p>', ""
    ) == (report.to_html())


BLOCKS = {"section", "header", "p", "div", "dt", "dd", "li", "figcaption", "h3", "summary", "th", "td"}


def lines_without_style(page):
    """What stands on each line where there is neither style nor script, but the elements' own look."""

    class Plain(Reader):
        def handle_starttag(self, tag, attrs):
            super().handle_starttag(tag, attrs)
            self.text += "\n" if tag in BLOCKS else ""

    bare = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    return [" ".join(line.split()) for line in "".join(Plain(bare).text).split("\n")]


def test_without_its_style_no_words_run_into_each_other(report):
    """As GitHub shows a stored report, and a notebook server one that it does not trust."""
    lines = lines_without_style(report.to_html())
    assert "12,363 of 16,000 tokens 77%" in lines
    assert any(line.startswith("system 412 3% tools 2,084 13% preferences 40 <1% ") for line in lines)
    assert "tools stable ● 20 kept ◐ 0 shortened ↗ 0 moved ○ 4 dropped 2,084 of 2,160" in lines
    assert "Documents 52 ms 36 items ok" in lines
    assert any(line.startswith("Calendar 200 ms 0 items late gave no answer") for line in lines)
    assert any("● kept 95 ◐ shortened " in line for line in lines)


def test_the_same_report_is_the_same_bytes(make_report):
    assert make_report().to_html() == make_report().to_html()


def test_every_rule_of_the_style_stays_inside_the_report():
    style = re.sub(r"@(media|container)[^{]*\{", "", _asset("page.css"))
    for selectors in re.findall(r"(?:^|\})\s*([^{}]+)\{", style):
        for selector in re.split(r",(?![^(]*\))", selectors):
            assert re.match(r"(:is\([^()]*\) )?\.ckr\b", selector.strip()), selector


def luminance(colour):
    shades = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shades)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def tinted(colour, ground, part):
    mixed = (part * int(colour[at : at + 2], 16) + (1 - part) * int(ground[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(shade):02x}" for shade in mixed)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_all_that_is_written_stands_out_as_much_as_people_with_weak_sight_need(theme):
    """WCAG 2.2, AA: 4.5 to 1 for text, 3 to 1 for what is only looked at."""
    pairs = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", _asset("page.css"))
    colours = {name: (light, dark)[theme] for name, light, dark in pairs}
    ground, sunk = colours["bg"], colours["sunk"]
    for name in ("ink", "soft", "kept", "shortened", "moved", "dropped", "bad"):
        changed_row = tinted(colours[name], ground, 0.08)
        for behind in (ground, sunk, tinted(colours[name], changed_row, 0.13)):
            assert contrast(colours[name], behind) >= 4.5, name
    for section in re.findall(r"--ckr-\d: (#\w{6})", _asset("page.css")):
        assert contrast("#ffffff", section) >= 4.5
        assert contrast(section, ground) >= 3


def test_thousands_of_items_make_a_bounded_page_that_says_what_it_leaves_out(make_report):
    def every():
        for i in range(30_000):
            shown = i >= 29_000
            yield Decision(
                item_id=f"m{i}",
                section="history",
                outcome="kept" if shown else "dropped",
                reason="it is recent" if shown else "it is older than the history that fits",
                tokens=30 if shown else 0,
                full_tokens=30,
                rung="full" if shown else None,
            )

    decisions = tuple(every())
    huge = make_report(decisions=Lazy(lambda: decisions), refit=lambda _: decisions, preview=lambda _: "long " * 9_999)
    page = huge.to_html()
    assert len(page) < 1_500_000
    rows = re.findall(r'<code class="ckr-id">m(\d+)</code>', page)
    assert rows == [str(i) for i in range(28_000, 30_000)]
    assert len(rows) == LISTED
    assert "28,000 more are not listed" in page
    assert "2,000 of 30,000 items are listed" in page
    assert f"texts are cut to {PREVIEW} characters" in page
    assert '<b data-tally="d">29,000</b>' in page


@pytest.mark.parametrize("fields", [{"refit": None}, {"sources": (), "notices": ()}, {"preview": None, "cost": None}])
def test_what_is_not_known_is_left_out(make_report, fields):
    page = make_report(**fields).to_html()
    text = " ".join(Reader(page).text)
    assert ("another budget" in text) == ("refit" not in fields)
    assert ("Sources" in text) == ("sources" not in fields)
    assert ("prompt costs" in text) == ("cost" not in fields)
    assert ("saver fare" in text) == ("preview" not in fields)
