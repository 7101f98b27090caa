"""Offload: written before it is shown, read back in parts, and never dangling, whatever fails or dies."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.errors import (
    ContextKitError,
    HandleNotFound,
    InvalidId,
    InvalidInput,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from contextkit.offload import LONGEST_READ, Page, answer_call, answer_read, answer_search, read_context, read_tool
from contextkit.sources import History, Overflow, System
from contextkit.stores import Overflow as Piece
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy
from contextkit.tokens import get_counter
from contextkit.types import Message
from contextkit.views import Views
from tests.processes import QUICK
from tests.world import Ranked

A = {"actor_id": "u1", "session_id": "s1"}
LONG = " ".join(f"Line {number} of the report about Ghent." for number in range(400))


class Failing(SQLiteStore):
    """A store whose methods named in `broken` raise what is given there."""

    broken: dict[str, Exception]

    def __init__(self, **broken: Exception) -> None:
        super().__init__(":memory:")
        self.broken = broken

    def _check(self, name: str) -> None:
        if name in self.broken:
            raise self.broken[name]

    def session(self, actor_id: str, session_id: str):  # type: ignore[no-untyped-def]
        self._check("session")
        return super().session(actor_id, session_id)

    def messages(self, actor_id: str, session_id: str, **within):  # type: ignore[no-untyped-def]
        self._check("messages")
        return super().messages(actor_id, session_id, **within)

    def save_view(self, actor_id: str, session_id: str, view: str, *, life: datetime | None = None) -> None:
        self._check("save_view")
        super().save_view(actor_id, session_id, view, life=life)

    def save_derived(self, *given, **within) -> None:  # type: ignore[no-untyped-def]
        self._check("save_derived")
        super().save_derived(*given, **within)

    def put_overflow(
        self, actor_id: str, session_id: str, pieces: Sequence[Piece], *, life: datetime | None = None
    ) -> datetime | None:
        self._check("put_overflow")
        return super().put_overflow(actor_id, session_id, pieces, life=life)


def error(kind: type[StoreError]) -> StoreError:
    return kind("The disk said no.", "Try another.")


def builder(store: object, window: int = 2_000, *, read_tool: bool = True) -> ContextBuilder:
    sources = [System("Help."), History(), Ranked("documents", [(LONG, 9), (LONG[::-1], 8)]), Overflow()]
    strategy = replace(ContextStrategy.load("rag"), read_tool=read_tool)
    return ContextBuilder(store=store, sources=sources, strategy=strategy, budget=Budget(window))


def shown(messages: Sequence[Message]) -> list[str]:
    return re.findall(r"read_context\('([^']+)'\)", "".join(message.text for message in messages))


def test_a_prompt_without_the_tool_that_reads_handles_does_not_speak_of_it() -> None:
    with Failing() as store:
        context = builder(store, read_tool=False).build("What does the report say about Ghent?", **A)
        assert not context.tools
        assert "read_context" not in "".join(message.text for message in context.messages)
        assert any(decision.handle for decision in context.report.decisions)


KINDS = [StoreFull, StoreReadOnly, StoreUnavailable, StoreCorrupt]


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_acknowledged_write_no_handle_is_shown(kind: type[StoreError]) -> None:
    with Failing(put_overflow=error(kind)) as store:
        context = builder(store).build("What does the report say about Ghent?", **A)
        assert not shown(context.messages)
        assert all(decision.handle is None for decision in context.report.decisions)
        assert context.report.decision("documents/0").outcome == "shortened"
        assert [n.kind for n in context.report.notices if "disk said no" in n.text] == ["offload failed"]


def test_what_lies_in_the_overflow_already_is_shown_and_not_written_again() -> None:
    with Failing() as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}])
        agent = builder(store)
        first = shown(agent.build("What does the report say about Ghent?", **A).messages)
        store.broken = {"put_overflow": error(StoreFull)}
        context = agent.build("And what does it say about Ghent at last?", **A)
        again = shown(context.messages)
        assert set(first) & set(again)
        assert "offload failed" not in {notice.kind for notice in context.report.notices}
        assert all(agent.read_context(handle, **A) for handle in again)
        fresh = builder(store).build("And what does it say about Ghent?", **A)  # another process does not know
        assert "offload failed" in {notice.kind for notice in fresh.report.notices}


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_that_cannot_be_kept_is_reported_and_the_prompt_stands(kind: type[StoreError]) -> None:
    with Failing(save_view=error(kind)) as store:
        context = builder(store).build("What about Ghent?", **A)
        assert context.messages[-1].text == "What about Ghent?"
        assert "view not kept" in {notice.kind for notice in context.report.notices}


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_that_cannot_be_read_costs_its_share_or_is_a_typed_error(kind: type[StoreError]) -> None:
    with Failing() as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}])
        store.broken = {"messages": error(kind)}
        if kind is StoreUnavailable:
            context = builder(store).build("What about Ghent?", **A)
            assert [message.text for message in context.messages if "Hello" in message.text] == []
            assert context.messages[-1].text == "What about Ghent?"
            assert {"session not read", "history incomplete"} <= {notice.kind for notice in context.report.notices}
        else:
            with pytest.raises(ContextKitError) as caught:
                builder(store).build("What about Ghent?", **A)
            assert caught.value.remedy


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not StoreUnavailable])
def test_a_session_that_is_damaged_is_a_typed_error(kind: type[StoreError]) -> None:
    with Failing(session=error(kind)) as store, pytest.raises(kind, match="Try another"):
        builder(store).build("What about Ghent?", **A)


def test_while_its_store_is_away_a_session_goes_on_from_what_was_read_last() -> None:
    away = error(StoreUnavailable)
    with Failing() as store:
        agent = builder(store)
        agent.build("Hello?", **A)
        store.append("u1", "s1", [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}])
        before = agent.build("And now?", **A)
        store.broken = dict.fromkeys(("session", "messages", "save_view", "put_overflow"), away)
        during = agent.build("What about Ghent?", **A)
        assert [message.text for message in during.messages if message.role == "assistant"] == ["Hi."]
        assert "message 2:" in next(note.text for note in during.report.notices if note.kind == "session not read")
        store.append("u1", "s1", [{"role": "user", "content": "And now?"}, {"role": "assistant", "content": "Later."}])
        store.broken = {}
        after = agent.build("What about Ghent?", **A)
        assert [message.text for message in after.messages if message.role == "assistant"] == ["Hi.", "Later."]
        assert after.messages[: len(before.messages) - 2] == before.messages[:-2]
        assert not {note.kind for note in after.report.notices} & {"session not read", "history incomplete"}


def test_of_a_session_never_read_and_away_the_prompt_says_that_it_knows_nothing() -> None:
    with Failing(session=error(StoreUnavailable)) as store:
        context = builder(store).build("What about Ghent?", **A)
        assert context.messages[-1].text == "What about Ghent?"
        notice = next(note for note in context.report.notices if note.kind == "session not read")
        assert "knows nothing of its session" in notice.text


def test_a_build_that_could_not_read_its_session_does_not_say_where_its_history_begins() -> None:
    """The next one would begin there, and read all of a long session."""
    with Failing() as store:
        store.append("u1", "s1", [{"role": "user", "content": f"Message {number}."} for number in range(500)])
        store.broken = {"session": error(StoreUnavailable)}
        builder(store).build("What about Ghent?", **A)
        store.broken = {}
        session = store.session("u1", "s1")
        assert session is not None
        assert Views.from_json(session.view).newest.history_from is None


@pytest.mark.parametrize("known", [True, False])
def test_a_history_that_could_not_be_read_once_is_there_again_when_it_can_be(known: bool) -> None:
    with Failing() as store:
        said = [f"Order {number}." for number in range(8)]
        store.append("u1", "s1", [{"role": "user", "content": text} for text in said])
        if known:
            builder(store).build("What about Ghent?", **A)
        store.broken = {"messages": error(StoreUnavailable)}
        another = builder(store)
        during = another.build("What about Ghent?", **A)
        assert "Messages 1 to 8 could not be read" in "".join(note.text for note in during.report.notices)
        store.broken = {}
        for process in (another, builder(store)):
            after = process.build("And what of Bruges?", **A)
            assert [message.text for message in after.messages if message.text in said] == said


def test_a_prompt_that_goes_on_like_the_last_one_keeps_no_view_again() -> None:
    with Failing() as store:
        agent = builder(store)
        store.append("u1", "s1", [{"role": "user", "content": "What about Ghent?"}])
        agent.build(**A)
        kept = store.session("u1", "s1")
        call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        store.append("u1", "s1", [{"role": "assistant", "content": "", "tool_calls": [call]}])
        store.append("u1", "s1", [{"role": "tool", "tool_call_id": "c1", "content": "Rain."}])
        store.broken = {"save_view": error(StoreReadOnly)}
        assert agent.build(**A).report.notices == ()
        assert kept is not None
        assert kept.view == (store.session("u1", "s1") or kept).view
        told = agent.build("And about Bruges?", **A).report.notices
        assert "view not kept" in {notice.kind for notice in told}


def test_a_build_keeps_nothing_of_a_session_that_was_deleted_meanwhile() -> None:
    class Deleting(Failing):
        def messages(self, actor_id: str, session_id: str, **within):  # type: ignore[no-untyped-def]
            found = super().messages(actor_id, session_id, **within)
            self.delete_session(actor_id, session_id)
            return found

    with Deleting() as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}])
        context = builder(store).build("What does the report say about Ghent?", **A)
        assert store.session("u1", "s1") is None
        assert {"view not kept", "offload failed"} <= {notice.kind for notice in context.report.notices}
        assert not shown(context.messages)


def test_a_turn_cannot_go_on_while_its_store_is_away() -> None:
    with Failing() as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello?"}])
        agent = builder(store)
        agent.build(**A)
        store.broken = {"session": error(StoreUnavailable)}
        with pytest.raises(StoreUnavailable, match="build again"):
            agent.build(**A)


def test_what_was_appended_while_a_build_read_is_the_next_builds() -> None:
    class Racing(Failing):
        def messages(self, actor_id: str, session_id: str, **within):  # type: ignore[no-untyped-def]
            found = super().messages(actor_id, session_id, **within)
            self.append(actor_id, session_id, [{"role": "assistant", "content": "Late."}])
            return super().messages(actor_id, session_id, **within) if "after" in within else found

    with Racing() as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}])
        context = builder(store).build("What about Ghent?", **A)
        assert [message.text for message in context.messages][-1] == "What about Ghent?"


def test_an_index_that_cannot_be_kept_costs_nothing_but_time() -> None:
    with Failing(save_derived=error(StoreReadOnly)) as store:
        store.append("u1", "s1", [{"role": "user", "content": f"Order {n} to Ghent"} for n in range(1_100)])
        store.append("u1", "s1", [{"role": "assistant", "content": "Fine."}])
        context = builder(store).build("What about order 7 to Ghent?", **A)
        assert any("Order 7 to Ghent" in message.text for message in context.messages)


# Reading back


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:") as store:
        store.put_overflow("u1", "s1", [Piece(handle="c1", text=LONG, item_id="d")])
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}])
        yield store


def test_a_piece_and_a_message_are_read_whole(store: SQLiteStore) -> None:
    assert read_context(store, "u1", "s1", "c1") == LONG
    assert read_context(store, "u1", "s1", "m1") == "Hello"


def test_of_a_result_that_is_no_text_block_all_is_read_back(store: SQLiteStore) -> None:
    log = {"type": "resource", "resource": {"uri": "file:///build.log", "text": "step 1\nstep 2"}}
    asked = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "log", "arguments": "{}"}}]}
    store.append("u1", "s2", [asked, {"role": "tool", "tool_call_id": "c1", "content": [log]}])
    assert read_context(store, "u1", "s2", "m2") == "step 1\nstep 2"


@pytest.mark.parametrize("handle", ["c2", "m2", "m0", "", "m" + "9" * 30, "x\ud800", "m1 ", "../m1", None, 1])
def test_an_unknown_handle_is_not_found(store: SQLiteStore, handle: Any) -> None:
    with pytest.raises(HandleNotFound):
        read_context(store, "u1", "s1", handle)


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, 0), (0, -5), ("5", None), (None, None), (0, 2.5)])
def test_a_range_that_cannot_be_is_refused(store: SQLiteStore, start: Any, length: Any) -> None:
    """A model wrote it, so it may be anything; the error tells it what to write."""
    with pytest.raises(InvalidInput):
        builder(store).read_context("c1", start=start, length=length, **A)


PAGE = Page(get_counter())


@pytest.mark.parametrize(
    "text", ["退款订单火车延误" * 4_000, "aGVsbG8/d29ybGQ+" * 3_000, LONG * 40], ids=["Chinese", "base64", "English"]
)
def test_every_page_that_a_model_reads_stands_whole_in_its_next_prompt(text: str) -> None:
    with SQLiteStore(":memory:") as store:
        looking = ContextBuilder(store=store, sources=[System("Read."), History()], budget=Budget(4_000))
        store.append("u1", "s1", [{"role": "user", "content": "Read all of it."}, *called("fetch", text)])
        read, start = "", 0
        for _ in range(3):
            answer = looking.read_context("m3", start=start, **A)
            store.append("u1", "s1", called("read_context", answer))
            assert looking.build(**A).messages[-1].text == answer
            read += answer.rpartition("\n[characters ")[0]
            start = len(read)
        assert text.startswith(read)


def called(name: str, answer: str) -> list[dict[str, Any]]:
    call = {"id": f"call-{crc32(answer.encode())}", "function": {"name": name, "arguments": "{}"}}
    return [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": answer},
    ]


def test_a_search_shows_what_stands_around_each_place() -> None:
    found = answer_search(LONG, "line 30 of", PAGE)
    assert found.startswith("[1 place]\n[at ")
    assert "Line 30 of the report" in found
    assert len(answer_search(LONG, "Ghent", PAGE)) < len(LONG)
    assert answer_search(LONG, "Paris", PAGE).startswith("['Paris' does not occur")


def test_a_search_finds_what_json_spells_in_another_way() -> None:
    text = json.dumps(["Nguyễn Huệ", 'a "quoted" word'])
    for search, place in (("Nguyễn", 2), ("NGUY", 2), ('a "quoted"', text.index("a "))):
        assert answer_search(text, search, PAGE) == f"[1 place]\n[at {place}] {text}"


def test_a_search_finds_no_more_than_goes_on_a_page() -> None:
    text = "退款订单火车延误。" * 3_000
    found = answer_search(text, "退款", Page(get_counter(), 500))
    assert get_counter().text(found) <= 500
    assert found.startswith("[3000 places]\n[at 0] 退款")
    assert answer_search(text, "退款", Page(get_counter(), 5)).count("[at ") == 1


def test_a_range_is_read_with_word_of_what_is_left() -> None:
    assert answer_read(LONG, 5, 3, PAGE).partition("\n")[0] == LONG[5:8]
    assert answer_read(LONG, len(LONG) - 3, 9, PAGE) == LONG[-3:]
    assert answer_read(LONG, len(LONG) + 9, None, PAGE).startswith("[nothing stands from character ")


def test_a_model_reads_a_page_at_a_time() -> None:
    text = "x" * (2 * LONGEST_READ + 10)
    first = answer_read(text, 0, None, PAGE)
    assert first.startswith("x" * LONGEST_READ)
    assert f"read on with start={LONGEST_READ}" in first
    assert answer_read(text, 2 * LONGEST_READ, None, PAGE) == "x" * 10


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (None, "Neither a handle nor a search"),
        ("", "Neither a handle nor a search"),
        ({"handle": None}, "Neither a handle nor a search"),
        ({"start": 0}, "Neither a handle nor a search"),
        ("{", "are no JSON ("),
        ("[" * 100_000, "are no JSON ("),
        ('"m1"', "are no JSON object"),
        (7, "are no JSON object"),
        ({"id": "m1"}, "have 'id'"),
        ({"handle": "m1", "actor_id": "u2"}, "have 'actor_id'"),
        ({"handle": ["m1"]}, "have ['m1'] for 'handle'"),
        ({"handle": "m1", "start": "the end"}, "have 'the end' for 'start'"),
        ({"handle": "m1", "start": 2.5}, "have 2.5 for 'start'"),
        ({"handle": "m1", "start": True}, "have True for 'start'"),
        ({"handle": "m1", "start": float("inf")}, "have inf for 'start'"),
        ({"handle": "m1", "start": "-1"}, "at least 0"),
        ({"handle": "m1", "length": 0}, "at least 1"),
        ({"handle": "m7"}, "'m7'"),
        ({"handle": 7}, "'7'"),
        ({"handle": "\ud800"}, "Nothing is stored"),
    ],
)
def test_whatever_a_model_wrote_is_answered_in_words(store: SQLiteStore, arguments: Any, told: str) -> None:
    answer = answer_call(builder(store), arguments, **A)
    assert told in answer.text
    assert answer.failed


@pytest.mark.parametrize(
    "arguments",
    [
        {"handle": "m1", "start": 1, "length": 3},
        {"handle": "m1", "start": "1", "length": " 3 ", "search": None},
        {"handle": "m1", "start": 1.0, "length": 3, "search": ""},
        '{"handle": "m1", "start": 1, "length": "3"}',
    ],
)
def test_what_says_the_same_reads_the_same(store: SQLiteStore, arguments: Any) -> None:
    answer = answer_call(builder(store), arguments, **A)
    assert (answer.text.split("\n")[0], answer.failed) == ("ell", False)


def test_a_number_can_be_searched_for(store: SQLiteStore) -> None:
    assert answer_call(builder(store), {"handle": "c1", "search": 301}, **A).text.startswith("[1 place]")


def test_a_store_that_is_away_does_not_end_the_loop_and_a_wrong_id_does(store: SQLiteStore) -> None:
    store.close()
    assert answer_call(builder(store), {"handle": "c1"}, **A).failed
    with pytest.raises(InvalidId):
        answer_call(builder(store), {"handle": "c1"}, actor_id="", session_id="s1")


def test_the_tool_says_what_it_reads() -> None:
    assert read_tool().name == "read_context"
    assert read_tool().parameters["required"] == []  # without a handle, a search is of everything


# Killed


def build_and_die(store: Path, where: str, told: Path) -> None:
    """Build a prompt and tell it, unless this process is killed before."""

    def die(here: str) -> None:
        if here == where:
            os.kill(os.getpid(), signal.SIGKILL)

    class Mortal(SQLiteStore):
        def put_overflow(self, *given, **within):  # type: ignore[no-untyped-def]
            die("before overflow")
            ends = super().put_overflow(*given, **within)
            die("after overflow")
            return ends

        def save_view(self, *given, **within):  # type: ignore[no-untyped-def]
            die("before view")
            super().save_view(*given, **within)
            die("after view")

    context = builder(Mortal(store)).build("What does the report say about Ghent?", **A)
    die("before prompt")
    told.write_text("".join(message.text for message in context.messages), "utf-8")


@pytest.mark.parametrize(
    "where", ["before overflow", "after overflow", "before view", "after view", "before prompt", ""]
)
def test_a_kill_at_any_step_leaves_no_dangling_handle(tmp_path: Path, where: str) -> None:
    path, told = tmp_path / "agent.db", tmp_path / "told"
    process = QUICK.Process(target=build_and_die, args=(path, where, told))
    process.start()
    process.join(60)
    assert process.exitcode == (-signal.SIGKILL if where else 0)
    said = told.read_text("utf-8") if told.exists() else ""
    with SQLiteStore(path) as store:
        session = store.session("u1", "s1")
        for text in (said, (session.view if session else None) or ""):
            for handle in re.findall(r"read_context\('([^']+)'\)", text):
                assert read_context(store, "u1", "s1", handle) in (LONG, LONG[::-1])
        if session is not None and session.view:
            again = builder(store).build(**A)
            for handle in shown(again.messages):
                read_context(store, "u1", "s1", handle)
        assert bool(shown([Message(role="user", content=said)])) == (not where)


def test_a_huge_handle_is_not_repeated_to_the_model() -> None:
    assert len(str(HandleNotFound("x" * 100_000))) < 400


def test_a_model_that_reads_on_behind_the_end_is_told_so() -> None:
    assert answer_read("four", 3, None, PAGE) == "r"
    assert answer_read("four", 4, None, PAGE) == "[nothing stands from character 4 on: these are 4 characters]"
    assert answer_read("", 0, None, PAGE) == ""
