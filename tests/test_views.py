"""Several builders over one session: each goes on from its own prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit import Budget, Context, ContextBuilder, Message
from contextkit.clock import utc_now
from contextkit.sources import History, Memories, System, Tools
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Gathered, Request, Source
from contextkit.view import View
from contextkit.views import MOST, Views, series_of

A: dict[str, Any] = {"actor_id": "u", "session_id": "s"}

Make: TypeAlias = Callable[[SQLiteStore], ContextBuilder]


def said(number: int) -> Message:
    role = "user" if number % 2 else "assistant"
    return Message(role=role, content=f"Parcel {number} went to harbour {number % 7}. " * 3)


def talked(messages: int) -> SQLiteStore:
    store = SQLiteStore(":memory:")
    store.append("u", "s", [said(number) for number in range(1, messages + 1)])
    return store


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with talked(200) as store:
        yield store


def builder(
    store: SQLiteStore, sources: Sequence[Source], window: int = 4_000, strategy: str = "chat", name: str = ""
) -> ContextBuilder:
    return ContextBuilder(store=store, sources=sources, strategy=strategy, budget=Budget(window), name=name)


def look_up(number: int) -> str:
    """Where a parcel is."""
    return str(number)


def hand_over(to: str) -> str:
    """Have another agent go on."""
    return to


BUILDERS: list[Make] = [
    lambda store: builder(store, [System("You help."), Tools([look_up]), History()]),
    lambda store: builder(store, [System("Say who should answer.")]),
    lambda store: builder(store, [System("Is this allowed?"), History()], window=1_000),
    lambda store: builder(store, [System("You pack."), Tools([hand_over]), History()], strategy="agent"),
    lambda store: builder(store, [System("You sell."), Tools([hand_over]), History()], strategy="agent", name="sales"),
]


def test_a_builder_without_history_takes_none_from_another(store: SQLiteStore) -> None:
    router, agent = BUILDERS[1](store), BUILDERS[0](store)
    for asked in ("Where did parcel 3 go?", "And parcel 9?", "And parcel 150?"):
        assert "went to" not in str(router.build(asked, **A).messages)
        context = agent.build(asked, **A)
        assert "Parcel 200 went" in str(context.messages)
        assert context.tokens > 2_000


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_builders_prompts_are_those_it_would_make_alone(data: st.DataObject) -> None:
    mine = data.draw(st.integers(0, len(BUILDERS) - 1))
    others = [make for number, make in enumerate(BUILDERS) if number != mine]
    with talked(60) as shared, talked(60) as own:
        ours, alone = BUILDERS[mine](shared), BUILDERS[mine](own)
        beside = [make(shared) for make in others]
        for turn in range(data.draw(st.integers(2, 5))):
            question = f"Where did parcel {turn * 7 + 3} go?"
            # the first prompt of a series goes on from the last of any, so ours is the first of all
            for number in data.draw(st.lists(st.integers(0, len(beside) - 1), max_size=3)) if turn else ():
                beside[number].build(question, **A)
            assert _shown(ours.build(question, **A)) == _shown(alone.build(question, **A))
            for number in data.draw(st.lists(st.integers(0, len(beside) - 1), max_size=3)):
                beside[number].build(question, **A)
            for store in (shared, own):
                store.append("u", "s", [Message(role="user", content=question), said(2 * turn + 100)])


def _shown(context: Context) -> tuple[list[str], list[str]]:
    return [f"{message.role}: {message.text}" for message in context.messages], [tool.name for tool in context.tools]


class Meanwhile(History):
    """The history, and another build that begins after this one has read the session and ends before it does."""

    def __init__(self, build: Callable[[], object]) -> None:
        super().__init__()
        self._build = build

    def gather(self, request: Request) -> Iterator[Gathered]:
        self._build()
        return super().gather(request)


def test_builds_at_the_same_time_lose_nothing_of_each_other() -> None:
    """The guard's is the shorter: each time the agent, which did not see it kept, writes over what it kept."""
    with talked(60) as shared, talked(60) as own:
        guard, alone = BUILDERS[2](shared), BUILDERS[2](own)
        question = "Where did parcel 3 go?"
        agent = builder(shared, [System("You help."), Meanwhile(lambda: prompts.append(_shown(asked())))])
        prompts: list[tuple[list[str], list[str]]] = []

        def asked() -> Context:
            return guard.build(question, **A)

        for turn in range(4):
            question = f"Where did parcel {turn + 3} go?"
            agent.build(question, **A)
            assert prompts[-1] == _shown(alone.build(question, **A))
            for store in (shared, own):
                store.append("u", "s", [Message(role="user", content=question), *map(said, range(60, 60 + 9 * turn))])


