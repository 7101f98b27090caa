"""Calibration: o200k_base counting, corrected by five reports of a model with another tokenizer.

    python -m tests.benchmarks.calibration [--seeds 100] [--size 8000] [--conversations 25]
        [--pages chardet-5.2.0.tar.gz]

The truth is voyage-3's vocabulary (bpe-openai ships it). Per kind of text, and for prompts that
mix all kinds, the texts are split in two at random; five prompts of `size` tokens from one half
are reported, and prompts from the other half are then estimated, as is that half as a whole.
Beside ours stand the same counter uncorrected and characters / 4.

An agent's prompts are not drawn anew each time. `conversations` are of messages of 20 to 300 tokens:
a system message, a history that grows by two messages a turn, and 20 to 30% of each prompt that
never stood in one before, as documents and recalled turns. Each prompt is reported after it was
estimated, and the estimates from the sixth on are shown. `later_conversations` begin when ten
prompts of the other half are known, and are shown from their second prompt on. `ours` there is what
a builder counts with; `weights` the same without what is remembered of texts.

Texts: the language reference in Python's `pydoc_data` and the licences of installed packages,
the standard library's sources, JSON made of its own signatures, and for Chinese, Japanese and
Korean the paragraphs of `cjk.txt` and what translated messages of programs are installed here
(`tokens` says how much; with the 1,000 tokens of `cjk.txt` alone, chance is larger than any error).
Messages of programs are an odd sort of text. `--pages` adds real web pages as rows of their own:
those that chardet is tested with, in its source distribution
(`pip download --no-deps --no-binary chardet chardet==5.2.0`). `code` leaves out `_sysconfigdata`,
a table of this interpreter's build settings that no one wrote; `code_and_settings` has it.

What is left is mostly chance: two vocabularies that agree on the whole differ from one paragraph of
Chinese or Japanese to the next by 2 to 3% of 1,000 tokens, whatever is known of both. So even the
best weights for the texts measured leave 8,000 tokens off by 0.8% (one deviation), and each
half of 100,000 tokens is off from the other by 0.4%. On English and code it is a third of that.

Prints JSON: for each kind the error of the estimate (0.01: one percent too high), as mean and 1st
to 99th percentile over all seeds, and the share of prompts under by more than 1% or over by more
than 2%.
"""

from __future__ import annotations

import argparse
import gettext
import html
import inspect
import json
import random
import re
import sys
import tarfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import distributions
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit.calibration import Calibration
from contextkit.calibration.composition import compose
from contextkit.calibration.counter import CalibratedCounter
from contextkit.calibration.meter import Meter
from contextkit.tokens import BpeCounter, get_counter
from contextkit.tokens.vocabulary import Vocabulary, find
from contextkit.types import Message, TokenCounter

VOYAGE_SHA256 = "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186"
REPORTS = 5
PROMPTS = 5
PIECE, CJK_PIECE = 3_000, 1_000
OTHERS, TURNS = 10, 9
SAID = (20, 300)

PAGES = {"zh_CN": ("GB2312",), "ja": ("EUC-JP", "SHIFT_JIS", "CP932"), "ko": ("EUC-KR", "CP949")}
"""Folders of chardet's tests with pages in each language, named for the pages' encoding."""

_EAST = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SENTENCES = re.compile(r"(?s).{1,200}?(?:[.。！？]\s?|\n|$)|.{1,200}")
_TAGS = re.compile(r"(?is)<(script|style).*?</\1>|<[^>]+>")

Pieces: TypeAlias = Sequence[str]
Estimate: TypeAlias = Callable[[Sequence[Message]], float]


@dataclass(frozen=True, slots=True)
class Errors:
    """Relative errors of one estimate: of single prompts, and of all held-out text as one."""

    prompts: list[float]
    wholes: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        each = np.array(self.prompts)
        shares = {
            "under_by_over_1_percent": round(float((each < -0.01).mean()), 4),
            "over_by_over_2_percent": round(float((each > 0.02).mean()), 4),
        }
        return _spread("prompt", each) | shares | (_spread("whole", np.array(self.wholes)) if self.wholes else {})


