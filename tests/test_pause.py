"""Pauses: what a model is told of the time that passed between two messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import Budget, Context, ContextBuilder
from contextkit.errors import BudgetTooSmall
from contextkit.fence import unfenced
from contextkit.pause import LEAST, Pause, most_pauses
from contextkit.sources import History, Preferences, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Message, ToolCall
from contextkit.view import Turn, View

MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
IDS = {"actor_id": "ines", "session_id": "s1"}


class Clock:
    def __init__(self) -> None:
        self.now = MARCH

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", clock=clock) as store:
        yield store


def build(store: SQLiteStore, clock: Clock, query: str | None, window: int = 4_000, strategy: str = "chat") -> Context:
    sources = [System("You are Otis."), Preferences(), History()]
    builder = ContextBuilder(store=store, sources=sources, budget=Budget(window=window), strategy=strategy, clock=clock)
    return builder.build(query, **IDS)


def say(store: SQLiteStore, *texts: str) -> None:
    """What the user and the assistant say in turn."""
    store.append(
        "ines",
        "s1",
        [{"role": "assistant" if number % 2 else "user", "content": text} for number, text in enumerate(texts)],
    )


def spoken(context: Context) -> list[str]:
    return [message.text for message in context.messages]


def told(context: Context) -> list[str]:
    return [text for text in spoken(context) if "<context-pause>" in text]


AUTUMN = "<context-pause>\n96 days passed here, from Monday 2 March 2026 to Saturday 6 June 2026.\n</context-pause>"


def test_a_session_taken_up_after_months_says_how_long_it_lay(store: SQLiteStore, clock: Clock) -> None:
    say(store, "When does my grinder arrive?", "Tomorrow.")
    clock.now += timedelta(days=96)
    assert spoken(build(store, clock, "Any news?"))[1:] == [
        "When does my grinder arrive?",
        "Tomorrow.",
        AUTUMN,
        "Any news?",
    ]


def test_it_goes_on_saying_so_where_it_lay_then(store: SQLiteStore, clock: Clock) -> None:
    say(store, "When does my grinder arrive?", "Tomorrow.")
    clock.now += timedelta(days=96)
    first = build(store, clock, "Any news?")
    say(store, "Any news?", "It came in March.", "Thanks, and the filter?")
    clock.now += timedelta(minutes=5)
    later = build(store, clock, None)
    assert spoken(later)[1:] == [*spoken(first)[1:], "It came in March.", "Thanks, and the filter?"]


def test_it_stays_as_it_was_while_the_turn_goes_on(store: SQLiteStore, clock: Clock) -> None:
    say(store, "When does my grinder arrive?", "Tomorrow.")
    clock.now += timedelta(hours=20)
    first = build(store, clock, "Any news?")
    clock.now += timedelta(hours=30)  # it is appended late, and another day
    call = {"id": "c", "type": "function", "function": {"name": "track", "arguments": "{}"}}
    store.append(
        "ines",
        "s1",
        [
            {"role": "user", "content": "Any news?"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "delivered"},
        ],
    )
    second = build(store, clock, None)
    assert second.messages[: len(first.messages) - 1] == first.messages[:-1]
    assert len(told(second)) == 1


def test_the_same_afternoon_is_no_pause(store: SQLiteStore, clock: Clock) -> None:
    say(store, "When does my grinder arrive?", "Tomorrow.")
    clock.now += LEAST - timedelta(seconds=1)
    assert told(build(store, clock, "Any news?")) == []


def test_a_call_that_was_broken_off_does_not_hide_it(store: SQLiteStore, clock: Clock) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "track", "arguments": "{}"}}
    say(store, "When does my grinder arrive?")
    store.append("ines", "s1", [{"role": "assistant", "tool_calls": [call]}])
    clock.now += timedelta(days=96)
    say(store, "Any news?", "It came in March.")
    context = build(store, clock, "Thanks, and the filter?")
    assert spoken(context)[1:4] == ["When does my grinder arrive?", AUTUMN, "Any news?"]


def test_what_is_recalled_bears_its_dates_so_a_prompt_without_history_says_none(
    store: SQLiteStore, clock: Clock
) -> None:
    say(store, "When does my grinder arrive?", "Tomorrow.")
    clock.now += timedelta(days=96)
    assert told(build(store, clock, "When does the grinder arrive?", strategy="recall")) == []


def test_a_window_that_holds_the_question_alone_holds_no_pause(store: SQLiteStore, clock: Clock) -> None:
    say(store, "When does my grinder arrive?", "Tomorrow.")
    clock.now += timedelta(days=96)
    alone = ["You are Otis.", "Any news?"]
    small = next(
        context for window in range(24, 200) if (context := tried(store, clock, window)) and spoken(context) == alone
    )
    assert small.tokens <= small.report.window
    assert told(build(store, clock, "Any news?", window=200)) == [AUTUMN]


def tried(store: SQLiteStore, clock: Clock, window: int) -> Context | None:
    try:
        return build(store, clock, "Any news?", window=window)
    except BudgetTooSmall:
        return None


def test_its_tokens_are_counted_and_reported(store: SQLiteStore, clock: Clock) -> None:
    for _ in range(20):
        say(store, "When does my grinder arrive?", "Tomorrow.")
        clock.now += timedelta(days=1)
    context, counter = build(store, clock, "Any news?"), get_counter()
    assert len(told(context)) == 20
    assert context.tokens == counter.framing(len(context.messages), 0) + sum(map(counter.message, context.messages))
    assert sum(part.tokens for part in context.report.parts) + counter.framing(1, 0) == context.tokens


def test_nothing_of_it_is_taken_for_what_somebody_said() -> None:
    message = Pause(MARCH, MARCH + timedelta(days=1)).item(7, "history", get_counter(), UTC).message
    assert message is not None
    assert (message.name, unfenced(message.text)) == ("context", "")


def test_a_short_one_is_told_in_hours() -> None:
    assert Pause(MARCH, MARCH + timedelta(hours=14.6)).text().startswith("14 hours passed here, ")
    assert Pause(MARCH, MARCH + timedelta(days=2.2)).text().startswith("2 days passed here, ")
    evening, morning = MARCH.replace(hour=22), MARCH.replace(hour=7) + timedelta(days=7)
    assert Pause(evening, morning).text() == "7 days passed here, from Monday 2 March 2026 to Monday 9 March 2026."
    far = timezone(timedelta(hours=9))
    assert Pause(evening.astimezone(far), morning).text() == Pause(evening, morning).text()
    assert Pause(evening, morning).text(far).endswith(", from Tuesday 3 March 2026 to Monday 9 March 2026.")


def test_times_that_are_not_known_or_run_backwards_make_none() -> None:
    assert Pause.between(None, MARCH) is None
    assert Pause.between(MARCH, None) is None
    assert Pause.between(MARCH, MARCH - timedelta(days=1)) is None


def test_a_view_keeps_it() -> None:
    turn = Turn(query=Message(role="user", content="Any news?"), after=2, pause=Pause(MARCH, MARCH + timedelta(days=9)))
    again = View.from_json(View(turn=turn).to_json()).turn
    assert again is not None
    assert again.pause == turn.pause


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=30))
def test_there_are_never_more_than_were_reckoned_with(said: Sequence[tuple[int, bool]]) -> None:
    """Whichever messages are left out: those that stand for none of two have a pause between them, or not."""
    times = [MARCH + timedelta(hours=hour) for hour, _ in said]
    standing = [time for time, (_, stands) in zip(times, said, strict=True) if stands]
    pauses = sum(Pause.between(*pair) is not None for pair in pairwise(standing))
    assert pauses <= most_pauses(times)


@pytest.mark.parametrize("window", range(150, 260, 2))
def test_a_turn_that_drives_out_its_pause_says_so(store: SQLiteStore, clock: Clock, window: int) -> None:
    say(store, "Hello.", "Hello! How can I help?")
    clock.now += timedelta(days=375)
    try:
        shown = build(store, clock, "Where are my orders? " * 10, window, "agent")
        say(store, "Where are my orders? " * 10)
        for number in range(6):
            call = ToolCall(f"c{number}", "look_up", "{}")
            result = Message(role="tool", content="It is on its way.", tool_call_id=call.id)
            store.append("ines", "s1", [Message(role="assistant", tool_calls=(call,)), result])
            before, shown = shown, build(store, clock, None, window, "agent")
            kept = [message.text for message in shown.messages][: len(before.messages)]
            assert shown.report.notices or kept == [message.text for message in before.messages]
    except BudgetTooSmall:
        pass