def test_a_first_prompt_goes_on_from_the_last_one_of_any(store: SQLiteStore) -> None:
    """A builder whose window or sources were changed, say by a new version of the agent, keeps the summary."""
    sources = [System("You help."), History()]
    for _ in range(2):
        before = builder(store, sources).build("Where is parcel 3?", **A)
    after = builder(store, [*sources, Tools([look_up])], window=4_100).build("Yes?", **A)
    for begins in ("<summary>", "Parcel 1"):
        one, two = (
            next(message.text for message in context.messages if message.text.startswith(begins))
            for context in (before, after)
        )
        assert one == two


def call(number: int) -> list[dict[str, object]]:
    calls = [{"id": f"c{number}", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}]
    return [
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "tool_call_id": f"c{number}", "content": f"Result {number}."},
    ]


def test_a_turn_goes_on_in_another_builder() -> None:
    """A smaller model steps in where the other fails, also in the midst of a turn, and has done so before."""
    with talked(20) as store:
        large, small = (builder(store, [System("You help."), History()], window=window) for window in (8_000, 2_000))
        for number, (first, second) in enumerate([(large, small), (small, small), (large, large), (large, small)]):
            question = f"What is question {number}?"
            first.build(question, **A)
            store.append("u", "s", call(number))  # after a question that is not in the session
            goes_on = second.build(**A)
            assert [message.text for message in goes_on.messages if "question" in message.text][-1] == question
            store.append("u", "s", [{"role": "assistant", "content": f"Answer {number}."}])


def test_what_is_asked_within_a_turn_by_another_agent_is_not_what_the_turn_answers() -> None:
    with talked(20) as store:
        agent, helper = BUILDERS[0](store), BUILDERS[3](store)
        for number in range(3):
            agent.build(f"What is question {number}?", **A)
            store.append("u", "s", call(number))
            helper.build("Shorten that.", **A)
            assert f"What is question {number}?" in str(agent.build(**A).messages)
            store.append("u", "s", [{"role": "assistant", "content": f"Answer {number}."}])


def test_of_many_series_those_of_the_last_prompts_are_kept() -> None:
    views = Views()
    for number in range(3 * MOST):
        views = views.keeping(f"series {number % (MOST + 2)}", View(history_from=number))
    assert [View.from_json(each.view).history_from for each in views.kept] == list(range(2 * MOST, 3 * MOST))
    assert Views.from_json(views.to_json()) == views
    assert views.newest == View(history_from=3 * MOST - 1) == views.of("another")


def test_a_view_that_was_saved_here_is_what_its_text_says(store: SQLiteStore) -> None:
    """It is not read back from its text in the process that wrote it."""
    liked = [MemoryRecord(id=f"m{n}", text=f"Guest {n} likes tea.", created_at=utc_now()) for n in range(90)]
    store.put_memories("u", liked)
    agent = builder(store, [System("Be brief."), Tools([look_up]), Memories(), History()], window=3_000)
    agent.build({"role": "user", "content": [{"type": "text", "text": "Which guest likes tea?"}]}, **A)
    session = store.session("u", "s")
    assert session is not None
    made, read = agent._known.views(session), Views.from_json(session.view)
    assert made is agent._known.views(session)
    assert made.newest == read.newest
    assert made.newest.turn is not None
    assert len(made.newest.turn.items) == 20
    assert made.newest.to_json() == read.newest.to_json() == read.kept[-1].view


def test_the_same_view_is_nothing_new() -> None:
    views = Views().keeping("a", View(history_from=1)).keeping("b", View())
    assert views.keeping("a", View(history_from=1)) is views


def test_of_each_series_the_later_view_is_the_right_one() -> None:
    first = Views().keeping("a", View(history_from=1))
    ours, theirs = first.keeping("b", View(history_from=2)), first.keeping("a", View(history_from=3))
    for both in (ours.with_later(theirs), theirs.with_later(ours)):
        assert (both.of("a").history_from, both.of("b").history_from) == (3, 2)


@pytest.mark.parametrize("text", [None, "", "{", "{}", "7", "[7]", '[["a", 1]]', '[["a", "1", "{}"]]'])
def test_views_that_cannot_be_read_are_none(text: str | None) -> None:
    assert Views.from_json(text) == Views()


def test_a_series_is_told_from_others_by_all_that_prompts_depend_on() -> None:
    every = {
        series_of(name, strategy, window, sources)
        for name in ("", "a")
        for strategy in ("chat", "agent")
        for window in (1, 2)
        for sources in (["history"], ["history", "system"])
    }
    assert len(every) == 16
    assert series_of("", "chat", 1, ["system", "history"]) == series_of("", "chat", 1, ["history", "system"])
