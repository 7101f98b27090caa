"""What a session has where a state goes on without it, and whose it is."""

from __future__ import annotations

import uuid

import pytest

from contextkit.adapters.lacking import Lack, Whose, whose
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message, ToolCall


@pytest.mark.parametrize("form", ["{}", "lc_run--{}-0", "run-{}", "lc_run--{}-0/call-1"])
def test_a_graph_s_messages_are_known_by_their_ids(form: str) -> None:
    made = form.format(uuid.uuid4())
    assert whose(Message(role="user", content="Hi.", id=made)) is Whose.WORDS
    call = Message(role="assistant", id=made, tool_calls=(ToolCall("c1", "look", "{}"),))
    assert whose(call) is Whose.CALL


def test_what_is_appended_without_an_id_is_no_graph_s_and_of_others_nobody_knows() -> None:
    (stored,) = SQLiteStore(":memory:").append("u1", "s1", [{"role": "user", "content": "Hi."}])
    assert whose(stored) is Whose.ANYBODY
    own = Message(role="user", content="Hi.", id="slack-1")
    assert whose(own) is Whose.UNKNOWN
    assert whose(own, in_a_graph=True) is Whose.WORDS


def test_what_lies_between_the_state_s_messages_and_behind_them_is_lacking() -> None:
    lack = Lack.of({3, 4, 7, 8}, 3, 7, 10)
    assert lack == Lack(since=(9, 10), before=(5, 6))
    assert lack.up_to(9) == Lack((9,), (5, 6))
    assert not Lack.of({1, 3, 4}, 3, 3, 4), "what was said before the state begins is not"


def test_earlier_calls_are_left_with_words_alone_and_later_ones_always() -> None:
    lack = Lack(since=(9, 10), before=(2, 3, 5, 6))
    known = {2: Whose.CALL, 3: Whose.CALL, 5: Whose.CALL, 6: Whose.WORDS, 9: Whose.CALL, 10: Whose.UNKNOWN}
    assert lack.left(known) == {5, 6, 9}
    assert lack.unclear(known) == (10,)
    assert lack.left({**known, 6: Whose.ANYBODY}) == {9}
