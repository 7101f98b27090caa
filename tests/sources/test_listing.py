"""What a function lists: what is wrong with it costs no more than it must, and the last listing stands in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from contextkit import ContextBuilder
from contextkit.errors import InvalidInput, InvalidTool
from contextkit.sources import History, System
from contextkit.sources.listing import STANDS_IN
from contextkit.sources.tools import Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import AsyncSource, Gathered, Item, Notice, Request, Tool

if TYPE_CHECKING:
    from tests.sources.conftest import MakeRequest

NAMES = ("book_hotel", "cancel_hotel", "send_mail")
LISTED = [Tool(name, name.replace("_", " "), {"type": "object", "properties": {}}) for name in NAMES]


class Server:
    """A server's listing, which can lack tools, fail and hang; a coroutine function where `alisting` is used."""

    def __init__(self, tools: Sequence[object] = LISTED) -> None:
        self.tools: Sequence[object] = tools
        self.error: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.asked = 0

    def listing(self) -> Iterable[object]:
        self.asked += 1
        self.answers.wait(20)
        if self.error is not None:
            raise self.error
        return list(self.tools)

    def generated(self) -> Iterable[object]:
        yield from self.listing()

    async def alisting(self) -> Iterable[object]:
        return self.listing()


def names(gathered: Iterable[Gathered]) -> set[str]:
    return {one.tool.name for one in gathered if isinstance(one, Item) and one.tool}


def notices(gathered: Iterable[Gathered]) -> list[Notice]:
    return [one for one in gathered if isinstance(one, Notice)]


def hurried(request: Request) -> Request:
    """The request by a strategy whose sources have little time."""
    sections = tuple(replace(section, deadline=0.05) for section in request.strategy.sections)
    return replace(request, strategy=replace(request.strategy, sections=sections))


def later(request: Request, **passed: float) -> Request:
    return replace(request, now=request.now + timedelta(**passed))


def test_a_pinned_tool_that_is_not_listed_is_told(request_for: MakeRequest) -> None:
    server = Server()
    source = Tools(server.listing, pinned=["book_hotel", "send_mail"], limit=2)
    assert notices(source.gather(request_for("x"))) == []
    server.tools = LISTED[1:]
    gathered = list(source.gather(request_for("x")))
    assert names(gathered) == {"cancel_hotel", "send_mail"}
    assert [one.id for one in gathered if isinstance(one, Item) and one.required] == ["tool:send_mail"]
    (notice,) = notices(gathered)
    assert notice == Notice("pinned tool missing", "The pinned tool 'book_hotel' is not among the 2 tools.")


def test_a_listed_tool_that_no_provider_would_take_costs_no_other(request_for: MakeRequest) -> None:
    odd = {"name": "get weather", "parameters": {}}
    (notice, *gathered) = Tools(Server([LISTED[0], odd, *LISTED[1:]]).listing).gather(request_for("x"))
    assert isinstance(notice, Notice)
    assert notice.kind == "tool left out"
    assert "Tool 1" in notice.text
    assert "get weather" in notice.text
    assert names(gathered) == set(NAMES)


def test_of_two_listed_tools_of_one_name_the_first_is_shown(request_for: MakeRequest) -> None:
    other = {"name": "send_mail", "description": "Another server's.", "parameters": {}}
    gathered = list(Tools(Server([*LISTED, other]).listing).gather(request_for("x")))
    assert [one.tool for one in gathered if isinstance(one, Item) and one.tool == LISTED[2]] == [LISTED[2]]
    assert names(gathered) == set(NAMES)
    (notice,) = notices(gathered)
    assert "Tool 3 has the name 'send_mail', which an earlier one has." in notice.text


def test_one_object_listed_twice_is_one_tool(request_for: MakeRequest) -> None:
    gathered = list(Tools(Server([LISTED[0], LISTED[0]]).listing).gather(request_for("x")))
    assert len(gathered) == 1


def test_a_listing_that_is_refused_whole_names_what_it_gave(request_for: MakeRequest) -> None:
    with pytest.raises(InvalidTool, match=r"^Tool 0 is 1, which is no tool"):
        list(Tools(Server([1]).listing).gather(request_for("x")))
    with pytest.raises(InvalidTool) as refused:
        list(Tools(Server([{"name": f"odd {n}"} for n in range(7)]).listing).gather(request_for("x")))
    assert refused.value.problem.startswith("None of the 7 tools listed can be shown. Tool 0 has the name 'odd 0'.")
    assert "Tool 4 has the name 'odd 4'. And 2 more are refused." in refused.value.problem
    assert "odd 5" not in str(refused.value)
    assert refused.value.remedy.count("Use 1 to 128 letters") == 1


