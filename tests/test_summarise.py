"""The rolling summary of what the history's window has left."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.compress.summary import Summarizer, Summary
from contextkit.context import Context
from contextkit.sources import History, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy, parse_strategy
from contextkit.types import Message
from contextkit.views import Views

STRATEGY = """
[sections.system]
region = "stable"
[sections.summary]
region = "stable"
floor = 0.15
ceiling = 0.15
deadline = 0.2
ladder = ["full", "extract"]
[sections.history]
region = "history"
[sections.turn]
region = "turn"
"""


class Recorder:
    """A summarizer that notes what it is given."""

    name = "recorder"

    def __init__(self) -> None:
        self.given: list[tuple[str, list[int]]] = []

    def __call__(self, previous: str, turns: Sequence[Message], limit: int) -> str:
        assert limit > 0
        self.given.append((previous, [turn.seq or 0 for turn in turns]))
        return f"Summary number {len(self.given)}: Ada ordered a lamp."


def talk(store: SQLiteStore, first: int, last: int) -> None:
    """A visit: the user speaks at odd numbers, the assistant at even ones."""
    messages = [
        {"role": "user" if n % 2 else "assistant", "content": f"Ada decided on day {n} to order lamp number {n}. " * 3}
        for n in range(first, last + 1)
    ]
    store.append("u", "s", messages)


def build(store: SQLiteStore, summarizer: Summarizer | None = None, window: int = 900) -> Context:
    strategy: ContextStrategy = parse_strategy(STRATEGY, name="test")
    builder = ContextBuilder(
        store=store,
        sources=[System("You help."), History()],
        strategy=strategy,
        budget=Budget(window),
        summarizer=summarizer,
    )
    return builder.build("What did Ada order?", actor_id="u", session_id="s")


def stored(store: SQLiteStore) -> Summary | None:
    session = store.session("u", "s")
    view = Views.from_json(session.view if session else None).newest
    return None if view.summary is None else Summary.from_json(view.summary)


@pytest.fixture
def store() -> SQLiteStore:
    return SQLiteStore(":memory:")


def test_nothing_is_summarised_while_everything_fits(store: SQLiteStore) -> None:
    talk(store, 1, 4)
    recorder = Recorder()
    build(store, recorder)
    assert recorder.given == []
    assert stored(store) is None


def test_the_summary_reads_only_what_left_the_window_since(store: SQLiteStore) -> None:
    recorder = Recorder()
    talk(store, 1, 40)
    build(store, recorder)
    talk(store, 41, 80)
    build(store, recorder)
    read = [seq for _, seqs in recorder.given for seq in seqs]
    assert len(recorder.given) == 2
    assert read == sorted(set(read)), "no message is read twice"
    assert recorder.given[-1][0] == f"Summary number {len(recorder.given) - 1}: Ada ordered a lamp."


def test_the_summary_stands_in_the_stable_prefix_and_changes_only_with_the_cursor(store: SQLiteStore) -> None:
    talk(store, 1, 40)
    first = build(store, Recorder())
    talk(store, 41, 42)
    second = build(store, Recorder())
    assert first.messages[1].text == second.messages[1].text
    assert "<summary>\nSummary number 1" in first.messages[1].text
    assert first.report.decision("summary").outcome == "kept"


def test_no_summary_stands_beside_all_that_it_says_and_it_is_there_again_when_that_has_gone(store: SQLiteStore) -> None:
    """A window that grows shows the first message again; of one that shrinks the summary goes on."""
    recorder = Recorder()
    talk(store, 1, 40)
    assert "<summary>" in build(store, recorder).messages[1].text
    large = build(store, recorder, window=9_000)
    assert large.messages[1].text.startswith("Ada decided on day 1 ")
    again = build(store, recorder, window=9_000)
    assert again.messages == large.messages
    talk(store, 41, 42)
    assert "<summary>" not in "".join(message.text for message in build(store, recorder, window=9_000).messages)
    assert "<summary>\nSummary number 2" in build(store, recorder, window=800).messages[1].text
    read = [seq for _, seqs in recorder.given for seq in seqs]
    assert read == sorted(set(read)), "no message is read twice"
    assert recorder.given[1][0] == "Summary number 1: Ada ordered a lamp."


def test_without_a_summarizer_sentences_are_taken_from_the_conversation(store: SQLiteStore) -> None:
    talk(store, 1, 40)
    context = build(store)
    summary = stored(store)
    assert summary is not None
    assert summary.made_by == "extract"
    assert "Ada decided on day" in context.messages[1].text
    assert context.tokens <= 900


@pytest.mark.parametrize("answer", ["Error: rate limit exceeded", "", "I'm sorry, I can't help with that."])
def test_an_error_is_never_kept_as_a_summary(store: SQLiteStore, answer: str) -> None:
    talk(store, 1, 40)
    context = build(store, lambda _previous, _turns, _limit: answer)
    summary = stored(store)
    assert summary is not None
    assert summary.made_by == "extract"
    assert answer == "" or answer not in context.messages[1].text
    assert "summary extracted" in [notice.kind for notice in context.report.notices]


def test_a_summarizer_that_raises_or_hangs_costs_its_deadline_only(store: SQLiteStore) -> None:
    talk(store, 1, 40)
    release = threading.Event()

    def hang(_previous: str, _turns: Sequence[Message], _limit: int) -> str:
        release.wait(30)
        return "late"

    context = build(store, hang)
    release.set()
    assert any("took longer than 0.2 s" in notice.text for notice in context.report.notices)
    assert all(len(store.pick("u", "s", [seq])) == 1 for seq in range(1, 41)), "the history itself is untouched"


def test_the_first_prompt_of_a_long_session_fills_its_window(store: SQLiteStore) -> None:
    talk(store, 1, 200)
    context = build(store, Recorder(), window=3_000)
    assert context.tokens > 2_400, "the summary had its room from the start, and did not push the history out"
