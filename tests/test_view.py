from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.sources import History, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Gathered, Request
from contextkit.view import View


def test_a_larger_window_or_another_strategy_fills_the_history_afresh() -> None:
    store = SQLiteStore(":memory:")
    talk = [{"role": "user" if n % 2 else "assistant", "content": f"Message number {n}. " * 8} for n in range(1, 101)]
    store.append("u", "s", talk)

    def shown(window: int, strategy: str) -> int:
        builder = ContextBuilder(
            store=store, sources=[System("You help."), History()], strategy=strategy, budget=Budget(window)
        )
        return len(builder.build("And now?", actor_id="u", session_id="s").messages)

    small = shown(800, "chat")
    assert shown(6_000, "chat") > 2 * small
    shown(800, "recall")
    assert shown(800, "chat") >= small


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"version": 1}', '{"version": 0, "tools": []}'])
def test_a_view_that_cannot_be_read_is_an_empty_one(text: str) -> None:
    assert View.from_json(text) == View()


class ThenHistory(History):
    """The history, and something that happens once it was read."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def gather(self, request: Request) -> Iterator[Gathered]:
        gathered = [*super().gather(request)]
        self._happens()
        return iter(gathered)


@pytest.mark.parametrize("next_begins", ["after it", "while it is built"])
def test_a_session_that_is_deleted_while_a_prompt_is_built_leaves_nothing_to_the_next_of_its_name(
    next_begins: str,
) -> None:
    store = SQLiteStore(":memory:")
    hello = [{"role": "user", "content": "I am Bob."}, {"role": "assistant", "content": "Hello, Bob."}]
    talk = [{"role": "user" if n % 2 else "assistant", "content": f"Secret number {n}. " * 9} for n in range(1, 101)]
    store.append("u", "s", talk)

    def prompt(happens: Callable[[], None] = lambda: None) -> str:
        sources = [System("You help."), ThenHistory(happens)]
        builder = ContextBuilder(store=store, sources=sources, strategy="agent", budget=Budget(1_500))
        return str(builder.build("What is my name?", actor_id="u", session_id="s").messages)

    def end() -> None:
        store.delete_session("u", "s")
        if next_begins == "while it is built":
            store.append("u", "s", hello)

    assert "Secret" in prompt(end)
    if next_begins == "after it":
        store.append("u", "s", hello)
    session = store.session("u", "s")
    assert session is not None
    assert session.view is None
    later = prompt()
    assert "Secret" not in later
    assert later.index("I am Bob.") < later.index("Hello, Bob.") < later.index("What is my name?")
    assert "<recall>" not in later
