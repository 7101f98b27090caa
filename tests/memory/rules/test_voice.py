"""From "I" to a name."""

from __future__ import annotations

import pytest

from contextkit.memory.rules.voice import expanded, is_past, is_past_at, retold, third_person, with_subject

RETOLD = [
    ("I live in Porto", "Ana lives in Porto."),
    ("I'm a nurse", "Ana is a nurse."),
    ("I’ve got two cats", "Ana has got two cats."),
    ("I don't eat meat", "Ana does not eat meat."),
    ("I can't swim", "Ana can not swim."),
    ("i really like figs", "Ana really likes figs."),
    ("I always carry my umbrella", "Ana always carries their umbrella."),
    ("I watch films", "Ana watches films."),
    ("I went home", "Ana went home."),
    ("I quit smoking", "Ana quit smoking."),
    ("I rebuilt my shed", "Ana rebuilt their shed."),
    ("I need a rest", "Ana needs a rest."),
    ("I will call my mum", "Ana will call their mum."),
    ("my sister and I have a boat", "Ana's sister and Ana have a boat."),
    ("My boss likes me", "Ana's boss likes Ana."),
    ("we decided to go", "Ana and others decided to go."),
    ("our office is in Ghent", "Ana's office is in Ghent."),
    ("you are kind and I like your hat", "Ben is kind and Ana likes Ben's hat."),
    ("the dog is mine", "The dog is Ana's."),
]


@pytest.mark.parametrize(("said", "told"), RETOLD)
def test_a_clause_is_retold(said: str, told: str) -> None:
    assert retold(expanded(said), "Ana", "Ben") == told


def test_whoever_is_not_known_stays_you() -> None:
    assert retold("I like you", "Ana") == "Ana likes you."


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("go", "goes"),
        ("try", "tries"),
        ("play", "plays"),
        ("have", "has"),
        ("was", "was"),
        ("moved", "moved"),
        ("outgrew", "outgrew"),
        ("understand", "understands"),
        ("can", "can"),
    ],
)
def test_verbs_of_the_third_person(verb: str, told: str) -> None:
    assert third_person(verb) == told


@pytest.mark.parametrize(
    "clause", ["I went to Rome", "I visited Rome", "we had lunch on Friday", "I moved here last May", "I overslept"]
)
def test_what_has_happened(clause: str) -> None:
    assert is_past(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "I will go",
        "I go on Friday",
        "they moved it to Friday",
        "I am going",
        "I booked a table for Friday",
        "I get paid",
        "my best friend visits us",
        "I need it repaired by Friday",
        "I still want a grinder delivered in April",
    ],
)
def test_what_has_not(clause: str) -> None:
    assert not is_past(clause)


@pytest.mark.parametrize(
    ("clause", "past"),
    [
        ("I want a refund for the grinder I ordered in May", True),
        ("I think she left in May", True),
        ("I heard that he will leave in May", False),
        ("I went to Rome in May", True),
        ("I fly to Rome in May", False),
        ("in May I went to Rome", True),
    ],
)
def test_a_clause_within_has_a_time_of_its_own(clause: str, past: bool) -> None:
    assert is_past_at(clause, clause.index("in May")) == past


def test_an_i_that_was_left_out_is_put_back() -> None:
    assert with_subject("Lost my job yesterday") == "I lost my job yesterday"
    assert with_subject("Been to Rome") == "I have been to Rome"
    assert with_subject("Lost") == "Lost"
    assert with_subject("Given that it rains") == "Given that it rains"
    assert with_subject("Porto is nice") == "Porto is nice"
