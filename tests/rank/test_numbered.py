"""Documents by the numbers of their terms, and the postings that are made of them at once."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.numbered import Numbered

documents = st.lists(st.lists(st.sampled_from("abcde"), max_size=6), max_size=8)


def postings(numbered: Numbered) -> dict[str, dict[int, int]]:
    """Of each term the documents it stands in, and how often."""
    packed = numbered.packed()
    found = {term: packed.of(number) for term, number in numbered.ids.items()}
    return {term: dict(zip(where.tolist(), counts.tolist(), strict=True)) for term, (where, counts) in found.items()}


def counted(texts: list[list[str]]) -> dict[str, dict[int, int]]:
    """The same, one document after another."""
    found: dict[str, dict[int, int]] = {}
    for place, text in enumerate(texts):
        for term, count in Counter(text).items():
            found.setdefault(term, {})[place] = count
    return found


@given(documents)
def test_postings_are_those_counted_document_by_document(texts: list[list[str]]) -> None:
    numbered = Numbered.of(texts)
    assert numbered.lengths.tolist() == [*map(len, texts)]
    assert postings(numbered) == counted(texts)


@given(documents, st.lists(st.integers(1, 3), max_size=4))
def test_joined_neighbours_are_one_document(texts: list[list[str]], sizes: list[int]) -> None:
    ends = [end for end in accumulate(sizes, initial=0) if end < len(texts)] + [len(texts)]
    spans = [*pairwise(ends)] if texts else []
    joined = Numbered.of(texts).joined(np.array([stop - start for start, stop in spans], np.uint32))
    whole = [[term for text in texts[start:stop] for term in text] for start, stop in spans]
    assert joined.lengths.tolist() == [*map(len, whole)]
    assert postings(joined) == counted(whole)
