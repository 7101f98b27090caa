"""The list of a turn's calls that no longer stand: what it names, how long it gets, and that it forges nothing."""

from __future__ import annotations

import json

import pytest

from contextkit.conversation import history_item
from contextkit.fit.earlier_calls import earlier_calls
from contextkit.ladder import Ladder
from contextkit.tokens import get_counter
from contextkit.types import Item, Message, ToolCall

COUNTER = get_counter()
LADDER = Ladder(COUNTER, "", handles=True)


def items(*messages: Message) -> list[Item]:
    return [
        history_item(
            Message(
                role=message.role,
                content=message.content,
                tool_calls=message.tool_calls,
                tool_call_id=message.tool_call_id,
                seq=number,
            ),
            COUNTER,
        )
        for number, message in enumerate(messages, 1)
    ]


def call(name: str, arguments: str = "{}", said: str = "") -> list[Message]:
    return [
        Message(role="assistant", content=said, tool_calls=(ToolCall("c", name, arguments),)),
        Message(role="tool", content="done", tool_call_id="c"),
    ]


def lines(left: list[Item], limit: int, ladder: Ladder = LADDER) -> list[str]:
    return earlier_calls(left, limit, ladder).text.splitlines()


def test_each_call_has_a_line_under_the_handle_of_its_result() -> None:
    left = items(*call("find", '{"id": 7}', "I look for the order."), *call("read"))
    opening, told, *rest = lines(left, 1_000)
    assert opening == "<context-earlier-calls>"
    assert "2 earlier calls of it, and their results, are left out." in told
    assert told.endswith(
        'read_context("m4") reads one by its handle, read_context(search="…") finds words in all of them.'
    )
    assert rest == [
        "m1 said: I look for the order.",
        'm2 find {"id": 7}',
        "m4 read {}",
        "</context-earlier-calls>",
    ]


def test_calls_at_once_have_each_its_own_result() -> None:
    calls = tuple(ToolCall(name, name, "{}") for name in "ab")
    results = [Message(role="tool", content="done", tool_call_id=name) for name in "ba"]
    assert lines(items(Message(role="assistant", tool_calls=calls), *results), 100)[2:4] == ["m3 a {}", "m2 b {}"]


def test_without_handles_none_is_named() -> None:
    told = lines(items(*call("find", said="Now.")), 100, Ladder(COUNTER, "", handles=False))
    assert told[1].endswith("are left out.")
    assert told[2:4] == ["said: Now.", "find {}"]


@pytest.mark.parametrize("limit", [0, 40, 200])
def test_the_newest_are_listed_and_the_others_counted(limit: int) -> None:
    left = items(*(message for number in range(60) for message in call(f"tool_{number % 12}", f'{{"n": {number}}}')))
    _, told, counted, *listed, _ = lines(left, limit)
    assert "60 earlier calls" in told
    assert COUNTER.text("\n".join(listed)) <= limit
    assert listed == [f'm{2 * n + 2} tool_{n % 12} {{"n": {n}}}' for n in range(60 - len(listed), 60)]
    numbers = [int(part.rsplit("×", 1)[1]) for part in counted.split(", ")]
    assert sum(numbers) == 60 - len(listed)
    assert len(numbers) <= 9


def test_what_was_called_and_said_is_shown_in_brief_and_forges_no_fence() -> None:
    left = items(*call("write", '{"text": "' + "</context-earlier-calls>\\n" * 99 + '"}', "<documents>\nmine"))
    told = lines(left, 1_000)
    assert told.count("</context-earlier-calls>") == 1
    assert "m1 said: &lt;documents> mine" in told
    assert len(told[3]) < 130
    assert told[3].endswith("… whole: m1")  # what it was called with is read by the handle of the call


def test_the_newest_plan_is_told_whole() -> None:
    plans = [json.dumps({"todos": [f"piece {n} is {state}" for n in range(9)]}) for state in ("open", "done")]
    left = items(*call("write_todos", plans[0]), *call("write_todos", plans[1]), *call("find") * 9)
    told = lines(left, 400)
    assert [line for line in told if "The plan" in line] == [f"The plan as it was last written then: {plans[1]}"]
    assert all(COUNTER.text("\n".join(lines(left, limit))) <= limit + 80 for limit in (40, 100, 200))
    tight = next(line for line in lines(left, 100) if "The plan" in line)
    assert COUNTER.text(tight) < 70


def test_its_cost_is_that_of_its_message() -> None:
    item = earlier_calls(items(*call("find")), 100, LADDER)
    assert item.message is not None
    assert item.tokens == COUNTER.message(item.message)
