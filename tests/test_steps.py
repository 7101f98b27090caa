"""Steps: what took a build's time, heard by the build it belongs to and by nobody else."""

from __future__ import annotations

import asyncio
import json
from threading import Thread

import pytest

from contextkit import Budget, ContextBuilder, Document
from contextkit.deadline import begun
from contextkit.sources import Documents, History, Overflow, System
from contextkit.steps import Step, step, taken, timed
from contextkit.stores.sqlite import SQLiteStore
from tests.noise import noise

IDS = {"actor_id": "u1", "session_id": "s1"}


def names() -> list[str]:
    return [one.name for one in taken()]


@pytest.fixture
def builder(store: SQLiteStore) -> ContextBuilder:
    sources = [System("You are Otis."), History(), Overflow()]
    return ContextBuilder(sources=sources, budget=Budget(window=2_000), store=store)


def test_nobody_hears_what_is_timed_without_a_listener() -> None:
    with step("open"):
        assert taken() == ()
    assert taken() == ()


def test_a_step_that_fails_took_its_time_too() -> None:
    @step("fit")
    def fails() -> None:
        raise ZeroDivisionError

    with timed():
        with pytest.raises(ZeroDivisionError), step("open"):
            raise ZeroDivisionError
        with pytest.raises(ZeroDivisionError):
            fails()
        assert names() == ["open", "fit"]
        first, second = taken()
    assert 0 <= first.start <= first.start + first.seconds <= second.start


def test_a_listener_hears_the_threads_that_were_started_below_it_and_no_others() -> None:
    def offload() -> None:
        with step("offload"):
            pass

    with timed():
        begun("below", offload).result(5)
        stranger = Thread(target=offload)
        stranger.start()
        stranger.join()
        assert names() == ["offload"]
        with timed():
            assert taken() == ()


def test_a_report_tells_what_took_the_time(builder: ContextBuilder) -> None:
    report = builder.build("Where is it?", **IDS).report
    assert [one.name for one in report.steps] == ["open", "gather", "fit", "keep view"]
    assert "of which open " in str(report)
    assert "gather " in report.to_html()
    assert [Step(**one) for one in json.loads(report.to_json())["steps"]] == list(report.steps)
    end = report.steps[-1].start + report.steps[-1].seconds
    assert sum(one.seconds for one in report.steps) < end + 1e-6
    assert end <= report.seconds, "the build took as long as all of its steps, the first one's vocabulary too"


def test_what_is_summarised_and_stored_are_steps_where_it_comes_to_that(
    builder: ContextBuilder, store: SQLiteStore
) -> None:
    said = [{"role": role, "content": noise(300)} for role in ("user", "assistant") * 10]
    store.append(*IDS.values(), said)
    sources = [*builder.sources, Documents([Document(id="manual", title="Manual", text="Where it is. " * 2_000)])]
    wide = ContextBuilder(sources=sources, budget=Budget(window=2_000), store=store)
    steps = [one.name for one in wide.build("Where is it?", **IDS).report.steps]
    assert steps == ["open", "gather", "fit", "summarise", "offload", "keep view"]


async def test_builds_at_the_same_time_have_their_own_steps(builder: ContextBuilder) -> None:
    builds = [builder.abuild("Where is it?", actor_id="u1", session_id=f"s{number}") for number in range(8)]
    for context in await asyncio.gather(*builds):
        assert [one.name for one in context.report.steps] == ["open", "gather", "fit", "keep view"]
