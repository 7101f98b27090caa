"""What of a session is no part of a prompt's dialogue."""

from __future__ import annotations

from contextkit import ContextBuilder
from contextkit.apart import NOTHING, Apart, apart, setting_apart
from contextkit.sources import History, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.view import View


def test_numbers_are_kept_as_stretches_until_they_are_the_conversation_s_own() -> None:
    others = Apart(frozenset({1, 2, 3, 7, 9, 10}))
    assert others.stretches == ((1, 3), (7, 7), (9, 10))
    assert NOTHING.still(others.stretches).numbers == others.numbers
    assert Apart(own=frozenset({2, 9})).still(others.stretches).numbers == {1, 3, 7, 10}
    assert NOTHING.still(()) is NOTHING


def test_a_view_keeps_what_was_left() -> None:
    view = View(left=((1, 3), (7, 7)))
    assert View.from_json(view.to_json()) == view
    assert '"left":' not in View().to_json(), "most conversations are alone in their session"


def test_builds_within_a_block_leave_it_out_and_later_ones_too() -> None:
    store = SQLiteStore(":memory:")
    said = [{"role": role, "content": f"{n}"} for n, role in enumerate(["user", "assistant"] * 3, 1)]
    store.append("u1", "s1", said)
    builder = ContextBuilder(store=store, sources=[System("Otis."), History()], budget=4_000)
    with setting_apart(lambda: Apart(frozenset({3, 4, 6}))):
        shown = builder.build("?", actor_id="u1", session_id="s1").messages
    assert apart() is NOTHING
    assert [message.text for message in shown] == ["Otis.", "1", "2", "5", "?"]
    assert builder.build("?", actor_id="u1", session_id="s1").messages == shown
