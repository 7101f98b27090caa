"""The fit: what is required first, the rest by share, and never a token too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import Budget
from contextkit.blocks import line_tokens
from contextkit.conversation import history_item
from contextkit.errors import BudgetTooSmall
from contextkit.fit import Fit, fit
from contextkit.prompt import write
from contextkit.question import query_item
from contextkit.said import Said
from contextkit.strategy import ContextStrategy, parse_strategy
from contextkit.tokens import get_counter
from contextkit.types import Item, Message, Request
from contextkit.view import Turn, View
from tests.world import NOW, schema

COUNTER = get_counter()
QUERY = Message(role="user", content="Where is order 7?")
SECTIONS = """
[sections.system]
region = "stable"
[sections.tools]
region = "stable"
{tools}
[sections.history]
region = "history"
{history}
[sections.documents]
region = "volatile"
{documents}
[sections.memories]
region = "volatile"
{memories}
[sections.turn]
region = "turn"
{turn}
"""


def strategy(**sections: str) -> ContextStrategy:
    text = SECTIONS.format(**({"tools": "", "history": "", "documents": "", "memories": "", "turn": ""} | sections))
    return parse_strategy(text, name="test")


def request_of(using: ContextStrategy, window: int, *, view: View | None = None) -> Request:
    return Request(
        query=QUERY.text,
        turn=Turn(query=QUERY, after=100),
        actor_id="u1",
        session_id="s1",
        budget=Budget(window),
        counter=COUNTER,
        strategy=using,
        now=NOW,
        view=view or View(),
        filled=frozenset({"documents", "memories"}),
    )


def ranked(section: str, count: int, words: int = 40) -> list[Item]:
    found = []
    for number in range(count):
        text = f"{section} {number} " + f"word{number} " * words
        found.append(
            Item(
                id=f"{section}{number}",
                section=section,
                text=text,
                tokens=line_tokens(COUNTER, "", text),
                score=float(count - number),
                order=number,
            )
        )
    return found


def history(count: int, words: int = 20) -> list[Item]:
    return [
        history_item(
            Message(role="user" if n % 2 else "assistant", content=f"Line {n} " + "word " * words, id=f"h{n}", seq=n),
            COUNTER,
        )
        for n in range(1, count + 1)
    ]


def tools(count: int, pinned: int = 0) -> list[Item]:
    return [
        Item(
            id=f"tool:{t.name}",
            section="tools",
            text=t.description,
            tokens=COUNTER.tool(t),
            score=float(-n),
            order=n,
            required=n < pinned,
            trusted=True,
            tool=t,
        )
        for n, t in enumerate(map(schema, range(count)))
    ]


def fitted(items: Mapping[str, Sequence[Item]], request: Request, *, handles: bool = False) -> Fit:
    found = fit({**items, "turn": [query_item(request)]}, request, said=Said(), handles=handles)
    prompt = write(found, request)
    counted = sum(map(COUNTER.message, prompt.messages)) + sum(map(COUNTER.tool, prompt.tools))
    assert counted + COUNTER.framing(len(prompt.messages), len(prompt.tools)) == prompt.tokens <= found.available
    return found


def view_of(found: Fit) -> View:
    """What the next build knows of this one."""
    return View(stable=found.stable, tools=tuple(item.tool.name for item in found.tools if item.tool))


def used(found: Fit, *sections: str) -> list[int]:
    return [found.used.get(section, 0) for section in sections]


def test_shares_follow_the_weights_where_all_want_more() -> None:
    request = request_of(strategy(history="weight = 2", documents="weight = 1", memories="weight = 1"), 4_000)
    found = fitted(
        {"history": history(400), "documents": ranked("documents", 90), "memories": ranked("memories", 90)}, request
    )
    past, documents, memories = used(found, "history", "documents", "memories")
    assert past == pytest.approx(2 * documents, rel=0.2)
    assert documents == pytest.approx(memories, rel=0.2)


def test_what_a_section_does_not_need_goes_to_the_others() -> None:
    request = request_of(strategy(), 3_000)
    alone = fitted({"documents": ranked("documents", 90)}, request)
    assert alone.used["documents"] > 2_700


def test_floors_are_kept_and_ceilings_not_passed() -> None:
    request = request_of(strategy(documents="ceiling = 300\nweight = 9", memories="floor = 500\nweight = 0"), 4_000)
    found = fitted({"documents": ranked("documents", 90), "memories": ranked("memories", 90)}, request)
    documents, memories = used(found, "documents", "memories")
    assert documents <= 300
    assert memories >= 440


def test_pinned_tools_stand_whatever_the_share() -> None:
    request = request_of(strategy(tools="ceiling = 0"), 2_000)
    assert len(fitted({"tools": tools(9, pinned=4)}, request).tools) == 4


def test_the_best_tools_stand_in_the_order_they_were_given() -> None:
    offered = tools(9)
    best_last = [replace(item, score=float(n)) for n, item in enumerate(offered)]
    found = fitted({"tools": best_last}, request_of(strategy(tools="ceiling = 120"), 2_000))
    orders = [item.order for item in found.tools]
    assert orders == sorted(orders)
    assert orders[-1] == 8
    assert len(orders) < 9


def test_tools_that_stood_before_stay_before_better_ones() -> None:
    offered = tools(9)
    request = request_of(strategy(tools="ceiling = 120"), 2_000, view=View(tools=("tool_8", "tool_7")))
    assert {"tool_7", "tool_8"} <= {item.tool.name for item in fitted({"tools": offered}, request).tools if item.tool}


def test_tools_that_were_cut_stay_cut_when_a_turn_asks_little_of_the_others() -> None:
    using = strategy(documents="ceiling = 0.4", memories="ceiling = 0.4")
    busy = {name: ranked(name, 90) for name in ("documents", "memories")}
    first = fitted({"tools": tools(60), **busy}, request_of(using, 2_000))
    second = fitted({"tools": tools(60)}, request_of(using, 2_000, view=view_of(first)))
    assert 0 < len(first.tools) < 60
    assert (second.tools, second.shares["tools"]) == (first.tools, first.shares["tools"])
    assert second.notices == []


def test_tools_that_become_more_push_none_of_those_before_out_once_the_history_is_long() -> None:
    using = strategy(history="weight = 6")
    first = fitted({"tools": tools(30)}, request_of(using, 4_000))
    second = fitted({"tools": tools(60), "history": history(400)}, request_of(using, 4_000, view=view_of(first)))
    alone = fitted({"tools": tools(60), "history": history(400)}, request_of(using, 4_000))
    assert len(alone.tools) < len(first.tools) == 30
    assert {item.id for item in first.tools} <= {item.id for item in second.tools}
    assert second.used["history"] > 0


def test_what_tools_had_is_not_kept_where_it_no_longer_fits() -> None:
    using = strategy(history="floor = 0.6")
    first = fitted({"tools": tools(20)}, request_of(using, 2_000))
    long = Item(id="system", section="system", text="Be brief. " * 200, tokens=COUNTER.text("Be brief. " * 200))
    items = {"tools": tools(90), "history": history(400), "system": [long]}
    second = fitted(items, request_of(using, 2_000, view=view_of(first)))
    assert 0 < second.shares["tools"] < first.shares["tools"]


def test_what_tools_had_is_not_kept_at_the_cost_of_what_others_are_promised() -> None:
    using = strategy(tools='[sections.preferences]\nregion = "stable"', history="floor = 0.5")
    first = fitted({"tools": tools(90), "preferences": ranked("preferences", 2)}, request_of(using, 4_000))
    items = {"tools": tools(90), "preferences": ranked("preferences", 90)}
    second = fitted(items, request_of(using, 4_000, view=view_of(first)))
    third = fitted({**items, "history": history(400)}, request_of(using, 4_000, view=view_of(second)))
    assert third.shares["preferences"] > first.shares["preferences"]
    assert third.shares["history"] >= 2_000


def test_tools_that_were_cut_get_more_where_others_must_leave_it_to_them() -> None:
    using = strategy(documents="ceiling = 0.2", memories="ceiling = 0.2")
    long = Item(id="system", section="system", text="Be brief. " * 400, tokens=COUNTER.text("Be brief. " * 400))
    first = fitted({"tools": tools(90), "system": [long]}, request_of(using, 2_000))
    second = fitted({"tools": tools(90)}, request_of(using, 2_000, view=view_of(first)))
    assert second.shares["tools"] > 1.25 * first.shares["tools"]
    assert [notice.kind for notice in second.notices] == ["prefix changed"]


def test_room_is_left_for_the_turn_to_grow() -> None:
    items = {"history": history(400), "documents": ranked("documents", 90)}
    without = fitted(items, request_of(strategy(), 4_000))
    with_headroom = fitted(items, request_of(strategy(turn="floor = 0.25"), 4_000))
    assert without.tokens > 3_900
    assert with_headroom.tokens <= 3_000 + with_headroom.used["turn"]


def test_what_is_required_and_does_not_fit_is_listed() -> None:
    with pytest.raises(BudgetTooSmall) as caught:
        fitted({"tools": tools(30, pinned=30)}, request_of(strategy(), 300))
    names = [name for name, _ in caught.value.required]
    assert names[0] == "framing"
    assert "tool:tool_29" in names
    assert names[-1] == "query"
    assert caught.value.needed == sum(tokens for _, tokens in caught.value.required)


def test_of_very_many_required_items_the_message_names_the_largest() -> None:
    large = replace(tools(1, pinned=1)[0], id="tool:large", tokens=2_000)
    with pytest.raises(BudgetTooSmall) as caught:
        fitted({"tools": [*tools(300, pinned=300), large]}, request_of(strategy(), 300))
    assert "tool:large (2000), " in str(caught.value)
    assert "and 291 smaller ones" in str(caught.value)
    assert len(str(caught.value)) < 1_000
    assert len(caught.value.required) == 303


def test_nothing_is_said_twice() -> None:
    said = history(3)
    document = replace(ranked("documents", 1)[0], id="d", text=said[1].text)
    memory = replace(ranked("memories", 1)[0], id="m", text="Order 7 went to Ghent by mistake.")
    again = replace(ranked("documents", 1)[0], id="e", text="Order 7 went to Ghent by mistake.", score=9.0)
    request = request_of(strategy(), 3_000)
    known = Said()
    known.read(said)
    items = {"history": said, "documents": [document, again], "memories": [memory], "turn": [query_item(request)]}
    found = fit(items, request, said=known, handles=False)
    assert [one.item.id for one in found.sections["documents"]] == ["e"]
    assert found.sections["memories"] == []
    assert "says it already" in found.reasons["d"]
    assert "says it already" in found.reasons["m"]


def test_the_same_things_give_the_same_fit() -> None:
    items = {"history": history(60), "documents": ranked("documents", 30), "tools": tools(9)}
    request = request_of(strategy(), 2_500)
    shuffled = {name: list(group)[::-1] if name == "documents" else group for name, group in items.items()}
    assert fitted(items, request).sections == fitted(shuffled, request).sections


@given(st.integers(60, 3_000), st.integers(0, 60), st.integers(0, 12), st.integers(0, 9))
def test_a_larger_window_never_shows_less_of_a_single_section(
    window: int, said: int, documents: int, offered: int
) -> None:
    del said, offered
    items = {"documents": ranked("documents", documents)}
    try:
        smaller = fitted(items, request_of(strategy(), window))
    except BudgetTooSmall:
        return
    larger = fitted(items, request_of(strategy(), window + 500))
    assert {one.item.id for one in smaller.sections["documents"]} <= {
        one.item.id for one in larger.sections["documents"]
    }


@pytest.mark.parametrize("why", ["", "it is not wanted"])
def test_what_a_source_leaves_out_does_not_stand_whether_or_not_it_says_why(why: str) -> None:
    left = [replace(item, left_out=why) for item in ranked("documents", 3)]
    found = fitted({"documents": left, "memories": ranked("memories", 1)}, request_of(strategy(), 2_000))
    assert [one.item.id for chosen in found.sections.values() for one in chosen] == ["memories0"]
