"""The incremental BM25 index."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidInput
from contextkit.rank.lexical import LexicalIndex, joint_scores

words = st.sampled_from(["sun", "moon", "star", "sea", "sand", "東京", "\ud800", ""])
documents = st.lists(st.lists(words, max_size=6), max_size=12)


def indexed(texts):
    index = LexicalIndex()
    for text in texts:
        index.add(text)
    return index


def bm25(texts, query, k1=1.2, b=0.75):
    """The formula, term by term, as it stands in the literature."""
    mean = sum(map(len, texts)) / len(texts) or 1
    scores = []
    for text in texts:
        score = 0.0
        for term, weight in Counter(query).items():
            having = sum(term in other for other in texts)
            idf = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
            count = text.count(term)
            if count:
                score += weight * idf * count * (k1 + 1) / (count + k1 * (1 - b + b * len(text) / mean))
        scores.append(score)
    return scores


@given(documents.filter(bool), st.lists(words, max_size=4))
def test_scores_are_bm25(texts, query):
    np.testing.assert_allclose(indexed(texts).scores(query), bm25(texts, query), rtol=1e-5, atol=1e-6)


def test_weights_count_like_repetitions():
    index = indexed([["sun", "sea"], ["moon"]])
    assert index.scores({"sun": 2.0}).tolist() == index.scores(["sun", "sun"]).tolist()


def test_unknown_terms_and_empty_queries_score_nothing():
    index = indexed([["sun"]])
    assert index.scores(["nowhere"]).tolist() == [0.0]
    assert index.scores([]).tolist() == [0.0]
    assert LexicalIndex().scores(["sun"]).tolist() == []


def test_the_index_knows_what_is_in_it():
    index = indexed([["sun", "sun", "sea"], ["sun"], []])
    assert len(index) == 3
    assert "sun" in index
    assert "moon" not in index
    assert index.frequency("sun") == 2
    assert index.frequency("moon") == 0
    assert index.lengths.tolist() == [3, 1, 0]
    assert index.mean_length == pytest.approx(4 / 3)
    numbers, counts = index.postings("sun")
    assert numbers.tolist() == [0, 1]
    assert counts.tolist() == [2, 1]


def test_documents_are_numbered_in_order():
    index = LexicalIndex()
    assert [index.add(["sun"]), index.add([]), index.add(["sea"])] == [0, 1, 2]


@given(documents, documents)
def test_documents_that_are_added_at_once_are_as_if_each_was_added(texts, more):
    index, one_by_one = LexicalIndex(), indexed(texts)
    index.add_all(iter(texts))
    assert index.to_bytes() == one_by_one.to_bytes()
    assert index.lengths.tolist() == one_by_one.lengths.tolist()
    assert index.mean_length == one_by_one.mean_length
    index.add_all(more)
    for text in more:
        one_by_one.add(text)
    assert index.to_bytes() == one_by_one.to_bytes()
    for term in {term for text in [*texts, *more] for term in text}:
        one, other = index.postings(term), one_by_one.postings(term)
        assert [column.tolist() for column in one] == [column.tolist() for column in other]


@given(documents, documents, st.lists(words, max_size=4))
def test_what_is_read_back_scores_the_same_and_grows_on(texts, more, query):
    index = indexed(texts)
    restored = LexicalIndex.from_bytes(index.to_bytes())
    for text in more:
        assert restored.add(text) == index.add(text)
    np.testing.assert_allclose(restored.scores(query), index.scores(query), rtol=1e-6)


@given(st.lists(documents, max_size=4), st.lists(words, max_size=4))
def test_segments_joined_are_one_index(parts, query):
    joined = LexicalIndex()
    joined.extend(LexicalIndex.from_bytes(indexed(part).to_bytes()) for part in parts)
    whole = indexed([text for part in parts for text in part])
    assert len(joined) == len(whole)
    np.testing.assert_allclose(joined.scores(query), whole.scores(query), rtol=1e-6)


@given(documents, documents)
def test_what_is_read_back_is_the_same_in_every_posting(texts, more):
    index = indexed(texts)
    index.extend([indexed(more)])
    restored = LexicalIndex.from_bytes(index.to_bytes())
    assert restored.lengths.tolist() == index.lengths.tolist()
    assert restored.mean_length == index.mean_length
    for term in {term for text in [*texts, *more] for term in text}:
        one, other = restored.postings(term), index.postings(term)
        assert [column.tolist() for column in one] == [column.tolist() for column in other]


@pytest.mark.parametrize("terms", [["sun\n"], ["\n"], ["sun", "\n", "sea"]])
def test_a_term_of_several_lines_cannot_be_written(terms):
    with pytest.raises(InvalidInput, match="line break"):
        indexed([terms]).to_bytes()


@given(documents, documents, st.integers(0, 12), st.integers(0, 12), st.lists(words, max_size=4))
def test_a_segment_is_the_index_from_there_to_there(before, after, start, more, query):
    packed = LexicalIndex()
    packed.extend([indexed(before)])
    for text in after:
        packed.add(text)
    for stop in (start + more, None):
        segment = LexicalIndex.from_bytes(packed.to_bytes(start, stop))
        part = indexed([*before, *after][start:stop])
        np.testing.assert_allclose(segment.scores(query), part.scores(query), rtol=1e-6)


@given(st.lists(documents, max_size=4), st.lists(words, max_size=4))
def test_several_indexes_score_as_one_that_has_all_their_documents(parts, query):
    whole = indexed([text for part in parts for text in part])
    np.testing.assert_array_equal(joint_scores([indexed(part) for part in parts], query), whole.scores(query))
