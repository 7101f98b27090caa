"""The current turn: whole while it fits, and what gives way when it does not."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.conversation import history_item
from contextkit.ladder import READ_TOOL, Ladder
from contextkit.present import Present, Shrunk, read_present
from contextkit.tokens import get_counter
from contextkit.types import Form, Item, Message, ToolCall
from tests import checks
from tests.world import exchanges, texts

COUNTER = get_counter()
LADDER = Ladder(COUNTER, "Ghent", handles=True)


def turn(*messages: Message) -> list[Item]:
    numbered = [Message(**{**_fields(m), "seq": n, "id": f"i{n}"}) for n, m in enumerate(messages, 1)]
    return [history_item(message, COUNTER) for message in numbered]


def _fields(message: Message) -> dict[str, object]:
    return {name: getattr(message, name) for name in message.__dataclass_fields__}


def call(number: int, text: str, name: str = "look_up") -> list[Message]:
    return [
        Message(role="assistant", tool_calls=(ToolCall(f"c{number}", name, "{}"),)),
        Message(role="tool", content=text, tool_call_id=f"c{number}"),
    ]


def rows(count: int) -> str:
    return json.dumps([{"id": number, "state": "shipped"} for number in range(count)])


def read(items: Sequence[Item], room: int, *, ceiling: int = 10**6, shrunk: Shrunk | None = None) -> Present:
    return read_present(items, room, ladder=LADDER, result_ceiling=ceiling, shrunk=shrunk or Shrunk())


def rungs(present: Present) -> list[str]:
    return [one.form.rung if one.form else "full" for one in present.standing if one.message.role == "tool"]


QUESTION = Message(role="user", content="Where are my orders?")


def test_a_turn_that_fits_stands_whole() -> None:
    items = turn(QUESTION, *call(1, rows(10)), *call(2, rows(10)))
    present = read(items, 10_000)
    assert [one.item for one in present.standing] == items
    assert rungs(present) == ["full", "full"]
    assert present.tokens == sum(COUNTER.message(one.message) for one in present.standing)
    assert present.shrunk == Shrunk()


def test_a_result_above_the_ceiling_is_an_extract_from_the_first() -> None:
    present = read(turn(QUESTION, *call(1, rows(200))), 10_000, ceiling=200)
    assert rungs(present) == ["extract"]
    assert present.shrunk == Shrunk()


def test_a_result_that_stands_as_its_handle_is_not_shortened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shortened: list[str] = []
    short_message = Ladder.short_message

    def noted(ladder: Ladder, item: Item, limit: int, query: str | None = None) -> Form | None:
        shortened.append(item.id)
        return short_message(ladder, item, limit, query)

    monkeypatch.setattr(Ladder, "short_message", noted)
    items = turn(QUESTION, *(m for n in range(3) for m in call(n, rows(200))))
    present = read(items, 10_000, ceiling=200, shrunk=Shrunk(results=5))
    assert rungs(present) == ["handle", "handle", "extract"]
    assert shortened == ["i7"]


def test_the_oldest_results_become_handles_first_and_far_enough() -> None:
    items = turn(QUESTION, *(m for n in range(10) for m in call(n, rows(10))))
    whole = read(items, 10**6).tokens
    present = read(items, whole - 1)
    shown = rungs(present)
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == "handle"
    assert shown[-1] == "full"
    assert present.tokens <= 0.8 * whole
    assert present.shrunk.results == items[2 * shown.count("handle")].order


def test_what_has_become_a_handle_stays_one() -> None:
    items = turn(QUESTION, *(m for n in range(10) for m in call(n, rows(10))))
    first = read(items, 1_000)
    again = read(items, 10**6, shrunk=first.shrunk)
    assert rungs(again) == rungs(first)


def test_what_was_read_back_stands_whole_above_the_ceiling() -> None:
    present = read(turn(QUESTION, *call(1, rows(200), READ_TOOL)), 10_000, ceiling=200)
    assert rungs(present) == ["full"]


def test_what_was_read_back_becomes_a_handle_last() -> None:
    items = turn(QUESTION, *call(0, rows(30), READ_TOOL), *(m for n in range(1, 8) for m in call(n, rows(10))))
    assert rungs(read(items, 900))[0] == "full"
    tight = read(items, 560)
    assert rungs(tight)[:2] == ["handle", "handle"]
    assert tight.shrunk.reads == items[2].order
    assert rungs(read(items, 10**6, shrunk=tight.shrunk))[0] == "handle"


def test_the_newest_results_share_what_is_left() -> None:
    calls = tuple(ToolCall(f"c{n}", "look_up", "{}") for n in range(3))
    results = [Message(role="tool", content=rows(60), tool_call_id=f"c{n}") for n in range(3)]
    present = read(turn(QUESTION, Message(role="assistant", tool_calls=calls), *results), 700)
    costs = [one.tokens for one in present.standing[2:]]
    assert present.tokens <= 700
    assert rungs(present) == ["extract"] * 3
    assert max(costs) - min(costs) < 40


def test_the_question_is_never_shortened() -> None:
    items = turn(Message(role="user", content="word " * 500), *call(1, rows(10)))
    present = read(items, 100)
    assert present.standing[0].form is None
    assert present.tokens > 100, "the caller raises BudgetTooSmall"
    assert [name for name, _ in present.required] == ["i1", "i2", "i3"]


def test_calls_without_results_are_left_out_with_a_reason() -> None:
    items = turn(QUESTION, *call(1, "x")[:1])
    present = read(items, 10_000)
    assert [one.item.id for one in present.standing] == ["i1"]
    assert "no result for tool call c1" in present.reasons["i2"]


@given(
    st.lists(
        st.one_of(exchanges(), exchanges(torn=True), texts.map(lambda t: [Message(role="user", content=t)])), max_size=5
    ),
    st.integers(50, 3_000),
    st.sampled_from([50, 200, 10**6]),
)
def test_whatever_the_room_the_turn_stays_whole_and_what_was_shrunk_stays_so(
    parts: list[list[Message]], room: int, ceiling: int
) -> None:
    items = turn(QUESTION, *(message for part in parts for message in part))
    present = read(items, room, ceiling=ceiling)
    checks.groups_are_whole([one.message for one in present.standing])
    assert present.tokens == sum(COUNTER.message(one.message) for one in present.standing)
    least = read(items, 0, ceiling=ceiling).tokens
    assert present.tokens <= room or present.tokens <= max(least, present.tokens)
    assert present.tokens <= room or least > 0.5 * room
    shown = {one.item.id for one in present.standing}
    assert shown | set(present.reasons) == {item.id for item in items}
    again = read(items, room, ceiling=ceiling, shrunk=present.shrunk)
    assert again.tokens <= max(room, present.tokens)


@given(
    st.lists(exchanges(), min_size=1, max_size=5),
    st.integers(100, 2_000),
    st.sampled_from([60, 300, 10**6]),
)
def test_a_turn_that_grows_changes_what_stands_only_where_more_becomes_handles(
    parts: list[list[Message]], room: int, ceiling: int
) -> None:
    before: Present | None = None
    for count in range(1, len(parts) + 1):
        items = turn(QUESTION, *(message for part in parts[:count] for message in part))
        now = read(items, room, ceiling=ceiling, shrunk=before.shrunk if before else None)
        if now.tokens > room:
            return
        if before is not None and now.shrunk == before.shrunk:
            stood = [one.message for one in before.standing]
            assert [one.message for one in now.standing[: len(stood)]] == stood
        before = now
