"""The current turn: whole while it fits, and what gives way when it does not."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.conversation import history_item
from contextkit.fit.earlier_calls import EARLIER
from contextkit.fit.present import RELIEF, Present, Shrunk, read_present
from contextkit.ladder import READ_TOOL, Ladder
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


@pytest.fixture
def shortened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the items that are shortened, in that order."""
    ids: list[str] = []
    short_message = Ladder.short_message

    def noted(ladder: Ladder, item: Item, limit: int, query: str | None = None) -> Form | None:
        ids.append(item.id)
        return short_message(ladder, item, limit, query)

    monkeypatch.setattr(Ladder, "short_message", noted)
    return ids


def test_of_very_many_large_results_only_those_are_shortened_that_may_stand_so(shortened: list[str]) -> None:
    items = turn(QUESTION, *(m for n in range(60) for m in call(n, rows(200))))
    present = read(items, 4_000, ceiling=400)
    assert present.tokens <= 4_000
    assert rungs(present)[-2:] == ["extract"] * 2
    assert len(shortened) < 12


def test_a_result_that_stands_as_its_handle_is_not_shortened_again(shortened: list[str]) -> None:
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
    assert present.tokens <= RELIEF * whole
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


def at_once(*sizes: int) -> list[Item]:
    """A turn of one message with so many calls, whose results have so many rows."""
    calls = tuple(ToolCall(f"c{n}", "look_up", "{}") for n in range(len(sizes)))
    results = [Message(role="tool", content=rows(size), tool_call_id=f"c{n}") for n, size in enumerate(sizes)]
    return turn(QUESTION, Message(role="assistant", tool_calls=calls), *results)


def test_results_that_crowd_the_room_for_certain_are_shortened_once(shortened: list[str]) -> None:
    present = read(at_once(*[200] * 8), 1_200, ceiling=400)
    assert present.tokens <= 1_200
    assert rungs(present) == ["extract"] * 8
    assert len(shortened) == 8


@given(st.lists(st.integers(1, 120), min_size=1, max_size=12), st.integers(60, 3_000), st.integers(30, 600))
def test_what_is_shortened_once_stands_as_what_is_shortened_twice(sizes: list[int], room: int, ceiling: int) -> None:
    items = at_once(*sizes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contextkit.fit.present.CERTAIN", float("inf"))
        twice = read(items, room, ceiling=ceiling)
    once = read(items, room, ceiling=ceiling)
    assert [one.form for one in once.standing] == [one.form for one in twice.standing]
    assert (once.tokens, once.shrunk) == (twice.tokens, twice.shrunk)


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


def test_calls_whose_handles_alone_outgrow_the_room_stand_as_a_list() -> None:
    items = turn(QUESTION, *(m for n in range(40) for m in call(n, rows(10), f"look_up_{n % 3}")))
    present = read(items, 1_000)
    assert present.tokens <= 1_000
    assert present.tokens == sum(COUNTER.message(one.message) for one in present.standing)
    question, listed, *rest = (one.message for one in present.standing)
    assert question == items[0].message
    assert (listed.role, listed.name) == ("user", "context")
    left = len(present.left) // 2
    assert f"{left} earlier calls" in listed.text
    last = present.left[-1]
    assert f"\n{last.handle} look_up_{(left - 1) % 3} {{}}\n" in listed.text
    assert [one.item for one in present.standing[2:]] == items[1 + 2 * left :]
    assert rungs(present)[-1] == "full"
    assert len(rest) > 2
    assert set(present.reasons) == {item.id for item in present.left}
    assert present.shrunk.left == last.order


def test_what_is_left_out_stays_so_and_more_goes_only_once_there_is_no_room() -> None:
    lists: list[str] = []
    shrunk = Shrunk()
    for count in range(40, 80):
        items = turn(QUESTION, *(m for n in range(count) for m in call(n, rows(10))))
        present = read(items, 1_000, ceiling=160, shrunk=shrunk)
        assert present.tokens <= 1_000
        assert present.shrunk.left >= shrunk.left
        shrunk = present.shrunk
        lists.append(present.standing[1].message.text)
    assert len(set(lists)) < 20


def test_what_the_user_says_meanwhile_stands_though_the_calls_around_it_are_left_out() -> None:
    steered = Message(role="user", content="Only those of May.")
    calls = [m for n in range(40) for m in call(n, rows(10))]
    present = read(turn(QUESTION, *calls[:8], steered, *calls[8:]), 1_000)
    texts = [one.message.text for one in present.standing]
    assert texts[0] == QUESTION.content
    assert present.standing[1].item.id == EARLIER
    assert texts[2] == steered.content
    assert len(present.left) > 8


def test_calls_are_left_out_before_the_newest_result_has_to_shrink() -> None:
    items = turn(QUESTION, *(m for n in range(30) for m in call(n, rows(10))), *call(30, rows(30)))
    assert rungs(read(items, 1_200))[-1] == "full"


def test_a_newest_result_is_not_reduced_to_its_handle_for_what_was_read_back_long_ago() -> None:
    items = turn(QUESTION, *call(0, rows(40), READ_TOOL), *(m for n in range(1, 40) for m in call(n, rows(10))))
    present = read(items, 1_000)
    assert present.tokens <= 1_000
    assert rungs(present)[-1] == "full"


def test_long_arguments_are_left_out_with_their_calls() -> None:
    def write(number: int) -> list[Message]:
        asked = Message(role="assistant", tool_calls=(ToolCall(f"c{number}", "write", json.dumps({"text": rows(40)})),))
        return [asked, Message(role="tool", content="written", tool_call_id=f"c{number}")]

    items = turn(QUESTION, *(m for n in range(10) for m in write(n)))
    present = read(items, 2_000)
    assert present.tokens <= 2_000
    assert present.left
    assert max(map(len, present.standing[1].message.text.splitlines())) < 200


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
    shown = {one.item.id for one in present.standing} - {EARLIER}
    assert sorted([*shown, *present.reasons]) == sorted(item.id for item in items)
    assert shown >= {item.id for item in items if item.message and item.message.role == "user"}
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
