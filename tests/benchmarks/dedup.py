"""What looking for repeats costs, against comparing the words of every pair.

300 candidates of 200 words are compared with 2,000 messages that are shown already. "Warm" is the
second and later builds of a session: the messages were added before, and the candidates seen.

    python -m tests.benchmarks.dedup [--shown 2000] [--candidates 300]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pydoc_data.topics import topics
from random import Random
from time import perf_counter

from contextkit.dedup import SeenTexts

_WORDS_SHOWN = 30
_WORDS_OF_CANDIDATE = 200
_REPEATED = 0.1
"""Share of the candidates that repeat a message word for word."""


def texts(random: Random, count: int, words: int) -> list[str]:
    """Stretches of the Python reference, each from a random place."""
    everything = " ".join(topics.values()).split()
    starts = [random.randrange(len(everything) - words) for _ in range(count)]
    return [" ".join(everything[start : start + words]) for start in starts]


def repeated(shown: SeenTexts[str], candidates: Sequence[str]) -> list[str]:
    """The candidates that repeat what is shown or one before, as a prompt takes them in."""
    standing: SeenTexts[str] = SeenTexts()
    found: list[str] = []
    for text in candidates:
        if (shown.match(text) or standing.match(text)) is not None:
            found.append(text)
        else:
            standing.add(text, text)
    return found


def pairwise(shown: Sequence[set[str]], candidates: Sequence[str]) -> list[str]:
    """The plain way: those candidates of which a message has nine tenths of the words."""
    found: list[str] = []
    for text in candidates:
        words = set(text.lower().split())
        if any(len(words & other) >= 0.9 * len(words) for other in shown):
            found.append(text)
    return found


def best(work: Callable[[], object], times: int) -> float:
    """The shortest of several runs, in milliseconds."""
    took: list[float] = []
    for _ in range(times):
        started = perf_counter()
        work()
        took.append(1000 * (perf_counter() - started))
    return round(min(took), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shown", type=int, default=2000)
    parser.add_argument("--candidates", type=int, default=300)
    arguments = parser.parse_args()
    random = Random(11)
    messages = texts(random, arguments.shown, _WORDS_SHOWN)
    candidates = texts(random, arguments.candidates, _WORDS_OF_CANDIDATE)
    for n in range(int(len(candidates) * _REPEATED)):
        candidates[n] = random.choice(messages)

    seen: SeenTexts[str] = SeenTexts()
    started = perf_counter()
    for n, text in enumerate(messages):
        seen.add(f"shown {n}", text)
    adding = 1000 * (perf_counter() - started)
    started = perf_counter()
    found = repeated(seen, candidates)
    cold = 1000 * (perf_counter() - started)
    sets = [set(text.lower().split()) for text in messages]
    result = {
        "adding_shown_once_ms": round(adding, 1),
        "first_build_ms": round(cold, 1),
        "warm_build_ms": best(lambda: repeated(seen, candidates), 15),
        "one_more_message_ms": best(lambda: seen.add("new", messages[0]), 15),
        "pairwise_word_sets_ms": best(lambda: pairwise(sets, candidates), 3),
        "found": len(found),
        "found_pairwise": len(pairwise(sets, candidates)),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
