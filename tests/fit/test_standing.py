"""Standing: whole groups, and results that the user's words had parted from their calls."""

from __future__ import annotations

from hypothesis import given

from contextkit.conversation import history_item
from contextkit.fit.standing import in_call_order, whole_groups
from contextkit.tokens import get_counter
from contextkit.types import Item, Message, ToolCall
from tests.world import histories, numbered

COUNTER = get_counter()


def items_of(messages: list[Message]) -> list[Item]:
    return [history_item(message, COUNTER) for message in numbered(messages, "h")]


def told(text: str) -> list[Item]:
    """`12` calls 1 and 2, `a` answers 1, `b` answers 2, `u` is the user, `.` the assistant."""
    said: list[Message] = []
    for word in text.split():
        if word in ("u", "."):
            said.append(Message(role="user" if word == "u" else "assistant", content=word))
        elif word.isdigit():
            said.append(Message(role="assistant", tool_calls=tuple(ToolCall(one, "look_up", "{}") for one in word)))
        else:
            said.append(Message(role="tool", content=word, tool_call_id=str("abc".index(word) + 1)))
    return items_of(said)


def ordered(text: str) -> str:
    names = dict(zip((item.id for item in told(text)), text.split(), strict=True))
    return " ".join(names[item.id] for item in in_call_order(told(text)))


def test_results_that_the_user_spoke_before_are_put_behind_their_calls() -> None:
    assert ordered("u 1 u a u") == "u 1 a u u"
    assert ordered("u 12 a u u b .") == "u 12 a b u u ."
    assert ordered("u 12 u b a") == "u 12 b a u"
    assert ordered("1 u a 2 u b") == "1 a u 2 b u"


def test_a_call_that_the_assistant_s_side_spoke_behind_is_told_with_its_results() -> None:
    assert ordered("u 1 . a") == "u . 1 a"
    assert ordered("u 12 a . . b") == "u . . 12 a b"
    assert ordered("u 12 . a . b u") == "u . . 12 a b u"
    assert ordered("u 12 . a u b") == "u . 12 a b u"


def test_all_else_stays_where_it_is() -> None:
    for text in ("u 12 b a u .", "u 1 u . a", "u 1 a u a", "u a", "a", "u 1 u b", "12 u 3 c a"):
        assert ordered(text) == text


@given(histories)
def test_nothing_is_lost_and_no_group_is_torn_for_another(messages: list[Message]) -> None:
    items = items_of(messages)
    after = in_call_order(items)
    assert sorted(item.id for item in after) == sorted(item.id for item in items)
    assert in_call_order(after) == after
    _, torn = whole_groups(items)
    assert torn.keys() >= whole_groups(after)[1].keys()
    if not torn:
        assert after is items
