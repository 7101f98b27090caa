"""Aside: an event loop's own threads may all be taken, and a prompt is built all the same."""

from __future__ import annotations

import asyncio
import os
import threading
from contextvars import ContextVar

import pytest

from contextkit import ContextBuilder
from contextkit.aside import aside
from contextkit.sources import History, System
from contextkit.state import AgentState
from contextkit.stores.sqlite import SQLiteStore

asking: ContextVar[str] = ContextVar("asking")


async def test_work_has_its_callers_context_and_raises_to_it() -> None:
    asking.set("Ines")
    assert await aside(asking.get) == "Ines"
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0)


async def test_a_build_does_not_wait_for_those_who_block_the_loops_threads() -> None:
    release = threading.Event()
    blocked = [asyncio.to_thread(release.wait, 60) for _ in range(64)]
    waiting = [asyncio.create_task(one) for one in blocked]
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(sources=[System("Be brief."), History()], budget=4_000, store=store)
        context = await builder.abuild("Hello?", actor_id="u", session_id="s")
        async with AgentState(store).session("u", "s") as document:
            document["step"] = 1
    assert context.messages[-1].text == "Hello?"
    assert not any(one.done() for one in waiting)
    release.set()
    await asyncio.gather(*waiting)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_a_forked_child_has_threads_of_its_own() -> None:
    await aside(os.getpid)
    child = os.fork()
    if not child:
        threading.Timer(20, os._exit, [1]).start()
        os._exit(0 if asyncio.Runner().run(_in_child()) else 1)
    assert os.waitpid(child, 0)[1] == 0


async def _in_child() -> bool:
    return await aside(os.getpid) == os.getpid()
