"""The laws, as properties of random prompts: conversations, strategies, budgets and turns of every kind."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.calibration import Calibration
from contextkit.calibration.composition import Composition
from contextkit.calibration.counter import CalibratedCounter
from contextkit.calibration.regression import Observation
from contextkit.tokens import get_counter
from contextkit.types import Gathered, Item, Message, Request, Source, TokenCounter, Tool
from tests import checks
from tests.world import Ranked, Step, World, play, worlds

pytestmark = pytest.mark.slow

FEWER = settings(max_examples=max(10, settings().max_examples // 3))
"""For laws whose every example plays two worlds."""


@dataclass
class Recorded:
    """A source that notes what it gave in the last build."""

    source: Source
    given: list[Item] = field(default_factory=list)
    delay: float = 0.0

    def __post_init__(self) -> None:
        self.name, self.sections = self.source.name, self.source.sections

    def gather(self, request: Request) -> Iterator[Gathered]:
        time.sleep(self.delay)
        found = list(self.source.gather(request))
        self.given[:] = [one for one in found if isinstance(one, Item)]
        return iter(found)


@given(worlds)
def test_every_prompt_obeys_the_laws(world: World) -> None:
    sources = [Recorded(source) for source in world.sources()]
    with world.store() as store:
        builder = world.builder(store, sources)
        before: Step | None = None
        for step in play(world, store, repeat(builder)):
            if not isinstance(step, Step):
                assert step.needed > step.available
                before = None
                continue
            context = step.context
            gathered = [item for source in sources for item in source.given]
            texts = {item.id: item.text for item in gathered}
            checks.within_budget(world, context)
            checks.one_decision_each(context, gathered, step.stored)
            checks.kept_stands_verbatim(context, step.stored, _of_blocks(gathered))
            checks.reads_back(builder, world, context, texts | {str(m.id): checks.whole(m) for m in step.stored})
            checks.handles_resolve(builder, world, context)
            checks.groups_are_whole(context.messages)
            checks.ends_are_right(world, step)
            checks.is_fenced(world, context)
            checks.edges_are_best(world, context)
            if before is not None and before.turn == step.turn:
                checks.extends(before.context, context)
            elif before is not None:
                checks.keeps_prefix(before.context, context)
            before = step
            for source in sources:
                source.given.clear()


def _of_blocks(gathered: list[Item]) -> Mapping[str, str]:
    return {item.id: item.text for item in gathered if item.message is None and not item.trusted}


@FEWER
@given(worlds)
def test_a_builder_that_starts_cold_builds_the_same_bytes(world: World) -> None:
    with world.store() as one, world.store() as other:
        warm = play(world, one, repeat(world.builder(one)))
        cold = play(world, other, iter(lambda: world.builder(other), None))
        for first, second in zip(warm, cold, strict=True):
            assert _shape(first) == _shape(second)


@FEWER
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_in_which_sources_answer_does_not_show(world: World, chance: random.Random) -> None:
    world = replace(world, turns=world.turns[:1])
    with world.store() as one, world.store() as other:
        shuffled = [Recorded(source, delay=chance.choice([0.0, 0.0, 0.002])) for source in world.sources()]
        together = zip(
            play(world, one, repeat(world.builder(one))),
            play(world, other, repeat(world.builder(other, shuffled))),
            strict=True,
        )
        for first, second in together:
            assert _shape(first) == _shape(second)


def _shape(step: object) -> object:
    return checks.shape(step.context) if isinstance(step, Step) else str(step)


@dataclass
class Broken:
    """A source that gives something and then fails."""

    source: Source

    def __post_init__(self) -> None:
        self.name, self.sections = self.source.name, self.source.sections

    def gather(self, request: Request) -> Iterator[Gathered]:
        yield from self.source.gather(request)
        raise ConnectionError("the wire was cut")


@FEWER
@given(worlds)
def test_a_broken_source_costs_its_share_and_nothing_else(world: World) -> None:
    for name in ("documents", "facts"):
        section = world.strategy.section(name)
        if section is None or section.required:
            continue
        broken = [Broken(one) if one.name == name else one for one in world.sources()]
        empty = [Ranked(name, ()) if one.name == name else one for one in world.sources()]
        with world.store() as one, world.store() as other:
            without = play(world, one, repeat(world.builder(one, broken)))
            for first, second in zip(without, play(world, other, repeat(world.builder(other, empty))), strict=True):
                if isinstance(first, Step) and isinstance(second, Step):
                    assert (first.context.messages, first.context.tools) == (
                        second.context.messages,
                        second.context.tools,
                    )
                    if not first.number:
                        assert any(notice.kind == "source failed" for notice in first.context.report.notices)
                else:
                    assert str(first) == str(second)


@FEWER
@given(worlds, worlds)
def test_one_tenant_never_sees_another(mine: World, theirs: World) -> None:
    """What an actor sees is the same, whoever else lives in the same store and is served by the same builder."""
    if mine.actor_id == theirs.actor_id:
        theirs = replace(theirs, actor_id=theirs.actor_id[:2_000] + "'")
    theirs = replace(theirs, strategy=mine.strategy, budget=mine.budget)
    with mine.store() as alone, theirs.store() as shared:
        mine.move_into(shared)
        builder = mine.builder(shared)
        others = play(theirs, shared, repeat(builder))
        for expected, seen in zip(
            play(mine, alone, repeat(mine.builder(alone))), play(mine, shared, repeat(builder)), strict=True
        ):
            next(others, None)
            assert _shape(expected) == _shape(seen)


class Uneven:
    """A counter whose whole texts cost more than their lines, and whose requests cost more than their parts."""

    name, exact, additive, margin = "uneven", False, False, 0.0

    def text(self, text: str) -> int:
        return get_counter().text(text) + len(text) // 40 + text.count("\n") ** 2 // 50

    def message(self, message: Message) -> int:
        return get_counter().message(message) + self.text(message.text) - get_counter().text(message.text)

    def tool(self, tool: Tool) -> int:
        return get_counter().tool(tool) + 3

    def framing(self, messages: int, tools: int) -> int:
        return 3 + messages // 3 + (12 if tools else 0)


def _calibrated(ratio: float) -> TokenCounter:
    """A counter for a model that reports so many times the plain count."""
    counted = [Composition(prose=5_000 + 100 * n, code=300, json=900 * n, cjk=100 * n, digits=50) for n in range(6)]
    seen = [Observation(one, int((one.prose + one.code + one.json + one.cjk) * ratio)) for one in counted]
    return CalibratedCounter(get_counter(), Calibration(tuple(seen)))


COUNTERS: list[TokenCounter] = [Uneven(), _calibrated(0.8), _calibrated(1.3)]


@FEWER
@given(worlds, st.sampled_from(COUNTERS))
def test_no_prompt_is_over_budget_whatever_counts_it(world: World, counter: TokenCounter) -> None:
    with world.store() as store:
        for step in play(world, store, repeat(world.builder(store, counter=counter))):
            if isinstance(step, Step):
                messages, tools = step.context.messages, step.context.tools
                parts = sum(map(counter.message, messages)) + sum(map(counter.tool, tools))
                total = parts + counter.framing(len(messages), len(tools))
                assert total <= step.context.tokens <= world.budget.available(counter.margin)
