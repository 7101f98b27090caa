"""Counting: cold start, long texts, repeated texts and messages, and input made to be slow.

    python -m tests.benchmarks.counting [--repeats 5]

Peers in the same run: tiktoken as it is (`encode_ordinary` of the same vocabulary), bpe-openai's
own counter, and langchain-core's approximate counter of messages. Each figure is the best of
`repeats`; `ratio` is the peer's time over ours. Prints JSON; a peer that is not installed is
left out with a message on stderr.
"""

from __future__ import annotations

import argparse
import inspect
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tiktoken import Encoding

from contextkit.tokens import BpeCounter, get_counter
from contextkit.tokens.vocabulary import VOCABULARIES, find, parse
from contextkit.types import Message

VOCABULARY = VOCABULARIES["o200k_base"]
COLD = {
    "ours": "from contextkit.tokens import get_counter; get_counter().text('x')",
    "bpe-openai": "from bpe_openai._bindings import tokenizer_for_encoding as named; named('o200k_base').count('x')",
}


def best(run: Callable[[], object], repeats: int) -> float:
    """The shortest of so many runs, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return round(min(times) * 1_000, 4)


def many(count: Callable[[str], int], text: str, times: int) -> None:
    for _ in range(times):
        count(text)


def cold(code: str) -> float:
    program = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    return round(float(done.stdout) * 1_000, 1)


def peers() -> dict[str, Callable[[str], int]]:
    data = find(VOCABULARY)
    if data is None:
        sys.exit(
            "Skipped counting: the vocabulary o200k_base can be had neither from a cache, an extra, nor the network."
        )
    encoding = Encoding("o200k_base", pat_str=VOCABULARY.pattern, mergeable_ranks=parse(data), special_tokens={})
    found: dict[str, Callable[[str], int]] = {"tiktoken": lambda text: len(encoding.encode_ordinary(text))}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            found["bpe-openai"] = import_module("bpe_openai._bindings").tokenizer_for_encoding("o200k_base").count
    except ImportError:
        print("Skipped bpe-openai: it is not installed.", file=sys.stderr)
    return found


def against(name: str, text: str, others: dict[str, Callable[[str], int]], repeats: int) -> dict[str, Any]:
    """One text, counted by a counter that has not seen it, and by the peers."""
    fresh = [BpeCounter(VOCABULARY) for _ in range(repeats)]
    for counter in fresh:
        counter.text("load")
    ours = best(lambda: fresh.pop().text(text), repeats)
    found: dict[str, Any] = {"text": name, "characters": len(text), "tokens": get_counter().text(text), "ours_ms": ours}
    return found | {peer: attempt(partial(counted, text), ours, repeats) for peer, counted in others.items()}


def attempt(run: Callable[[], int], ours: float, repeats: int) -> dict[str, Any]:
    """A peer's time and count, or how it failed: tiktoken's Rust panics are no `Exception`."""
    try:
        count = run()
    except KeyboardInterrupt:
        raise
    except BaseException as failure:
        return {"failed": f"{type(failure).__name__}: {failure}"}
    taken = best(run, repeats)
    return {"tokens": count, "ms": taken, "ratio": round(taken / ours, 2)}


def repeated(others: dict[str, Callable[[str], int]], repeats: int) -> dict[str, Any]:
    """A message of 2,000 characters, counted a thousand times."""
    text = Path(inspect.__file__).read_text(encoding="utf-8")[4_000:6_000]
    counter = get_counter()
    counter.text(text)
    dictionary = {text: counter.text(text)}
    found: dict[str, Any] = {
        "ours_us": best(partial(many, counter.text, text, 1_000), repeats),
        "dict_us": best(partial(many, dictionary.__getitem__, text, 1_000), repeats),
    }
    for name, counted in others.items():
        found[f"{name}_us"] = best(partial(many, counted, text, 1_000), repeats)
    return found


def messages(repeats: int) -> dict[str, Any]:
    """Two thousand messages of a conversation, counted exactly, against langchain-core's estimate of them."""
    lines = [line.strip() for line in Path(inspect.__file__).read_text(encoding="utf-8").splitlines() if len(line) > 30]
    texts = [f"{n}: {lines[n % len(lines)]}" for n in range(2_000)]
    counter = BpeCounter(VOCABULARY)
    counter.text("load")
    ours = [Message(role="user", content=text) for text in texts]
    found: dict[str, Any] = {
        "first_ms": best(lambda: sum(map(counter.message, ours)), 1),
        "again_ms": best(lambda: sum(map(counter.message, ours)), repeats),
    }
    try:
        core = import_module("langchain_core.messages")
    except ImportError:
        print("Skipped langchain-core: it is not installed.", file=sys.stderr)
        return found
    theirs = [core.HumanMessage(text) for text in texts]
    return found | {"langchain_approximate_ms": best(lambda: core.utils.count_tokens_approximately(theirs), repeats)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Token counting against tiktoken, bpe-openai and langchain-core.")
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    others = peers()
    code = "".join(
        path.read_text("utf-8", "replace") for path in sorted(Path(inspect.__file__).parent.glob("*.py"))[:30]
    )
    result = {
        "benchmark": "counting",
        "cold_start_ms": {name: cold(run) for name, run in COLD.items() if name == "ours" or name in others},
        "texts": [
            against("code", code[:1_000_000], others, repeats),
            against("2 KB of code", code[:2_000], others, repeats),
            *(
                against(f"1,000,000 × {unit!r}", unit * (1_000_000 // len(unit)), others, 1)
                for unit in ("a", " ", "-=", "\n")
            ),
        ],
        "repeated_2_kb": repeated(others, repeats),
        "messages": messages(repeats),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