@pytest.mark.parametrize("continuing", [False, True])
async def test_what_was_listed_last_stands_in_for_a_listing_that_fails(
    request_for: MakeRequest, continuing: bool
) -> None:
    request = replace(request_for("x"), continuing=continuing)
    server = Server()
    source = Tools(server.listing)
    awaiting = Tools(server.alisting)
    assert isinstance(awaiting, AsyncSource)
    generating = Tools(server.generated)
    for first in (source.gather(request), await awaiting.agather(request), generating.gather(request)):
        assert names(first) == set(NAMES)
    server.error = ConnectionError("no route")
    second = later(request, seconds=12)
    for gathered in (source.gather(second), await awaiting.agather(second), generating.gather(second)):
        one = list(gathered)
        assert names(one) == set(NAMES)
        (notice,) = notices(one)
        assert notice.kind == "listing failed"
        assert notice.text == (
            "The function that lists the tools failed (ConnectionError: no route): those that it listed 12 s ago "
            "stand in."
        )
    server.error, server.tools = None, LISTED[:1]
    assert names(source.gather(second)) == {"book_hotel"}


def test_what_stands_in_is_the_sessions_own(request_for: MakeRequest) -> None:
    """A listing may be another for another actor, though it takes no arguments."""
    request, server = request_for("x"), Server()
    source = Tools(server.listing)
    list(source.gather(request))
    server.error = ConnectionError("no route")
    for other in (replace(request, actor_id="u2"), replace(request, session_id="s2")):
        with pytest.raises(ConnectionError):
            list(source.gather(other))
    assert names(source.gather(request)) == set(NAMES)


def test_what_stands_in_is_not_old_but_within_its_turn(request_for: MakeRequest) -> None:
    request, server = request_for("x"), Server()
    source = Tools(server.listing)
    list(source.gather(request))
    server.error = ConnectionError("no route")
    old = later(request, seconds=STANDS_IN.total_seconds() + 1)
    with pytest.raises(ConnectionError):
        list(source.gather(old))
    assert names(source.gather(replace(old, continuing=True))) == set(NAMES)
    assert names(source.gather(later(request, seconds=STANDS_IN.total_seconds()))) == set(NAMES)


def test_what_was_listed_wrongly_is_an_error_whatever_was_listed_before(request_for: MakeRequest) -> None:
    server: Any = Server()
    source = Tools(server.listing)
    list(source.gather(request_for("x")))
    server.tools = [1]
    with pytest.raises(InvalidTool):
        list(source.gather(request_for("x")))
    server.error = InvalidInput("No such server.", "Name one.")
    with pytest.raises(InvalidInput, match="No such server"):
        list(source.gather(request_for("x")))


def test_what_was_listed_last_stands_in_for_a_listing_that_hangs(request_for: MakeRequest) -> None:
    """And while that one hangs, no other is begun."""
    request, server = hurried(request_for("x")), Server()
    source = Tools(server.listing)
    list(source.gather(request))
    server.answers.clear()
    for _ in range(3):
        gathered = list(source.gather(request))
        assert names(gathered) == set(NAMES)
        (notice,) = notices(gathered)
        assert "failed (TimeoutError: it " in notice.text
    assert server.asked <= 2
    server.answers.set()


async def test_what_was_listed_last_stands_in_for_a_coroutine_that_hangs(request_for: MakeRequest) -> None:
    hangs = asyncio.Event()

    async def listing() -> list[object]:
        if hangs.is_set():
            await asyncio.sleep(20)
        return list(LISTED)

    request, source = hurried(request_for("x")), Tools(listing)
    assert isinstance(source, AsyncSource)
    await source.agather(request)
    hangs.set()
    gathered = await source.agather(request)
    assert names(gathered) == set(NAMES)
    assert "failed (TimeoutError): those that it listed 0 s ago stand in." in notices(gathered)[0].text


def test_within_a_turn_an_agent_keeps_its_tools_while_its_server_is_away() -> None:
    server = Server()
    call = {"id": "c1", "type": "function", "function": {"name": "send_mail", "arguments": "{}"}}
    with SQLiteStore(":memory:") as store:
        sources = [System("You help."), Tools(server.listing), History()]
        builder = ContextBuilder(store=store, sources=sources, strategy="agent", budget=4_000)
        first = builder.build("Send the mail.", actor_id="u", session_id="s")
        server.error = ConnectionError("no route")
        said = [{"role": "assistant", "content": None, "tool_calls": [call]}]
        store.append("u", "s", [*said, {"role": "tool", "tool_call_id": "c1", "content": "sent"}])
        second = builder.build(actor_id="u", session_id="s")
    assert second.tools == first.tools
    assert [notice.kind for notice in second.report.notices] == ["listing failed"]
