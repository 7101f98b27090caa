"""Where one sentence states two things, each is a clause; where two people do one thing, they stay together."""

from __future__ import annotations

import pytest

from contextkit.memory.rules.statements import clauses_of, readable
from contextkit.types import Message


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        ("My name is Ana and I live in Ghent", ["My name is Ana", "I live in Ghent"]),
        ("Our dog was ill and we stayed at home", ["Our dog was ill", "we stayed at home"]),
        ("My sister has twins and I have a cat", ["My sister has twins", "I have a cat"]),
        ("My brother and I have a boat", ["My brother and I have a boat"]),
        ("My wife likes tea and I like coffee", ["My wife likes tea", "I like coffee"]),
        ("My sister swims and I run", ["My sister swims", "I run"]),
        ("My best friend Tom and I live in Ghent", ["My best friend Tom and I live in Ghent"]),
        ("The kids and I live in Ghent", ["The kids and I live in Ghent"]),
        ("I live in Ghent, no, Bruges", ["I live in Ghent", "no, Bruges"]),
        ("I have a cat, no dog", ["I have a cat, no dog"]),
        ("Tom and I live in Ghent", ["Tom and I live in Ghent"]),
    ],
)
def test_a_sentence_is_cut_where_another_subject_begins(sentence: str, clauses: list[str]) -> None:
    assert list(clauses_of(sentence)) == clauses


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        ("I am vegetarian and allergic to nuts", ["I am vegetarian", "I am allergic to nuts"]),
        ("My son Leo is 4 and allergic to eggs", ["My son Leo is 4", "My son Leo is allergic to eggs"]),
        ("I am married to Ana and pregnant with twins", ["I am married to Ana", "I am pregnant with twins"]),
        ("I am 34, single and a nurse", ["I am 34", "I am single", "I am a nurse"]),
        ("I am allergic to nuts and eggs", ["I am allergic to nuts and eggs"]),
        ("I am allergic to nuts and vegan cheese", ["I am allergic to nuts and vegan cheese"]),
        ("I am not vegetarian but allergic to nuts", ["I am not vegetarian", "I am allergic to nuts"]),
        ("I am not diabetic and pregnant", ["I am not diabetic and pregnant"]),
        ("I have a dog named Rex and a cat named Tom", ["I have a dog named Rex", "I have a cat named Tom"]),
    ],
)
def test_each_of_several_things_that_somebody_is_or_has_may_end_alone(sentence: str, clauses: list[str]) -> None:
    assert list(clauses_of(sentence)) == clauses


@pytest.mark.parametrize("empty", ["\n" * 40, " " * 40, "\r\n \t" * 20])
def test_pages_of_white_space_are_read_as_the_end_of_a_paragraph_or_a_space(empty: str) -> None:
    text = readable(Message(role="user", content=f"I live in Rome.{empty}I work for Acme."))
    assert text == "I live in Rome." + ("\n\n" if "\n" in empty else " ") + "I work for Acme."
