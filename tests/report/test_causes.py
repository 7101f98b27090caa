from dataclasses import replace

from contextkit.report import Decision, SectionUse
from contextkit.report.causes import Cause, causes, causes_at_hand


def decision(item_id, reason, outcome="dropped", section="documents", full=100, tokens=0):
    return Decision(item_id=item_id, section=section, outcome=outcome, reason=reason, tokens=tokens, full_tokens=full)


def test_what_holds_for_many_is_said_once_with_a_gap_where_they_differ():
    ranked = [decision(f"d{i}", f"it ranks {i} of 1,200 and the share of 841 tokens is full") for i in (8, 9, 10)]
    (cause,) = causes(ranked)
    assert cause == Cause("documents", "dropped", "it ranks … of 1,200 and the share of 841 tokens is full", 3, 300)
    assert str(cause) == "3 dropped of documents: it ranks … of 1,200 and the share of 841 tokens is full"


def test_ids_and_ordinals_are_particulars_and_one_of_a_kind_keeps_them():
    repeats = [decision("a", "'m 1' says it already"), decision("b", "'m2' says it already")]
    tools = [decision("t", "ranked 11th of 60"), decision("u", "ranked 22nd of 60")]
    alone = decision("c", '"it\'s" has its name')
    assert {cause.reason for cause in causes([*repeats, *tools, alone])} == {
        "… says it already",
        "ranked … of 60",
        '"it\'s" has its name',
    }


def test_what_keeps_most_out_comes_first_and_what_was_kept_is_not_there():
    found = causes(
        [
            decision("small", "it is late"),
            decision("kept", "it fits", outcome="kept", tokens=100),
            decision("cut", "it is large", outcome="shortened", full=80_000, tokens=1_700),
            decision("old", "it is late", section="history"),
        ]
    )
    assert [(cause.section, cause.outcome, cause.tokens) for cause in found] == [
        ("documents", "shortened", 78_300),
        ("documents", "dropped", 100),
        ("history", "dropped", 100),
    ]


def test_what_was_left_unread_is_counted_without_reading_it(report, make_report):
    def never():
        raise AssertionError("read")

    class Unread(tuple):
        __iter__ = __len__ = __getitem__ = lambda *_: never()

    history = SectionUse(name="history", region="history", share=9, used=9, moved=9_001, dropped=1)
    at_hand = [decision("m1", "it lies before the window", "moved", "history")]
    told = causes_at_hand(make_report(decisions=Unread(), at_hand=at_hand, sections=[history]))
    assert [str(cause) for cause in told] == [
        "1 moved of history: it lies before the window",
        "9,000 moved of history: left unread where it is",
        "1 dropped of history: left unread where it is",
    ]
    assert [cause.items for cause in causes_at_hand(report)] == [cause.items for cause in causes(report.decisions)]


def test_every_item_that_is_not_whole_has_one_cause(report):
    less = [one for one in report.decisions if one.outcome != "kept"]
    assert sum(cause.items for cause in causes(report.decisions)) == len(less)
    assert causes([replace(one, outcome="kept") for one in less]) == []
