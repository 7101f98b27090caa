"""TextIndex: a set of texts that stays, ranked for any query by words and, with an embedder, by meaning.

Each text is as good as its best passage: a chapter that answers the question in one of its paragraphs is as
good as that paragraph alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.fuse import fuse
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.meaning import Meaning
from contextkit.rank.passages import sentences
from contextkit.rank.terms import forms, terms
from contextkit.types import Embeddings

FORMS: Final = 0.5
"""What a word adds that stands as the query has it, beside what its stem does: who asks for `expressing` may mean no
`expression`."""

SENTENCE: Final = 1.0
"""What a passage's best sentence adds, beside the passage: of words that stand near each other more is meant."""

SENTENCE_B: Final = 0.5
"""BM25's length normalisation of sentences: less than that of passages, as for messages (see `neighbourhood`).

These were chosen on seven sets of 250 to 300 questions, of which the passages that answer stand in the first 700 and
2,300 tokens: sentences of the Python reference asked for by three of their words, by such of two sentences, and by
other forms of these; the first sentence of a section of Node's manual and of the Rust book by its heading; turns of
LoCoMo. On average 76.5% stand by stems alone, and 80.1% so. From a fourth to 1 for `FORMS`, from a half to 1 for
`SENTENCE` and from 0.3 to 0.75 for `SENTENCE_B` it is 78.4 to 80.4%. What is asked for in other
forms pays nothing for `FORMS` at a half, and 3 points at 1. By all of it LoCoMo alone has less, 0.5 points.
"""


class TextIndex:
    """BM25 over the passages of texts, fused with cosines where there are `embeddings` (see `Meaning`).

    A passage is scored by its stems, by its words as they stand, and by the best of its sentences.
    """

    def __init__(self, texts: Sequence[Sequence[str]], embeddings: Embeddings | None = None) -> None:
        passages = [passage for text in texts for passage in text]
        self._starts = np.cumsum([0, *map(len, texts)])[:-1]
        self._meaning = Meaning(passages, embeddings) if embeddings and texts else None
        said = [[terms(sentence) for sentence in sentences(passage)] for passage in passages]
        self._stems, self._forms, self._sentences = LexicalIndex(), LexicalIndex(), LexicalIndex()
        self._stems.add_all(map(chain.from_iterable, said))
        self._forms.add_all(map(forms, passages))
        self._sentences.add_all(chain.from_iterable(said))
        self._sentence_starts = np.cumsum([0, *map(len, said)])[:-1]

    def __len__(self) -> int:
        """Texts in the index."""
        return len(self._starts)

    def matches(self, query: str, seconds: float = inf) -> Matches:
        """How well each text matches the query, in the order of the texts; higher is better, none below 0.

        A query without a text has no meaning, and is not embedded. Raises what the embedder raises, and
        `TimeoutError` where it takes longer than `seconds`.
        """
        if self._meaning is None or not query:
            return self.lexical(query)
        return Matches(fuse(self._lexical(query), self._meaning.likeness(query, seconds=seconds)), self._starts)

    def lexical(self, query: str) -> Matches:
        """The same by words alone."""
        return Matches(self._lexical(query), self._starts)

    def _lexical(self, query: str) -> Scores:
        """How well each passage matches the query."""
        asked = terms(query)
        stems = self._stems.scores(dict.fromkeys(asked, 1.0))
        as_they_stand = self._forms.scores(dict.fromkeys(forms(query), FORMS))
        sentences = self._sentences.scores(dict.fromkeys(asked, SENTENCE), b=SENTENCE_B)
        return stems + as_they_stand + _best(sentences, self._sentence_starts)


class Matches:
    """How well texts match a query, and each of their passages."""

    def __init__(self, passages: Scores, starts: NDArray[np.intp]) -> None:
        self.scores = _best(passages, starts)
        """Of each text, the score of its best passage."""
        self._passages = passages
        self._starts = starts

    def best(self, text: int) -> list[int]:
        """The passages of a text that match at all, by their numbers in it, best first."""
        end = self._starts[text + 1] if text + 1 < len(self._starts) else len(self._passages)
        scores = self._passages[self._starts[text] : end]
        return [place for place in np.argsort(-scores, kind="stable").tolist() if scores[place] > 0]


def _best(scores: Scores, starts: NDArray[np.intp]) -> Scores:
    """The best score of each stretch that starts so."""
    best: Scores = np.maximum.reduceat(scores, starts) if len(starts) else scores
    return best
