"""Terms of a text."""

import os
import signal
import threading
import unicodedata
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.corpus import TextIndex
from contextkit.rank.terms import forms, terms


def test_words_are_lower_cased_and_stemmed():
    assert terms("Painting PAINTED paints") == ["paint"] * 3


def test_soft_hyphens_are_no_part_of_a_word():
    assert terms("Kaffee\u00admaschine") == terms("Kaffeemaschine")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n    "])
def test_words_divided_at_the_end_of_a_line_are_found_whole_and_in_parts(end):
    assert set(terms(f"the war-{end}ranty of well-{end}known grinders")) >= {"warranti", "well", "know", "grinder"}
    assert "widerruf" in terms(f"Wider-{end}ruf für Geräte")


def test_what_is_no_hyphen_divides_nothing():
    assert terms("one -\n two --\nthree 5-\nsix") == terms("one two three 5 six")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("It cost $12,500.00.", "12500"),
        ("für 1.250.000 Euro", "1250000"),
        ("an e-mail", "email"),
        ("the sign-up page", "signup"),
        ("in the U.S.A.", "USA"),
        ("from AT&T", "AT&T"),
        ("in C++", "C++"),
        ("(C#)", "csharp"),
    ],
)
def test_what_stands_in_parts_is_found_as_one_word(text, word):
    assert set(terms(word)) & set(terms(text))
    assert set(terms(word)) <= set(terms(text)) | {"at", "c"}


@pytest.mark.parametrize("text", ["state-of-the-art", "3.5", "on 2026-11-24", "1,2,3", "one, two", "5 + 6", "a & b"])
def test_what_is_no_word_in_parts_stays_in_them(text):
    assert all(term in text for term in terms(text))


def test_irregular_forms_meet_their_word():
    assert terms("went children bought") == terms("go child buy")


def test_function_words_are_left_out():
    assert terms("What did she do with the turtles?") == ["turtl"]


def test_possessives_and_contractions():
    assert terms("Caroline's painting isn’t") == ["carolin", "paint"]


def test_identifiers_give_their_parts_and_the_whole():
    assert terms("getHTTPResponse2") == ["gethttpresponse2", "get", "http", "respons", "2"]
    assert terms("user_name") == [*terms("username"), "user", "name"]


def test_accents_do_not_matter():
    assert terms("Café naïve") == terms("cafe naive")


def test_scripts_without_spaces_become_pairs():
    assert terms("東京都") == ["東京", "京都"]
    assert terms("犬") == ["犬"]
    assert terms("GPT東京") == ["gpt", "東京"]


def test_vowel_signs_do_not_split_words():
    assert terms("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


def test_nothing_gives_nothing():
    assert terms("") == []
    assert terms(" \n?! …") == []


def test_a_very_long_word_is_one_term():
    assert terms("a" * 256) == ["a" * 256]


def test_of_encoded_data_only_the_beginning_is_a_term():
    assert terms(f"key {'a' * 10_000} end") == ["key", "a" * 48, "end"]
    assert len(terms("9f3a" * 100_000)) <= 48
    assert len(terms("汉" * 1_000)) == 999


def test_ids_and_hashes_have_no_endings():
    assert terms("x1y2z") == ["x1y2z", "x", "1", "y", "2", "z"]
    assert terms("mp3s")[0] == "mp3s"
    assert terms("internationalisations") == terms("internationalisation")


@given(st.text())
def test_any_text_gives_terms_without_whitespace(text):
    for term in terms(text):
        assert term
        assert term.split() == [term]


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_canonical_spellings_agree(text):
    assert terms(unicodedata.normalize("NFD", text)) == terms(unicodedata.normalize("NFC", text))


@given(st.lists(st.text(alphabet="abcdefg'", min_size=1), max_size=8))
def test_texts_joined_by_a_space_give_both_their_terms(words):
    assert terms(" ".join(words)) == [term for word in words for term in terms(word)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_stems_whatever_its_parent_was_stemming() -> None:
    """A fork takes no threads along, and what one of them holds is never given back."""
    done = threading.Event()

    def stem() -> None:
        for number in count():
            if done.is_set():
                return
            terms("running" + "".join(chr(ord("a") + int(digit)) for digit in str(number)))

    thread = threading.Thread(target=stem)
    thread.start()
    try:
        assert [_in_child(f"walking{'x' * number}") for number in range(8)] == [0] * 8
    finally:
        done.set()
        thread.join()


def _in_child(word: str) -> int:
    child = os.fork()
    if not child:
        signal.alarm(10)
        os._exit(0 if terms(word) else 1)
    return os.waitpid(child, 0)[1]


def test_forms_are_the_words_as_they_stand():
    assert forms("Painting the Café’s get_user") == ["painting", "café", "get_user"]
    assert forms("हिन्दी a-b") == ["हिन्दी", "b"]
    assert forms("") == []


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_canonical_spellings_have_the_same_forms(text):
    assert forms(unicodedata.normalize("NFC", text)) == forms(unicodedata.normalize("NFD", text))


def test_a_word_too_long_for_one_is_no_form():
    assert forms(f"key {'a' * 10_000} end") == ["key", "end"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("See 12.3.", ["12.3"]),
        ("v1 is v2.14.3, at 10.0.0.7:80", ["2.14.3", "10.0.0.7"]),
        ("§4.2(a) of 2024", ["4.2"]),
        ("1.5x, x1.5 and 3...4 are none", []),
    ],
)
def test_a_number_with_points_is_a_form_of_its_own(text, numbers):
    assert [form for form in forms(text) if "." in form] == numbers


def test_the_clause_is_found_that_has_the_very_number():
    clauses = [f"{one}.{other} Each may, subject to clause 9.9, do so." for one in (2, 3, 12) for other in (2, 3, 12)]
    scores = TextIndex([[clause] for clause in clauses]).lexical("What does clause 12.3 say?").scores
    assert clauses[scores.argmax()].startswith("12.3 ")
