"""What a query asks about is found in every form of its words."""

from __future__ import annotations

import pytest

from contextkit.compress.asked import Asked


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Which policy?", "the policies of 2024"),
        ("When did it freeze?", "until the queue froze"),
        ("Where has she gone?", "then she went home"),
        ("How do I use it?", "by using a socket"),
        ("Who flies?", "they fly on Monday"),
        ("getResponse", "calls get_response(2)"),
        ("plan B", "option b, then"),
        ("猫咪", "一只猫咪。"),
        ("Ünal", "as Unal said"),
        ("Überweisungen", "Die Überweisung ist noch nicht da."),
        ("kirjeet", "Kirjeessä ei ollut osoitetta."),
        ("biciclette", "Ho visto una bicicletta che mi piace."),
        ("договоры", "Мы подписали договор в мае."),
    ],
)
def test_a_word_is_found_in_its_other_forms(query: str, text: str) -> None:
    assert Asked(query).found(text)


def test_each_term_is_found_once_in_the_order_of_the_text() -> None:
    assert Asked("refund policy, please").found("Policies: refunds, refund policy") == ("polici", "refund")


@pytest.mark.parametrize("query", ["", "the of", "plan B", "refund"])
def test_what_is_not_asked_about_is_not_found(query: str) -> None:
    assert Asked(query).found("Gulls circled over the empty boats, by the bay.") == ()


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("What did I order in November?", "2025-11-03T09:00:00Z", ("novemb",)),
        ("What did I order in November?", "2025-12-11T09:00:00Z", ()),
        ("What did I order in November 2024?", "2025-11-03", ()),
        ("What did I order on 3 November?", "2025-11-13", ()),
        ("What did I order between October and December?", "2025-11-03", ("novemb",)),
        ("What did I order between October and December?", "2025-09-03", ()),
        ("What did I order since November?", "2025-11-03", ("novemb",)),
        ("What did I order on 3 November?", "2025-11-03 09:00", ("novemb",)),
        ("May I return it?", "2025-05-03", ()),
        ("Was habe ich im Juni bestellt?", "2025-06-03", ("june",)),
    ],
)
def test_a_month_that_is_asked_for_is_found_in_dates_as_data_writes_them(
    query: str, text: str, found: tuple[str, ...]
) -> None:
    assert Asked(query).found(text) == found


def test_words_in_another_script_are_found_where_json_spells_them_so_amid_other_text() -> None:
    line = 'INFO {"customer": "\\u738b\\u5c0f\\u660e", "total": 12}'
    assert Asked("王小明的订单").found(line)
    assert not Asked("李静怡的订单").found(line)
