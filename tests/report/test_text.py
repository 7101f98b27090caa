import subprocess
import sys
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from contextkit.report import Notice, SectionUse, SourceRun
from contextkit.report.layout import Segment, cells, dollars, duration, percent, segments


def test_plain_text_has_the_totals_the_sections_the_sources_and_the_notices(report):
    text = report.to_text()
    assert text.startswith("12,363 of 16,000 tokens (77%); 2,048 reserved for the answer, 1,589 free\n")
    assert "strategy agent · counted exactly with o200k_base · built in 57 ms · prompt $0.0341" in text
    assert "history      5,391  5,401    38          1      8       17" in text
    assert "Calendar   200 ms   0 items  late  gave no answer within its deadline of 0.2 s" in text
    assert "! late source: Calendar missed its deadline" in text
    assert str(report) == text


def test_plain_text_names_what_is_not_whole_most_telling_first_and_counts_the_rest(report):
    lines = report.to_text(items=3).splitlines()
    at = lines.index("first among them:")
    assert lines[at + 1] == "  ◐ shortened m42 (history, 300 of 4,800) [ctx_41ab9c]"
    assert lines[at + 2] == "  ↗ moved     ov:9f21 (overflow, 0 of 640) [ctx_9f21c4]"
    assert lines[at + 4] == "  … and 54 more; report.why(id) tells about each"
    assert "not whole" not in report.to_text(items=0)


def test_where_all_that_is_not_whole_was_left_unread_no_item_is_named(report, make_report):
    kept = [one for one in report.decisions if one.outcome == "kept"]
    history = SectionUse(name="history", region="history", share=9, used=9, kept=len(kept), moved=9_000)
    text = make_report(decisions=kept, at_hand=kept, sections=(history,)).to_text()
    assert text.endswith("not whole (9,000 items), and why:\n  ↗ 9,000 moved of history: left unread where it is")


def test_it_says_why_items_are_not_whole_once_for_all_of_them(report, make_report):
    lines = report.to_text().splitlines()
    at = lines.index("not whole (57 items), and why:")
    assert lines[at + 1 : at + 3] == [
        "  ○ 26 dropped of documents: the share of documents went to better items",
        "  ◐ 1 shortened of history: one message may take 300 tokens",
    ]
    odd = [replace(one, outcome="dropped", reason="why " * at) for at, one in enumerate(report.decisions)]
    assert "… and 146 more reasons" in make_report(decisions=odd, sections=()).to_text()
    for width in (40, 80):
        told = " ".join(drawn(report, width).split())
        assert "not whole, and why ○ 26 dropped of documents: the share of documents went to better items ◐ 1" in told


def test_estimates_say_so(make_report):
    assert "estimated with o200k_base" in make_report(exact=False).to_text()


def test_an_empty_report_is_still_a_report(make_report):
    empty = make_report(decisions=(), sections=(), sources=(), notices=(), tokens=0)
    assert empty.to_text().startswith("0 of 16,000 tokens (0%)")


def test_sources_of_which_none_answered_are_told_too(make_report):
    crm = SourceRun(name="crm", seconds=0.2, status="failed", error="failed: ConnectionError: refused")
    documents = SourceRun(name="documents", seconds=2.0, status="late", error="did not answer within its deadline")
    text = make_report(sources=(crm, documents)).to_text()
    assert "crm        200 ms  0 items  failed  ConnectionError: refused\n" in text
    assert "documents   2.0 s  0 items  late    did not answer within its deadline\n" in text


def test_neighbours_in_the_plain_bar_are_told_apart_whatever_lies_empty_between_them(make_report):
    used = {"system": 400, "empty": 0, "turn": 400, "void": 0, "more": 400}
    sections = [SectionUse(name=name, region="stable", share=tokens, used=tokens) for name, tokens in used.items()]
    bar = make_report(sections=sections, tokens=1_200, window=1_600, reserve=0).to_text().split("\n\n")[1]
    assert bar == "█" * 18 + "▓" * 18 + "█" * 18 + "·" * 18 + "\n█ system  ▓ turn  █ more  · free"


