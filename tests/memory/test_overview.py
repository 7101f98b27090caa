"""What asks for all that is known, and what asks for something in particular."""

from __future__ import annotations

import pytest

from contextkit.memory.overview import asks_for_everything


@pytest.mark.parametrize(
    "question",
    [
        "What do you know about me?",
        "what do you remember?",
        "Hi Otis, what all do you know about me so far?",
        "Tell me everything you know about me.",
        "Tell me everything about myself!",
        "Summarise what you have learned about me",
        "Who am I?",
        "Do you remember me?",
        "What have I told you about myself?",
        "List all my memories.",
        "everything",
        "user profile",
        "Bạn biết gì về tôi?",
        "你知道关于我的什么？",
        "你对我了解多少？",
        "我是谁？",
        "私について何を知っていますか？",
        "저에 대해 무엇을 알고 있나요?",
        "¿Qué sabes de mí?",
        "O que você sabe sobre mim?",
        "Que sais-tu de moi ?",
        "Cosa sai di me?",
        "Was weißt du über mich?",
        "Was wissen Sie alles über mich?",
        "Wat weet je over mij?",
        "Что ты знаешь обо мне?",
        "Apa yang kamu ketahui tentang saya?",
    ],
)
def test_what_asks_for_all_that_is_known(question: str) -> None:
    assert asks_for_everything(question)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "👍",
        "What do you know about my dog?",
        "What do you know about Lisbon?",
        "Do you know who the mayor is?",
        "Remember that I like tea.",
        "What did you store in the fridge?",
        "What does everything cost?",
        "Do you remember where I live?",
        "Who is the user of this account?",
        "Did he tell me about the trip?",
        "Was weißt du über Hunde?",
        "你知道我的狗叫什么吗？",
        "我住在哪里？",
    ],
)
def test_what_asks_for_something_in_particular(question: str) -> None:
    assert not asks_for_everything(question)
