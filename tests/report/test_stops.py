from dataclasses import replace

import pytest

from contextkit.errors import InvalidBudget
from contextkit.report.rows import listed
from contextkit.report.stops import STOPS, payload, stops, windows


@pytest.mark.parametrize("window", [1, 7, 100, 4_000, 16_000, 128_000, 1_048_576])
def test_windows_rise_from_a_tenth_to_twice_and_hold_the_reports_own(make_report, window):
    tried = windows(make_report(window=window))
    assert tried == sorted(set(tried))
    assert window in tried
    assert tried[0] >= 1
    if window >= 4_000:
        assert len(tried) == STOPS
        assert tried[0] == pytest.approx(window / 10, rel=0.05)
        assert tried[-1] == pytest.approx(window * 2, rel=0.05)


def test_long_histories_get_fewer_stops(make_report):
    assert len(windows(make_report(decisions=range(10_000)))) == 12
    assert len(windows(make_report(decisions=range(1_000_000)))) == 4


def test_long_texts_that_each_stop_shortens_anew_get_fewer_stops(make_report, report):
    def windows_with(outcome, tokens):
        long = replace(report.decision("m42"), outcome=outcome, full_tokens=tokens)
        return len(windows(make_report(at_hand=[long])))

    assert windows_with("shortened", 60_000) == STOPS
    assert windows_with("shortened", 150_000) == 10
    assert windows_with("moved", 5_000_000) == 4
    assert windows_with("kept", 5_000_000) == STOPS


def test_a_stop_that_cannot_be_says_why(make_report, report):
    tried = stops(report)
    assert tried[0].problem == "too small: the required items alone need 435 tokens"
    assert not tried[0].decisions
    assert all(stop.problem is None for stop in tried if stop.window > 2_048 + 14 + 435)

    def refuse(window):
        raise InvalidBudget("The reserve leaves nothing.", "Reserve less.", value=window)

    assert stops(make_report(refit=refuse))[0].problem == "too small: The reserve leaves nothing."


def test_the_reports_own_stop_is_its_own_decisions(report):
    own = next(stop for stop in stops(report) if stop.window == report.window)
    assert own.decisions is report.decisions


def test_the_payload_has_a_letter_and_the_tokens_of_every_listed_item(report):
    rows, tried = listed(report), stops(report)
    data = payload(report, rows, tried)
    for stop, sent in zip(tried, data["stops"], strict=True):
        if stop.problem:
            assert sent == {"w": stop.window, "problem": stop.problem}
            continue
        by_id = {decision.item_id: decision for decision in stop.decisions}
        for at, row in enumerate(rows):
            decision = by_id[row.item_id]
            default = decision.full_tokens if decision.outcome in ("kept", "shortened") else 0
            assert sent["rows"][at] == decision.outcome[0]
            assert sent["tokens"].get(at, default) == decision.tokens
            if decision.outcome != row.outcome:
                assert data["reasons"][sent["why"][at]] == decision.reason
        assert sum(used for used, *_ in sent["sections"]) == sum(decision.tokens for decision in stop.decisions)
        assert sum(sent["tally"]) == len(rows)


def test_what_a_section_uses_beyond_its_items_is_carried_over(make_report, report):
    wider = make_report(
        sections=tuple(
            type(section)(name=section.name, region=section.region, share=section.share, used=section.used + 5)
            for section in report.sections
        )
    )
    own = payload(wider, listed(wider), stops(wider))
    used = own["stops"][own["own"]]["sections"]
    assert [row[0] for row, section in zip(used, wider.sections, strict=True) if row[0]] == [
        section.used for section in wider.sections if section.used > 5
    ]


def test_an_item_another_budget_did_not_gather_is_marked_so(make_report, report):
    fewer = make_report(refit=lambda _: report.decisions[:10])
    data = payload(fewer, listed(fewer), stops(fewer))
    assert data["stops"][0]["rows"].count("-") == len(report.decisions) - 10


def test_reasons_that_are_all_different_do_not_make_the_page_endless(make_report, report):
    def odd(window):
        return [replace(d, outcome="dropped", reason=f"{window} {d.item_id} " * 99) for d in report.decisions]

    wordy = make_report(refit=odd)
    data = payload(wordy, listed(wordy), stops(wordy))
    assert len(data["reasons"]) == 1_000
    assert max(map(len, data["reasons"])) == 160
