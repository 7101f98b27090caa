"""The Tools source: what is shown, what is left out and why, and what stays."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel

from contextkit.errors import InvalidInput, InvalidTool
from contextkit.rank.tools import ToolIndex
from contextkit.sources import tools as sources_tools
from contextkit.sources.tools import Tools
from contextkit.types import AsyncSource, Embeddings, Gathered, Item, Notice, Source, Tool

if TYPE_CHECKING:
    from tests.sources.conftest import MakeRequest

NAMES = ("book_hotel", "cancel_hotel", "get_weather", "send_mail", "pay_invoice")
CATALOGUE = [
    Tool(name, name.replace("_", " ").capitalize() + ".", {"type": "object", "properties": {}}) for name in NAMES
]


def items(gathered: Iterable[Gathered]) -> list[Item]:
    return [one for one in gathered if isinstance(one, Item)]


def shown(gathered: Iterable[Gathered]) -> list[str]:
    kept = [item for item in items(gathered) if item.left_out is None]
    return [item.tool.name for item in sorted(kept, key=lambda item: item.order) if item.tool]


def test_it_is_a_source_that_runs_in_a_thread() -> None:
    assert isinstance(Tools(CATALOGUE), Source)
    assert not isinstance(Tools(CATALOGUE), AsyncSource)


def test_every_tool_is_one_item_and_the_best_are_shown(request_for: MakeRequest) -> None:
    gathered = items(Tools(CATALOGUE, limit=2).gather(request_for("cancel my hotel")))
    assert {item.id for item in gathered} == {f"tool:{name}" for name in NAMES}
    assert sorted(item.order for item in gathered) == list(range(5))
    assert shown(gathered) == ["book_hotel", "cancel_hotel"]
    assert max(gathered, key=lambda item: item.score).id == "tool:cancel_hotel"


def test_an_item_says_what_it_is(request_for: MakeRequest) -> None:
    request = request_for("weather")
    (item,) = items(Tools([CATALOGUE[2]]).gather(request))
    assert (item.section, item.trusted, item.required) == ("tools", True, False)
    assert item.text == "get_weather: Get weather."
    assert item.tokens == request.counter.tool(CATALOGUE[2])
    assert item.tool == CATALOGUE[2]
    assert item.provenance.source == "tools"


def test_what_is_left_out_says_why(request_for: MakeRequest) -> None:
    gathered = items(Tools(CATALOGUE, limit=1).gather(request_for("cancel my hotel")))
    reasons = {item.id: item.left_out for item in gathered}
    assert reasons["tool:cancel_hotel"] is None
    assert reasons["tool:book_hotel"] == "ranked 2nd of 5 for this query; the limit is 1"


@pytest.mark.parametrize("count", [13, 25])
def test_ranks_are_written_as_in_english(request_for: MakeRequest, count: int) -> None:
    tools = [Tool(f"t{number}", "", {"type": "object", "properties": {}}) for number in range(count)]
    reasons = [item.left_out or "" for item in Tools(tools, limit=1).gather(request_for("?")) if isinstance(item, Item)]
    ranks = [reason.split()[1] for reason in reasons if reason]
    expected = ["2nd", "3rd", *(f"{n}th" for n in range(4, 21)), "21st", "22nd", "23rd", "24th", "25th"]
    assert ranks == expected[: count - 1]


def test_pinned_tools_are_required(request_for: MakeRequest) -> None:
    gathered = items(Tools(CATALOGUE, limit=2, pinned=["pay_invoice"]).gather(request_for("cancel my hotel")))
    assert shown(gathered) == ["cancel_hotel", "pay_invoice"]
    assert [item.id for item in gathered if item.required] == ["tool:pay_invoice"]


def test_without_a_limit_all_are_shown_as_given(request_for: MakeRequest) -> None:
    assert shown(Tools(CATALOGUE, limit=None).gather(request_for("pay"))) == list(NAMES)


def test_tools_shown_before_stay(request_for: MakeRequest) -> None:
    before = ("send_mail", "cancel_hotel", "book_hotel")
    request = request_for("cancel my hotel", shown=before)
    assert shown(Tools(CATALOGUE, limit=3).gather(request)) == ["send_mail", "cancel_hotel", "book_hotel"]
    assert shown(Tools(CATALOGUE, limit=3, sticky=False).gather(request)) == [
        "book_hotel",
        "cancel_hotel",
        "get_weather",
    ]


def test_what_a_question_brings_in_stands_behind_the_tools_shown_before(request_for: MakeRequest) -> None:
    request = request_for("pay the invoice", shown=("send_mail", "cancel_hotel"))
    assert shown(Tools(CATALOGUE, limit=1).gather(request)) == ["send_mail", "cancel_hotel", "pay_invoice"]
    assert shown(Tools(CATALOGUE, limit=1, sticky=False).gather(request)) == ["pay_invoice"]


def test_what_a_question_follows_on_brings_tools_in(request_for: MakeRequest) -> None:
    before = "I have to pay an invoice.\nShall I do it?"
    source = Tools(CATALOGUE, limit=1, sticky=False)
    assert shown(source.gather(request_for("And send a mail.", before=before))) == ["send_mail"]
    assert shown(source.gather(request_for("Yes.", before=before, topic=before))) == ["pay_invoice"]
    assert shown(Tools(CATALOGUE, limit=2, sticky=False).gather(request_for("And send a mail.", before=before))) == [
        "send_mail",
        "pay_invoice",
    ]


def test_a_question_that_asks_for_nothing_changes_no_tools(request_for: MakeRequest) -> None:
    before = "I have to pay an invoice.\nPaid."
    thanks = request_for("Thanks!", before=before, topic="", shown=("get_weather",))
    embedder = Money()
    assert shown(Tools(CATALOGUE, limit=1, embeddings=embedder).gather(thanks)) == ["get_weather"]
    assert embedder.read == []


def test_within_a_turn_nothing_changes(request_for: MakeRequest) -> None:
    request = request_for("pay the invoice", shown=("send_mail", "gone"), continuing=True)
    gathered = items(Tools(CATALOGUE, limit=2, pinned=["get_weather"]).gather(request))
    assert shown(gathered) == ["send_mail", "get_weather"]
    (invoice,) = (item for item in gathered if item.id == "tool:pay_invoice")
    assert invoice.left_out == "ranked 1st of 5 for this query; the tools stay as they are until the turn ends"


def test_a_winner_that_does_not_get_in_is_told_so(request_for: MakeRequest) -> None:
    gathered = items(Tools(CATALOGUE, limit=1, pinned=["send_mail"]).gather(request_for("pay the invoice")))
    (invoice,) = (item for item in gathered if item.id == "tool:pay_invoice")
    assert invoice.left_out == (
        "ranked 1st of 5 for this query; the tools shown before or pinned will do; the limit is 1"
    )


class Listing:
    """A server's listing: the same objects each time, until it changes."""

    def __init__(self) -> None:
        self.tools: list[object] = list(CATALOGUE)

    def __call__(self) -> list[object]:
        return self.tools


