"""Texts ranked by their passages: by stems, by words as they stand, and by the best sentence."""

from __future__ import annotations

import pytest

from contextkit.rank.corpus import Passages, TextIndex, joint_matches

OTHERS = ("The garden is closed in winter.", "Bring a passport.", "Tickets are sold at the door.")


def ranked(query: str, *texts: str) -> list[str]:
    """Those of the texts, which stand among others, that match: best first."""
    every = (*texts, *OTHERS)
    scores = TextIndex([[text] for text in every]).lexical(query).scores.tolist()
    return sorted(
        (text for text, score in zip(every, scores, strict=True) if score), key=lambda it: -scores[every.index(it)]
    )


def test_a_word_in_the_form_that_is_asked_for_counts_more_than_in_another() -> None:
    express, expressing = "He can express it well.", "Of expressing it he knows."
    assert ranked("express", expressing, express) == [express, expressing]
    assert ranked("expressing", express, expressing) == [expressing, express]


def test_a_word_in_another_form_is_found() -> None:
    assert ranked("expressed", "He can express it well.") == ["He can express it well."]


@pytest.mark.parametrize(
    ("query", "right", "wrong"),
    [
        ("bạn của tôi", "Đây là bạn của tôi ở trường.", "Đây là bàn của tôi ở trường."),
        ("退款政策", "我们的退款政策很清楚。", "我们的退货办法很清楚。"),
    ],
)
def test_other_languages(query: str, right: str, wrong: str) -> None:
    assert ranked(query, wrong, right)[0] == right


def test_words_in_one_sentence_count_more_than_the_same_ones_scattered() -> None:
    apart = "The blue gate is shut. Ask at the house. A key is under the stone. The bell is loud."
    together = "The gate is shut. Ask at the house. The blue key is under the stone. The bell is loud."
    assert ranked("blue key", apart, together) == [together, apart]


def test_sentences_are_told_apart_where_no_space_follows() -> None:
    apart = "蓝色的门关了。请到房子里问。钥匙在石头下面。铃声很响。"
    together = "大门关了。请到房子里问。蓝色的钥匙在石头下面。铃声很响。"
    assert ranked("蓝色的钥匙", apart, together)[0] == together


def test_a_text_is_as_good_as_its_best_passage() -> None:
    index = TextIndex([["nothing here", "the key is blue"], ["the key is blue"], ["nothing here"]])
    first, second, third = index.lexical("blue key").scores.tolist()
    assert first == second > third == 0


def test_without_texts_or_words_there_is_nothing_to_score() -> None:
    assert TextIndex([]).matches("key").scores.tolist() == []
    assert TextIndex([["…"], [""]]).matches("key").scores.tolist() == [0, 0]
    assert TextIndex([["key"]]).matches("").scores.tolist() == [0]


def test_of_each_text_the_passages_that_match_are_told_best_first() -> None:
    index = TextIndex([["the key", "nothing here", "the key is blue"], ["nothing here"], ["a blue key", "blue"]])
    matches = index.lexical("blue key")
    best = [matches.best(text) for text in range(3)]
    assert [[place for place, _ in each] for each in best] == [[2, 0], [], [0, 1]]
    assert [max((score for _, score in each), default=0) for each in best] == matches.scores.tolist()


@pytest.mark.parametrize("query", ["blue key", "nowhere", ""])
def test_texts_apart_are_matched_as_in_one_index(query: str) -> None:
    texts = [["the key. A blue one.", "nothing here"], [], ["a blue key"], ["…"]]
    texts = [text for text in texts if text]
    apart = joint_matches([Passages(text) for text in texts], query)
    assert apart.scores.tolist() == TextIndex(texts).lexical(query).scores.tolist()
    assert joint_matches([], query).scores.tolist() == []


def test_texts_in_other_languages_are_found_whatever_the_endings_of_their_words() -> None:
    texts = [["Der Zug nach Wien fährt um acht."], ["Die Überweisung ist noch nicht da."], ["Es regnet in Linz."]]
    assert TextIndex(texts).lexical("Überweisungen").scores.argmax() == 1
    finnish = [["Kirjeessä ei ollut osoitetta."], ["Juna on myöhässä, ja sataa."]]
    assert TextIndex(finnish).lexical("kirjeet").scores[0] > 0
