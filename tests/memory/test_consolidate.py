"""Consolidation by rules: what is kept, what is superseded and since when, and what never is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.memory.consolidate import MOST_SOURCES, SHELVES, SUPERSEDES, RuleConsolidator, Shelves, record_id
from contextkit.memory.facts import Change, Fact, Kind
from contextkit.memory.shelf import begins, holds_at, subject_of
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.subject import subject_key
from contextkit.stores import MemoryRecord
from tests.memory.sayings import day, said

HERE = "/facts/u1/"
SEMANTIC = MemoryStrategy.load("semantic")


class Memory:
    """The records of one namespace, and the changes that made them."""

    def __init__(self) -> None:
        self.records: dict[str, MemoryRecord] = {}
        self.rules = RuleConsolidator(SEMANTIC, clock=lambda: day(1000))

    def learn(self, *facts: Fact) -> list[Change]:
        changes = self.rules.consolidate(facts, list(self.records.values()), HERE)
        for change in changes:
            self.records.update({record.id: record for record in change.records})
        return changes

    def at(self, on: int) -> list[str]:
        return sorted(record.text for record in self.records.values() if holds_at(record, day(on)))

    @property
    def now(self) -> list[str]:
        return self.at(999)


@pytest.fixture
def memory() -> Memory:
    return Memory()


def learnt(facts: Sequence[Fact]) -> Memory:
    memory = Memory()
    for fact in facts:
        memory.learn(fact)
    return memory


HOME = "home of Ana"
PARIS = said("Ana lives in Paris.", 1, subject=HOME, by="m1")
ROME = said("Ana lives in Rome.", 5, subject=HOME, by="m5")
OSLO = said("Ana lives in Oslo.", 9, subject=HOME, by="m9")


def test_a_new_fact_is_added_with_where_it_is_from(memory: Memory) -> None:
    (change,) = memory.learn(PARIS)
    (record,) = change.records
    assert change.kind is Kind.ADD
    assert (record.text, record.namespace, record.strategy) == ("Ana lives in Paris.", HERE, "semantic")
    assert (record.valid_from, record.valid_to, record.created_at) == (day(1), None, day(1000))
    assert record.sources == ("m1",)
    assert record.metadata["subject"] == HOME


def test_a_later_value_supersedes_and_the_old_one_still_answers(memory: Memory) -> None:
    memory.learn(PARIS)
    (change,) = memory.learn(ROME)
    assert change.kind is Kind.SUPERSEDE
    assert memory.now == ["Ana lives in Rome."]
    assert memory.at(4) == ["Ana lives in Paris."]
    new, old = change.records
    assert new.metadata["supersedes"] == old.id
    assert "Paris" in change.reason


def test_what_arrives_late_is_stored_as_superseded_already(memory: Memory) -> None:
    memory.learn(ROME)
    (change,) = memory.learn(PARIS)
    assert change.kind is Kind.ADD
    assert (memory.at(4), memory.at(5), memory.now) == (
        ["Ana lives in Paris."],
        ["Ana lives in Rome."],
        ["Ana lives in Rome."],
    )


@pytest.mark.parametrize("order", list(permutations([PARIS, ROME, OSLO])))
def test_the_order_of_arrival_never_matters(order: Sequence[Fact]) -> None:
    for memory in (learnt(order), Memory()):
        if not memory.records:
            memory.learn(*order)
        assert [memory.at(on) for on in (0, 1, 5, 9, 999)] == [
            [],
            ["Ana lives in Paris."],
            ["Ana lives in Rome."],
            ["Ana lives in Oslo."],
            ["Ana lives in Oslo."],
        ]


def test_going_back_to_an_old_value_is_news(memory: Memory) -> None:
    memory.learn(PARIS, ROME, said("Ana lives in Paris.", 9, subject=HOME, by="m9"))
    assert (memory.at(2), memory.at(6), memory.now) == (
        ["Ana lives in Paris."],
        ["Ana lives in Rome."],
        ["Ana lives in Paris."],
    )
    assert len(memory.records) == 3


def test_what_was_confirmed_while_it_held_is_not_stored_again(memory: Memory) -> None:
    """Although the same value holds again later, and came to be known first."""
    memory.learn(said("Ana lives in Paris.", 9, subject=HOME, by="m9"))
    memory.learn(ROME)
    memory.learn(PARIS)
    (change,) = memory.learn(said("Ana lives in Paris.", 3, subject=HOME, by="m3"))
    assert (change.kind, len(memory.records)) == (Kind.UPDATE, 3)


def test_two_values_said_at_once_leave_the_one_said_last(memory: Memory) -> None:
    memory.learn(PARIS, said("Ana lives in Rome.", 1, subject=HOME, by="m1"))
    assert memory.now == ["Ana lives in Rome."]
    assert len(memory.records) == 2


def test_a_value_that_was_confirmed_later_is_not_superseded_by_what_was_said_between(memory: Memory) -> None:
    memory.learn(PARIS, said("Ana lives in Paris.", 8, subject=HOME, by="m8"))
    memory.learn(ROME)
    assert memory.now == ["Ana lives in Paris."]
    assert memory.at(6) == ["Ana lives in Paris.", "Ana lives in Rome."]


@pytest.mark.parametrize(
    "other",
    [
        said("Ben lives in Rome.", 5, subject="home of Ben"),
        said("Ana's sister lives in Rome.", 5, subject="home of the sister of Ana"),
        said("Ana works in Rome.", 5, subject="place of work of Ana"),
        said("Rome is where Ana's friend lives.", 5),
        said("Ana loves Rome.", 5),
    ],
    ids=lambda fact: fact.text,
)
def test_other_people_and_other_subjects_are_never_superseded(memory: Memory, other: Fact) -> None:
    memory.learn(PARIS, other)
    assert memory.now == sorted([PARIS.text, other.text])
    assert all(record.valid_to is None for record in memory.records.values())


def test_facts_that_say_nothing_are_skipped(memory: Memory) -> None:
    assert [change.kind for change in memory.learn(said("  "))] == [Kind.SKIP]
    assert memory.records == {}


@pytest.mark.parametrize(
    "again",
    ["Ana lives in Paris.", "ana lives in paris", "Ana really lives in Paris!", "Ana is living in Paris."],
)
def test_what_is_known_is_not_stored_twice(memory: Memory, again: str) -> None:
    memory.learn(PARIS)
    (change,) = memory.learn(said(again, 3, subject=HOME, by="m3"))
    assert change.kind is Kind.UPDATE
    (record,) = memory.records.values()
    assert record.sources == ("m1", "m3")
    assert record.valid_from == day(1)


def test_the_same_words_from_the_same_message_change_nothing(memory: Memory) -> None:
    memory.learn(PARIS)
    assert [(change.kind, change.records) for change in memory.learn(PARIS)] == [(Kind.SKIP, ())]


def test_what_was_said_earlier_too_began_earlier(memory: Memory) -> None:
    memory.learn(said("Ana likes tea.", 5, by="m5"))
    memory.learn(said("Ana likes tea.", 2, by="m2"))
    (record,) = memory.records.values()
    assert (record.valid_from, set(record.sources)) == (day(2), {"m2", "m5"})


def test_a_value_that_began_earlier_shortens_the_one_before(memory: Memory) -> None:
    memory.learn(PARIS, OSLO)
    memory.learn(said("Ana lives in Oslo.", 4, subject=HOME, by="m4"))
    assert (memory.at(3), memory.at(4), len(memory.records)) == (["Ana lives in Paris."], ["Ana lives in Oslo."], 2)


def test_a_fuller_statement_takes_the_place_of_a_thinner_one(memory: Memory) -> None:
    memory.learn(said("Ana works at Acme.", 1, subject="employer of Ana", by="m1"))
    (change,) = memory.learn(said("Ana works at Acme as a designer.", 3, subject="employer of Ana", by="m3"))
    assert change.kind is Kind.UPDATE
    (record,) = memory.records.values()
    assert record.text == "Ana works at Acme as a designer."
    assert record.sources == ("m1", "m3")


def test_a_record_keeps_its_first_source_and_the_newest(memory: Memory) -> None:
    for number in range(50):
        memory.learn(said("Ana likes tea.", number, by=f"m{number}"))
    (record,) = memory.records.values()
    assert len(record.sources) == MOST_SOURCES
    assert (record.sources[0], record.sources[-1]) == ("m0", "m49")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Ana likes coffee.", "Ana doesn't like coffee any more."),
        ("Ana does not eat meat.", "Ana eats meat."),
        ("Ana plays tennis on Mondays.", "Ana no longer plays tennis on Mondays."),
    ],
)
def test_a_denial_supersedes_what_it_denies(memory: Memory, before: str, after: str) -> None:
    memory.learn(said(before, 1, by="m1"), said(after, 2, by="m2"))
    assert memory.now == [after]
    assert memory.at(1) == [before]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Ana likes coffee.", "Ben does not like coffee."),
        ("Ana would like coffee.", "Ana does not like coffee."),
        ("Ana's wife likes coffee.", "Ana does not like coffee."),
        ("Ana likes coffee in the morning.", "Ana does not like coffee in the evening."),
        ("Does Ana like coffee?", "Ana does not like coffee."),
        ("Ana loves Ben.", "Ben does not love Ana."),
    ],
)
def test_a_denial_of_something_else_supersedes_nothing(memory: Memory, before: str, after: str) -> None:
    memory.learn(said(before, 1, by="m1"), said(after, 2, by="m2"))
    assert memory.now == sorted([before, after])


def test_a_subject_is_ended(memory: Memory) -> None:
    memory.learn(PARIS)
    (change,) = memory.learn(said("Ana's home is nobody's business.", 3, subject="Ana's home", ends=True))
    assert change.kind is Kind.SUPERSEDE
    assert (memory.at(2), memory.now, len(memory.records)) == (["Ana lives in Paris."], [], 1)


def test_what_was_said_before_the_end_stays_ended(memory: Memory) -> None:
    memory.learn(PARIS, said("", 7, subject=HOME, ends=True))
    memory.learn(ROME)
    assert (memory.at(4), memory.at(6), memory.now) == (["Ana lives in Paris."], ["Ana lives in Rome."], [])


def test_an_end_that_comes_late_does_not_end_what_was_said_since(memory: Memory) -> None:
    memory.learn(ROME)
    assert [change.kind for change in memory.learn(said("", 3, subject=HOME, ends=True))] == [Kind.SKIP]
    assert memory.now == ["Ana lives in Rome."]


def test_a_statement_is_ended_by_its_own_words(memory: Memory) -> None:
    memory.learn(said("Ana likes tea.", 1), said("Ana likes jazz.", 1))
    memory.learn(said("Ana likes tea.", 3, ends=True))
    assert memory.now == ["Ana likes jazz."]


def test_what_tells_of_an_end_takes_the_place_of_what_ended(memory: Memory) -> None:
    (before,) = memory.learn(said("Ana's dog is Rex.", 1, subject="dog of Ana"))
    memory.learn(said("Rex died.", 3, by="m3", subject="dog of Ana", ends=True), said("Rex died.", 3, by="m3"))
    memory.learn(said("Ana is sad.", 3, by="m3"))
    linked = {record.text: record.metadata.get(SUPERSEDES) for record in memory.records.values()}
    assert linked == {"Ana's dog is Rex.": None, "Rex died.": before.records[0].id, "Ana is sad.": None}


def at_home(memory: Memory) -> None:
    memory.learn(
        said("Elm Road 12", 1, subject="address of Ana"), said("Ghent", 1, subject="home city of Ana", value="Ghent")
    )
    memory.learn(
        said("Elm Road 14", 1, subject="address of Bo"), said("Ana's address is 3 Kai, Antwerp", 1, subject="desk")
    )


def test_who_moves_to_another_city_leaves_their_address(memory: Memory) -> None:
    at_home(memory)
    memory.learn(said("Ana is in Ghent still", 2, subject="home city of Ana", value="Ghent"))
    assert "Elm Road 12" in memory.now
    memory.learn(said("Antwerp", 3, subject="home city of Ana", value="Antwerp"))
    assert memory.now == ["Ana's address is 3 Kai, Antwerp", "Antwerp", "Elm Road 14"]


def test_an_address_in_the_new_city_stays(memory: Memory) -> None:
    at_home(memory)
    memory.learn(said("3 Kai, Antwerp", 2, subject="address of Ana"))
    memory.learn(said("Antwerp", 3, subject="home city of Ana", value="Antwerp"))
    assert "3 Kai, Antwerp" in memory.now


def test_an_end_ends_its_further_subjects(memory: Memory) -> None:
    memory.learn(
        said("Bo is Ana's friend.", 1, subject="friend of Ana"), said("Bo is her boss.", 1, subject="boss of Ana")
    )
    memory.learn(replace(said("Bo left.", 3, subject="boss of Ana", ends=True), also=("Ana's friend",)))
    assert memory.now == []


@pytest.mark.parametrize(
    ("short", "ended"),
    [("course", ["Spanish"]), ("spanish", []), ("german course", []), ("rope", []), ("spanish course", ["Spanish"])],
)
def test_an_end_may_name_a_thing_in_short(memory: Memory, short: str, ended: list[str]) -> None:
    memory.learn(
        said("Spanish", 1, subject="spanish course, as undertaking of Ana"), said("Tea", 1, subject="tea of Ana")
    )
    memory.learn(said("It is over.", 3, subject=f"{short}, as undertaking of Ana", ends=True))
    assert sorted({"Spanish", "Tea"} - set(memory.now)) == ended


def test_an_end_that_may_mean_either_of_two_ends_neither(memory: Memory) -> None:
    memory.learn(
        said("Rex", 1, subject="rex dog, as belonging of Ana"), said("Bo", 1, subject="bo dog, as belonging of Ana")
    )
    assert [one.kind for one in memory.learn(said("", 3, subject="dog, as belonging of Ana", ends=True))] == [Kind.SKIP]
    memory.learn(said("", 4, subject="rex, as belonging of Ana", ends=True))
    assert memory.now == ["Bo"]
    memory.learn(said("", 5, subject="dog, as belonging of Ana", ends=True))
    assert memory.now == []


JOB = "employer of Ana"


def employed(text: str, on: int, value: str = "Siemens", *, ends: bool = False) -> Fact:
    return replace(said(text, on, subject=JOB, by=f"m{on}", ends=ends), value=value)


def test_one_value_in_other_words_is_no_contradiction(memory: Memory) -> None:
    memory.learn(employed("Ana works at Siemens.", 1))
    (change,) = memory.learn(employed("Since May, Ana has worked for Siemens.", 3))
    assert change.kind is Kind.UPDATE
    assert memory.now == ["Since May, Ana has worked for Siemens."]
    assert [one.kind for one in memory.learn(employed("At Siemens Ana works.", 4))] == [Kind.UPDATE]
    assert memory.now == ["Since May, Ana has worked for Siemens."]


def test_two_things_said_of_one_value_both_hold_until_it_is_another(memory: Memory) -> None:
    memory.learn(employed("Ana works at Siemens in Bonn.", 1), employed("Ana works at Siemens with Ben.", 2))
    assert memory.now == ["Ana works at Siemens in Bonn.", "Ana works at Siemens with Ben."]
    memory.learn(employed("Ana works at Acme.", 5, "Acme"))
    assert memory.now == ["Ana works at Acme."]
    assert memory.at(4) == ["Ana works at Siemens in Bonn.", "Ana works at Siemens with Ben."]


def test_an_end_with_a_value_ends_only_what_says_it(memory: Memory) -> None:
    memory.learn(employed("Ana works at Acme.", 3, "Acme"))
    assert [one.kind for one in memory.learn(employed("Ana left Siemens.", 5, ends=True))] == [Kind.SKIP]
    memory.learn(employed("Ana left Acme.", 6, "ACME", ends=True))
    assert (memory.at(5), memory.now) == (["Ana works at Acme."], [])


ALLERGY = "allergy of Ana to nuts"


@pytest.mark.parametrize(("before", "after"), [("allergic", "not allergic"), ("not allergic", "allergic")])
def test_a_value_and_its_denial_are_two(memory: Memory, before: str, after: str) -> None:
    memory.learn(said(f"Ana is {before} to nuts.", 1, subject=ALLERGY, value=before))
    (change,) = memory.learn(said(f"Ana is {after} to nuts.", 5, subject=ALLERGY, value=after))
    assert change.kind is Kind.SUPERSEDE
    assert (memory.at(4), memory.now) == ([f"Ana is {before} to nuts."], [f"Ana is {after} to nuts."])


def test_a_value_that_stands_in_no_text_is_ended_where_a_record_names_it(memory: Memory) -> None:
    taste = "taste of Ana for kale"
    memory.learn(said("Ana hates kale.", 1, subject=taste, value="disliked"))
    memory.learn(said("Ana hates kale.", 5, subject=taste, value="disliked", ends=True))
    assert memory.now == []


def test_an_end_with_a_value_looks_for_it_in_the_text_of_a_record_that_names_none(memory: Memory) -> None:
    memory.learn(said("Ana works at Siemens.", 1, subject=JOB))
    memory.learn(employed("Ana left Siemens.", 5, ends=True))
    assert memory.now == []


def test_records_of_other_namespaces_are_left_alone(memory: Memory) -> None:
    elsewhere = MemoryRecord(
        id="m", text=PARIS.text, namespace=HERE + "old/", created_at=day(0), metadata={"subject": HOME}
    )
    (change,) = memory.rules.consolidate([ROME], [elsewhere], HERE)
    assert (change.kind, len(change.records)) == (Kind.ADD, 1)


def test_a_record_that_was_deleted_is_not_compared_with(memory: Memory) -> None:
    memory.learn(PARIS)
    memory.records.clear()
    (change,) = memory.learn(said("Ana lives in Paris.", 3, subject=HOME, by="m3"))
    assert change.kind is Kind.ADD


def test_nobody_waits_for_another_who_consolidates() -> None:
    shelves = Shelves()
    with shelves.of(HERE, []) as one, shelves.of(HERE, []) as other, shelves.of("/b/", []) as third:
        assert len({id(shelf) for shelf in (one, other, third)}) == 3
    for number in range(2 * SHELVES):
        with shelves.of(f"/{number}/", []):
            pass
    with shelves.of(HERE, []) as anew:
        assert anew is not other


def test_a_record_expires_by_its_strategy() -> None:
    rules = RuleConsolidator(MemoryStrategy.load("summary"), clock=lambda: day(1000))
    (change,) = rules.consolidate([PARIS], [], HERE)
    assert change.records[0].expires_at == day(1365)


def test_the_id_says_what_a_record_was_made_from() -> None:
    assert record_id(PARIS, HERE, "semantic") == record_id(PARIS, HERE, "semantic")
    ids = {record_id(fact, where, by) for fact in (PARIS, ROME) for where in (HERE, "/b/") for by in ("semantic", "x")}
    assert len(ids) == 8


def test_any_text_has_an_id() -> None:
    assert record_id(said("\ud800\x00"), HERE, "semantic").startswith("mem-")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("employer of Ana", "Ana's employer"),
        ("the employer of ana", "Employer of Ana."),
        ("home of the parents of Ana", "Ana's parents' home"),
        ("Ana’s home", "home of Ana"),
    ],
)
def test_one_subject_in_several_spellings(one: str, other: str) -> None:
    assert subject_key(one) == subject_key(other) != ""


def test_owner_and_owned_are_told_apart() -> None:
    assert subject_key("sister of Ana's friend") != subject_key("friend of Ana's sister")
    assert subject_key("Ana's friend's sister") == subject_key("sister of Ana's friend")
    assert subject_key(" . ") == ""


CITIES = ("Paris", "Rome", "Oslo", "Bonn")


@given(
    st.lists(
        st.tuples(st.sampled_from(CITIES), st.integers(0, 30), st.sampled_from(["Ana", "Ben"])),
        max_size=12,
        unique_by=lambda one: one[1],
    )
)
def test_whatever_the_order_one_value_of_a_subject_holds_and_it_is_the_last(said_: list[tuple[str, int, str]]) -> None:
    facts = [said(f"{who} lives in {city}.", on, subject=f"home of {who}", by=f"m{on}") for city, on, who in said_]
    memory = learnt(facts)
    for who in ("Ana", "Ben"):
        own = sorted((on, f"{who} lives in {city}.") for city, on, name in said_ if name == who)
        assert [text for text in memory.now if text.startswith(who)] == [text for _, text in own[-1:]]
    for record in memory.records.values():
        assert record.valid_from is not None
        assert record.valid_to is None or record.valid_from <= record.valid_to


@given(
    st.lists(
        st.tuples(st.sampled_from(CITIES[:2]), st.integers(0, 12)),
        max_size=10,
        unique_by=lambda one: one[1],
    )
)
def test_nothing_is_known_twice_at_once(told: list[tuple[str, int]]) -> None:
    memory = learnt([said(f"Ana lives in {city}.", on, subject=HOME, by=f"m{on}") for city, on in told])
    for on in range(14):
        assert len(memory.at(on)) == len(set(memory.at(on)))


WHO = st.sampled_from(["Ana", "Ben", "Ana's sister"])
TOLD = st.one_of(
    st.builds(
        lambda who, city, ends: (f"home of {who}", f"{who} lives in {city}.", city, ends),
        WHO,
        st.sampled_from(CITIES),
        st.booleans(),
    ),
    st.builds(
        lambda who, what, never: ("", f"{who} {'does not like' if never else 'likes'} {what}.", "", False),
        WHO,
        st.sampled_from(["green tea", "jazz music"]),
        st.booleans(),
    ),
)
BATCHES = st.lists(st.lists(st.tuples(TOLD, st.integers(0, 20), st.booleans()), max_size=4), max_size=5)


def as_facts(told: Sequence[tuple[tuple[str, str, str, bool], int, bool]], batch: int) -> list[Fact]:
    return [
        replace(said(text, on, subject=subject, by=f"b{batch}-{place}", ends=ends), value=value if named else "")
        for place, ((subject, text, value, ends), on, named) in enumerate(told)
    ]


@given(BATCHES)
def test_only_what_is_about_the_same_is_ever_superseded(batches: list[list[Any]]) -> None:
    memory = Memory()
    ended: set[tuple[str, object]] = set()
    for number, told in enumerate(batches):
        facts = as_facts(told, number)
        ended |= {(subject_key(fact.subject), fact.said_at) for fact in facts if fact.ends}
        memory.learn(*facts)
    records = list(memory.records.values())
    for record in records:
        assert record.valid_to is None or begins(record) <= record.valid_to
        if record.valid_to is None:
            continue
        who = record.text.split(" l")[0].split(" does")[0]
        alike = [one for one in records if one.text.startswith((f"{who} l", f"{who} does")) and one is not record]
        by_another = any(subject_of(one) == subject_of(record) for one in alike)
        assert by_another or any(subject == subject_of(record) for subject, _ in ended)


@given(BATCHES)
def test_a_shelf_that_was_kept_says_what_a_new_one_would(batches: list[list[Any]]) -> None:
    kept, anew = Memory(), Memory()
    for number, told in enumerate(batches):
        facts = as_facts(told, number)
        anew.rules = RuleConsolidator(SEMANTIC, clock=lambda: day(1000))
        assert kept.learn(*facts) == anew.learn(*facts)
    assert kept.records == anew.records
