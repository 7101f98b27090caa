"""Cached tools: asked once, for the actor who asked, for as long as it says."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contextkit.cached import cached_tool
from contextkit.errors import InvalidId, InvalidInput, StoreUnavailable
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance import ManualClock


@pytest.fixture
def store(clock: ManualClock) -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", clock=clock) as store:
        yield store


class Calls(list[tuple[Any, ...]]):
    """What a tool was called with."""


def test_the_same_question_is_asked_once(store: SQLiteStore, clock: ManualClock) -> None:
    calls = Calls()

    @cached_tool(store, actor="u1", ttl=timedelta(minutes=1))
    def weather(city: str, *, days: int = 1) -> dict[str, Any]:
        """The weather."""
        calls.append((city, days))
        return {"city": city, "days": days}

    assert [weather("Bern"), weather(city="Bern"), weather("Bern", days=1)] == [{"city": "Bern", "days": 1}] * 3
    assert calls == [("Bern", 1)]
    assert weather("Bern", days=2) == {"city": "Bern", "days": 2}
    clock.advance(timedelta(minutes=1))
    weather("Bern")
    assert calls == [("Bern", 1), ("Bern", 2), ("Bern", 1)]
    assert (weather.__name__, weather.__doc__) == ("weather", "The weather.")


def test_each_caller_has_a_copy_also_the_first(store: SQLiteStore) -> None:
    @cached_tool(store, actor="u1")
    def listed() -> list[Any]:
        return [(1, 2)]

    first = listed()
    assert first == [[1, 2]]
    first.append(3)
    assert listed() == [[1, 2]]


def test_actors_are_apart_unless_it_is_said(store: SQLiteStore) -> None:
    acting: contextvars.ContextVar[str] = contextvars.ContextVar("acting")
    calls = Calls()

    def secret() -> str:
        calls.append((acting.get(),))
        return acting.get()

    own = cached_tool(store, actor=acting.get)(secret)
    shared = cached_tool(store, actor=None, name="shared")(secret)
    for actor in ("u1", "u2", "u1"):
        acting.set(actor)
        assert own() == actor
        assert shared() == "u1"
    assert len(calls) == 3


def test_names_and_versions_are_apart(store: SQLiteStore) -> None:
    def one() -> str:
        return "one"

    def two() -> str:
        return "two"

    assert cached_tool(store, actor="u1")(one)() == "one"
    assert cached_tool(store, actor="u1", name="one")(two)() == "one"
    assert cached_tool(store, actor="u1", name="one", version="2")(two)() == "two"
    store.forget_tool("one", actor_id="u1")
    assert cached_tool(store, actor="u1", name="one")(two)() == "two"


def test_what_is_ignored_tells_no_result_apart(store: SQLiteStore) -> None:
    calls = Calls()

    @cached_tool(store, actor="u1", ignore=["context"])
    def find(what: str, context: object) -> str:
        calls.append((what, context))
        return what

    assert [find("x", object()), find("x", context=object())] == ["x", "x"]
    assert len(calls) == 1
    with pytest.raises(InvalidInput, match=r"has no parameter 'contxt' to ignore\. Name some of what, context"):
        cached_tool(store, actor="u1", ignore=["contxt"])(find)


def test_what_cannot_be_a_key_or_a_result_is_refused(store: SQLiteStore) -> None:
    calls = Calls()

    @cached_tool(store, actor="u1")
    def find(what: object) -> object:
        calls.append((what,))
        return object()

    with pytest.raises(InvalidInput):
        find(object())
    assert calls == []
    with pytest.raises(InvalidInput):
        find("x")
    with pytest.raises(TypeError, match="missing a required argument: 'what'"):
        find()  # type: ignore[call-arg]
    with pytest.raises(InvalidId):
        cached_tool(store, actor="")(find)("x")


def test_a_failure_is_the_caller_s_and_not_kept(store: SQLiteStore) -> None:
    answers: list[Callable[[], int]] = [lambda: 1 // 0, lambda: 7]

    @cached_tool(store, actor="u1")
    def divide() -> int:
        return answers.pop(0)()

    with pytest.raises(ZeroDivisionError):
        divide()
    assert [divide(), divide()] == [7, 7]


def test_threads_share_one_call(store: SQLiteStore) -> None:
    calls, everyone = Calls(), threading.Barrier(8)

    @cached_tool(store, actor="u1")
    def slow() -> str:
        calls.append(())
        threading.Event().wait(0.05)
        return "done"

    def ask(_: int) -> str:
        everyone.wait()
        return slow()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["done"] * 8
    assert len(calls) == 1


# Coroutine functions


async def test_a_coroutine_function_stays_one_and_is_awaited_in_its_loop(store: SQLiteStore) -> None:
    acting: contextvars.ContextVar[str] = contextvars.ContextVar("acting")
    acting.set("u1")
    loops: list[asyncio.AbstractEventLoop] = []

    @cached_tool(store, actor=acting.get)
    async def weather(city: str) -> str:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return f"{city} for {acting.get()}"

    assert inspect.iscoroutinefunction(weather)
    assert [await weather("Bern"), await weather("Bern")] == ["Bern for u1"] * 2
    assert loops == [asyncio.get_running_loop()]


async def test_tasks_share_one_call_though_it_needs_the_pool_that_they_might_fill(store: SQLiteStore) -> None:
    calls = Calls()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))

    @cached_tool(store, actor="u1")
    async def slow(number: int) -> int:
        calls.append((number,))
        return await asyncio.to_thread(lambda: number)

    found = await asyncio.wait_for(asyncio.gather(*(slow(n % 3) for n in range(30))), 30)
    assert found == [n % 3 for n in range(30)]
    assert sorted(calls) == [(0,), (1,), (2,)]


async def test_a_failure_of_a_coroutine_reaches_all_who_wait_and_is_not_kept(store: SQLiteStore) -> None:
    calls = Calls()

    @cached_tool(store, actor="u1")
    async def divide() -> int:
        calls.append(())
        await asyncio.sleep(0.02)
        return 1 // (len(calls) - 1)

    found = await asyncio.gather(divide(), divide(), return_exceptions=True)
    assert [type(one) for one in found] == [ZeroDivisionError] * 2
    assert await divide() == 1


async def test_who_is_cancelled_leaves_the_call_to_the_others(store: SQLiteStore) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @cached_tool(store, actor="u1")
    async def slow() -> str:
        begun.set()
        await go.wait()
        return "done"

    first = asyncio.create_task(slow())
    await begun.wait()
    second = asyncio.create_task(slow())
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()
    assert await second == "done"


# A store that cannot be reached


class Down(SQLiteStore):
    """A store whose tool cache is out of reach."""

    def get_or_call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Any],  # noqa: ARG002
        *,
        actor_id: str | None,
        version: str = "1",
        ttl: timedelta = timedelta(minutes=5),
    ) -> Any:
        raise StoreUnavailable(f"No cache for {tool}, {arguments}, {actor_id}, {version}, {ttl}.", "Wait.")


async def test_without_its_cache_a_tool_still_works_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with Down(":memory:") as store:

        @cached_tool(store, actor="u1")
        async def later(city: str) -> str:
            return city

        @cached_tool(store, actor="u1")
        def now(city: str) -> str:
            return city

        assert (await later("Bern"), now("Bern")) == ("Bern", "Bern")
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "The tool 'later' was called without its cache",
        "The tool 'now' was called without its cache",
    ]


def test_a_tool_s_own_store_error_is_not_mistaken_for_the_cache_s(store: SQLiteStore) -> None:
    calls = Calls()

    @cached_tool(store, actor="u1")
    def broken() -> str:
        calls.append(())
        raise StoreUnavailable("The tool's own store is down.", "Wait.")

    with pytest.raises(StoreUnavailable, match="own store"):
        broken()
    assert len(calls) == 1


_ASKING = """
import asyncio, sys
from pathlib import Path
from contextkit.cached import cached_tool
from contextkit.stores.sqlite import SQLiteStore

folder = Path(sys.argv[1])

@cached_tool(SQLiteStore(folder / "store.db"), actor="u1")
async def slow(number: int) -> int:
    with (folder / "calls").open("a") as calls:
        calls.write(f"{number}\\n")
    await asyncio.sleep(0.3)
    return number

async def ask() -> None:
    print(sum(await asyncio.gather(*(slow(n % 5) for n in range(100)))))

asyncio.run(ask())
"""


def test_processes_share_the_calls_of_their_tasks(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _ASKING, str(tmp_path)]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in asking] == ["200\n"] * 2
    assert sorted((tmp_path / "calls").read_text().split()) == list("01234")
