"""What somebody says is over ends what they said before, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contextkit.memory.consolidate import SUPERSEDES, RuleConsolidator
from contextkit.memory.facts import Batch
from contextkit.memory.rules import RuleExtractor
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord
from contextkit.types import Message
from tests.memory.sayings import day

SEMANTIC = MemoryStrategy.load("semantic")


def told(*said: str) -> list[MemoryRecord]:
    """Every record of what a user says week after week, in conversations of their own."""
    extractor, consolidator = RuleExtractor(SEMANTIC), RuleConsolidator(SEMANTIC)
    records: dict[str, MemoryRecord] = {}
    for week, text in enumerate(said):
        message = Message(role="user", content=text, id=f"m{week}", created_at=day(0) + timedelta(weeks=week))
        facts = extractor.extract(Batch(actor_id="a", session_id=f"s{week}", messages=[message], namespace="n/"))
        for change in consolidator.consolidate(facts, list(records.values()), "n/"):
            records |= {record.id: record for record in change.records}
    return list(records.values())


def over(records: Sequence[MemoryRecord]) -> list[str]:
    return [record.text for record in records if record.valid_to is not None]


ENDED = [
    ("My girlfriend is called Mia.", "We broke up last week."),
    ("My boyfriend is called Tom.", "Tom and I split up."),
    ("My fiancé is called Dan.", "My fiancé and I broke up."),
    ("I'm dating a guy called Marc.", "Marc and I split up."),
    ("My wife is called Lena.", "I'm divorced now."),
    ("I'm married to Sara.", "Sara and I got divorced in March."),
    ("My wife is called Petra.", "My ex-wife Petra moved to Bonn."),
    ("My husband is called Otto.", "My husband died in January."),
    ("My husband is called Otto.", "Otto passed away."),
    ("My dog is called Rex.", "My dog Rex died."),
    ("My dog is called Rex.", "My dog died yesterday."),
    ("I have a dog named Rex.", "Rex was put down on Monday."),
    ("I have a cat.", "My cat passed away."),
    ("My cat is called Miso.", "We had to give Miso away because of my allergy."),
    ("My doctor is Dr. Patel.", "I have a new doctor, Dr. Lee."),
    ("My boss is called Karen.", "I have a new boss, her name is Diane."),
    ("My boss is called Karen.", "I have a new boss."),
    ("Our landlord is Mr Jones.", "We have a new landlord, Mrs Patel."),
    ("My coach is Marco.", "My new coach is Silvia."),
    ("I have a Honda Civic.", "I sold the Civic."),
    ("My car is a blue Golf.", "I sold my car."),
    ("I have a small sailing boat in the harbour of Ostend.", "I don't have the boat anymore."),
    ("I have a Brompton bike.", "My bike was stolen yesterday."),
    ("I have a Netflix subscription.", "I cancelled Netflix."),
    ("I'm in a running club in Ghent.", "I left the running club."),
    ("I play guitar in a band called Dust.", "I left the band."),
    ("I'm taking a Spanish course at the college.", "I finished the Spanish course!"),
    ("I'm doing a PhD in physics.", "I finished my PhD."),
    ("I'm training for the Berlin marathon.", "I ran the Berlin marathon in 4:02!"),
    ("I'm studying biology.", "I graduated last month!"),
    ("I study law.", "I dropped out of law school."),
    ("I go to a salsa class on Wednesdays.", "My salsa class ended."),
    ("I volunteer at the animal shelter every Saturday.", "I don't volunteer at the animal shelter anymore."),
    ("I usually cycle to work.", "I no longer cycle to work."),
    ("I take metformin every morning.", "I stopped taking metformin last week."),
    ("I eat meat every day.", "I no longer eat meat."),
    ("I do yoga every morning.", "I don't do yoga anymore."),
    ("I work for Siemens.", "I quit!"),
    ("I work at Google.", "I left Google to start my own company."),
    ("I live at 5 High St.", "We moved to Oak Avenue last month."),
    ("My address is 12 Elm Road.", "I live on Baker Street now."),
    ("I hate broccoli.", "I used to hate broccoli."),
    ("My phone number is 555-0100.", "I've got a new number: 555-0199."),
    ("My email is jo@x.org.", "I changed my email to jo@y.org."),
    ("My goal is to run a marathon.", "My goal now is to run an ultra."),
    ("I have a job interview on 12 June.", "The job interview is off."),
]


@pytest.mark.parametrize(("before", "now"), ENDED)
def test_what_is_over_holds_no_longer(before: str, now: str) -> None:
    known = [record.text for record in told(before)]
    assert known
    assert over(told(before, now)) == known


TURNED = [
    ("I like pizza, pasta and sushi.", "I don't like sushi anymore.", "sushi"),
    ("I hate running and swimming.", "I love swimming now.", "swimming"),
    ("I can't stand cilantro, olives and blue cheese.", "I like olives now.", "olives"),
]


@pytest.mark.parametrize(("before", "now", "what"), TURNED)
def test_of_several_tastes_one_may_turn(before: str, now: str, what: str) -> None:
    (ended,) = over(told(before, now))
    assert ended.endswith(f" {what}.")


KEPT = [
    ("I have two dogs, Rex and Bella.", "My dog Rex died."),
    ("My dog is called Rex.", "My neighbour's dog died."),
    ("My dog is called Rex.", "My phone died while I was walking Rex."),
    ("My dog is called Rex.", "I got a new dog, Bella."),
    ("My friend is called Anna.", "I made a new friend, Clara."),
    ("My girlfriend is called Mia.", "My friends Ann and Bob broke up."),
    ("My girlfriend is called Mia.", "My parents broke up when I was ten."),
    ("My girlfriend is called Mia.", "We did not break up."),
    ("My girlfriend is called Mia.", "We split up the work."),
    ("My husband is called Otto.", "My uncle Max died."),
    ("My car is a blue Golf.", "My brother sold his car."),
    ("My car is a blue Golf.", "I might sell my car."),
    ("I have a Honda Civic.", "I sold my bike."),
    ("I have a dog and a cat.", "My cat died."),
    ("I have two cats.", "My cat died."),
    ("I'm taking a Spanish course at the college.", "I finished my homework for the Spanish course."),
    ("I play tennis twice a week.", "I stopped playing tennis on Sundays."),
    ("I play tennis twice a week.", "I stopped watching tennis."),
    ("I play tennis twice a week.", "I watch tennis every weekend."),
    ("I usually cycle to the office.", "I left the office early today."),
    ("I work in a coffee shop every weekend.", "I quit coffee."),
    ("I work at Acme.", "I quit sugar."),
    ("I work at Acme.", "My colleague quit."),
    ("I work at Acme.", "I didn't quit my job."),
    ("I live in Ghent.", "We moved to 33 Station Street."),
    ("I live in St. Louis.", "We moved to Main Street."),
    ("I have asthma.", "I have a new boss."),
]


@pytest.mark.parametrize(("before", "now"), KEPT)
def test_what_is_over_ends_nothing_else(before: str, now: str) -> None:
    assert over(told(before, now)) == []


def test_of_two_only_the_one_that_is_meant_ends() -> None:
    cats = ("My cat is called Luna.", "My cat is called Milo.")
    assert over(told(*cats, "Luna passed away.")) == ["The name of the user's cat is Luna."]
    assert over(told(*cats, "My cat died.")) == []


def test_that_something_great_is_over_is_itself_known() -> None:
    for news in ("I sold my car.", "My dog died.", "We broke up.", "I graduated."):
        assert len(told(news)) == 1
    for talk in ("I finished dinner.", "I left the team.", "I quit coffee."):
        assert told(talk) == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("My girlfriend is called Mia.", "We broke up last week."),
        ("I take metformin every morning.", "I stopped taking metformin last week."),
        ("I do yoga every morning.", "I don't do yoga anymore."),
    ],
)
def test_what_tells_that_it_is_over_takes_its_place(before: str, now: str) -> None:
    old, new = told(before, now)
    assert (old.valid_to, new.valid_to, new.metadata[SUPERSEDES]) == (new.valid_from, None, old.id)


def test_what_is_over_counts_as_one_fact() -> None:
    message = Message(role="user", content="We broke up.", id="m", created_at=day(0))
    facts = RuleExtractor(SEMANTIC).extract(Batch(actor_id="a", session_id="s", messages=[message]))
    assert [fact.ends for fact in facts] == [True, False]
    assert "name of the user's girlfriend" in facts[0].also