def test_sections_that_nothing_was_offered_for_take_one_line_together(report, make_report):
    unused = [SectionUse(name=name, region="volatile", share=90, used=0) for name in ("recall", "calendar")]
    odd = make_report(sections=[unused[0], *report.sections, unused[1]])
    assert odd.to_text() == report.to_text().replace(
        "\n\nTools ", "\n\nNothing was offered for: recall, calendar.\n\nTools "
    )
    assert "Nothing was offered for: recall, calendar." in drawn(odd, 80)
    assert "Nothing" not in drawn(report, 80)


def test_columns_line_up(report):
    table = report.to_text().split("\n\n")[2].splitlines()
    assert len({len(line) for line in table}) == 1


def drawn(report, width):
    console = Console(width=width, file=StringIO())
    console.print(report)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 140])
def test_rich_draws_a_bar_as_wide_as_the_terminal(report, width):
    text = drawn(report, width)
    bar = next(line for line in text.splitlines() if line.startswith("█"))
    assert len(bar) == width
    assert "late source" in text


def test_rich_cuts_no_name_and_no_number_on_the_narrowest_terminal(report):
    text = drawn(report, 40)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 40
    assert "history      5,391  5,401  38  1  8  17" in text


def test_rich_aligns_the_sources(report):
    lines = [line.rstrip() for line in drawn(report, 100).splitlines()]
    at = lines.index("Tools      0.9 ms  24 items  ok")
    assert lines[at + 4] == "Calendar   200 ms   0 items  late  gave no answer within its deadline of 0.2 s"


def test_an_error_of_several_lines_is_drawn_as_it_is(make_report):
    crm = SourceRun(name="crm", seconds=0.2, status="failed", error="failed: refused\nagain")
    assert "crm  200 ms  0 items  failed  refused\nagain" in drawn(make_report(sources=(crm,)), 80)


def test_rich_tells_neighbours_apart_without_colour_too(make_report):
    used = {"system": 400, "empty": 0, "turn": 400}
    sections = [SectionUse(name=name, region="stable", share=tokens, used=tokens) for name, tokens in used.items()]
    lines = drawn(make_report(sections=sections, tokens=800, window=1_000, reserve=0), 50).splitlines()
    assert "█" * 20 + "▓" * 20 + "·" * 10 in lines
    assert "█ system 400   ▓ turn 400   · free 200" in [line.rstrip() for line in lines]


def test_rich_does_not_read_markup_in_what_others_wrote(make_report, report):
    (first, *rest) = report.notices
    odd = make_report(notices=(type(first)("odd", "[bold red]not bold[/] :smile:"), *rest))
    assert "[bold red]not bold[/] :smile:" in drawn(odd, 100)


def test_nothing_that_others_wrote_moves_the_cursor(make_report, report):
    evil = "\x1b[2Jgone\x07\u202e"
    crm = SourceRun(name="crm", seconds=0.2, status="failed", error=evil)
    odd = make_report(
        sources=(crm,),
        notices=(Notice("odd", evil),),
        decisions=[replace(decision, item_id=evil + decision.item_id) for decision in report.decisions],
    )
    for text in (odd.to_text(), drawn(odd, 100)):
        assert "gone" in text
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_rich_is_only_loaded_when_rich_draws():
    code = (
        "import sys, contextkit.report; sys.exit(any(name.split('.')[0] in ('rich', 'numpy') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_segments_are_the_whole_window_and_cells_the_whole_width(report):
    parts = segments(report)
    assert sum(part.tokens for part in parts) == report.window
    assert sum(cells(parts, 72)) == 72
    assert sum(cells([Segment("free", "free", 0)], 72)) == 0


def test_numbers_are_written_as_people_say_them():
    assert [duration(seconds) for seconds in (0, 0.00042, 0.0123, 0.2, 1.84)] == [
        "0 ms",
        "0.42 ms",
        "12 ms",
        "200 ms",
        "1.8 s",
    ]
    assert [dollars(cost) for cost in (0.00031, 0.0341, 12.5)] == ["$0.0003", "$0.0341", "$12.50"]
    assert [percent(*pair) for pair in ((0, 10), (1, 1000), (5, 10), (1, 0))] == ["0%", "<1%", "50%", "0%"]
