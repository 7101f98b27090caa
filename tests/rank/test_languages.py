"""Telling English from other languages by function words."""

import pytest

from contextkit.rank.languages import has_english, is_foreign, is_foreign_text
from contextkit.rank.terms import words

FOREIGN = (
    "Wie kann ich die Rechnung als PDF speichern?",
    "Ik heb het boek niet gelezen, maar wel de film gezien.",
    "Où est-ce que tu as garé la voiture ?",
    "Mi hermana vive en Sevilla con sus dos hijos.",
    "Amanhã vou ao dentista com a minha filha.",
    "Ho comprato una bicicletta nuova per mio figlio.",
    "Jag har glömt mina nycklar på jobbet.",
    "Ostin eilen uuden pyörän, mutta se on liian pieni.",
    "Dün akşam bir film izledik ve çok güldük.",
    "Kupiłem wczoraj nowy rower dla córki.",
    "Tegnap vettem egy új biciklit, de nem tetszik.",
    "Aku mau ke pasar besok pagi dengan ibu saya.",
)
NOT_FOREIGN = (
    "I moved to Lisbon last spring and I love it here.",
    "Met José at the café, what a résumé he has!",
    "They met in the Rue de la Paix, and that is what they call it.",
    "def close(self): return self._file.close() or None",
    '{"id": 17, "name": "disk-2", "state": "attached", "zone": "eu-west-1"}',
    "Москва",
    "東京",
    "",
)


@pytest.mark.parametrize("text", FOREIGN)
def test_sentences_of_other_languages_are_foreign(text: str) -> None:
    assert is_foreign(words(text))
    assert not has_english(words(text))


@pytest.mark.parametrize("text", NOT_FOREIGN)
def test_english_code_and_other_scripts_are_not(text: str) -> None:
    assert not is_foreign(words(text))


def test_a_few_words_without_a_function_word_are_of_no_language() -> None:
    found = words("invoice export")
    assert not is_foreign(found)
    assert not has_english(found)


def test_a_quotation_does_not_make_a_text_foreign() -> None:
    english = "You told me that they would have been there by then, because of the train. " * 5
    assert not is_foreign(words(f"{english} Das ist nicht wahr, und ich weiß es auch."))


def test_a_long_text_is_told_by_its_beginning() -> None:
    german = "Wir fahren mit dem Zug nach Wien und bleiben eine Woche. " * 30
    assert is_foreign(words(german + "the end " * 500))
    assert is_foreign_text(german + "the end " * 500)
    assert not is_foreign_text("the end " * 500 + german)
