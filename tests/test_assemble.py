"""The assembler as an application uses it: turns, tool loops, other processes, stores that fail."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.context import Context
from contextkit.errors import BudgetTooSmall, EmptyQuery, HandleNotFound, UnknownStrategy
from contextkit.ladder import READ_TOOL
from contextkit.messages import unanswered
from contextkit.sources import Documents, History, Memories, Overflow, Preferences, System
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy, tokens_of
from contextkit.types import Item, Message, Request, Source, TokenCounter, Tool, ToolCall
from tests import checks
from tests.world import NOW, Ranked, Schemas, schema

A = {"actor_id": "u1", "session_id": "s1"}


def builder(
    store: object,
    *,
    window: int = 16_000,
    strategy: str | ContextStrategy = "agent",
    sources: Sequence[Source] | None = None,
) -> ContextBuilder:
    own = [
        System("You help with orders."),
        Schemas([schema(n) for n in range(4)]),
        History(),
        Memories(),
        Preferences(),
    ]
    return ContextBuilder(
        store=store,
        sources=own if sources is None else sources,
        strategy=strategy,
        budget=Budget(window, reserve=window // 10),
        clock=lambda: NOW,
    )


def called(number: int, name: str = "tool_1", arguments: str = "{}") -> Message:
    return Message(role="assistant", tool_calls=(ToolCall(f"call-{number}", name, arguments),), id=f"a{number}")


def result(number: int, text: str) -> Message:
    return Message(role="tool", content=text, tool_call_id=f"call-{number}", id=f"r{number}")


def user(text: str, name: str | None = None) -> Message:
    return Message(role="user", content=text, id=name)


def rows(count: int, start: int = 0) -> str:
    return json.dumps(
        [{"id": number, "state": "shipped", "note": f"row {number}"} for number in range(start, start + count)]
    )


def extends(before: Context, after: Context) -> bool:
    sent = [checks.bare(message) for message in before.messages]
    return before.tools == after.tools and [checks.bare(m) for m in after.messages[: len(sent)]] == sent


def counted(counter: TokenCounter, context: Context) -> int:
    """The tokens of a prompt, counted from its messages and tools as they will be sent."""
    bodies = sum(map(counter.message, context.messages)) + sum(map(counter.tool, context.tools))
    return counter.framing(len(context.messages), len(context.tools)) + bodies


def notices(context: Context) -> set[str]:
    return {notice.kind for notice in context.report.notices}


# A turn, and the question in it


@pytest.mark.parametrize("asked", ["before", "after", "never"])
def test_the_app_may_append_the_question_before_the_build_or_after_it_or_never(store: SQLiteStore, asked: str) -> None:
    build = builder(store).build
    if asked == "before":
        store.append("u1", "s1", [user("Where is order 7?")])
    first = build("Where is order 7?", **A)
    if asked == "after":
        store.append("u1", "s1", [user("Where is order 7?")])
    store.append("u1", "s1", [called(1), result(1, "It left Ghent.")])
    second = build(**A)
    assert first.messages[-1].text == "Where is order 7?"
    assert [message.text for message in second.messages[-3:]] == ["Where is order 7?", "", "It left Ghent."]
    assert [message.text for message in second.messages].count("Where is order 7?") == 1
    assert extends(first, second)


def test_two_who_say_the_same_have_both_said_it(store: SQLiteStore) -> None:
    build = builder(store, sources=[System("Help."), History()]).build
    store.append("u1", "s1", [user("Who wants tea?"), Message(role="user", content="Me!", name="Ben")])
    said = [(one.name, one.text) for one in build({"role": "user", "name": "Ana", "content": "Me!"}, **A).messages]
    assert said[-2:] == [("Ben", "Me!"), ("Ana", "Me!")]
    for query in ("Me!", {"role": "user", "name": "Ben", "content": "Me!"}):
        said = [(one.name, one.text) for one in build(query, **A).messages]
        assert said[1:] == [(None, "Who wants tea?"), ("Ben", "Me!")]


def test_a_picture_stays_in_its_turn_where_only_the_words_with_it_were_appended(store: SQLiteStore) -> None:
    build = builder(store).build
    picture = {"type": "image", "url": "https://x.test/cup.png"}
    first = build({"role": "user", "content": ["What is this?", picture]}, **A)
    store.append("u1", "s1", [user("What is this?"), called(1), result(1, "A cup.")])
    second = build(**A)
    assert extends(first, second)
    assert picture in first.messages[-1].content


def test_a_message_that_is_sent_again_goes_on_with_its_turn(store: SQLiteStore) -> None:
    """As it happens where a request is tried again: the question stands once, and what was done for it stays."""
    build = builder(store).build
    asked = user("Where is order 7?", "q1")
    store.append("u1", "s1", [asked])
    first = build(asked, **A)
    store.append("u1", "s1", [called(1), result(1, "Ghent.")])
    store.append("u1", "s1", [asked])
    again = build(asked, **A)
    assert extends(first, again)
    assert [message.text for message in again.messages[-3:]] == ["Where is order 7?", "", "Ghent."]
    assert checks.bare(again.messages[-1]) == checks.bare(build(**A).messages[-1])
    store.append("u1", "s1", [Message(role="assistant", content="It is in Ghent.")])
    assert build(asked, **A).messages[-1].text == "Where is order 7?", "a turn that was answered is not gone on with"


def test_a_message_that_is_asked_again_after_its_answer_is_two_items(store: SQLiteStore) -> None:
    """As where an answer is to be made anew: the report has a decision on the first time and on the second."""
    asked = user("Where is order 7?", "q1")
    store.append("u1", "s1", [asked, Message(role="assistant", content="In Ghent.", id="a1")])
    context = builder(store).build(asked, **A)
    assert [message.text for message in context.messages[-3:]] == [
        "Where is order 7?",
        "In Ghent.",
        "Where is order 7?",
    ]
    decisions = {decision.item_id: decision.section for decision in context.report.decisions}
    assert (decisions["q1"], decisions["query"]) == ("history", "turn")


def test_a_result_that_was_appended_twice_is_shown_once(store: SQLiteStore) -> None:
    """As it happens where an append without an id is tried again: the call keeps its first result."""
    build = builder(store).build
    store.append("u1", "s1", [user("Where?"), called(1), replace(result(1, "Ghent."), id=None)])
    (again,) = store.append("u1", "s1", [replace(result(1, "Ghent."), id=None)])
    context = build(**A)
    assert [message.text for message in context.messages[-3:]] == ["Where?", "", "Ghent."]
    assert "answered already" in context.report.why(again.id or "")
    assert notices(context) == {"turn incomplete"}


@pytest.mark.parametrize("strategy", ["agent", "chat", "rag", "support"])
def test_a_follow_up_is_shown_what_its_question_was_and_a_thank_you_nothing(store: SQLiteStore, strategy: str) -> None:
    store.put_memories("u1", [MemoryRecord(id="1", text="Thanks a lot; has lamps.", created_at=NOW)])
    searched, shown = list[str](), {"documents", "memories"}

    def search(query: str) -> list[str]:
        searched.append(query)
        return ["The warranty for lamps lasts two years.", "A vote of thanks was passed."]

    sources = [System("You help."), Documents(search), Memories(), History()]
    build = builder(store, strategy=strategy, sources=sources).build
    build("How long is the warranty for lamps?", **A)
    store.append("u1", "s1", [user("How long is the warranty for lamps?"), Message(role="assistant", content="Two.")])
    why = build("Why?", **A)
    store.append("u1", "s1", [user("Why?"), Message(role="assistant", content="It says so.")])
    thanks = build("Thanks a lot!", **A)
    assert {section.name for section in why.report.sections if section.used} >= shown
    assert {section.name for section in thanks.report.sections if section.used}.isdisjoint(shown)
    assert searched == ["How long is the warranty for lamps?", "How long is the warranty for lamps?\nTwo."]
    assert (notices(why), notices(thanks)) == ({"follow-up"}, {"nothing looked up"})


def test_a_question_asked_twice_is_two_turns(store: SQLiteStore) -> None:
    build = builder(store).build
    store.append("u1", "s1", [user("And now?"), Message(role="assistant", content="Not yet.")])
    context = build("And now?", **A)
    assert [message.text for message in context.messages[-3:]] == ["And now?", "Not yet.", "And now?"]


def test_a_new_question_of_the_user_begins_a_turn_also_without_a_query(store: SQLiteStore) -> None:
    build = builder(store).build
    build("First?", **A)
    store.append("u1", "s1", [user("First?"), Message(role="assistant", content="Yes."), user("Second?")])
    context = build(**A)
    assert context.report.decision(store.messages("u1", "s1")[0].id or "").section == "history"
    assert context.messages[-1].text == "Second?"


def test_a_user_who_interrupts_a_tool_loop_stays_in_its_turn(store: SQLiteStore) -> None:
    build = builder(store).build
    first = build("First?", **A)
    store.append("u1", "s1", [user("First?"), called(1), result(1, "1"), user("Hurry up.")])
    second = build(**A)
    assert extends(first, second)
    assert second.messages[-1].text == "Hurry up."


class Priced:
    """A counter for a model that spends so many tokens a character."""

    exact, additive, margin = True, True, 0.0

    def __init__(self, price: int) -> None:
        self.price = price
        self.name = f"priced-{price}"

    def text(self, text: str) -> int:
        return self.price * len(text)

    def message(self, message: Message) -> int:
        return 4 + self.text(message.text)

    def tool(self, tool: Tool) -> int:
        return self.text(tool.description)

    def framing(self, messages: int, tools: int) -> int:
        return 3 + messages + tools


@pytest.mark.parametrize("price", [1, 4, 40])
def test_what_was_looked_up_for_a_turn_costs_what_it_does_now_where_it_is_counted_otherwise(
    store: SQLiteStore, price: int
) -> None:
    sources = [System("You help."), Ranked("documents", [("Ghent is where it left from. " * 20, 1)])]

    def counting(price: int) -> ContextBuilder:
        return ContextBuilder(
            store=store, sources=sources, strategy="rag", budget=8_000, counter=Priced(price), clock=lambda: NOW
        )

    first = counting(2).build("Where is order 7?", **A)
    second = counting(price).build(**A)
    assert "block dropped" in notices(second) if price == 40 else second.messages == first.messages
    assert second.tokens == counted(Priced(price), second) <= 8_000
    assert second.report.framing >= 0
    if price != 40:
        found = second.report.decision("documents/0").tokens
        assert price * len("Ghent is where it left from. " * 20) <= found <= second.tokens


@pytest.mark.parametrize("spent", [0.8, 1.1, 1.3])
def test_what_is_learnt_of_a_model_within_a_turn_does_not_change_its_tools(store: SQLiteStore, spent: float) -> None:
    """They stand first, so that another choice of them would cost all of the cached prefix."""
    sources = [System("You help."), Schemas([schema(number) for number in range(60)]), History(), Preferences()]
    store.set_preferences("u1", {"tone": "brief and to the point", "units": "metric"})
    learning = builder(store, window=6_000, sources=sources)
    before = learning.build("Where is order 7?", **A)
    assert 10 < len(before.tools) < 60
    store.append("u1", "s1", [user("Where is order 7?")])
    for number in range(4):
        learning.observe(before, int(spent * before.tokens))
        store.append("u1", "s1", [called(number), result(number, rows(2))])
        after = learning.build(**A)
        assert extends(before, after)
        before = after
    assert before.report.margin > 0


class Seamed(Priced):
    """A counter whose texts of several lines cost more than their lines."""

    additive = False

    def text(self, text: str) -> int:
        return super().text(text) + 5 * max(0, text.count("\n") - 1)


def test_what_a_whole_costs_more_than_its_lines_is_no_margin(store: SQLiteStore) -> None:
    """The sizes of a strategy are parts of the same window in every build, whatever is written in it."""
    sources = [System("You help."), Ranked("documents", [("Ghent. " * 9, number) for number in range(200)])]
    counter = Seamed(1)
    context = ContextBuilder(
        store=store, sources=sources, strategy="rag", budget=8_000, counter=counter, clock=lambda: NOW
    ).build("Where is order 7?", **A)
    assert context.report.margin == 0
    assert context.report.free == 8_000 - counted(counter, context) >= 0
    found = next(section for section in context.report.sections if section.name == "documents")
    documents = ContextStrategy.load("rag").section("documents")
    assert documents is not None
    assert found.ceiling == tokens_of(documents.ceiling, 8_000)


def test_a_turn_goes_on_in_another_process(tmp_path: Path) -> None:
    """The block of the turn is frozen with the session, so any builder on the same store extends the prompt."""
    path = tmp_path / "agent.db"
    with SQLiteStore(path) as store:
        store.set_preferences("u1", {"tone": "brief"})
        store.put_memories("u1", [MemoryRecord(id="m", text="Order 7 went to Ghent by mistake.", created_at=NOW)])
        store.append("u1", "s1", [user("Where is order 7?")])
        first = builder(store).build("Where is order 7?", **A)
        store.append("u1", "s1", [called(1), result(1, "Lost.")])
        store.put_memories("u1", [MemoryRecord(id="n", text="Order 7 was found in Ghent.", created_at=NOW)])
    with SQLiteStore(path) as store:
        second = builder(store).build(**A)
    assert "by mistake" in "".join(message.text for message in first.messages)
    assert extends(first, second)


@pytest.mark.parametrize("strategy", ["agent", "chat"])
def test_what_was_pasted_stands_whole_while_there_is_room_and_then_shortened_for_good(
    store: SQLiteStore, strategy: str
) -> None:
    pasted = " ".join(f"Line {n} of the file says number {n * 7919 % 1000}." for n in range(300))
    sources = [System("You help."), Documents(["A page about ships."]), History()]
    build = builder(store, window=16_000, strategy=strategy, sources=sources).build
    shortened: list[bool] = []
    store.append("u1", "s1", [user("Before all."), Message(role="assistant", content="Yes?")])
    question = pasted
    for turn in range(40):
        context = build(question, **A)
        assert context.tokens <= 16_000
        if turn:
            shortened.append(pasted not in [message.text for message in context.messages])
        store.append("u1", "s1", [user(question), Message(role="assistant", content=f"Answer {turn}. " + "so " * 200)])
        question = f"And what is number {turn}?"
    assert not any(shortened[:10])
    assert shortened == sorted(shortened)
    assert shortened[-1]


def test_builds_without_a_store_have_no_history_and_drop_what_does_not_fit() -> None:
    sources = [System("Help."), Ranked("documents", [(rows(200), 5), ("Ghent is a town.", 4)])]
    context = builder(None, window=700, strategy="rag", sources=sources).build("What is Ghent?", **A)
    assert context.report.decision("documents/0").outcome in ("dropped", "shortened")
    assert context.report.decision("documents/0").handle is None
    assert all("read_context" not in message.text for message in context.messages)
    assert not context.tools


async def test_abuild_gives_what_build_gives(store: SQLiteStore) -> None:
    store.append("u1", "s1", [user("Where is order 7?"), called(1), result(1, rows(30))])
    one = builder(store).build("And order 8?", **A)
    other = await builder(store).abuild("And order 8?", **A)
    assert checks.shape(one) == checks.shape(other)


def test_where_the_budget_has_a_price_the_report_says_what_the_prompt_costs() -> None:
    priced, plain = (ContextBuilder(sources=[System("Be brief.")], budget=Budget(1_000, price=p)) for p in (3.0, None))
    report = priced.build("Hello?", actor_id="u", session_id="s").report
    assert report.cost == pytest.approx(report.tokens * 3e-6)
    assert f"${report.cost:.6f}"[:8] in str(report)
    assert plain.build("Hello?", actor_id="u", session_id="s").report.cost is None


def test_a_template_is_filled_and_variables_may_change_from_build_to_build(store: SQLiteStore) -> None:
    from string import Template

    build = builder(store, sources=[System(Template("Today is $day."))]).build
    assert build("Hi there", variables={"day": "Monday"}, **A).messages[0].text == "Today is Monday."
    assert build("Hi there", variables={"day": "Tuesday"}, **A).messages[0].text == "Today is Tuesday."


# Tool loops


def test_thirty_tool_calls_only_ever_append(store: SQLiteStore) -> None:
    """Pairs whole, within the window, and each prompt an extension of the one before."""
    store.set_preferences("u1", {"tone": "brief"})
    store.append(
        "u1",
        "s1",
        [
            user(f"Question {n} about order {n}?")
            if n % 2 == 0
            else Message(role="assistant", content=f"Order {n} is fine.")
            for n in range(60)
        ],
    )
    documents = Ranked("documents", [(f"Order {n} goes to Ghent. " * 20, n) for n in range(12)])
    agent = builder(store, window=32_000, sources=[*builder(store).sources, documents, Overflow()])
    before = agent.build("What became of the late orders?", **A)
    store.append("u1", "s1", [user("What became of the late orders?")])
    for number in range(30):
        parallel = [called(number), result(number, rows(6, number))]
        store.append("u1", "s1", parallel)
        after = agent.build(**A)
        checks.groups_are_whole(after.messages)
        assert checks.counted(after.messages, after.tools) <= after.tokens <= 32_000 - 3_200
        assert after.messages[-1].tool_call_id == f"call-{number}"
        assert extends(before, after)
        assert not notices(after), notices(after)
        before = after


def test_a_loop_that_outgrows_its_window_says_what_had_to_move(store: SQLiteStore) -> None:
    agent = builder(store, window=4_000, sources=[System("Help."), History(), Overflow()])
    before = agent.build("What became of the late orders?", **A)
    store.append("u1", "s1", [user("What became of the late orders?")])
    forced = 0
    for number in range(30):
        text = rows(12, number)
        store.append("u1", "s1", [called(number), result(number, text)])
        after = agent.build(**A)
        checks.groups_are_whole(after.messages)
        assert after.tokens <= 3_600
        moved = notices(after) & {"turn shortened", "cursor moved", "block dropped"}
        assert extends(before, after) != bool(moved), (number, moved)
        forced += bool(moved)
        before = after
    assert 1 <= forced <= 10, "moves are rare and far"
    for number in range(30):
        decision = before.report.decision(f"r{number}")
        if decision.outcome != "kept":
            assert decision.handle is not None
            assert agent.read_context(decision.handle, **A) == rows(12, number)


def test_a_loop_whose_handles_alone_outgrow_the_window_goes_on(store: SQLiteStore) -> None:
    agent = builder(store, window=4_000)
    before = agent.build("Check every order", **A)
    store.append("u1", "s1", [user("Check every order")])
    left = 0
    for number in range(100):
        store.append("u1", "s1", [called(number, "tool_2", f'{{"order": {number}}}'), result(number, rows(6, number))])
        after = agent.build(**A)
        checks.groups_are_whole(after.messages)
        assert checks.counted(after.messages, after.tools) <= after.tokens <= 3_600
        assert extends(before, after) != bool(notices(after)), number
        assert after.report.decision(f"r{number}").rung == "full"
        assert len(after.tools) == len(before.tools) == 5
        left += "calls left out" in notices(after)
        before = after
    assert 1 <= left <= 10, "moves are rare and far"
    decision = before.report.decision("r0")
    assert (decision.outcome, decision.handle) == ("moved", "m3")
    assert "the turn outgrew the window" in decision.reason
    assert agent.read_context("m3", **A) == rows(6, 0)
    again = builder(store, window=4_000).build(**A)
    assert extends(before, again)
    for request in (before.to_anthropic(), before.to_converse(), before.to_openai()):
        assert "earlier calls of it" in json.dumps(request, default=str)


def gone_through(agent: ContextBuilder, store: SQLiteStore, calls: int) -> Context:
    """The last prompt of a turn of so many calls."""
    context = agent.build("Check every order", **A)
    store.append("u1", "s1", [user("Check every order")])
    for number in range(calls):
        store.append("u1", "s1", [called(number, "tool_2"), result(number, rows(6, number))])
        context = agent.build(**A)
    return context


@pytest.mark.parametrize("said_before", [0, 2])
def test_a_turn_that_is_first_met_in_its_middle_is_whole(store: SQLiteStore, said_before: int) -> None:
    before = [user("Hello?"), Message(role="assistant", content="Hello.")][:said_before]
    loop = [m for n in range(80) for m in (called(n), result(n, rows(60, n)))]
    store.append("u1", "s1", [*before, user("Check every order"), *loop])
    agent = builder(store, window=8_000)
    context = agent.build(**A)
    sections = {context.report.decision(f"{kind}{n}").section for kind in "ar" for n in range(80)}
    assert sections == {"turn"}
    assert "earlier calls of it" in str(context.messages)
    again = agent.build(**A)
    assert again.messages == context.messages
    assert not notices(again)


def test_what_a_turn_left_out_is_history_for_the_next(store: SQLiteStore) -> None:
    agent = builder(store, window=4_000)
    context = gone_through(agent, store, 60)
    assert "earlier calls of it" in str(context.messages)
    store.append("u1", "s1", [Message(role="assistant", content="All are fine.")])
    context = agent.build("And what of order 59?", **A)
    checks.groups_are_whole(context.messages)
    assert "earlier calls of it" not in str(context.messages)
    assert context.report.decision("r0").handle == "m3"


def test_a_larger_window_shows_again_what_a_turn_had_left_out(store: SQLiteStore) -> None:
    agent = builder(store, window=4_000)
    context = gone_through(agent, store, 60)
    would = {decision.item_id: decision.outcome for decision in context.report.at(64_000)}
    assert {would[f"r{number}"] for number in range(60)} == {"kept"}
    larger = builder(store, window=64_000).build(**A)
    assert "earlier calls of it" not in str(larger.messages)
    assert {larger.report.decision(f"r{number}").outcome for number in range(60)} == {"kept"}


def test_a_result_larger_than_the_window_is_shortened_at_once_with_a_handle(store: SQLiteStore) -> None:
    text = rows(4_000)
    agent = builder(store, window=8_000)
    first = agent.build("List all orders", **A)
    store.append("u1", "s1", [user("List all orders"), called(1), result(1, text)])
    second = agent.build(**A)
    decision = second.report.decision("r1")
    assert extends(first, second)
    assert (decision.outcome, decision.rung) == ("shortened", "extract")
    assert second.messages[-1].tokens != second.messages[-1].text
    assert f"read_context('{decision.handle}')" in second.messages[-1].text
    assert "".join(_pages(agent, decision.handle or "", len(text))) == text
    assert agent.read_context(decision.handle or "", search='"id": 3999', **A).startswith("[1 place]")


def _pages(agent: ContextBuilder, handle: str, size: int) -> Iterator[str]:
    for start in range(0, size, 5_000):
        yield agent.read_context(handle, start=start, length=5_000, **A).split("\n[characters ")[0]


def test_what_was_read_back_is_not_shortened_again_in_that_turn(store: SQLiteStore) -> None:
    """Otherwise a model reads the same handle for ever."""
    agent = builder(store, window=16_000)
    agent.build("List all orders", **A)
    store.append("u1", "s1", [user("List all orders"), called(1), result(1, rows(2_000))])
    handle = agent.build(**A).report.decision("r1").handle or ""
    back = agent.read_context(handle, **A)
    store.append("u1", "s1", [called(2, READ_TOOL, json.dumps({"handle": handle})), result(2, back)])
    context = agent.build(**A)
    assert context.report.decision("r2").outcome == "kept"
    assert context.messages[-1].text == back
    store.append("u1", "s1", [called(3), result(3, rows(300, 9))])
    assert agent.build(**A).report.decision("r2").outcome == "kept"


def test_what_was_read_back_is_given_up_last(store: SQLiteStore) -> None:
    agent = builder(store, window=6_000, sources=[System("Help."), History()])
    agent.build("List all orders", **A)
    store.append("u1", "s1", [user("List all orders"), called(1, READ_TOOL), result(1, rows(80))])
    for number in range(2, 12):
        store.append("u1", "s1", [called(number), result(number, rows(25, number))])
        context = agent.build(**A)
    assert context.report.decision("r1").outcome == "kept"
    assert context.report.decision("r2").outcome == "moved"
    store.append("u1", "s1", [called(20, READ_TOOL), result(20, rows(170))])
    context = agent.build(**A)
    assert context.tokens <= 5_400
    assert context.report.decision("r1").outcome == "moved"
    assert "turn shortened" in notices(context)


def test_parallel_results_too_large_together_share_the_room(store: SQLiteStore) -> None:
    calls = tuple(ToolCall(f"call-{n}", "tool_1", "{}") for n in range(4))
    agent = builder(store, window=4_000, sources=[System("Help."), History()], strategy="chat")
    agent.build("Compare the four lists", **A)
    store.append("u1", "s1", [user("Compare the four lists"), Message(role="assistant", tool_calls=calls)])
    store.append("u1", "s1", [result(n, rows(70, 100 * n)) for n in range(4)])
    context = agent.build(**A)
    checks.groups_are_whole(context.messages)
    shown = [context.report.decision(f"r{n}") for n in range(4)]
    assert all(one.outcome == "shortened" for one in shown)
    assert max(one.tokens for one in shown) < 1.5 * min(one.tokens for one in shown)


def test_unfinished_and_orphaned_calls_are_never_shown_and_never_lost(store: SQLiteStore) -> None:
    store.append("u1", "s1", [user("One?"), called(1), user("Two?"), called(2), result(7, "nobody asked")])
    context = builder(store).build("Three?", **A)
    checks.groups_are_whole(context.messages)
    for name in ("a1", "a2", "r7"):
        decision = context.report.decision(name)
        assert decision.section == "recall" or (decision.outcome == "moved" and "tool" in decision.reason)
    assert builder(store).read_context("m5", **A) == "nobody asked"


@pytest.mark.parametrize("asked", [True, False])
def test_a_result_that_comes_after_the_user_spoke_stands_behind_its_call(store: SQLiteStore, asked: bool) -> None:
    """Who interrupts an agent speaks while its tools are still running; their results are not lost for that."""
    agent = builder(store, sources=[System("Help."), History()])
    agent.build("One and two?", **A)
    calls = tuple(ToolCall(f"call-{n}", "tool_1", "{}") for n in (1, 2))
    store.append("u1", "s1", [user("One and two?"), Message(role="assistant", tool_calls=calls), result(1, "one")])
    store.append("u1", "s1", [user("Stop! And three?")])
    before = agent.build("Stop! And three?" if asked else None, **A)
    assert [one.text for one in before.messages[1:] if one.name is None] == ["One and two?", "Stop! And three?"]
    store.append("u1", "s1", [result(2, "two")])
    for context in (agent.build(**A), builder(store, sources=[System("Help."), History()]).build("Well?", **A)):
        said = [one.text for one in context.messages[1:] if one.name is None and one.text != "Well?"]
        assert said == ["One and two?", "", "one", "two", "Stop! And three?"]
        checks.groups_are_whole(context.messages)
        assert "turn incomplete" not in notices(context)


def test_what_a_colleague_says_while_a_tool_runs_parts_no_result_from_its_call(store: SQLiteStore) -> None:
    agent = builder(store, sources=[System("Help."), History()])
    agent.build("One?", **A)
    colleague = Message(role="assistant", content="This is Ann: hold on.", name="Ann")
    store.append("u1", "s1", [user("One?"), called(1), colleague, result(1, "one")])
    context = agent.build(**A)
    assert [message.text for message in context.messages] == ["Help.", "One?", colleague.content, "", "one"]
    checks.groups_are_whole(context.messages)


@pytest.mark.parametrize("asked_before", [True, False])
def test_calls_that_a_process_left_behind_can_be_answered_by_the_next(store: SQLiteStore, asked_before: bool) -> None:
    """What the calls beside them did is shown again then, such as a refund, which would be asked for once more."""
    agent = builder(store, sources=[System("Help."), History()])
    agent.build("One and two?", **A)
    calls = tuple(ToolCall(f"call-{n}", "tool_1", "{}") for n in (1, 2))
    store.append("u1", "s1", [user("One and two?"), Message(role="assistant", tool_calls=calls), result(1, "one")])
    if asked_before:
        store.append("u1", "s1", [user("Hello?")])
    (left,) = unanswered(store.messages("u1", "s1"))
    store.append("u1", "s1", [Message(role="tool", content="Interrupted.", tool_call_id=left.id)])
    context = agent.build(None if asked_before else "Hello?", **A)
    said = [one.text for one in context.messages[1:] if one.name is None]
    assert said == ["One and two?", "", "one", "Interrupted.", "Hello?"]
    assert "turn incomplete" not in notices(context)


def test_a_turn_that_goes_on_without_all_results_is_told_of(store: SQLiteStore) -> None:
    """Its calls cannot be shown, so the model would ask the same again."""
    agent = builder(store)
    agent.build("One and two?", **A)
    calls = tuple(ToolCall(f"call-{n}", "tool_1", "{}") for n in (1, 2))
    store.append("u1", "s1", [user("One and two?"), Message(role="assistant", tool_calls=calls), result(1, "one")])
    context = agent.build(**A)
    assert context.messages[-1].role == "user"
    assert "turn incomplete" in notices(context)
    store.append("u1", "s1", [result(2, "two")])
    context = agent.build(**A)
    assert [message.text for message in context.messages[-2:]] == ["one", "two"]
    assert "turn incomplete" not in notices(context)


# The prefix, from turn to turn


def test_tools_and_stable_sections_stay_from_turn_to_turn(store: SQLiteStore) -> None:
    store.set_preferences("u1", {f"setting {n}": "on " * 30 for n in range(12)})
    agent = builder(
        store,
        window=6_000,
        sources=[System("Help."), Schemas([schema(n) for n in range(40)]), Preferences(), History()],
    )
    first = agent.build("Hello there", **A)
    for number in range(12):
        question = f"Question {number}: " + "words " * (number * 40 % 300)
        context = agent.build(question, **A)
        store.append("u1", "s1", [user(question), Message(role="assistant", content="Yes. " * 20)])
        assert context.tools == first.tools
        assert context.messages[:2] == first.messages[:2]


def test_the_cursor_moves_rarely_and_far(store: SQLiteStore) -> None:
    agent = builder(store, window=4_000, sources=[System("Help."), History()])
    moved = 0
    for number in range(80):
        context = agent.build(f"Question {number}?", **A)
        moved += "cursor moved" in notices(context)
        store.append("u1", "s1", [user(f"Question {number}?"), Message(role="assistant", content="An answer. " * 12)])
    assert 1 <= moved <= 6


def test_injected_context_is_never_written_into_the_history(store: SQLiteStore) -> None:
    store.put_memories("u1", [MemoryRecord(id="m", text="Prefers trains to Ghent.", created_at=NOW)])
    agent = builder(store)
    sizes = []
    for number in range(8):
        context = agent.build("Trains to Ghent?", **A)
        sizes.append(sum(message.text.count("Prefers trains") for message in context.messages))
        store.append("u1", "s1", [user("Trains to Ghent?"), Message(role="assistant", content=f"Train {number}.")])
    assert sizes == [1] * 8
    assert all("Prefers" not in message.text for message in store.messages("u1", "s1"))


# Handles


def test_a_handle_resolves_only_for_its_own_actor_and_session(store: SQLiteStore) -> None:
    documents = Ranked("documents", [(rows(300), 9)])
    agent = builder(store, window=3_000, sources=[System("Help."), History(), documents])
    handle = agent.build("Which rows?", **A).report.decision("documents/0").handle or ""
    assert agent.read_context(handle, length=10**9, **A) == rows(300)
    for actor, session in (("u2", "s1"), ("u1", "s2"), ("u1/s1", "")):
        with pytest.raises((HandleNotFound, ValueError)):
            agent.read_context(handle, actor_id=actor, session_id=session)


def test_what_was_moved_comes_back_by_itself_when_a_later_question_needs_it(store: SQLiteStore) -> None:
    report = "Annual report. " + rows(200) + " The zebra contract was signed in Ghent."
    agent = builder(
        store, window=3_000, sources=[System("Help."), History(), Ranked("documents", [(report, 9)]), Overflow()]
    )
    agent.build("Which rows are there?", **A)
    later = builder(store, window=60_000, sources=[System("Help."), History(), Overflow()])
    context = later.build("Where was the zebra contract signed?", **A)
    assert any("zebra contract was signed" in message.text for message in context.messages)


def test_handles_outlive_the_first_message_of_a_session(store: SQLiteStore) -> None:
    """A build may come before anything was appended; what it stored stays when the session begins."""
    agent = builder(store, window=3_000, sources=[System("Help."), History(), Ranked("documents", [(rows(300), 9)])])
    handle = agent.build("Which rows?", **A).report.decision("documents/0").handle or ""
    store.append("u1", "s1", [user("Which rows?"), called(1), result(1, "x")])
    assert agent.read_context(handle, length=10**9, **A) == rows(300)
    assert handle in "".join(message.text for message in agent.build(**A).messages)


def test_an_expired_session_starts_anew() -> None:
    now = [NOW]
    with SQLiteStore(":memory:", clock=lambda: now[0], ttl=timedelta(hours=1)) as store:
        agent = builder(store)
        store.append("u1", "s1", [user("Old question?"), Message(role="assistant", content="Old answer.")])
        agent.build("Next?", **A)
        now[0] += timedelta(hours=2)
        context = agent.build("Next?", **A)
        assert all("Old" not in message.text for message in context.messages)
        with pytest.raises(EmptyQuery):
            builder(store).build(actor_id="u1", session_id="other")
        store.append("u1", "s1", [user("New question?")])
        assert [m.text for m in agent.build("New question?", **A).messages][-1] == "New question?"


# What cannot be built


def test_what_does_not_fit_is_listed(store: SQLiteStore) -> None:
    with pytest.raises(BudgetTooSmall) as caught:
        builder(store, window=200).build("word " * 500, **A)
    assert caught.value.needed > caught.value.available
    assert {"framing", "system", "query"} <= {name for name, _ in caught.value.required}


def test_nothing_to_continue_is_said(store: SQLiteStore) -> None:
    with pytest.raises(EmptyQuery, match=r"build\(query"):
        builder(store).build(**A)


def test_an_unknown_strategy_is_refused_when_the_builder_is_made(store: SQLiteStore) -> None:
    with pytest.raises(UnknownStrategy):
        builder(store, strategy="agnet")


def test_other_windows_can_be_asked_about_afterwards(store: SQLiteStore) -> None:
    context = builder(
        store, sources=[System("Help."), Ranked("documents", [("Ghent. " * 200, 1)])], strategy="rag"
    ).build("Ghent?", **A)
    kept = {d.item_id: d.outcome for d in context.report.at(1_800)}
    assert context.report.decision("documents/0").outcome == "kept"
    assert kept["documents/0"] != "kept"


_HANGING = """
import asyncio, time
from contextkit import Budget, ContextBuilder
from contextkit.strategy import parse_strategy
class Slow:
    name, sections = "slow", ("documents",)
    def gather(self, request):
        time.sleep(60)
        return []
