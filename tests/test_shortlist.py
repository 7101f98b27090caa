from __future__ import annotations

from collections.abc import Iterator

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.document import Document
from contextkit.errors import InvalidTool
from contextkit.offload import read_tool
from contextkit.sources import Documents, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Item, Request, Source, Tool


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


class Parcels:
    """A source that numbers nothing."""

    name = "hours"
    sections = ("documents",)

    def gather(self, _: Request) -> Iterator[Item]:
        for text in ("Parcels are taken back until six.", "Parcels go out at noon.", "Parcels come at eight."):
            yield Item(id="hours", section="documents", text=text)
        yield Item(id="hours~2", section="documents", text="Parcels rest on Sundays.")


def test_items_that_one_source_gives_under_one_id_are_all_decided_on() -> None:
    builder = ContextBuilder(sources=[System("You help."), Parcels()], strategy="rag", budget=Budget(2_000))
    context = builder.build("When do parcels go and come?", actor_id="u", session_id="s")
    decided = [decision.item_id for decision in context.report.decisions if decision.section == "documents"]
    assert sorted(decided) == ["hours", "hours~2", "hours~3", "hours~4"]
    assert all(item.text in context.messages[-2].text for item in Parcels().gather(None))  # type: ignore[arg-type]


def track(order_id: str) -> str:
    """Where an order is."""
    return order_id


def test_a_tool_that_two_sources_give_is_shown_once() -> None:
    """Providers refuse two tools of one name; `read_context` is given by us, and may be among an agent's own."""
    with SQLiteStore(":memory:") as store:
        sources: list[Source] = [System("You help."), Tools([track, read_tool()]), Tools([track])]
        builder = ContextBuilder(store=store, sources=sources, budget=2_000)
        context = builder.build("Where is my order?", actor_id="u", session_id="s")
    assert sorted(tool.name for tool in context.tools) == ["read_context", "track"]
    decision = context.report.decision("tools/tool:track")
    assert (decision.outcome, decision.reason) == ("dropped", "'tool:track' is the same tool")


def test_different_tools_of_one_name_are_refused_at_once() -> None:
    """Also where one of them was not chosen: the first prompt tells, not one in the middle of a conversation."""
    others = [Tool(f"tool_{number}", "Where is my order?", {}) for number in range(10)]
    sources = [System("You help."), Tools([track]), Tools([*others, Tool("track", "Play a track.", {})])]
    builder = ContextBuilder(sources=sources, budget=2_000)
    with pytest.raises(InvalidTool, match="sources 'tools' and 'tools' give different tools named 'track'"):
        builder.build("Where is my order?", actor_id="u", session_id="s")


@pytest.mark.parametrize("own_first", [True, False])
def test_of_different_tools_of_one_name_a_listed_one_is_left_out(own_first: bool) -> None:
    """What a server lists may come to clash in the middle of a conversation, and costs no prompt."""
    other, read = Tool("track", "Play a track.", {"type": "object"}), Tool("read_context", "Read.", {"type": "object"})
    own, listed = Tools([track]), Tools(lambda: [other, read, Tool("stop", "Stop.", {})], pinned=["track"])
    later = Tools(lambda: [Tool("stop", "Halt.", {})])
    with SQLiteStore(":memory:") as store:
        sources = [System("You help."), *([own, listed] if own_first else [listed, own]), later]
        builder = ContextBuilder(store=store, sources=sources, budget=2_000)
        context = builder.build("Where is my order?", actor_id="u", session_id="s")
    descriptions = {tool.name: tool.description for tool in context.tools}
    assert descriptions == {
        "read_context": read_tool().description,
        "track": "Where an order is.",
        "stop": "Stop.",
    }
    notices = [notice.text for notice in context.report.notices if notice.kind == "tool left out"]
    assert len(notices) == 3
    assert (
        "The sources 'tools' and 'tools' give different tools named 'track'. The latter is left out. "
        "Give every tool a name of its own; models call tools by name." in notices
    )
    outs = [one.reason for one in context.report.decisions if one.outcome == "dropped" and "has its name" in one.reason]
    assert len(outs) == 3


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