def _spread(name: str, errors: NDArray[np.float64]) -> dict[str, float]:
    return {
        f"{name}_mean": round(float(errors.mean()), 4),
        f"{name}_p1": round(float(np.quantile(errors, 0.01)), 4),
        f"{name}_p99": round(float(np.quantile(errors, 0.99)), 4),
    }


def truth() -> BpeCounter | None:
    """The counter of voyage-3's vocabulary, or None where bpe-openai is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            registry = import_module("bpe_openai.registry")
        except ImportError:
            return None
    vocabulary = Vocabulary("voyage3_base", registry.voyage3_base()["pat_str"], VOYAGE_SHA256)
    return BpeCounter(vocabulary) if find(vocabulary, seconds=0) else None


def pieces(texts: Sequence[str], size: int = PIECE) -> list[str]:
    """Texts in pieces of about `size` characters (some 700 tokens), cut at lines."""
    found: list[str] = []
    for text in texts:
        lines: list[str] = []
        for line in text.splitlines(keepends=True):
            lines.append(line)
            if sum(map(len, lines)) >= size:
                found.append("".join(lines))
                lines = []
        found += ["".join(lines)] if sum(map(len, lines)) > size / 6 else []
    return found


def prose() -> list[str]:
    topics: dict[str, str] = import_module("pydoc_data.topics").topics
    licences = [
        Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
        for distribution in distributions()
        for file in distribution.files or ()
        if file.name.startswith("LICENSE") and Path(str(file.locate())).is_file()
    ]
    return pieces([topics[name] for name in sorted(topics)] + sorted(set(licences)))


def modules() -> list[Path]:
    return sorted(Path(inspect.__file__).parent.glob("*.py"))


def code(settings: bool = False) -> list[str]:
    paths = [path for path in modules()[:90] if settings or not path.stem.startswith("_sysconfigdata")]
    return pieces([path.read_text(encoding="utf-8", errors="replace") for path in paths])


def json_texts() -> list[str]:
    """Records of the standard library's functions, as an API would return them."""
    found = []
    for path in modules()[:90]:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        heads = [(n, line.strip()) for n, line in enumerate(lines, 1) if line.lstrip().startswith(("def ", "class "))]
        records = [
            {"id": f"{path.stem}-{n}", "line": n, "signature": head, "public": "_" not in head, "score": n / len(lines)}
            for n, head in heads
        ]
        found += [
            json.dumps(records[i : i + 25], indent=2 if n_even(path) else None) for i in range(0, len(records), 25)
        ]
    return found


def n_even(path: Path) -> bool:
    return len(path.stem) % 2 == 0


def cjk(language: str) -> list[str]:
    """Paragraphs of ours and translated messages of installed programs, in pieces of about 1,000 characters."""
    paragraphs = Path(__file__).with_name("cjk.txt").read_text(encoding="utf-8").split("\n\n")
    ours = [paragraph for paragraph in paragraphs if language_of(paragraph) == language]
    return [paragraph + "\n" for paragraph in ours] + pieces(["\n".join(translations(language))], CJK_PIECE)


def language_of(paragraph: str) -> str:
    if any("\uac00" <= character <= "\ud7a3" for character in paragraph):
        return "ko"
    return "ja" if any("\u3040" <= character <= "\u30ff" for character in paragraph) else "zh_CN"


def translations(language: str) -> Iterator[str]:
    for path in sorted(Path("/usr/share/locale", language, "LC_MESSAGES").glob("*.mo")):
        with path.open("rb") as file:
            catalog: dict[Any, str] = vars(gettext.GNUTranslations(file))["_catalog"]
        yield from (text for key, text in catalog.items() if key and len(text) > 60)


