"""Forty-eight conversations: facts stated, corrected, contradicted, forgotten, and asked about earlier days.

With a scripted model every record is as expected, to the letter. With the rules alone most facts
are found, and nothing that still holds is superseded; half of the conversations the rules never saw before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from contextkit.memory.extract_model import ModelExtractor
from contextkit.memory.facts import Batch, Fact
from contextkit.memory.rules import RuleExtractor
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord
from tests.memory.scenarios import Expected, Scenario, holds, played, says, scenarios, scored

SEMANTIC = MemoryStrategy.load("semantic")
TUNED, HELD_OUT = scenarios("tuned"), scenarios("held_out")
EVERY = [*TUNED, *HELD_OUT]

LEAST_FOUND = 0.7
"""The part of the stated facts that rules alone must find."""


class Careful:
    """A model that writes down, at each message, what the scenario says a careful reader would."""

    def __init__(self, facts: Sequence[Expected]) -> None:
        self.facts = facts

    def with_structured_output(self, _: dict[str, Any], /) -> Careful:
        return self

    def invoke(self, _: object) -> dict[str, Any]:
        return {
            "facts": [
                {"text": fact.text, "sources": [1], "subject": fact.subject, "value": fact.value, "ends": fact.ends}
                for fact in self.facts
            ]
        }


class TurnByTurn:
    """An extractor that asks the scenario's own model about each message."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def extract(self, batch: Batch) -> list[Fact]:
        turn = self.scenario.messages.index(batch.messages[0])
        model = Careful([fact for fact in self.scenario.facts if fact.turn == turn])
        return ModelExtractor(model, SEMANTIC).extract(batch)


def with_a_model(scenario: Scenario) -> list[MemoryRecord]:
    return played(scenario, TurnByTurn(scenario), SEMANTIC)


def by_rules(scenario: Scenario) -> list[MemoryRecord]:
    return played(scenario, RuleExtractor(SEMANTIC), SEMANTIC)


def test_there_are_enough_of_them_and_half_are_held_out() -> None:
    assert len(EVERY) >= 40
    assert len(HELD_OUT) >= len(EVERY) / 2
    assert len({scenario.name for scenario in EVERY}) == len(EVERY)


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_with_a_model_the_records_are_exactly_these(scenario: Scenario) -> None:
    times = [message.created_at for message in scenario.messages]
    expected = {
        (fact.text, times[fact.turn], None if fact.until is None else times[fact.until], (f"m{fact.turn}",))
        for fact in scenario.kept
    }
    records = with_a_model(scenario)
    assert {(one.text, one.valid_from, one.valid_to, one.sources) for one in records} == expected
    assert len(records) == len(expected)


@pytest.mark.parametrize("scenario", [one for one in EVERY if one.asked], ids=lambda scenario: scenario.name)
def test_what_was_true_on_a_day_can_be_told(scenario: Scenario) -> None:
    for records in (with_a_model(scenario), by_rules(scenario)):
        for asked in scenario.asked:
            about = [one for one in records if one.metadata.get("subject", "").startswith(("home", "employer"))]
            told = [one.text for one in about if holds(one, asked.on)]
            answers = [one for one in about if holds(one, asked.on) and says(one, asked.says)]
            assert len(answers) == len(told) == 1, f"{asked.question} {told}"


@pytest.mark.parametrize("every", [TUNED, HELD_OUT], ids=["tuned", "held out"])
def test_rules_alone_find_most_facts(every: list[Scenario]) -> None:
    scores = [scored(scenario, by_rules(scenario)) for scenario in every]
    missing = [text for score in scores for text in score.missing]
    assert sum(score.found for score in scores) >= LEAST_FOUND * sum(score.stated for score in scores), missing


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_rules_alone_supersede_nothing_that_holds(scenario: Scenario) -> None:
    assert scored(scenario, by_rules(scenario)).wrongly_superseded == ()


@pytest.mark.parametrize("scenario", [one for one in EVERY if not one.facts], ids=lambda scenario: scenario.name)
def test_rules_alone_make_nothing_of_small_talk(scenario: Scenario) -> None:
    assert [record.text for record in by_rules(scenario)] == []
