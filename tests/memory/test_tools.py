"""Memory tools: what a model remembers, recalls and forgets is its own user's, and a slip does not end its loop."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from contextkit.errors import InvalidId, InvalidInput, StoreUnavailable, UnknownMemory
from contextkit.memory.ledger import Ledger
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.tools import LONGEST, MOST, SHORT_ID, MemoryTools
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.clock import ManualClock


@pytest.fixture
def memory(store: SQLiteStore, clock: ManualClock) -> MemoryTools:
    return MemoryTools(store, actor_id="u1", session_id="s1", clock=clock)


def id_in(text: str) -> str:
    found = re.search(r"\[(\w+)\]", text)
    assert found, text
    return found[1]


def test_what_is_remembered_is_recalled_in_another_session(
    memory: MemoryTools, store: SQLiteStore, clock: ManualClock
) -> None:
    told = memory.remember("Ana's flight is BA 117.", importance=0.9)
    later = MemoryTools(store, actor_id="u1", session_id="s2", clock=clock)
    assert later.recall("which flight?") == f"[{id_in(told)}] Ana's flight is BA 117. (since {clock():%Y-%m-%d})"
    (record,) = store.memories("u1")
    assert (record.importance, record.metadata["session_id"]) == (0.9, "s1")
    assert record.namespace == MemoryStrategy.load("semantic").namespace_of("u1", "s1")
    assert len(id_in(told)) == SHORT_ID


@pytest.mark.parametrize("query", ["", "*", "everything about the user", "What do you know about me?"])
def test_all_that_is_known_can_be_asked_for(memory: MemoryTools, query: str) -> None:
    assert memory.recall(query) == "Nothing is known yet."
    for n in range(MOST + 2):
        memory.remember(f"Ana owns boat {n}.", importance=0.1)
    memory.remember("Ana is allergic to nuts.", importance=1)
    first, *others, more = memory.recall(query).splitlines()
    assert "allergic to nuts" in first
    assert len(others) == MOST - 1
    assert more == "… and 3 more: recall something in particular."


def test_what_several_strategies_keep_in_the_same_words_is_counted_once(
    memory: MemoryTools, store: SQLiteStore, clock: ManualClock
) -> None:
    for place in ("semantic", "preferences"):
        texts = [f"Ana owns boat {n}." for n in range(MOST + 2)]
        records = [MemoryRecord(id=f"{place}{n}", text=text, created_at=clock()) for n, text in enumerate(texts)]
        store.put_memories("u1", records)
    *lines, more = memory.recall("").splitlines()
    assert len(lines) == MOST
    assert more == "… and 2 more: recall something in particular."


def test_what_is_known_is_not_kept_twice(memory: MemoryTools, store: SQLiteStore) -> None:
    memory.remember("Ana likes tea.")
    assert memory.remember("ana likes  tea").startswith("Remembered with what was known")
    assert len(store.memories("u1")) == 1


def test_a_new_value_of_a_subject_replaces_the_old_one_which_is_still_recalled(
    memory: MemoryTools, clock: ManualClock
) -> None:
    memory.remember("Ana lives in Ghent.", subject="home of Ana")
    clock.advance(timedelta(days=3))
    assert "'Ana lives in Ghent.'" in memory.remember("Ana lives in Antwerp.", subject="home of Ana")
    assert "Ghent" not in memory.recall("Where does Ana live?")
    for text in (memory.recall("Where does Ana live?", past=True), memory.recall("Where did Ana live before?")):
        now, before = text.splitlines()
        assert "Antwerp" in now
        assert (
            f"Ana lives in Ghent. ({clock() - timedelta(days=3):%Y-%m-%d} to {clock():%Y-%m-%d}, no longer so)"
            in before
        )


def test_what_is_forgotten_is_no_longer_so_or_gone_by_choice(
    memory: MemoryTools, store: SQLiteStore, clock: ManualClock
) -> None:
    tea, coffee = (id_in(memory.remember(f"Ana likes {what}.")) for what in ("tea", "coffee"))
    clock.advance(timedelta(hours=1))
    assert memory.forget(f"[{tea}]") == "No longer so: Ana likes tea."
    assert memory.forget(coffee, delete=True) == "Deleted: Ana likes coffee."
    assert memory.recall("What does Ana like?") == "Nothing is known about that."
    (left,) = store.memories("u1", active=False)
    assert (left.text, left.valid_to) == ("Ana likes tea.", clock())
    assert "no longer so" in memory.recall("What did Ana like before?")
    memory.forget(tea)
    assert store.memories("u1", active=False) == [left]


def test_what_was_forgotten_may_be_remembered_again_and_both_stay(
    memory: MemoryTools, store: SQLiteStore, clock: ManualClock
) -> None:
    for _ in range(2):
        told = memory.remember("Ana likes tea.")
        clock.advance(timedelta(hours=1))
        memory.forget(id_in(told))
        clock.advance(timedelta(hours=1))
    assert len(store.memories("u1", active=False)) == 2


def test_deleting_may_be_forbidden(store: SQLiteStore, clock: ManualClock) -> None:
    memory = MemoryTools(store, actor_id="u1", session_id="s1", may_delete=False, clock=clock)
    name = id_in(memory.remember("Ana likes tea."))
    assert "delete" not in memory.tools[2].parameters["properties"]
    assert "have 'delete'" in memory.call("forget", {"memory": name, "delete": True})
    with pytest.raises(InvalidInput, match="not deleted here"):
        memory.forget(name, delete=True)
    assert len(store.memories("u1")) == 1


@pytest.mark.parametrize(
    ("text", "subject"),
    [("Ana's password is hunter2.", ""), ("It is 4111 1111 1111 1111.", ""), ("It is hunter2.", "password of Ana")],
)
def test_a_secret_is_not_remembered_and_the_model_is_told(
    memory: MemoryTools, store: SQLiteStore, text: str, subject: str
) -> None:
    told = memory.call("remember", {"text": text, "subject": subject})
    assert told.startswith("Not remembered: ")
    assert "hunter2" not in told
    assert store.memories("u1", active=False) == []


def test_nothing_escapes_the_actor(memory: MemoryTools, store: SQLiteStore, clock: ManualClock) -> None:
    other = MemoryTools(store, actor_id="u2", session_id="s1", clock=clock)
    secret = id_in(other.remember("Ben's code is 4711."))
    whole = store.memories("u2")[0].id
    assert memory.recall("code") == "Nothing is known about that."
    for name in (secret, whole):
        with pytest.raises(UnknownMemory):
            memory.forget(name, delete=True)
    assert len(store.memories("u2")) == 1
    for tool in memory.tools:
        assert not {"actor", "actor_id", "session_id", "namespace"} & set(tool.parameters["properties"])


def test_memories_of_other_strategies_are_reached_by_their_own_ids(memory: MemoryTools, store: SQLiteStore) -> None:
    created = store.append("u1", "s1", [{"role": "user", "content": "x"}])[0].created_at
    assert created is not None
    store.put_memories("u1", [MemoryRecord(id="custom/1", text="Ana likes tea.", created_at=created, namespace="n")])
    assert "[custom/1] Ana likes tea." in memory.recall("tea")
    assert memory.forget("custom/1", delete=True) == "Deleted: Ana likes tea."


def test_two_ids_that_begin_alike_are_asked_about(memory: MemoryTools, store: SQLiteStore, clock: ManualClock) -> None:
    ids = [f"mem-{'ab' * 4}{n:032}" for n in range(2)]
    store.put_memories("u1", [MemoryRecord(id=name, text=name[-1], created_at=clock()) for name in ids])
    with pytest.raises(UnknownMemory, match="means several") as raised:
        memory.forget("abababab")
    assert len(raised.value.found) == 2
    assert memory.forget(ids[1], delete=True) == "Deleted: 1"


def test_recall_shows_only_so_many(memory: MemoryTools) -> None:
    for number in range(MOST + 5):
        memory.remember(f"Ana owns bicycle number {number} of type {'abcdefghijklmnop'[number] * 4}.")
    assert len(memory.recall("bicycle").splitlines()) == MOST


# As a model calls them


def test_schemas_and_calls_agree(memory: MemoryTools) -> None:
    assert [tool.name for tool in memory.tools] == ["remember", "recall", "forget"]
    good: dict[str, dict[str, Any]] = {"remember": {"text": "Ana likes tea."}, "recall": {"query": "tea", "past": True}}
    for tool in memory.tools[:2]:
        jsonschema.Draft202012Validator.check_schema(tool.parameters)
        jsonschema.validate(good[tool.name], tool.parameters)
        assert callable(tool.origin)
    assert id_in(memory.call("remember", json.dumps(good["remember"]))) in memory.call("recall", good["recall"])


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("remember", "", "lack 'text'"),
        ("remember", "{", "are no JSON"),
        ("remember", "[1]", "are no JSON object"),
        ("remember", '{"text": [7]}', "have [7] for 'text'"),
        ("remember", '{"text": "  "}', "has 0 characters"),
        ("remember", json.dumps({"text": "x" * (LONGEST + 1)}), f"has {LONGEST + 1} characters"),
        ("remember", '{"text": "x", "importance": "high"}', "for 'importance'"),
        ("remember", '{"text": "x", "importance": true}', "for 'importance'"),
        ("remember", '{"text": "x", "importance": 7}', "The importance is 7"),
        ("remember", '{"text": "x", "actor_id": "u2"}', "have 'actor_id'"),
        ("remember", None, "lack 'text'"),
        ("remember", ["x"], "are no JSON object"),
        ("remember", 7, "are no JSON object"),
        ("remember", b'{"text": "x"}', "are no JSON object"),
        ("remember", "[" * 100_000, "are no JSON ("),
        ("remember", '{"text": null}', "lack 'text'"),
        ("recall", "{}", "lack 'query'"),
        ("recall", None, "lack 'query'"),
        ("recall", "null", "lack 'query'"),
        ("forget", None, "lack 'memory'"),
        ("forget", '{"memory": "nothing"}', "means no memory"),
        ("forget", '{"memory": ""}', "means no memory"),
    ],
)
def test_a_slip_is_answered_in_words(
    memory: MemoryTools, store: SQLiteStore, name: str, arguments: Any, told: str
) -> None:
    assert told in memory.call(name, arguments)
    assert store.memories("u1") == []


def test_a_null_is_an_argument_not_given(memory: MemoryTools) -> None:
    memory.remember("Ana likes tea.")
    assert "Ana likes tea." in memory.call("recall", '{"query": "tea", "past": null}')


def test_other_tools_are_not_ours(memory: MemoryTools) -> None:
    with pytest.raises(InvalidInput, match="no memory tool 'read_context'"):
        memory.call("read_context", "{}")


def test_ids_are_checked_at_once(store: SQLiteStore) -> None:
    with pytest.raises(InvalidId):
        MemoryTools(store, actor_id="", session_id="s1")


# Beside the engine


def test_what_the_engine_works_on_is_waited_for(
    memory: MemoryTools, store: SQLiteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contextkit.memory.tools.WAIT", 0.1)
    hold = Ledger(store, timedelta(minutes=1), clock).take("u1")
    assert hold is not None
    with pytest.raises(StoreUnavailable, match="being worked on"):
        memory.remember("Ana likes tea.")
    hold.release()
    assert memory.remember("Ana likes tea.").startswith("Remembered [")
    assert Ledger(store, timedelta(minutes=1), clock).page("u1").holder is None
