"""Search in many languages: how often the page that somebody looks for is among the first ten.

    python -m tests.benchmarks.languages --data DIR [--pages 270] [--entries 600] [--languages fi ru vi …]

The data are a program's help, the same in each language (see `manuals`): of LibreOffice are asked for entries of its
own index that name one page, of GNOME titles and the sentences that tell what a page is about. Pages count of which
four fifths are translated. Their paragraphs are joined to some 700 characters (300 of Chinese, Japanese and Korean), or
stand by themselves, and a page is as good as the best of them. Ours are index terms with subwords; `terms` are without
them, and `bm25s` is the package's own tokenizer, without stopwords. English pages are there to compare with. Prints
JSON.

Subwords were chosen on LibreOffice's help; GNOME's (`--pages 120`, in Debian 12) was looked at afterwards.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.subwords import index_terms, scores
from contextkit.rank.terms import terms
from tests.benchmarks.manuals import Manual, Page, joined, manual

FIRST: Final = 10
JOINED: Final = dict.fromkeys(("zh-CN", "zh-TW", "zh_CN", "zh_TW", "ja", "ko"), 300)
SHORTEST: Final = 400
"""Characters of a page in English that are worth looking for."""

Scored: TypeAlias = Callable[[str], NDArray[np.float32]]
System: TypeAlias = Callable[[Sequence[str]], Scored]
"""Reads texts, and scores them for a query."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the help's directory, with one for each language")
    parser.add_argument("--pages", type=int, default=270)
    parser.add_argument("--entries", type=int, default=600)
    parser.add_argument("--languages", nargs="+", metavar="NAME")
    given = parser.parse_args()
    help_ = manual(given.data)
    found = {name: measured(help_, name, given) for name in given.languages or help_.languages}
    head = {"benchmark": "languages", "pages": given.pages, "entries": given.entries, "among": FIRST}
    print(json.dumps(head | {"languages": {name: each for name, each in found.items() if each}}, indent=1))


def measured(help_: Manual, name: str, given: argparse.Namespace) -> dict[str, object]:
    """What each system finds in one language, and in English on the same pages; nothing of too few pages."""
    english = {page: each for page, each in help_.pages(help_.english).items() if each.letters > SHORTEST}
    own = help_.pages(name)
    there = sorted(page for page in english.keys() & own if _counts(own[page], english[page], name == help_.english))
    if len(there) < given.pages:
        return {}
    chosen = random.Random(0).sample(there, given.pages)
    size = JOINED.get(name, 700)
    return {
        "passages": recalls([own[each] for each in chosen], size, given.entries),
        "paragraphs": recalls([own[each] for each in chosen], 0, given.entries),
        "passages in English": recalls([english[each] for each in chosen], 700, given.entries),
    }


def _counts(page: Page, english: Page, is_english: bool) -> bool:
    return is_english or page.is_translation_of(english)


def recalls(pages: Sequence[Page], size: int, most: int) -> dict[str, float]:
    """In how many percent of the entries each system has the page among the first."""
    texts = [(number, text) for number, page in enumerate(pages) for text in joined(page.paragraphs.values(), size)]
    owners = np.array([number for number, _ in texts])
    asked = entries(pages)
    asked = random.Random(1).sample(asked, min(most, len(asked)))
    systems = {"contextkit": ours, "terms": by_terms} | ({"bm25s": bm25s} if find_spec("bm25s") else {})
    found = {name: system([text for _, text in texts]) for name, system in systems.items()}
    return {name: round(100 * recall(scored, owners, asked), 1) for name, scored in found.items()}


def entries(pages: Sequence[Page]) -> list[tuple[str, int]]:
    """The entries that name one of the pages alone, each with its number."""
    named = defaultdict[str, set[int]](set)
    for number, page in enumerate(pages):
        for entry in page.entries:
            named[re.sub("[,;]", " ", entry).lower()].add(number)
    return [(entry, min(numbers)) for entry, numbers in named.items() if len(numbers) == 1]


def recall(scored: Scored, owners: NDArray[np.int64], asked: Sequence[tuple[str, int]]) -> float:
    """The share of entries whose page is among the first; of pages that are as good, half are taken to be before."""
    first = 0
    for entry, wanted in asked:
        best = np.full(owners.max() + 1, -1.0)
        np.maximum.at(best, owners, scored(entry))
        first += (best > best[wanted]).sum() + ((best == best[wanted]).sum() - 1) / 2 < FIRST
    return first / max(len(asked), 1)


def ours(texts: Sequence[str]) -> Scored:
    index = LexicalIndex()
    index.add_all(map(index_terms, texts))
    return lambda query: scores(index, query)


def by_terms(texts: Sequence[str]) -> Scored:
    index = LexicalIndex()
    index.add_all(map(terms, texts))
    return lambda query: index.scores(terms(query))


def bm25s(texts: Sequence[str]) -> Scored:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts), stopwords=None, show_progress=False), show_progress=False)

    def scored(query: str) -> NDArray[np.float32]:
        words = bm25s.tokenize([query], stopwords=None, return_ids=False, show_progress=False)[0]
        return np.asarray(index.get_scores(words) if words else np.zeros(len(texts)), np.float32)

    return scored


if __name__ == "__main__":
    main()
