"""What cannot be used is refused by name, with its limit and what to do; the rest degrades in the report."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.context import Context
from contextkit.errors import (
    BudgetTooSmall,
    ContextKitError,
    EmptyQuery,
    InvalidBudget,
    InvalidId,
    InvalidInput,
    InvalidMessage,
    InvalidTool,
    StoreCorrupt,
    StoreError,
    StoreReadOnly,
    UnknownItem,
    UnknownStrategy,
)
from contextkit.sources import Documents, History, Memories, Overflow, Preferences, System, Tools
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance.base import ConceptEmbeddings
from tests import checks
from tests.world import NOW

A = {"actor_id": "u1", "session_id": "s1"}


def builder(store: object, window: int = 4_000) -> ContextBuilder:
    sources = [System("Help."), History(), Memories(), Preferences(), Overflow()]
    return ContextBuilder(store=store, sources=sources, budget=Budget(window), clock=lambda: NOW)


def kinds(context: Context) -> set[str]:
    return {notice.kind for notice in context.report.notices}


@pytest.mark.parametrize("query", ["", " \n", [], {"role": "user", "content": ""}, {"role": "user", "content": []}])
def test_an_empty_query(store: SQLiteStore, query: object) -> None:
    with pytest.raises((EmptyQuery, InvalidMessage), match="Pass"):
        builder(store).build(query, **A)


@pytest.mark.parametrize("content", [[{"type": "text", "text": " "}], [{"type": "text", "text": ""}] * 2])
def test_a_query_of_empty_blocks_is_empty_too(store: SQLiteStore, content: object) -> None:
    with pytest.raises(EmptyQuery):
        builder(store).build({"role": "user", "content": content}, **A)


def test_a_query_may_be_an_image_alone(store: SQLiteStore) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.org/parcel.png"}}
    context = builder(store).build({"role": "user", "content": [image]}, **A)
    assert context.messages[-1].content == (image,)


@pytest.mark.parametrize("query", [7, b"bytes", {"role": "assistant", "content": "x"}, {"content": "x"}, object()])
def test_a_query_that_is_no_user_message(store: SQLiteStore, query: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        builder(store).build(query, **A)
    assert caught.value.remedy


def test_a_query_that_is_the_whole_conversation(store: SQLiteStore) -> None:
    with pytest.raises(InvalidMessage, match=r"newest message alone, or its text; append what was said before"):
        builder(store).build([{"role": "user", "content": "Hello there"}], **A)


@pytest.mark.parametrize("embeddings", ["minilm", object(), ConceptEmbeddings], ids=["name", "object", "class"])
def test_an_embedder_that_is_none(embeddings: Any) -> None:
    for make in (
        lambda: Documents(["One text."], embeddings=embeddings),
        lambda: Documents(str.split, embeddings=embeddings),
        lambda: Tools([], embeddings=embeddings),
        lambda: SQLiteStore(":memory:", embeddings=embeddings),
        lambda: DynamoDBStore("shop-", region="eu-west-1", embeddings=embeddings),
    ):
        with pytest.raises(InvalidInput, match=r"is no embedder\. Pass a LangChain `Embeddings`"):
            make()


def test_a_splitter_that_is_none() -> None:
    splitter: Any = "markdown"
    with pytest.raises(InvalidInput, match=r"'markdown' is no text splitter\. Pass a LangChain text splitter"):
        Documents(["One text."], splitter=splitter)


def test_an_empty_store_gives_a_prompt_of_system_and_query(store: SQLiteStore) -> None:
    context = builder(store).build("Which colour is the sea?", **A)
    assert [message.role for message in context.messages] == ["system", "user"]
    assert kinds(context) == set()


@pytest.mark.parametrize("path", ["agent.db", Path("agent.db")])
def test_a_path_in_the_place_of_a_store(path: object) -> None:
    with pytest.raises(InvalidInput, match=r"agent\.db'\)?, not a store\. Pass SQLiteStore\(.*agent\.db"):
        ContextBuilder(store=path, sources=[System("You are Otis.")], budget=Budget(1_000))


def test_an_unknown_strategy(store: SQLiteStore) -> None:
    with pytest.raises(UnknownStrategy, match="agent, chat"):
        ContextBuilder(store=store, sources=[], budget=1_000, strategy="chta")


@pytest.mark.parametrize("budget", [0, -1, Budget])
def test_a_budget_without_room(budget: Any) -> None:
    with pytest.raises(InvalidBudget):
        ContextBuilder(sources=[], budget=budget)


def test_a_required_section_larger_than_the_window(store: SQLiteStore) -> None:
    large = ContextBuilder(store=store, sources=[System("word " * 5_000)], budget=Budget(1_000))
    with pytest.raises(BudgetTooSmall, match=r"system \(500\d\)") as caught:
        large.build("Hello", **A)
    assert caught.value.window == 1_000
    assert "read_tool = false" in caught.value.remedy, "which of the items listed is not the user's own"
    with pytest.raises(BudgetTooSmall) as caught:
        ContextBuilder(sources=[System("word " * 5_000)], budget=Budget(1_000)).build("Hello", **A)
    assert "read_tool" not in str(caught.value)


@pytest.mark.parametrize("bad", ["", "\ud800", "x" * 2_049, None, 7])
def test_invalid_ids(store: SQLiteStore, bad: Any) -> None:
    with pytest.raises(InvalidId):
        builder(store).build("Hi there", actor_id=bad, session_id="s1")
    with pytest.raises(InvalidId):
        builder(store).build("Hi there", actor_id="u1", session_id=bad)


@pytest.mark.parametrize("tool", [{"name": "x", "parameters": 3}, {"parameters": {}}, 7, {"type": "function"}])
def test_malformed_tool_schemas(tool: object) -> None:
    with pytest.raises(InvalidTool) as caught:
        Tools([tool])
    assert caught.value.remedy


def test_orphan_tool_results_already_in_the_history(store: SQLiteStore) -> None:
    store.append("u1", "s1", [{"role": "tool", "content": "lost", "tool_call_id": "c9", "id": "orphan"}])
    context = builder(store).build("Hello", **A)
    checks.groups_are_whole(context.messages)
    assert context.report.decision("orphan").section in ("history", "recall")


@pytest.mark.slow
def test_a_message_of_50_megabytes(store: SQLiteStore) -> None:
    """Kept whole, shown shortened, read back byte for byte."""
    text = "The train to Ghent was late on Tuesday.\n" * (50 * 2**20 // 40)
    store.append("u1", "s1", [{"role": "user", "content": text}, {"role": "assistant", "content": "I see."}])
    context = builder(store).build("When was it late?", **A)
    assert context.tokens <= 4_000
    assert store.messages("u1", "s1", last=2)[0].text == text


def test_a_message_larger_than_the_store_takes() -> None:
    with SQLiteStore(":memory:", max_message_bytes=1_000) as store:
        with pytest.raises(InvalidMessage, match=r"accepts 1000.*max_message_bytes"):
            store.append("u1", "s1", [{"role": "user", "content": "x" * 2_000}])
        assert store.messages("u1", "s1") == []


@pytest.mark.parametrize("text", ["\ud800", "a\udfff\ud800b", "\x00", "\ufffe", "👩\u200d👧", "\u202eabc"])
def test_text_that_is_hardly_text_stands_verbatim(store: SQLiteStore, text: str) -> None:
    store.append("u1", "s1", [{"role": "user", "content": text}, {"role": "assistant", "content": text}])
    store.set_preferences("u1", {"tone": text})
    context = builder(store).build(f"Say {text} again", **A)
    assert context.messages[-1].text == f"Say {text} again"
    assert [message.text for message in context.messages[-3:-1]] == [text, text]
    assert context.report.to_text()
    json.loads(context.report.to_json())


def test_bytes_that_are_not_text_are_refused(store: SQLiteStore) -> None:
    with pytest.raises(InvalidMessage, match=r"\.decode\(\)"):
        store.append("u1", "s1", [{"role": "user", "content": b"\xff\xfe"}])


def test_a_read_only_database_is_read_and_says_that_it_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    with SQLiteStore(path) as store:
        store.append("u1", "s1", [{"role": "user", "content": f"Order {n}"} for n in range(40)])
    with SQLiteStore(f"file:{path}?mode=ro") as store:
        context = builder(store).build("What about order 7?", **A)
        assert "view not kept" in kinds(context)
        with pytest.raises(StoreReadOnly):
            store.append("u1", "s1", [{"role": "user", "content": "more"}])


def test_a_database_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    path.write_bytes(b"this is no database, it only looks like a file of some size" * 100)
    with pytest.raises(StoreError), SQLiteStore(path) as store:
        builder(store).build("Hello", **A)


def test_a_damaged_view_costs_the_cached_prefix_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    with SQLiteStore(path) as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}])
        for damaged in ("not json", "[]", "{}", '{"version": 1}', '{"version": 999, "x": 1}', ""):
            store.save_view("u1", "s1", damaged)
            context = builder(store).build("And now?", **A)
            assert [message.text for message in context.messages[-3:]] == ["Hello", "Hi", "And now?"]


def test_a_damaged_index_is_made_again_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    with SQLiteStore(path) as store:
        store.append("u1", "s1", [{"role": "user", "content": f"Order {n} to Ghent"} for n in range(1_100)])
        store.append("u1", "s1", [{"role": "assistant", "content": "Fine."}])
        builder(store).build("What about order 7 to Ghent?", **A)
        damaged = dict.fromkeys(store.derived("u1", "s1"), b"rubbish")
        assert damaged
        store.save_derived("u1", "s1", damaged)
        context = builder(store).build("What about order 7 to Ghent?", **A)
        assert "index made again" in kinds(context)
        assert any("Order 7 to Ghent" in message.text for message in context.messages[:-1])
        assert "index made again" not in kinds(builder(store).build("And order 8 to Ghent?", **A))


def test_a_damaged_message_is_a_typed_error(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    with SQLiteStore(path) as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE messages SET message = '{'")
    connection.close()
    with SQLiteStore(path) as store, pytest.raises(ContextKitError) as caught:
        builder(store).build("And now?", **A)
    assert isinstance(caught.value, StoreCorrupt) or "damaged" in str(caught.value) or caught.value.remedy


def test_a_closed_store(store: SQLiteStore) -> None:
    store.close()
    with pytest.raises(StoreError) as caught:
        builder(store).build("Hello", **A)
    assert caught.value.remedy


def test_an_expired_session_keeps_no_handle_and_no_message() -> None:
    now = [NOW]
    with SQLiteStore(":memory:", clock=lambda: now[0], ttl=timedelta(minutes=1)) as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}])
        now[0] += timedelta(hours=1)
        with pytest.raises(EmptyQuery):
            builder(store).build(**A)
        context = builder(store).build("Hello again", **A)
        assert len(context.messages) == 2
        with pytest.raises(ContextKitError):
            builder(store).read_context("m1", **A)


@pytest.mark.parametrize("name", ["query", "system", "tool:read_context", "summary", "m1"])
def test_a_message_may_have_any_id(store: SQLiteStore, name: str) -> None:
    """An id that something else has too must not make a session unusable for ever."""
    store.append("u1", "s1", [{"role": "user", "content": "Hello", "id": name}, {"role": "assistant", "content": "Hi"}])
    context = builder(store).build("And now?", **A)
    assert [message.text for message in context.messages[-3:]] == ["Hello", "Hi", "And now?"]
    names = [decision.item_id for decision in context.report.decisions]
    assert len(names) == len(set(names))
    assert name in names


@pytest.mark.parametrize("source", [History, "You help.", None, lambda _: []])
def test_what_is_no_source(source: Any) -> None:
    with pytest.raises(InvalidInput, match=r"is not a source\. Pass instances, such as History\(\)"):
        ContextBuilder(sources=[System("You help."), source], budget=100)


def test_a_source_that_needs_a_store_says_so() -> None:
    with pytest.raises(InvalidInput, match="store=SQLiteStore"):
        ContextBuilder(sources=[Memories()], budget=1_000).build("Hello there", **A)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"sources": None}, "sources are None. Pass a list"),
        ({"sources": System("Help.")}, "Pass a list of them, also of a single one"),
        ({"strategy": None}, "strategy is None. Pass the name of one"),
        ({"strategy": 7}, "strategy is 7"),
        ({"counter": None}, "None counts no tokens"),
        ({"counter": len}, "counts no tokens. Pass the name of a vocabulary"),
        ({"store": SQLiteStore}, r"Pass an instance: SQLiteStore\(…\)"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_builder_made_of_the_wrong_things(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        ContextBuilder(**{"sources": [System("Help.")], "budget": 4_000} | wrong)


@pytest.mark.parametrize("found", ["one", {"documents": ["one"]}, b"one"])
def test_a_search_that_gives_no_list(found: object) -> None:
    """A text's letters and a dict's keys were taken for documents."""
    searching = Documents(lambda _: found)  # type: ignore[arg-type, return-value]
    asked = ContextBuilder(sources=[searching], strategy="rag", budget=4_000)
    with pytest.raises(InvalidInput, match="Let it give a list of documents"):
        asked.build("One?", **A)
    if not isinstance(found, str):
        with pytest.raises(InvalidInput, match="Pass a list of documents"):
            Documents(found)  # type: ignore[arg-type]


def test_a_report_is_asked_for_what_it_does_not_have(store: SQLiteStore) -> None:
    context = builder(store).build("Hello?", **A)
    for item_id in (None, 1, ""):
        with pytest.raises(UnknownItem, match="lists every item"):
            context.report.why(item_id)  # type: ignore[arg-type]
    for other in (None, context):
        with pytest.raises(InvalidInput, match="Pass the `report` of the context"):
            context.report.diff(other)  # type: ignore[arg-type]
