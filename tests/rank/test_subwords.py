"""What texts in other languages than English are found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.subwords import (
    AGAIN,
    BEGINNING,
    FOREIGN,
    are_foreign,
    index_terms,
    needed_terms,
    query_terms,
    scores,
)
from contextkit.rank.terms import terms


def index(*texts: str) -> LexicalIndex:
    made = LexicalIndex()
    made.add_all(map(index_terms, texts))
    return made


def found(query: str, *texts: str) -> list[int]:
    """The texts that a query finds, best first."""
    ranked = scores(index(*texts), query)
    return [number for number in ranked.argsort()[::-1].tolist() if ranked[number] > 0]


@pytest.mark.parametrize(
    "text", ["I moved to Lisbon last spring.", "getHTTPResponse2(user_name)", "disk-2: attached", ""]
)
def test_english_and_code_are_found_by_their_terms_alone(text: str) -> None:
    assert index_terms(text) == terms(text)


def test_of_english_nothing_more_is_sought() -> None:
    assert query_terms("Where did you put the keys? The keys!", foreign=True) == {"put": 1.0, "key": 2.0}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("kirjeet", "Kirjeessä ei ollut osoitetta, ja se palautettiin."),
        ("квартиры", "Мы сняли квартиру возле вокзала."),
        ("Überweisungen", "Die Überweisung ist noch nicht angekommen."),
        ("kitaplarım", "Bu kitaplar benim değil ama çok güzel."),
        ("bicicletas", "Ho visto una bicicletta che mi piace molto."),
        ("βιβλία", "Διάβασα ένα βιβλίο για τη θάλασσα."),
        ("كتب للأطفال", "اشتريت الكتب من المكتبة القديمة."),
        ("مدرسة", "ذهبت أختي بالأمس إلى المدرسة الجديدة."),
        ("الحساب", "أريد أن أفتح حسابا جديدا في البنك."),
        ("nouvelles chaussures", "Il a acheté une nouvelle chaussure, mais elle est trop petite."),
    ],
)
def test_a_word_is_found_in_another_of_its_forms(query: str, text: str) -> None:
    others = ["Das ist ein ganz anderer Satz.", "Это совсем другое дело.", "Ja niin oli se toinen asia."]
    assert found(query, *others, text)[0] == 3


def test_a_form_that_stands_there_comes_first() -> None:
    assert (
        found("Rechnungen", "Die Rechnung liegt bei.", "Die Rechnungen sind da.", "Das Rechnen ist nicht leicht.")[0]
        == 1
    )


def test_a_single_character_is_found_within_a_run() -> None:
    assert found("猫", "我家有一只黑猫和一只狗。", "今天下雨。") == [0]
    assert found("집", "우리 집에 놀러 와.", "오늘은 비가 온다.") == [0]


def test_vietnamese_words_are_told_apart_by_their_accents() -> None:
    texts = ["Tôi thích bán đồ cũ ở chợ.", "Cho tôi đặt bàn ở nhà hàng.", "Bạn của tôi ở Huế."]
    assert found("bạn", *texts)[0] == 2
    assert found("bàn", *texts)[0] == 1
    assert sorted(found("ban", *texts)) == [0, 1, 2]


def test_words_without_a_language_are_sought_as_most_texts_are() -> None:
    german = ["Wir haben die Rechnung bezahlt.", "Das Wetter ist heute nicht gut.", "Ich komme mit dem Zug."]
    assert are_foreign(index(*german))
    assert found("Rechnungen", *german) == [0]
    english = ["We paid the bill.", "What a day it was!", "They came by train.", "Das ist der Rechner von ihm."]
    assert not are_foreign(index(*english))
    assert found("Rechnungen", *english) == []


def test_beginnings_and_what_is_said_again_count_for_less() -> None:
    assert query_terms("квартиры") == {terms("квартиры")[0]: 1.0, "~квар": BEGINNING, "~кварти": BEGINNING}
    assert query_terms("猫和狗") == {"猫和": 1.0, "和狗": 1.0, "猫": AGAIN, "和": AGAIN, "狗": AGAIN}
    assert query_terms("猫") == {"猫": 1.0}


def test_what_may_be_sought_is_known_without_an_index() -> None:
    assert needed_terms("Is it?") == frozenset()
    assert needed_terms("Where are the keys?") == {"key"}
    assert needed_terms("Rechnungen") == {*query_terms("Rechnungen", foreign=True), FOREIGN}


@given(st.text(), st.booleans())
def test_all_that_a_query_seeks_is_needed(query: str, foreign: bool) -> None:
    assert query_terms(query, foreign=foreign).keys() <= needed_terms(query)


@given(st.text())
def test_any_text_is_found_by_itself(text: str) -> None:
    assert set(terms(text)) <= set(index_terms(text))
    assert all(score > 0 for score in scores(index(text), text)) or not terms(text)


@given(st.text())
def test_spellings_that_are_compatible_are_one(text: str) -> None:
    import unicodedata

    assert index_terms(unicodedata.normalize("NFKC", text)) == index_terms(text)
