"""The same fact is found twice; facts that differ are not taken for one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.dedup import SeenTexts, sentence
from contextkit.dedup.sentence import Sentence, sentences

# (shown already, candidate): the candidate says nothing that is not shown.
SAME = [
    ("I prefer window seats on flights", "Prefers window seats."),
    ("I prefer window seats on flights.", "The user prefers window seats."),
    ("Hi! I prefer window seats on flights. Can you book?", "User prefers window seats on flights"),
    ("I am allergic to peanuts.", "Allergic to peanuts"),
    ("I'm allergic to peanuts, by the way.", "Is allergic to peanuts."),
    ("My name is Anna Keller.", "Name is Anna Keller"),
    ("Thanks. I live in Berlin, near the zoo.", "Lives in Berlin."),
    ("I don't like coriander.", "Doesn't like coriander"),
    ("I do n't like coriander.", "Does not like coriander"),
    ("I do not eat meat.", "Does not eat meat."),
    ("I never fly on Mondays.", "Never flies on Mondays."),
    ("The refund policy allows 30 days.", "The refund policy allows 30 days."),
    ("the  refund policy allows 30 days", "The refund policy allows 30 days."),
    ("Our refund policy allows 30 days from delivery.", "Refund policy allows 30 days"),
    ("My wife is allergic to nuts.", "Wife is allergic to nuts"),
    ("I work for Apple in Cupertino.", "Works for Apple"),
    ("I have two cats and a dog.", "Has two cats"),
    ("My budget is $1,500 for the trip", "Budget is $1500"),
    ("I usually order oat milk lattes.", "Usually orders oat milk lattes"),
    ("我喜欢喝茶。", "喜欢喝茶"),
    ("Je préfère le train.", "Je préfère le train"),
    ("Order 1234 was shipped on May 3. It arrives on May 5.", "Order 1234 was shipped on May 3."),
    ("Order 1234 was shipped on May 3. It arrives on May 5.", "It arrives on May 5. Order 1234 was shipped on May 3."),
    ("I like tea and coffee.", "Likes tea, coffee"),
    ("I can't drive.", "Cannot drive"),
    ("I won’t fly with Acme Air.", "Will not fly with Acme Air."),
    ("We meet at 10 am on Tuesdays", "Meets at 10 am"),
    ("My dog's name is Rex", "Dog's name is Rex"),
    ("I prefer the aisle seat, always", "prefers aisle seats"),
    ("Is the office open on Sunday?", "is the office open on Sunday?"),
    ("You prefer dark mode.", "Prefers dark mode"),
    ("- I take 5 mg daily\n- I sleep badly", "Takes 5 mg daily."),
    ("I really like jazz.", "likes jazz"),
]

# (shown already, candidate): the candidate says something else, or of somebody else, or of another time.
DIFFERENT = [
    ("likes tea", "hates tea"),
    ("I need 2 units.", "Needs 3 units"),
    ("Meeting on March 3", "Meeting on March 30"),
    ("Meeting on 2024-03-03", "Meeting on 2024-03-04"),
    ("I don't like coriander.", "Likes coriander"),
    ("I do n't like coriander.", "Likes coriander"),
    ("I like coriander.", "Doesn't like coriander"),
    ("My wife prefers window seats.", "Prefers window seats."),
    ("Anna prefers window seats.", "Prefers window seats."),
    ("Anna is allergic to nuts.", "Allergic to nuts."),
    ("Bob likes tea.", "Alice likes tea."),
    ("I used to prefer window seats.", "Prefers window seats."),
    ("I prefer window seats if I fly alone.", "Prefers window seats."),
    ("Would I prefer window seats?", "Prefers window seats."),
    ("Do you prefer window seats?", "Prefers window seats."),
    ("I no longer prefer window seats.", "Prefers window seats."),
    ("Alice owes Bob 5 euros.", "Bob owes Alice 5 euros."),
    ("I fly from Paris to London.", "Flies from London to Paris"),
    ("I flew to Paris.", "Flew from Paris"),
    ("We meet at 10 pm", "Meets at 10 am"),
    ("I lived in Paris.", "Lives in Paris."),
    ("I worked at Google.", "Works at Google"),
    ("I was vegetarian.", "Is vegetarian"),
    ("I had a dog named Rex.", "Has a dog named Rex"),
    ("I will move to Oslo.", "Moved to Oslo"),
    ("I like tea parties.", "Likes tea."),
    ("I like iced tea.", "Likes tea."),
    ("I like tea or coffee.", "Likes tea"),
    ("I like tea without sugar.", "Likes tea with sugar"),
    ("My wife's brother likes tea.", "My brother's wife likes tea."),
    ("He lives in Oslo.", "Lives in Oslo."),
    ("She works for Apple.", "He works for Apple."),
    ("I prefer window seats.", "Prefers window seats on night flights."),
    ("I prefer window seats.", "Prefers window seats. Allergic to peanuts."),
    ("I prefer window seats.", "Prefers aisle seats."),
    ("My budget is $500.", "Budget is €500"),
    ("My budget is 500 euros.", "Budget is 700 euros"),
    ("The price rose by 5%.", "The price rose by 5"),
    ("Yes, please.", "Yes, please."),
    ("Sure.", "Sure."),
    ("我不喜欢喝茶。", "喜欢喝茶"),
    ("妈妈喜欢喝茶。", "喜欢喝茶"),
    ("お茶が好きではありません。", "お茶が好き"),
    ("Ich mag keinen Tee.", "Ich mag Tee."),
    ("Je ne bois pas de café.", "Je bois de café."),
    ("Only Anna may open the safe.", "Anna may open the safe."),
    ("All orders except 12 shipped.", "All orders shipped."),
    ("Some orders shipped today.", "Orders shipped today."),
    ("The build failed on Linux.", "The build failed on macOS."),
    ("Version 1.2 is stable.", "Version 1.20 is stable."),
    ("My phone number is 555-1234", "Phone number is 555-1235"),
    ("I think I like opera.", "Likes opera"),
    ("I want to live in Rome.", "Lives in Rome"),
    ("My friends call me a tea addict.", "Tea addict"),
    ("Anna likes tea and hates coffee.", "Hates coffee"),
    ("Anna, who lives in Oslo, likes jazz.", "Likes jazz"),
    ("I like dogs when they are small.", "Likes dogs"),
    ("Stop sending me newsletters.", "Sending newsletters"),
    ("It costs 5 euros.", "Costs 5 euros"),
    ("Q1 revenue was 5 million.", "Q2 revenue was 5 million."),
    ("Room 12B is free.", "Room 12C is free."),
    ("x = 5 in the config", "y = 5 in the config"),
    ("The server is not reachable from host A.", "The server is reachable from host A."),
    ("I program in C#.", "I program in C."),
    ("I program in C.", "I program in C++."),
    ("Blood type is O+.", "Blood type is O-."),
    ("The balance is -200 euros.", "The balance is 200 euros."),
    ("Latency must stay > 5 ms.", "Latency must stay 5 ms."),
    ("needs ≥5 years", "needs ≤5 years"),
    ("It weighs ~5 kg.", "It weighs 5 kg."),
    ("Price is 5 ₽ now.", "Price is 5 ₴ now."),
    ("Signed ✅ contract", "Signed ❌ contract"),
    ("Rating ★★★ given", "Rating ★ given"),
]


def repeats(shown: str, candidate: str) -> bool:
    seen: SeenTexts[str] = SeenTexts()
    seen.add("shown", shown)
    return seen.match(candidate) == "shown"


@pytest.mark.parametrize(("shown", "candidate"), SAME)
def test_the_same_fact_is_found(shown: str, candidate: str) -> None:
    assert repeats(shown, candidate)


@pytest.mark.parametrize(("shown", "candidate"), DIFFERENT)
def test_another_fact_is_kept(shown: str, candidate: str) -> None:
    assert not repeats(shown, candidate)


def repeats_among(texts: Sequence[str]) -> dict[int, int]:
    """By the place of each text that repeats an earlier one, the place of that; of repeats none is remembered."""
    seen: SeenTexts[int] = SeenTexts()
    found: dict[int, int] = {}
    for place, text in enumerate(texts):
        first = seen.match(text)
        if first is None:
            seen.add(place, text)
        else:
            found[place] = first
    return found


def test_the_first_in_order_of_precedence_stays() -> None:
    assert repeats_among(["I prefer window seats.", "Allergic to nuts.", "Prefers window seats"]) == {2: 0}


def test_a_repeat_of_a_repeat_names_the_first() -> None:
    assert repeats_among(["I prefer window seats.", "Prefers window seats", "prefers window seats."]) == {1: 0, 2: 0}


def test_the_earliest_of_several_is_named() -> None:
    seen: SeenTexts[int] = SeenTexts()
    for number in (7, 8, 9):
        seen.add(number, "I prefer window seats.")
    assert seen.match("Prefers window seats") == 7


def test_a_huge_text_repeats_only_itself() -> None:
    seen: SeenTexts[str] = SeenTexts()
    huge = "The warehouse holds nine pallets. " * 10_000
    seen.add("huge", huge)
    assert seen.match(huge) == "huge"
    assert seen.match(huge + "And one more.") is None


words = st.lists(
    st.sampled_from(
        [
            "I",
            "like",
            "tea",
            "not",
            "the",
            "7",
            "Oslo",
            "in",
            ".",
            "!",
            ",",
            "\n",
            "茶",
            "\ud800",
            "'",
            "don't",
            "n't",
            "'ll",
        ]
    ),
    max_size=12,
).map(" ".join)


@given(st.lists(words, max_size=12), words)
def test_appending_changes_no_earlier_decision(texts: list[str], last: str) -> None:
    before = repeats_among(texts)
    after = repeats_among([*texts, last])
    after.pop(len(texts), None)
    assert after == before


@given(st.lists(words, max_size=12))
def test_a_duplicate_is_of_an_earlier_item_that_is_none_itself(texts: list[str]) -> None:
    found = repeats_among(texts)
    for repeat, first in found.items():
        assert first < repeat
        assert first not in found


@given(st.text(max_size=200))
def test_any_text_can_be_seen(text: str) -> None:
    seen: SeenTexts[int] = SeenTexts()
    seen.add(1, text)
    assert seen.match(text) in (1, None)


LIKE = "liked likes goes went dying die Café cafe can't cannot 東京 cry cries"
said = st.sampled_from(["I", "like", "tea", "really", "daily", ",", "and", "my", "7", "cats", *LIKE.split()])
SAYINGS = st.lists(st.lists(said, min_size=1, max_size=9).map(" ".join).map("{}.".format), min_size=1, max_size=3).map(
    " ".join
)


@given(st.lists(SAYINGS, min_size=1, max_size=12), SAYINGS, st.sampled_from([0, 4, 64]))
def test_what_is_found_is_what_looking_at_every_text_finds(texts: list[str], last: str, many: int) -> None:
    """However sentences are looked for, of few statements or of many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentence, "_MANY", many)
        sentence._sentences_of.cache_clear()
        seen: SeenTexts[int] = SeenTexts()
        for number, text in enumerate(texts):
            seen.add(number, text)
        found = [seen.match(text) for text in [*texts, last]]
    sentence._sentences_of.cache_clear()
    assert found == [_first_that_says(text, texts) for text in [*texts, last]]


def _first_that_says(text: str, texts: list[str]) -> int | None:
    said = sentences(text)
    if not any(sentence.content >= 2 for sentence in said):
        return None
    held = enumerate(map(sentences, texts))
    return next((n for n, all_ in held if all(any(one.holds(each) for one in all_) for each in said)), None)


def test_texts_that_begin_alike_are_not_all_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports that a program writes differ in a number alone: looking at each for each took seconds for a thousand."""
    looked = 0
    holds = Sentence.holds

    def counted(self: Sentence, other: Sentence) -> bool:
        nonlocal looked
        looked += 1
        return holds(self, other)

    monkeypatch.setattr(Sentence, "holds", counted)
    report = "The backup of the orders in region {} took {} seconds. The queue had {} orders."
    seen: SeenTexts[int] = SeenTexts()
    for number in range(200):
        seen.add(number, report.format(number % 3, number, 7 * number))
    assert [seen.match(report.format(number % 3, number, 8 * number)) for number in range(1, 200)] == [None] * 199
    assert [seen.match(report.format(number % 3, number, 7 * number)) for number in range(200)] == list(range(200))
    assert looked < 10 * 200
