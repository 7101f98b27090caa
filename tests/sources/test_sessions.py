"""Sessions: what other conversations said is found in a new one, and no longer than it is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from contextkit import ContextBuilder
from contextkit.context import Context
from contextkit.errors import InvalidInput
from contextkit.fence import BLOCK_NAME
from contextkit.sources import History, Memories, Sessions, System
from contextkit.stores import SessionEntry, SessionStore
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import parse_strategy
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance import EMBEDDINGS
from contextkit.types import Message, ToolCall
from tests.world import NOW

LONG_AGO = NOW - timedelta(days=90)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(clock: ManualClock) -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", clock=clock, ttl=timedelta(days=30)) as store:
        yield store


def say(store: SessionStore, session_id: str, *texts: str, actor_id: str = "u1", ago: timedelta | None = None) -> None:
    """What a user said, and an answer to each."""
    when = LONG_AGO if ago is None else NOW - ago
    for text in texts:
        said = [
            Message(role="user", content=text, created_at=when),
            Message(role="assistant", content="Noted.", created_at=when),
        ]
        store.append(actor_id, session_id, said)


def build(store: object, query: str, *sources: Any, session_id: str = "new", **options: Any) -> Context:
    options = {"strategy": "chat", "budget": 8_000, "clock": lambda: NOW, **options}
    given = sources or (Sessions(), History())
    builder = ContextBuilder(store=store, sources=[System("Be brief."), *given], **options)
    return builder.build(query, actor_id="u1", session_id=session_id)


def block(context: Context) -> str:
    return "\n".join(message.text for message in context.messages if message.name == BLOCK_NAME)


def kinds(context: Context) -> list[str]:
    return [notice.kind for notice in context.report.notices]


def test_what_another_conversation_said_stands_under_its_day(store: SQLiteStore) -> None:
    say(store, "march", "My sister Linh gets married in Da Nang.")
    context = build(store, "Where does my sister get married?")
    assert block(context).startswith(
        "<context-sessions>\nIn another conversation, 3 February 2026:\nuser: My sister Linh gets married in Da Nang.\n"
    )
    decided = [one for one in context.report.decisions if one.source == "sessions"]
    assert [one.outcome for one in decided] == ["kept", "kept"]
    assert all(one.item_id.startswith("march/") for one in decided)


def test_several_conversations_are_told_apart(store: SQLiteStore) -> None:
    say(store, "one", "The train to Ghent is late.")
    say(store, "two", "I took the train to Bruges.")
    shown = block(build(store, "Which train was it?"))
    assert "In another conversation (1), 3 February 2026:" in shown
    assert "In another conversation (2), 3 February 2026:" in shown


def test_the_conversation_itself_and_those_of_others_are_not_searched(store: SQLiteStore) -> None:
    say(store, "new", "My sister Linh gets married in Da Nang.")
    say(store, "theirs", "My sister Ana gets married in Porto.", actor_id="u2")
    context = build(store, "Where does my sister get married?")
    assert [one for one in context.report.decisions if one.section == "sessions"] == []
    assert "Porto" not in block(context)


def test_what_was_deleted_or_has_expired_is_not_found(store: SQLiteStore, clock: ManualClock) -> None:
    builder = ContextBuilder(store=store, sources=[Sessions(), History()], strategy="chat", budget=8_000, clock=clock)
    say(store, "one", "My sister Linh gets married in Da Nang.")
    say(store, "two", "My sister is married to an Austrian.")
    asked = "Whom is my sister married to?"
    assert "Austrian" in block(builder.build(asked, actor_id="u1", session_id="new"))
    store.delete_session("u1", "two")
    shown = block(builder.build(asked, actor_id="u1", session_id="new"))
    assert "Austrian" not in shown
    assert "Da Nang" in shown
    clock.advance(timedelta(days=31))
    assert "Da Nang" not in block(builder.build(asked, actor_id="u1", session_id="new"))


def test_what_is_said_meanwhile_is_found_and_stands_as_it_would_for_a_new_process(store: SQLiteStore) -> None:
    builder = ContextBuilder(
        store=store, sources=[Sessions(), History()], strategy="chat", budget=8_000, clock=lambda: NOW
    )
    say(store, "one", "The train to Ghent is late.")
    say(store, "two", "A train of thought.")
    builder.build("Which train?", actor_id="u1", session_id="new")
    say(store, "one", "The train to Bruges is late, too.")
    grown = builder.build("Which train?", actor_id="u1", session_id="new")
    assert "Bruges" in block(grown)
    assert block(build(store, "Which train?")) == block(grown)


def test_secrets_stay_where_they_were_said(store: SQLiteStore) -> None:
    say(store, "one", "We moved to the new office. The password of the office wifi is swordfish.")
    shown = block(build(store, "What about the office?"))
    assert "We moved to the new office." in shown
    assert "swordfish" not in shown


def test_secrets_stay_there_too_where_their_letters_are_spelled_as_numbers(store: SQLiteStore) -> None:
    say(store, "one", json.dumps(["Văn phòng mới ở Huế.", "Phòng họp ở tầng hai.", "Mật khẩu là swordfish."]))
    assert "swordfish" not in block(build(store, "Văn phòng mới ở đâu?"))
    say(store, "two", "Văn phòng: " + json.dumps("Mật khẩu là swordfish."))
    assert "swordfish" not in block(build(store, "Văn phòng mới ở đâu?"))


def test_only_so_many_sessions_are_looked_into_those_used_last(store: SQLiteStore, clock: ManualClock) -> None:
    for number in range(4):
        clock.advance(timedelta(minutes=1))
        say(store, f"s{number}", f"Train number {number} is late.")
    shown = block(build(store, "Which train is late?", Sessions(limit=2), History()))
    assert [number for number in range(4) if f"number {number}" in shown] == [2, 3]


def test_of_who_has_many_sessions_not_all_are_listed(clock: ManualClock) -> None:
    """A store that sends what it lists would send thousands for every question."""
    asked: list[tuple[int, datetime | None]] = []

    class Listing(SQLiteStore):
        def recent_sessions(self, actor_id: str, last: int, *, since: datetime | None = None) -> list[SessionEntry]:
            found = super().recent_sessions(actor_id, last, since=since)
            asked.append((len(found), since))
            return found

    def late(store: SQLiteStore, source: Sessions) -> list[int]:
        asked.clear()
        shown = block(build(store, "Which train is late?", source, History(), clock=clock))
        return [number for number in range(9) if f"number {number}" in shown]

    with Listing(":memory:", clock=clock) as store:
        for number in range(6):
            say(store, f"s{number}", f"Train number {number} is late.")
            clock.advance(timedelta(days=3))
        source = Sessions(limit=2)
        assert late(store, source) == [4, 5]
        assert asked == [(4, None)]
        fourth = store.session("u1", "s4")
        assert fourth is not None
        assert late(store, source) == [4, 5]
        assert asked == [(2, fourth.updated_at - timedelta.resolution)]
        store.delete_session("u1", "s5")
        assert late(store, source) == [3, 4], "another moves up"
        assert [since for _, since in asked] == [fourth.updated_at - timedelta.resolution, None]
        say(store, "s1", "Train number 7 is late.")
        assert late(store, source) == [1, 4, 7]
        few = Sessions(limit=9)
        for _ in range(2):
            assert late(store, few) == [0, 1, 2, 3, 4, 7]
            assert asked == [(5, None)]


@pytest.mark.parametrize("limit", [0, -1, True, 2.5, "3"])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidInput, match="limit of sessions"):
        Sessions(limit=limit)


def test_what_was_said_a_moment_ago_is_offered_whatever_it_is_about(store: SQLiteStore, clock: ManualClock) -> None:
    """Who opens a second window need not say again what the first was told."""
    say(store, "older", "I like hiking.", ago=timedelta(minutes=9))
    clock.advance(timedelta(minutes=1))
    say(store, "last", "I like swimming.", ago=timedelta(days=2))
    say(store, "last", "I am allergic to nuts.", ago=timedelta(minutes=5))
    call = ToolCall("c1", "diets", "{}")
    store.append(
        "u1",
        "last",
        [
            Message(role="assistant", tool_calls=(call,)),
            Message(role="tool", tool_call_id="c1", content="Twelve diets."),
        ],
    )
    shown = block(build(store, "Suggest a dessert.", Sessions(), Memories(), History()))
    assert shown.count("I am allergic to nuts.") == 1
    assert "hiking" not in shown
    assert "swimming" not in shown
    assert "diets" not in shown, "of tools only what bears on the question"


def test_a_session_that_goes_on_from_another_does_not_tell_its_messages_twice(store: SQLiteStore) -> None:
    say(store, "s1", "The train?", "It is late.")
    store.append("u1", "s1-edited", store.messages("u1", "s1", before=4))
    context = build(store, "Which train is late?", session_id="s1-edited")
    assert "The train?" not in block(context)
    reasons = [one.reason for one in context.report.decisions if one.source == "sessions"]
    assert any("stands in the history" in reason for reason in reasons)


def test_by_meaning_where_the_store_embeds(clock: ManualClock) -> None:
    with SQLiteStore(":memory:", clock=clock, embeddings=EMBEDDINGS) as store:
        say(store, "one", "I adopted a puppy.", "The invoice is paid.")
        assert "puppy" in block(build(store, "Have I got a dog?"))


def test_an_embedder_that_fails_leaves_words(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with SQLiteStore(":memory:", clock=clock, embeddings=EMBEDDINGS) as store:
        say(store, "one", "The train to Ghent is late.")
        monkeypatch.setattr(type(EMBEDDINGS), "embed_query", lambda *_: 1 / 0)
        context = build(store, "Which train?")
    assert "Ghent" in block(context)
    assert "embedder failed" in kinds(context)


def test_a_turn_that_goes_on_keeps_what_was_found(store: SQLiteStore) -> None:
    say(store, "one", "The train to Ghent is late.")
    builder = ContextBuilder(
        store=store, sources=[Sessions(), History()], strategy="agent", budget=8_000, clock=lambda: NOW
    )
    ids = {"actor_id": "u1", "session_id": "new"}
    first = builder.build("Which train?", **ids)
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    store.append(
        **ids,
        messages=[
            {"role": "user", "content": "Which train?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "At nine."},
        ],
    )
    later = builder.build(**ids)
    assert later.messages[: len(first.messages) - 1] == first.messages[:-1]
    assert "Ghent" in later.messages[len(first.messages) - 2].text


def test_a_thank_you_looks_nothing_up(store: SQLiteStore) -> None:
    say(store, "one", "Thanks a lot for the train.")
    assert [one for one in build(store, "Thanks!").report.decisions if one.section == "sessions"] == []


def test_a_strategy_without_the_section_is_told(store: SQLiteStore) -> None:
    say(store, "one", "The train to Ghent is late.")
    text = '[sections.system]\nregion = "stable"\n[sections.turn]\nregion = "turn"\nrequired = true\n'
    context = build(store, "Which train?", Sessions(), strategy=parse_strategy(text, name="bare"))
    assert kinds(context).count("no section") >= 1
    assert "'sessions'" in str(context.report)


def test_sessions_in_dynamodb_are_found_alike(patient_client: Any, tables: str, actor: str) -> None:
    with DynamoDBStore(tables, client=patient_client) as store:
        for number in range(3):
            say(store, f"s{number}", f"Train number {number} to Ghent is late.", actor_id=actor)
        builder = ContextBuilder(
            store=store, sources=[Sessions(), History()], strategy="chat", budget=8_000, clock=lambda: NOW
        )
        shown = block(builder.build("Which train is late?", actor_id=actor, session_id="new"))
    assert [number for number in range(3) if f"number {number}" in shown] == [0, 1, 2]
