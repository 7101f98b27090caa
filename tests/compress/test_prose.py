"""Prose keeps the sentences that matter, whole and in order, with every gap marked."""

from __future__ import annotations

import re

import pytest

from contextkit.compress import shorten
from contextkit.compress.prose import sentences
from contextkit.types import TokenCounter

FILLER = [
    "The harbour was quiet in the early morning.",
    "Gulls circled over the empty boats.",
    "A little wind moved the ropes against the masts.",
    "The baker opened his shutters and swept the step.",
    "Somebody had left a bicycle against the wall.",
]
FACT = "The ferry to Ostrava Island leaves at 07:45 from pier 3."


def split(text: str, longest: int = 1000) -> list[str]:
    return [text[start:end] for start, end in sentences(text, (0, len(text)), longest)]


def story(fact: str, at: int, length: int = 80) -> str:
    told = [f"{FILLER[n % len(FILLER)][:-1]} on day {n}." for n in range(length)]
    told.insert(at, fact)
    return " ".join(told)


@pytest.mark.parametrize("at", [0, 13, 40, 79])
def test_what_the_query_asks_for_survives(at: int, counter: TokenCounter) -> None:
    short = shorten(story(FACT, at), 100, counter, query="When does the ferry to Ostrava leave?")
    assert FACT in short


def test_sentences_keep_their_order_and_their_words(counter: TokenCounter) -> None:
    text = story(FACT, 40)
    short = shorten(text, 150, counter)
    kept = [piece.strip() for piece in re.split(r"\[….*?\]", short) if piece.strip()]
    places = [text.index(piece) for piece in kept]
    assert len(kept) > 1
    assert places == sorted(places)


def test_every_gap_is_marked_and_counted(counter: TokenCounter) -> None:
    text = story(FACT, 40)
    short = shorten(text, 60, counter, query="ferry Ostrava")
    kept = split(re.sub(r"\[….*?\] ?", "", short).strip())
    gone = [int(n) for n in re.findall(r"\[… (\d+) sentences? left out …\]", short)]
    assert len(gone) == short.count("[") == 2
    assert sum(gone) + len(kept) == len(split(text))


def test_what_is_said_twice_is_kept_once(counter: TokenCounter) -> None:
    repeated = "The refund for order 4471 was approved on 3 May."
    told = [f"{FILLER[n % len(FILLER)][:-1]} on day {n}." for n in range(60)]
    for at in (5, 20, 35, 50):
        told.insert(at, repeated)
    assert shorten(" ".join(told), 120, counter, query="refund for order 4471").count(repeated) == 1


def test_chinese_prose_is_cut_at_its_own_full_stops(counter: TokenCounter) -> None:
    filler = "早上港口很安静。海鸥在船上盘旋。面包师打开了百叶窗。" * 40
    fact = "去岛上的渡轮七点四十五分从三号码头出发。"
    assert fact in shorten(filler + fact + filler, 80, counter, query="渡轮几点出发？")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("Dr. Smith paid 3.5 euros, e.g. for tea. He left.", ["Dr. Smith paid 3.5 euros, e.g. for tea. ", "He left."]),
        ("J. R. Brown wrote it. Twice.", ["J. R. Brown wrote it. ", "Twice."]),
        ('She said "Go." Then she left.', ['She said "Go." ', "Then she left."]),
        ("你好。再见！", ["你好。", "再见！"]),
        ("- first\n- second", ["- first\n", "- second"]),
        ("1. first\n2. second", ["1. first\n", "2. second"]),
        ("Anna: hi\nBob: hello", ["Anna: hi\n", "Bob: hello"]),
        (
            "This line is wrapped by hand after some eighty characters, as in a\nmail. Next.",
            ["This line is wrapped by hand after some eighty characters, as in a\nmail. ", "Next."],
        ),
        (
            "One that ends within a line, which is wrapped by hand. The\nnext goes on. Third.",
            ["One that ends within a line, which is wrapped by hand. ", "The\nnext goes on. ", "Third."],
        ),
        ("Short. A line\nbegins small.", ["Short. ", "A line\n", "begins small."]),
        ("A heading\n\nA paragraph.", ["A heading\n\n", "A paragraph."]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_an_endless_sentence_is_cut_at_spaces() -> None:
    parts = split("word " * 100, longest=60)
    assert "".join(parts) == "word " * 100
    assert all(len(part) <= 60 and part.startswith("word") for part in parts)


def test_a_run_of_marks_takes_linear_time(counter: TokenCounter) -> None:
    dots = "." * 300_000  # looked at from each of them to the end, these would take an hour
    assert counter.text(shorten(f"{dots}x", 50, counter)) <= 50
    assert split(f"Wait{dots} What?", longest=10**6) == [f"Wait{dots} ", "What?"]


def test_what_stands_behind_a_sentence_asked_about_is_kept_with_it(counter: TokenCounter) -> None:
    """An answer seldom repeats what its question and its heading name."""
    sections = [
        f"How {place} is reached.\n\nRoad {n} is closed in winter. From {n} May on a boat goes at noon. "
        f"It takes {n + 20} minutes.\n"
        for n, place in enumerate(["Arrow", "Brill", "Corran", "Dunmore", "Eskdale", "Farne", "Gigha", "Harris"] * 3)
    ]
    sections[13] = sections[13].replace("Farne", "Lismore")
    short = shorten("\n".join(sections), 120, counter, query="How do I get to Lismore?")
    assert "How Lismore is reached.\n\nRoad 13 is closed in winter. From 13 May on a boat goes at noon." in short


def test_in_other_languages_the_sentence_asked_about_stays_whatever_its_endings(counter: TokenCounter) -> None:
    days = ("утром", "днём", "вечером", "ночью", "летом", "зимой")
    others = " ".join(f"Мы снова обсуждали погоду {day} и спорили о планах." for day in days * 5)
    text = f"{others} Договор аренды подписали в четверг у нотариуса. {others}"
    assert "нотариуса" in shorten(text, 200, counter, query="Кто заверял договоры?")
