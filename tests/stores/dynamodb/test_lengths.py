"""How many messages are read along with a session."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contextkit.stores.dynamodb.lengths import FEWEST, MOST, SPARE, TOKENS, UNKNOWN_MOST, Lengths
from contextkit.types import Message


def of(*tokens: int | None) -> list[Message]:
    return [Message(role="user", content="It was sent.", tokens=size) for size in tokens]


def test_before_any_message_is_known_a_typical_one_is_taken_for_granted() -> None:
    lengths = Lengths()
    assert lengths.messages(100 * TOKENS) == round(SPARE * 100)
    assert (lengths.messages(0), lengths.messages(10**9)) == (FEWEST, UNKNOWN_MOST)
    lengths.learn(of(None))
    assert lengths.messages(10**9) == UNKNOWN_MOST


@given(size=st.integers(1, 5_000), window=st.integers(0, 10**6))
def test_many_messages_of_one_length_tell_how_many_hold_the_window(size: int, window: int) -> None:
    lengths = Lengths()
    for _ in range(20):
        lengths.learn(of(*[size] * 64))
    assert abs(lengths.messages(window) - min(max(SPARE * window / size, FEWEST), MOST)) <= 1


def test_messages_without_tokens_do_not_divide_by_nothing() -> None:
    lengths = Lengths()
    for _ in range(100):
        lengths.learn(of(*[0] * 100))
    assert lengths.messages(1_000) <= MOST
