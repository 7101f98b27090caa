"""Gather: all sources at once, each with its own deadline; nothing waits for one that hangs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.context import Context
from contextkit.errors import InvalidInput, SourceFailed
from contextkit.strategy import ContextStrategy, parse_strategy
from contextkit.types import Gathered, Item, Request
from tests.world import NOW, Ranked

A = {"actor_id": "u1", "session_id": "s1"}


def strategy(*, deadline: float = 0.1, required: bool = False) -> ContextStrategy:
    return parse_strategy(
        f"""
        [sections.system]
        region = "stable"
        [sections.turn]
        region = "turn"
        [sections.facts]
        region = "volatile"
        deadline = 20.0
        [sections.documents]
        region = "volatile"
        deadline = {deadline}
        required = {str(required).lower()}
        """,
        name="test",
    )


@dataclass
class Given:
    """A source that does as it is told."""

    act: Callable[[], Iterable[Gathered]]
    name: str = "told"
    sections: tuple[str, ...] = ("documents",)

    def gather(self, request: Request) -> Iterable[Gathered]:
        del request
        return self.act()


@dataclass
class Awaited(Given):
    """The same, natively asynchronous."""

    seconds: float = 0.0

    async def agather(self, request: Request) -> Iterable[Gathered]:
        await asyncio.sleep(self.seconds)
        assert threading.current_thread() is threading.main_thread()
        return self.gather(request)


def hang() -> Iterable[Gathered]:
    time.sleep(30)
    return ()


def fail() -> Iterable[Gathered]:
    raise ConnectionError("no route to host")


def leave() -> Iterable[Gathered]:
    raise SystemExit(2)


def half() -> Iterator[Gathered]:
    yield Item(id="half", section="documents", text="Half of it.", tokens=5)
    raise ConnectionError("cut off")


def builder(*sources: object, using: ContextStrategy | None = None) -> ContextBuilder:
    facts = Ranked("facts", [("Ghent is a town.", 1)])
    return ContextBuilder(sources=[*sources, facts], budget=Budget(2_000), strategy=using or strategy())  # type: ignore[list-item]


def status(context: Context) -> dict[str, str]:
    return {run.name: run.status for run in context.report.sources}


def test_a_required_source_for_which_no_time_was_left_says_where_it_went() -> None:
    def slow() -> datetime:
        time.sleep(0.05)
        return NOW

    brief = strategy(deadline=0.01, required=True)
    sections = tuple(replace(section, deadline=0.01) for section in brief.sections)
    slowly = ContextBuilder(
        sources=[Given(hang)], budget=Budget(2_000), strategy=replace(brief, sections=sections), clock=slow
    )
    with pytest.raises(SourceFailed, match="had no time left, as opening the session took all of the build's"):
        slowly.build("Ghent?", **A)


def test_a_source_that_hangs_is_left_behind_at_its_deadline() -> None:
    started = time.perf_counter()
    context = builder(Given(hang)).build("Ghent?", **A)
    assert time.perf_counter() - started < 10  # it hangs for 30
    assert status(context) == {"told": "late", "facts": "ok"}
    assert "Ghent is a town." in context.messages[-2].text
    [notice] = [notice for notice in context.report.notices if notice.kind == "source late"]
    assert "'told'" in notice.text
    assert "0.1 s" in notice.text


async def test_also_where_the_build_is_awaited() -> None:
    started = time.perf_counter()
    context = await builder(Given(hang)).abuild("Ghent?", **A)
    assert time.perf_counter() - started < 10
    assert status(context) == {"told": "late", "facts": "ok"}


async def test_a_natively_asynchronous_source_is_awaited_and_cut_off() -> None:
    document = Item(id="d", section="documents", text="Found.", tokens=5)
    context = await builder(Awaited(lambda: [document])).abuild("Ghent?", **A)
    assert context.report.decision("d").outcome == "kept"
    context = await builder(Awaited(lambda: [document], seconds=30)).abuild("Ghent?", **A)
    assert status(context)["told"] == "late"


async def test_an_event_loop_goes_on_while_sources_block() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await builder(Given(lambda: time.sleep(0.2) or ()), using=strategy(deadline=10)).abuild("Ghent?", **A)
    ticking.cancel()
    assert ticks >= 5


def test_sources_are_asked_at_once() -> None:
    meeting = threading.Barrier(3)

    def meet() -> Iterable[Gathered]:
        meeting.wait(10)
        return ()

    sources = [Given(meet, name=f"told {n}") for n in range(3)]
    context = builder(*sources, using=strategy(deadline=20)).build("Ghent?", **A)
    assert set(status(context).values()) == {"ok"}


@pytest.mark.parametrize("act", [fail, half])
def test_a_source_that_fails_costs_all_of_its_share_and_no_more(act: Callable[[], Iterable[Gathered]]) -> None:
    context = builder(Given(act)).build("Ghent?", **A)
    assert status(context) == {"told": "failed", "facts": "ok"}
    [notice] = [notice for notice in context.report.notices if notice.kind == "source failed"]
    assert "ConnectionError" in notice.text
    assert [decision.item_id for decision in context.report.decisions] == ["query", "facts/0"]


async def test_a_source_that_would_end_its_thread_has_failed() -> None:
    ending = builder(Given(leave), using=strategy(deadline=20))
    for context in (ending.build("Ghent?", **A), await ending.abuild("Ghent?", **A)):
        assert status(context) == {"told": "failed", "facts": "ok"}
        assert "'told' failed: SystemExit: 2; " in context.report.notices[0].text


class Broken(Awaited):
    """A source that awaits what somebody else cancels."""

    async def agather(self, request: Request) -> Iterable[Gathered]:
        connection = asyncio.get_running_loop().create_future()
        connection.cancel()
        await connection
        return self.gather(request)


async def test_what_a_source_awaits_may_be_cancelled_and_the_build_is_not() -> None:
    context = await builder(Broken(fail)).abuild("Ghent?", **A)
    assert status(context) == {"told": "failed", "facts": "ok"}
    assert "'told' failed: CancelledError; " in context.report.notices[0].text


async def test_a_build_that_is_cancelled_ends_though_its_sources_wait() -> None:
    build = builder(Awaited(list, seconds=30), using=strategy(deadline=60)).abuild("Ghent?", **A)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(build, 0.1)


@pytest.mark.parametrize("act", [fail, hang])
async def test_a_required_source_that_fails_or_is_late_is_a_clear_error(act: Callable[[], Iterable[Gathered]]) -> None:
    needing = builder(Given(act), using=strategy(required=True))
    with pytest.raises(SourceFailed, match=r"required source 'told'.*required = false") as caught:
        needing.build("Ghent?", **A)
    assert caught.value.source == "told"
    with pytest.raises(SourceFailed):
        await needing.abuild("Ghent?", **A)


def test_bad_input_is_not_hidden_as_a_failure() -> None:
    def refuse() -> Iterable[Gathered]:
        raise InvalidInput("That cannot be.", "Mend it.")

    with pytest.raises(InvalidInput, match="Mend it"):
        builder(Given(refuse)).build("Ghent?", **A)


NO_TEXT: Any = 5


@pytest.mark.parametrize(
    "given",
    [
        "Open.",
        {"text": "Open."},
        Item(id="hours", section="facts", text=NO_TEXT),
        Item(id=NO_TEXT, section="facts", text="Open."),
        Item(id="", section="facts", text="Open."),
    ],
)
def test_what_is_no_item_is_refused_and_not_just_missed(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"The source 'told' gave .*\. Yield contextkit\.Item"):
        builder(Given(lambda: [given])).build("Ghent?", **A)


def test_a_source_without_a_section_is_not_asked_and_that_is_told() -> None:
    asked = []
    source = Given(lambda: asked.append(1) or (), sections=("elsewhere",))  # type: ignore[func-returns-value]
    context = builder(source).build("Ghent?", **A)
    assert not asked
    assert status(context)["told"] == "skipped"
    (notice,) = context.report.notices
    assert notice.text.startswith("The strategy 'test' has no section 'elsewhere', so the source 'told' was not asked")


def test_what_a_source_gave_stands_in_the_order_of_the_sources() -> None:
    def slow() -> Iterable[Gathered]:
        time.sleep(0.05)
        return [Item(id="slow", section="documents", text="Slow.", tokens=5)]

    fast = Given(lambda: [Item(id="fast", section="documents", text="Fast.", tokens=5)], name="fast")
    context = builder(Given(slow, name="slow"), fast, using=strategy(deadline=10)).build("Ghent?", **A)
    assert [decision.item_id for decision in context.report.decisions][-3:] == ["slow", "fast", "facts/0"]
