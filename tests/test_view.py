from __future__ import annotations

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.sources import History, System
from contextkit.stores.sqlite import SQLiteStore
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