def test_a_listing_is_asked_for_every_build(request_for: MakeRequest) -> None:
    listing = Listing()
    source = Tools(listing, limit=None)
    assert shown(source.gather(request_for("x"))) == list(NAMES)
    changing = {"name": "play_song", "input_schema": {"type": "object"}}
    listing.tools = [CATALOGUE[0], changing]
    assert shown(source.gather(request_for("x"))) == ["book_hotel", "play_song"]
    changing["name"] = "stop_song"
    assert shown(source.gather(request_for("x"))) == ["book_hotel", "stop_song"]


def get_weather(city: str) -> str:
    """Weather of a city."""
    return city


def current_time() -> str:
    """The time of day."""
    return "12:30"


async def find_mail(words: str) -> list[str]:
    """Mails with these words."""
    return [words]


class GetWeather(BaseModel):
    """Weather of a city."""

    city: str


@pytest.mark.parametrize(
    ("alone", "name"),
    [
        (get_weather, "get_weather"),
        (current_time, "current_time"),
        (find_mail, "find_mail"),
        (GetWeather, "GetWeather"),
        (langchain_tool(get_weather), "get_weather"),
        (CATALOGUE[0], "book_hotel"),
        ({"name": "play_song", "input_schema": {"type": "object"}}, "play_song"),
    ],
)
def test_one_tool_needs_no_list(request_for: MakeRequest, alone: Any, name: str) -> None:
    assert shown(Tools(alone).gather(request_for("x"))) == [name]


@pytest.mark.parametrize("given", [None, 7, "get_weather", b"x"])
def test_what_is_neither_tools_nor_lists_them_is_refused_at_once(given: Any) -> None:
    with pytest.raises(InvalidInput, match="Pass a list of tools, or a function that lists them"):
        Tools(given)


@pytest.mark.parametrize("gives", ["12:30", None, {"name": "x"}])
def test_a_listing_that_is_no_list_is_told_so(request_for: MakeRequest, gives: Any) -> None:
    with pytest.raises(InvalidInput, match=r"belongs in a list: Tools\(\[function\]\)"):
        list(Tools(lambda: gives).gather(request_for("x")))


class AsyncListing:
    async def __call__(self) -> list[object]:
        return list(CATALOGUE)


async def test_an_async_listing_is_awaited_and_only_that(request_for: MakeRequest) -> None:
    async def listing() -> list[object]:
        return list(CATALOGUE)

    for lists in (listing, AsyncListing()):
        source = Tools(lists, limit=None, pinned=["pay_invoice"])
        assert isinstance(source, AsyncSource)
        assert shown(await source.agather(request_for("x"))) == list(NAMES)
        with pytest.raises(InvalidInput, match="Use `abuild`"):
            source.gather(request_for("x"))