def pages(archive: Path, language: str) -> list[str]:
    """The sentences of web pages in chardet's source distribution, each once, in pieces of about 1,000 characters."""
    lines: dict[str, None] = {}
    with tarfile.open(archive) as source:
        for member in sorted(source.getmembers(), key=lambda each: each.name):
            encoding = Path(member.name).parent.name
            file = source.extractfile(member) if encoding in PAGES[language] else None
            if file is not None:
                text = html.unescape(_TAGS.sub("\n", file.read().decode(encoding, "ignore")))
                lines |= dict.fromkeys(line.strip() for line in text.splitlines() if is_sentence(line.strip()))
    return pieces(["\n".join(lines)], CJK_PIECE)


def is_sentence(line: str) -> bool:
    return len(line) > 15 and len(_EAST.findall(line)) > 0.6 * len(line)


def prompt(rng: random.Random, halves: Sequence[Pieces], size: int, counter: TokenCounter) -> list[Message]:
    """Messages of random pieces from each of `halves`, in random shares, `size` tokens together."""
    shares = [rng.random() ** 2 + 0.02 for _ in halves]
    messages = []
    for half, share in zip(halves, shares, strict=True):
        room = size * share / sum(shares)
        while room > 0:
            messages.append(Message(role="user", content=rng.choice(half)))
            room -= counter.message(messages[-1])
    return messages


def total(counter: TokenCounter, messages: Sequence[Message]) -> int:
    return bodies(counter, messages) + counter.framing(len(messages), 0)


def characters(messages: Sequence[Message]) -> float:
    return sum(len(message.text) for message in messages) / 4


def trial(
    rng: random.Random, texts: Sequence[Pieces], size: int, real: TokenCounter
) -> dict[str, tuple[list[float], float]]:
    """One split, five reports, then the errors of each estimate: of five prompts, and of the whole other half."""
    counter = get_counter()
    shuffled = [rng.sample(list(kind), len(kind)) for kind in texts]
    seen, held = [kind[::2] for kind in shuffled], [kind[1::2] for kind in shuffled]
    calibration = Calibration()
    for _ in range(REPORTS):
        messages = prompt(rng, seen, size, counter)
        calibration = calibration.observe(compose(counter, messages), total(real, messages))
    calibrated = CalibratedCounter(counter, calibration)
    estimates: dict[str, Estimate] = {
        "ours": lambda messages: total(calibrated, messages),
        "o200k_base": lambda messages: total(counter, messages),
        "characters/4": characters,
    }
    prompts = [prompt(rng, held, size, counter) for _ in range(PROMPTS)]
    whole = [Message(role="user", content=piece) for kind in held for piece in kind]
    return {
        name: ([estimate(p) / total(real, p) - 1 for p in prompts], estimate(whole) / total(real, whole) - 1)
        for name, estimate in estimates.items()
    }


def measure(texts: Sequence[Pieces], size: int, seeds: int, real: TokenCounter) -> dict[str, dict[str, float]]:
    trials = [trial(random.Random(seed), texts, size, real) for seed in range(seeds)]
    return {
        name: Errors([error for t in trials for error in t[name][0]], [t[name][1] for t in trials]).summary()
        for name in trials[0]
    }


def messages_of(rng: random.Random, texts: Pieces, counter: TokenCounter) -> Iterator[Message]:
    """Messages of 20 to 300 tokens, cut from the texts at lines and sentences, in random order."""
    found: list[str] = []
    for text in texts:
        message, room = "", rng.randint(*SAID)
        for sentence in _SENTENCES.findall(text):
            message += sentence
            room -= counter.text(sentence)
            if room <= 0:
                found.append(message)
                message, room = "", rng.randint(*SAID)
    return (Message(role="user", content=message) for message in rng.sample(found, len(found)))


def enough(texts: Pieces, tokens: int, counter: TokenCounter) -> Pieces:
    """The first of the texts, with so many tokens together."""
    sums = accumulate(map(counter.text, texts))
    return [text for text, before in zip(texts, chain([0], sums), strict=False) if before < tokens]


