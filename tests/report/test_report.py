import json
import pickle
from copy import deepcopy
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import Budget, ContextBuilder
from contextkit.errors import BudgetTooSmall, ContextKitError, InvalidInput, UnknownItem
from contextkit.report import Decision, Lazy, Part, Report
from contextkit.sources import History, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Provenance


def refuse():
    raise AssertionError("somebody looked")


def test_making_a_report_works_out_no_decisions_and_no_parts(make_report):
    lazy = make_report(decisions=Lazy(refuse), parts=Lazy(refuse))
    assert repr(lazy) == "<Report: 12,363 of 16,000 tokens, strategy 'agent'>"
    assert (lazy.free, lazy.framing) == (1_589, 14)
    with pytest.raises(AssertionError, match="somebody looked"):
        lazy.why("m1")


def test_the_window_is_used_reserved_or_free(make_report):
    tight = make_report(margin=800)
    assert tight.tokens + tight.reserve + tight.margin + tight.free == tight.window


def test_why_tells_a_kept_a_shortened_a_moved_and_a_dropped_item(report):
    assert report.why("fares.pdf#0") == (
        "Item 'fares.pdf#0' (section 'documents', from Documents) was kept: it is within the share of documents. "
        "It stands in the prompt in full, for 210 tokens. Its relevance of 0.93 ranks 1 of 36 in its section."
    )
    assert "In the prompt stands an extract of it, for 300 of 4,800 tokens." in report.why("m42")
    assert report.why("m42").endswith("Its full text can be read back under the handle ctx_41ab9c.")
    assert "was moved" in report.why("m20")
    assert "stands only its handle, for 12 of 203 tokens" in report.why("m20")
    assert "Nothing of its 340 tokens stands in the prompt." in report.why("fares.pdf#10")


def test_an_unknown_id_names_the_nearest_ones(report):
    with pytest.raises(UnknownItem, match=r"'fares\.pdf#3'") as caught:
        report.why("fares.pdf-3")
    assert caught.value.item_id == "fares.pdf-3"
    with pytest.raises(UnknownItem) as caught:
        report.why("fares.pdf")
    assert caught.value.nearest == ("fares.pdf#0", "fares.pdf#1", "fares.pdf#2")
    with pytest.raises(UnknownItem, match=r"report\.decisions") as caught:
        report.why("")
    assert isinstance(caught.value, LookupError)
    assert isinstance(caught.value, ContextKitError)


def test_an_item_may_be_named_by_its_title_or_uri_where_that_is_its_own(make_report):
    told = {
        "m20": Provenance(title="A note", uri="s3://notes/20"),
        "fares.pdf#0": Provenance(title="Fares"),
        "fares.pdf#1": Provenance(title="Fares"),
    }
    report = make_report(origin=told.get)
    assert report.why("A note") == report.why("s3://notes/20") == report.why("m20")
    with pytest.raises(UnknownItem) as caught:
        report.why("Fares")
    assert caught.value.nearest == ("fares.pdf#0", "fares.pdf#1")


def test_at_says_what_another_window_would_keep(report):
    kept = [sum(decision.outcome == "kept" for decision in report.at(window)) for window in (4_000, 16_000, 64_000)]
    assert kept == sorted(kept)
    assert kept[0] < kept[-1]
    assert report.at(16_000) == tuple(report.decisions)
    with pytest.raises(BudgetTooSmall):
        report.at(1_000)


def test_at_without_the_items_is_a_clear_error(make_report):
    with pytest.raises(InvalidInput, match="window of 4000") as caught:
        make_report(refit=None).at(4_000)
    assert caught.value.remedy == "Ask the report that `build` returned."


def test_json_holds_everything_but_the_texts(report):
    data = json.loads(report.to_json())
    assert data == report.to_dict()
    assert [entry["item_id"] for entry in data["decisions"]] == [decision.item_id for decision in report.decisions]
    assert data["decisions"][0] == {
        "item_id": "system",
        "section": "system",
        "outcome": "kept",
        "reason": "it is required",
        "tokens": 412,
        "full_tokens": 412,
        "handle": None,
        "source": "System",
        "score": None,
        "rung": "full",
    }
    assert data["sources"][-1]["status"] == "late"
    assert "Fernweh" not in report.to_json()
    assert {len(part["sha256"]) for part in data["parts"]} == {64}


@given(st.text(st.characters(codec=None)), st.floats(), st.text(st.characters(codec=None)))
def test_any_text_and_any_score_is_json(item_id, score, text):
    odd = Report(
        decisions=[
            Decision(item_id=item_id, section="s", outcome="kept", reason=text, tokens=1, full_tokens=1, score=score)
        ],
        sections=(),
        parts=[Part("s", item_id, text, 1)],
        tokens=1,
        window=10,
        exact=False,
        counter="estimate",
        strategy="chat",
    )
    assert json.loads(odd.to_json())["decisions"][0]["item_id"] == item_id
    assert item_id in odd.why(item_id) or repr(item_id) in odd.why(item_id)


def test_a_report_is_frozen(report):
    with pytest.raises(FrozenInstanceError):
        report.tokens = 0


def test_a_hundred_thousand_decisions_can_be_asked_about(make_report):
    def every():
        for i in range(100_000):
            yield Decision(
                item_id=f"m{i}",
                section="history",
                outcome="dropped",
                reason="it is older than the history that was read",
                tokens=0,
                full_tokens=20,
            )

    huge = make_report(decisions=Lazy(every))
    assert "was dropped: it is older than the history that was read" in huge.why("m99998")
    with pytest.raises(UnknownItem, match="m99999"):
        huge.why("m999999")


def test_a_report_is_pickled_and_copied_without_what_it_was_made_from() -> None:
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(store=store, sources=[System("Help."), History()], budget=4_000)
        context = builder.build("Hello?", actor_id="u1", session_id="s1")
        for again in (pickle.loads(pickle.dumps(context)), deepcopy(context)):
            assert (again.messages, again.tools, again.tokens) == (context.messages, context.tools, context.tokens)
            assert again.report.to_json() == context.report.to_json()
            assert again.report.why("query") == context.report.why("query")
            with pytest.raises(InvalidInput, match="does not have the items any more"):
                again.report.at(2_000)


def test_a_context_is_told_in_a_line() -> None:
    """A notebook keeps it beside the page, and prints it for each of a list."""
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(store=store, sources=[System("You are Otis.")], budget=Budget(window=1_000))
        context = builder.build("Hello?", actor_id="u1", session_id="s1")
    assert repr(context) == f"<Context: {context.tokens} of 1,000 tokens, 2 messages, 1 tool>"
