"""What a question is looked up by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.topic import TAIL, exchange, says_something, topic

OFFER = exchange("May I return the lamp?", "You may, within 40 days. Shall I look up how?")
ANSWER = exchange("May I return the lamp?", "You may, within 40 days.")


@pytest.mark.parametrize(
    "question",
    [
        "What about Lisbon?",
        "and the desk",
        "yes, but only the green one",
        "Thanks! Which bank is it?",
        "80?",
        "hvad koster den",
        "不客气，但是台灯呢？",
        "Can you explain the warranty?",
        "no" + " really" * 50,
    ],
)
def test_a_question_with_words_of_its_own_is_looked_up_by_these(question: str) -> None:
    assert says_something(question)
    assert topic(question, OFFER) == topic(question, "") == question


@pytest.mark.parametrize(
    "question",
    [
        "why?",
        "Why not?",
        "and then?",
        "go on",
        "Yes please!",
        "please do",
        "What do you mean?",
        "which one",
        "more details, please",
        "thanks, but why",
        "tại sao?",
        "tiếp tục đi",
        "为什么？",
        "好的，请继续",
        "はい、お願いします",
        "¿por qué?",
    ],
)
def test_a_follow_up_is_looked_up_by_what_it_follows_on(question: str) -> None:
    assert topic(question, ANSWER) == ANSWER
    assert topic(question, "") == question


@pytest.mark.parametrize(
    "question",
    [
        "Thanks!",
        "thank you so much, that helps a lot",
        "ok, great, thanks",
        "No thanks.",
        "Hello",
        "hi, how are you?",
        "Good morning!",
        "bye 👋",
        "I see",
        "cảm ơn bạn nhiều nhé",
        unicodedata.normalize("NFD", "cảm ơn"),
        "好的，谢谢你",
        "ありがとうございます!",
        "Obrigada!",
    ],
)
def test_a_courtesy_asks_for_nothing(question: str) -> None:
    assert topic(question, OFFER) == topic(question, "") == ""


@pytest.mark.parametrize("question", ["ok", "No.", "got it", "👍", "", "được", "好的", "不用"])
def test_a_nod_answers_what_was_asked_and_asks_for_nothing_where_nothing_was(question: str) -> None:
    assert topic(question, OFFER) == OFFER
    assert topic(question, ANSWER) == topic(question, "") == ""


def test_an_exchange_is_the_end_of_a_question_and_of_its_answer() -> None:
    assert exchange("  Where?\n", "There. ") == "Where?\nThere."
    assert exchange("", "There.") == "There."
    assert exchange("a" * 1_000 + "?", "b" * 1_000 + ".") == "a" * (TAIL - 1) + "?\n" + "b" * (TAIL - 1) + "."


@given(st.text(max_size=300), st.text(max_size=50))
def test_any_text_is_looked_up_as_it_is_or_by_the_one_before_or_not_at_all(question: str, before: str) -> None:
    assert topic(question, before) in (question, before, "")