def conversation(rng: random.Random, texts: Pieces, size: int, counter: TokenCounter) -> Iterator[list[Message]]:
    """The prompts of a conversation, of some `size` tokens each, as long as there are texts that are new."""
    new = messages_of(rng, enough(texts, 5 * size, counter), counter)

    def some(tokens: float) -> list[Message]:
        taken: list[Message] = []
        while bodies(counter, taken) < tokens:
            taken.append(next(new))
        return taken

    try:
        system = [Message(role="system", content="".join(message.text for message in some(size * 0.05)))]
        history = some(size * 0.5)
        while True:
            yield [*system, *history, *some(size * rng.uniform(0.19, 0.28))]
            history += [next(new), next(new)]
            while bodies(counter, history) > size * 0.7:
                history = history[len(history) // 5 :]
    except StopIteration:
        return


def bodies(counter: TokenCounter, messages: Sequence[Message]) -> int:
    return sum(map(counter.message, messages))


def told(rng: random.Random, texts: Pieces, size: int, real: TokenCounter, *, later: bool) -> dict[str, list[float]]:
    """The errors of each estimate of a conversation's prompts, which are reported one after the other."""
    counter = get_counter()
    shuffled = rng.sample(list(texts), len(texts))
    meter, calibration = Meter(counter, "model", None), Calibration()
    errors: dict[str, list[float]] = {"ours": [], "weights": [], "o200k_base": []}
    others = [prompt(rng, [shuffled[::2]], size, counter) for _ in range(OTHERS if later else 0)]
    prompts = conversation(rng, shuffled[1::2] if later else shuffled, size, counter)
    shown = len(others) + (1 if later else REPORTS)
    for turn, messages in enumerate([*others, *islice(prompts, TURNS)]):
        reported = total(real, messages)
        if turn >= shown:
            weights = CalibratedCounter(counter, calibration)
            for name, used in zip(errors, (meter.counter, weights, counter), strict=True):
                errors[name].append(total(used, messages) / reported - 1)
        calibration = meter.observe(messages, (), reported)
    return errors


def measure_told(
    texts: Pieces, size: int, seeds: int, real: TokenCounter, *, later: bool
) -> dict[str, dict[str, float]]:
    trials = [told(random.Random(seed), texts, size, real, later=later) for seed in range(seeds)]
    return {name: Errors([error for t in trials for error in t[name]]).summary() for name in trials[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--size", type=int, default=8_000)
    parser.add_argument("--conversations", type=int, default=25, help="conversations of each kind of text")
    parser.add_argument("--pages", type=Path, help="chardet's source distribution, for web pages")
    args = parser.parse_args()
    real = truth()
    if real is None:
        sys.exit("Skipped calibration: bpe-openai, which ships the vocabulary taken as the truth, is not installed.")
    kinds = {"prose": prose(), "code": code(), "code_and_settings": code(settings=True), "json": json_texts()}
    kinds |= {language: cjk(language) for language in PAGES}
    if args.pages is not None:
        kinds |= {f"{language}_pages": pages(args.pages, language) for language in PAGES}
    groups: dict[str, list[Pieces]] = {name: [texts] for name, texts in kinds.items()}
    groups["mixed"] = [kinds[name] for name in ("prose", "code", "json", "zh_CN")]
    head = {"benchmark": "calibration", "reports": REPORTS, "size": args.size, "seeds": args.seeds}
    head |= {"conversations_of_a_kind": args.conversations}
    results = {name: measure(group, args.size, args.seeds, real) for name, group in groups.items()}
    tokens = {name: sum(map(get_counter().text, texts)) for name, texts in kinds.items()}
    for later in (False, True):
        results["later_conversations" if later else "conversations"] = {
            name: measure_told(texts, args.size, args.conversations, real, later=later) for name, texts in kinds.items()
        }
    print(json.dumps(head | {"tokens": tokens} | results, indent=2))


if __name__ == "__main__":
    main()
