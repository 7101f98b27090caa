"""Among: some documents of an index score as they do in an index of their own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.among import Among
from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.subwords import index_terms, scores

TEXTS = st.lists(
    st.lists(st.sampled_from(["tea", "boat", "dog", "der Hund ist nicht da", "thé"]), max_size=4).map(" ".join),
    max_size=10,
)


@given(texts=TEXTS, later=TEXTS, data=st.data())
def test_some_score_as_if_there_were_no_others(texts: list[str], later: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(texts) - 1), unique=True) if texts else st.just([]))
    grown, own = LexicalIndex(), LexicalIndex()
    grown.add_all(map(index_terms, texts))
    among = Among(grown, np.asarray(chosen, np.int64))
    grown.add_all(map(index_terms, later))
    own.add_all(index_terms(texts[place]) for place in chosen)
    for query in ("tea", "a dog in a boat", "Hund", "zebra"):
        assert among.scores(query).tolist() == scores(own, query).tolist()