def test_a_coroutine_from_a_plain_function_is_told_so(request_for: MakeRequest) -> None:
    lists = AsyncListing()
    with pytest.raises(InvalidInput, match=r"gave <coroutine.*Pass the coroutine function itself"):
        list(Tools(lambda: lists()).gather(request_for("x")))


class Money:
    """An embedder to which everything about money is alike; it can fail."""

    def __init__(self) -> None:
        self.fails = False
        self.read: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.read += texts
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        if self.fails:
            raise ConnectionError("no route")
        return [1.0, 0.0] if "invoice" in text or "settle" in text else [0.0, 1.0]


def test_with_embeddings_meaning_counts(request_for: MakeRequest) -> None:
    source = Tools(CATALOGUE, limit=1, embeddings=Money())
    assert shown(source.gather(request_for("settle what we owe"))) == ["pay_invoice"]


def test_tools_are_embedded_once_per_process(request_for: MakeRequest) -> None:
    embedder = Money()
    for _ in range(2):
        list(Tools(CATALOGUE, embeddings=embedder).gather(request_for("x")))
    assert len(embedder.read) == len(CATALOGUE)


class Slow:
    """A counter, and the making of an index, that take a while, and note each time."""

    name = "slow"

    def __init__(self) -> None:
        self.counted: list[str] = []
        self.made: list[int] = []

    def tool(self, tool: Tool) -> int:
        self.counted.append(tool.name)
        time.sleep(0.02)
        return 7

    def index(self, tools: Sequence[Tool], embeddings: Embeddings | None) -> ToolIndex:
        self.made.append(len(tools))
        time.sleep(0.1)
        return ToolIndex(tools, embeddings)


def test_of_builds_that_meet_a_list_at_once_one_analyses_it(
    request_for: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would take the longer for the others, and none be in time."""
    slow = Slow()
    monkeypatch.setattr(sources_tools, "ToolIndex", slow.index)
    listed = [{"name": f"met_at_once_{n}", "input_schema": {"type": "object"}} for n in range(4)]
    source, request = Tools(lambda: listed), replace(request_for("x"), counter=slow)  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: [item.tokens for item in source.gather(request)], range(4)))  # type: ignore[union-attr]
    assert found == [[7] * 4] * 4
    assert slow.made == [4]
    assert sorted(slow.counted) == [one["name"] for one in listed]


def test_of_a_list_that_changes_only_what_is_new_is_embedded(request_for: MakeRequest) -> None:
    embedder, listing = Money(), Listing()
    source = Tools(listing, embeddings=embedder)
    list(source.gather(request_for("x")))
    listing.tools = [*reversed(CATALOGUE), {"name": "play_song", "input_schema": {"type": "object"}}]
    list(source.gather(request_for("x")))
    listing.tools = CATALOGUE[:2]
    list(source.gather(request_for("x")))
    assert len(embedder.read) == len(CATALOGUE) + 1


def test_a_failing_embedder_costs_its_half_and_is_reported(request_for: MakeRequest) -> None:
    embedder = Money()
    embedder.fails = True
    source = Tools(CATALOGUE, limit=1, embeddings=embedder)
    notice, *gathered = source.gather(request_for("cancel my hotel"))
    assert isinstance(notice, Notice)
    assert notice.text == "Tools were ranked by their words alone: the embedder failed (ConnectionError: no route)."
    assert shown(gathered) == ["cancel_hotel"]
    embedder.fails = False
    assert shown(source.gather(request_for("settle what we owe"))) == ["pay_invoice"]


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "3"])
def test_a_limit_is_a_positive_number(limit: object) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        Tools(CATALOGUE, limit=limit)  # type: ignore[arg-type]


def test_pins_are_checked_at_once() -> None:
    with pytest.raises(InvalidTool, match="'get_whether' is not among the 5 tools"):
        Tools(CATALOGUE, pinned=["get_whether"])
    with pytest.raises(InvalidTool, match="tools 'a', 'b' are not among the 5 tools"):
        Tools(CATALOGUE, pinned=["b", "send_mail", "a"])
    for pinned in ("get_weather", None, [CATALOGUE[0]], [{"name": "get_weather"}], {"get_weather": 1}):
        with pytest.raises(InvalidInput, match="Pass a list of names"):
            Tools(lambda: CATALOGUE, pinned=pinned)  # type: ignore[arg-type]


def test_tools_are_checked_at_once() -> None:
    with pytest.raises(InvalidTool, match="Tool 1"):
        Tools([CATALOGUE[0], {"description": "nameless"}])


def test_no_tools_are_no_items(request_for: MakeRequest) -> None:
    assert list(Tools([]).gather(request_for("x"))) == []
