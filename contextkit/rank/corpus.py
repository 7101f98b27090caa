"""TextIndex: a set of texts that stays, ranked for any query by words and, with an embedder, by meaning.

Each text is as good as its best passage: a chapter that answers the question in one of its paragraphs is as
good as that paragraph alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.fuse import fuse
from contextkit.rank.lexical import LexicalIndex, Scores, joint_scores
from contextkit.rank.meaning import Meaning
from contextkit.rank.numbered import Numbered, starts_of
from contextkit.rank.passages import sentences
from contextkit.rank.subwords import are_foreign, query_terms, sentence_terms
from contextkit.rank.terms import forms
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


class Passages:
    """The words of passages, each of which is scored by its stems, by its words as they stand, and by the best of its
    sentences."""

    def __init__(self, passages: Sequence[str]) -> None:
        sizes = array("I")
        said = Numbered.of(_sentences(passages, sizes))
        self.sentences_of = np.asarray(sizes, np.uint32)
        """How many sentences each passage has."""
        self.sentences = LexicalIndex.of(said)
        self.stems = LexicalIndex.of(said.joined(self.sentences_of))
        self.forms = LexicalIndex.of(Numbered.of(map(forms, passages)))

    def __len__(self) -> int:
        """Passages there are."""
        return len(self.stems)

    @property
    def words(self) -> int:
        """How many words they have together."""
        return int(self.stems.lengths.sum())


def _sentences(passages: Iterable[str], sizes: array[int]) -> Iterator[list[str]]:
    """The terms of each sentence of the passages, whose numbers of sentences are put down in `sizes`."""
    for passage in passages:
        said = sentences(passage)
        sizes.append(len(said))
        yield from sentence_terms(said)


def joint_matches(texts: Sequence[Passages], query: str) -> Matches:
    """How well each of these texts matches the query by words, in their order, as one `TextIndex` has it."""
    return Matches(_scores(texts, query), starts_of([*map(len, texts)]))


def _scores(indexes: Sequence[Passages], query: str) -> Scores:
    """How well each passage of several indexes matches the query, as if all were in one."""
    stemmed = [each.stems for each in indexes]
    asked = {term: min(weight, 1.0) for term, weight in query_terms(query, foreign=are_foreign(*stemmed)).items()}
    stems = joint_scores(stemmed, asked)
    as_they_stand = joint_scores([each.forms for each in indexes], dict.fromkeys(forms(query), FORMS))
    near = {term: SENTENCE * weight for term, weight in asked.items()}
    said = joint_scores([each.sentences for each in indexes], near, b=SENTENCE_B)
    sizes = [each.sentences_of for each in indexes]
    return stems + as_they_stand + _best(said, starts_of(np.concatenate(sizes) if sizes else []))


class TextIndex:
    """BM25 over the passages of texts, fused with cosines where there are `embeddings` (see `Meaning`).

    `meant` are the same passages as they are embedded, where words are looked for in more than that.
    """

    def __init__(
        self,
        texts: Sequence[Sequence[str]],
        embeddings: Embeddings | None = None,
        *,
        meant: Sequence[Sequence[str]] | None = None,
    ) -> None:
        passages = [passage for text in texts for passage in text]
        self._starts = starts_of([*map(len, texts)])
        embedded = passages if meant is None else [passage for text in meant for passage in text]
        self._meaning = Meaning(embedded, embeddings) if embeddings and texts else None
        self._passages = Passages(passages)

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
        words = _scores([self._passages], query)
        return Matches(fuse(words, self._meaning.likeness(query, seconds=seconds)), self._starts)

    def lexical(self, query: str) -> Matches:
        """The same by words alone."""
        return Matches(_scores([self._passages], query), self._starts)


class Matches:
    """How well texts match a query, and each of their passages."""

    def __init__(self, passages: Scores, starts: NDArray[np.intp]) -> None:
        self.scores = _best(passages, starts)
        """Of each text, the score of its best passage."""
        self._passages = passages
        self._starts = starts

    def best(self, text: int) -> list[tuple[int, float]]:
        """The passages of a text that match at all, by their numbers in it, with their scores, best first."""
        end = self._starts[text + 1] if text + 1 < len(self._starts) else len(self._passages)
        scores = self._passages[self._starts[text] : end]
        return [(place, float(scores[place])) for place in np.argsort(-scores, kind="stable") if scores[place] > 0]


def _best(scores: Scores, starts: NDArray[np.intp]) -> Scores:
    """The best score of each stretch that starts so."""
    best: Scores = np.maximum.reduceat(scores, starts) if len(starts) else scores
    return best