strategy = parse_strategy('''
[sections.system]
region = "stable"
[sections.turn]
region = "turn"
[sections.documents]
region = "volatile"
deadline = 0.05
''', name="x")
builder = ContextBuilder(sources=[Slow()], budget=Budget(1000), strategy=strategy)
asked = {"actor_id": "a", "session_id": "s"}
"""


@pytest.mark.parametrize("call", ['builder.build("Hi", **asked)', 'asyncio.run(builder.abuild("Hi", **asked))'])
def test_a_late_source_does_not_keep_the_interpreter_alive(call: str) -> None:
    script = f"{_HANGING}\nprint([notice.kind for notice in {call}.report.notices])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert "source late" in done.stdout
    assert done.stderr == ""


def test_tools_that_came_late_once_are_there_for_the_rest_of_the_turn(store: SQLiteStore) -> None:
    answers = threading.Event()

    class Late(Schemas):
        def gather(self, request: Request) -> Iterator[Item]:
            answers.wait(5)
            return super().gather(request)

    strategy = ContextStrategy.load("agent")
    brief = [replace(one, deadline=0.1) if one.name == "tools" else one for one in strategy.sections]
    sources = [System("Help."), Late([schema(n) for n in range(3)]), History()]
    agent = builder(store, strategy=replace(strategy, sections=tuple(brief)), sources=sources)
    first = agent.build("Where is it?", **A)
    answers.set()
    store.append("u1", "s1", [user("Where is it?"), called(1), result(1, "there")])
    second, third = agent.build(**A), agent.build(**A)
    assert [len(context.tools) for context in (first, second, third)] == [1, 4, 4]
    assert [notices(context) for context in (first, second, third)] == [{"source late"}, {"prefix changed"}, set()]


def test_a_tool_whose_schema_grows_while_an_agent_is_at_work_stays_at_hand(store: SQLiteStore) -> None:
    own = [schema(0), schema(1)]
    agent = builder(store, sources=[System("Help."), Schemas(own), History()])
    first = agent.build("Where is it?", **A)
    store.append("u1", "s1", [user("Where is it?"), called(1), result(1, "there")])
    longer = replace(own[1], description="Looks up an order, by its number, its country and the year it was made in.")
    later = builder(store, sources=[System("Help."), Schemas([own[0], longer]), History()]).build(**A)
    assert [tool.name for tool in later.tools] == [tool.name for tool in first.tools]
    assert longer in later.tools


def test_a_huge_first_question_does_not_cost_the_tools_of_later_turns(store: SQLiteStore) -> None:
    agent = builder(store, window=4_000, sources=[System("Help."), Schemas([schema(n) for n in range(20)]), History()])
    first = agent.build("word " * 3_200, **A)
    later = agent.build("And now?", **A)
    assert len(first.tools) < len(later.tools) == 21


def test_one_builder_serves_many_threads_and_sessions(store: SQLiteStore) -> None:
    """Every thread sees its own actor's messages and nobody else's, whatever the others do meanwhile."""
    agent = builder(store, window=6_000)
    start, failures = threading.Barrier(8), []

    def live(number: int) -> None:
        who = {"actor_id": f"actor-{number % 4}", "session_id": f"session-{number}"}
        start.wait()
        for turn in range(6):
            question = f"Question {turn} of session-{number}?"
            context = agent.build(question, **who)
            store.append(*who.values(), [user(question)])
            store.append(*who.values(), [Message(role="assistant", content=f"Answer {turn} of session-{number}.")])
            said = "".join(message.text for message in context.messages)
            others = [other for other in range(8) if other % 4 != number % 4]
            foreign = [other for other in others if f"session-{other}" in said]
            missing = [past for past in range(turn) if f"Answer {past} of session-{number}." not in said]
            failures.extend([(number, turn, foreign, missing)] if foreign or missing else [])

    threads = [threading.Thread(target=live, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_two_builds_of_one_session_at_once_both_stand(store: SQLiteStore) -> None:
    for number in range(60):
        store.append("u1", "s1", [user(f"Question {number}?"), Message(role="assistant", content="Yes. " * 20)])
    agent = builder(store, window=4_000)
    found: list[Context] = []
    threads = [threading.Thread(target=lambda: found.append(agent.build("And now?", **A))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    for context in found:
        checks.groups_are_whole(context.messages)
        assert context.messages[-1].text == "And now?"
        assert context.tokens <= 3_600
