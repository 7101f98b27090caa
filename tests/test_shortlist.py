from __future__ import annotations

from collections.abc import Iterator

from contextkit import Budget, ContextBuilder
from contextkit.document import Document
from contextkit.sources import Documents, System
from contextkit.types import Item, Request


def test_two_sources_may_give_the_same_id() -> None:
    words = Documents([Document(id="returns", text="Parcels may be returned within 30 days.")], name="words")
    meaning = Documents(lambda _query: [Document(id="returns", text="A refund takes five days.")], name="meaning")
    builder = ContextBuilder(sources=[System("You help."), words, meaning], strategy="rag", budget=Budget(2_000))
    context = builder.build("How do I return a parcel?", actor_id="u", session_id="s")
    decided = {decision.item_id: decision.outcome for decision in context.report.decisions}
    assert decided["returns"] == "kept"
    assert "meaning/returns" in decided


def test_what_two_sources_both_found_is_shown_once() -> None:
    page = Document(id="returns", text="Parcels may be returned within 30 days of delivery.")
    sources = [Documents([page], name="words"), Documents([page], name="meaning")]
    builder = ContextBuilder(sources=[System("You help."), *sources], strategy="rag", budget=Budget(2_000))
    context = builder.build("May parcels be returned?", actor_id="u", session_id="s")
    assert "\n".join(message.text for message in context.messages).count(page.text) == 1
    assert context.report.decision("returns").reason == "'meaning/returns' says it already"


class Hours:
    """A source that leaves the counting to the builder."""

    name = "hours"
    sections = ("documents",)

    def gather(self, _request: Request) -> Iterator[Item]:
        yield Item(id="hours", section="documents", text="The workshop is open today, from nine to five.")


def test_an_item_without_a_cost_is_counted() -> None:
    builder = ContextBuilder(sources=[System("You help."), Hours()], strategy="rag", budget=Budget(500))
    context = builder.build("Is the workshop open?", actor_id="u", session_id="s")
    decision = context.report.decision("hours")
    assert decision.outcome == "kept"
    assert decision.tokens == builder.counter.text("The workshop is open today, from nine to five.\n")
