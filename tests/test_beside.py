"""What is sent beside a prompt takes of its budget, and is written by nobody but whoever sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.context import Context
from contextkit.errors import BudgetTooSmall, InvalidInput
from contextkit.sources import History, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from tests.noise import noise

COUNTER = get_counter()
IDS = {"actor_id": "u1", "session_id": "s1"}
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
ANSWER = {"title": "Parcel", "type": "object", "properties": {"place": {"type": "string", "description": noise(900)}}}


def track_order(order_id: str) -> str:
    """Where an order is."""
    return order_id


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:") as store:
        for n in range(40):
            store.append("u1", "s1", [{"role": "user", "content": f"Order {n} went to Ghent, and arrived on day {n}."}])
        yield store


def builder(store: object, window: int = 1_500, strategy: str = "agent") -> ContextBuilder:
    sources = [System("You are Otis."), Tools([track_order]), History()]
    return ContextBuilder(sources=sources, store=store, strategy=strategy, budget=Budget(window))


def counted(context: Context, *beside: Mapping[str, Any]) -> int:
    """The prompt and all that is sent with it."""
    tools = sum(map(COUNTER.tool, context.tools)) + sum(COUNTER.text(json.dumps(one)) for one in beside)
    return COUNTER.framing(len(context.messages), 1) + sum(map(COUNTER.message, context.messages)) + tools


@pytest.mark.parametrize("strategy", ["agent", "chat", "recall"])
async def test_it_is_counted_and_not_written(store: SQLiteStore, strategy: str) -> None:
    made = builder(store, strategy=strategy)
    context = made.build("Where is order 7?", **IDS, beside=[SEARCH, ANSWER])
    assert counted(context, SEARCH, ANSWER) == context.tokens <= 1_500
    assert context.beside == counted(context, SEARCH, ANSWER) - counted(context)
    assert not {"web_search", "Parcel"} & {tool.name for tool in context.tools}
    kept = {decision.item_id: (decision.outcome, decision.source) for decision in context.report.decisions}
    assert kept["beside:web_search"] == kept["beside:Parcel"] == ("kept", "beside")
    assert not any("were dropped" in notice.text for notice in context.report.notices)
    assert (await made.abuild("Where is order 7?", **IDS, beside=[SEARCH, ANSWER])).tokens == context.tokens


def test_the_history_makes_room_for_it(store: SQLiteStore) -> None:
    without = builder(store, 900).build("And now?", **IDS)
    with_it = builder(store, 900).build("And now?", **IDS, beside=[ANSWER])
    assert without.tokens > 900 - with_it.beside
    assert with_it.tokens <= 900
    assert len(with_it.messages) < len(without.messages)


def test_what_does_not_fit_is_listed(store: SQLiteStore) -> None:
    with pytest.raises(BudgetTooSmall) as raised:
        builder(store, 400).build("And now?", **IDS, beside=[ANSWER])
    assert dict(raised.value.required)["beside:Parcel"] == COUNTER.text(json.dumps(ANSWER))


def test_several_of_one_name_are_all_counted(store: SQLiteStore) -> None:
    servers = [{"type": "mcp", "server_url": f"https://{name}.test"} for name in ("one", "two")]
    context = builder(store).build("Hello?", **IDS, beside=servers)
    found = [decision.item_id for decision in context.report.decisions if decision.source == "beside"]
    assert sorted(found) == ["beside:mcp", "beside:mcp~2"]


def test_what_the_model_reports_is_less_by_it(store: SQLiteStore) -> None:
    """Else its tokens would be taken for those of the texts, which would then count ever more."""
    made = builder(store)
    for _ in range(4):
        context = made.build("Hello?", **IDS, beside=[ANSWER])
        made.observe(context, context.tokens)
    assert made.counter.text(noise(500)) == COUNTER.text(noise(500))


@pytest.mark.parametrize("beside", ["web_search", SEARCH, [{"type": {1, 2}, 3: {(): 4}}], [None]])
def test_what_is_no_list_of_dicts_is_refused(store: SQLiteStore, beside: Any) -> None:
    with pytest.raises(InvalidInput, match="sent beside the prompt"):
        builder(store).build("Hello?", **IDS, beside=beside)
