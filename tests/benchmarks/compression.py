"""What survives shortening: ours against plain truncation and, where they are installed, other packages.

    python -m tests.benchmarks.compression [--cases 4] [--peers]

Fidelity is the share of what a reader needs of a text that stands in its shortened form, word for
word: facts, failures, keys, signatures and asked-for records, which are planted in texts of each
kind or are part of them. A method is given 10, 25 and 50 % of a text's tokens, and may use no more
(`over the limit` counts how often it does). Nothing is downloaded: the prose is the Python reference
in `pydoc_data`, the code is the standard library's, the rest is made here from a seed.

The plain ways are the head of a text, and its head and tail, which is also what Strands'
`ContextManager` leaves of what it moves out. Of the peers headroom goes by what a text says and by
the query, as ours does; promptbudget keeps the head.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pydoc_data.topics import topics
from random import Random
from statistics import mean
from time import perf_counter

from contextkit.compress import shorten
from contextkit.tokens import get_counter

COUNTER = get_counter("o200k_base")
SHARES = (0.10, 0.25, 0.50)


@dataclass(frozen=True, slots=True)
class Case:
    """A text, what is asked, and what should survive, by what it is."""

    kind: str
    text: str
    query: str
    wanted: dict[str, tuple[str, ...]]


FACTS = (
    ("When does the ferry to Ostrava leave?", "The ferry to Ostrava leaves pier {a} at 0{b}:45."),
    (
        "Who signed the lease for the warehouse?",
        "The lease for the Brno warehouse was signed by Mara Quill on {a} May.",
    ),
    ("What is the voltage limit of the Kestrel board?", "The Kestrel board tolerates at most {a}.{b} volts."),
    ("How much was refunded to Tomas Lind?", "Tomas Lind was refunded {a}{b} euros for the broken lamp."),
    ("Which gate opens the northern depot?", "Gate {a}{b} opens the northern depot after dusk."),
    ("What did the committee decide about the mural?", "The committee decided to move the mural to hall {b}."),
)


def prose(random: Random, count: int) -> Iterator[Case]:
    """Chapters of the Python reference with six foreign facts in each; every fact is asked for once."""
    chapters = sorted((text for text in topics.values() if 12_000 < len(text) < 60_000), key=len)
    for text in chapters[:count]:
        paragraphs = text.split("\n\n")
        facts = [fact.format(a=random.randint(2, 9), b=random.randint(1, 9)) for _, fact in FACTS]
        for fact in facts:
            paragraphs.insert(random.randrange(1, len(paragraphs)), fact)
        planted = "\n\n".join(paragraphs)
        for n, (query, _) in enumerate(FACTS):
            yield Case("prose", planted, query, {"asked": (facts[n],), "unasked": tuple(facts[:n] + facts[n + 1 :])})


def records(random: Random, count: int) -> Iterator[Case]:
    """A page of orders as an API returns it: one is asked for, one failed, and the keys are the schema."""
    for _ in range(count):
        orders = [_order(random, n) for n in range(300)]
        asked, failed = random.sample(range(20, 280), 2)
        orders[failed]["status"] = "payment_failed"
        code = f"E{random.randint(1000, 9999)}"
        orders[failed]["failure"] = {"code": code, "message": "card declined by issuer"}
        text = json.dumps({"page": 3, "total": 4821, "orders": orders, "next": "cursor_81"}, indent=2)
        wanted = {
            "asked": (str(orders[asked]["id"]), str(orders[asked]["total"])),
            "failure": ("payment_failed", code),
            "keys": (*orders[0], "cursor_81"),
        }
        yield Case("json", text, f"What is the total of order {orders[asked]['id']}?", wanted)


def _order(random: Random, n: int) -> dict[str, object]:
    return {
        "id": f"ord_{random.randrange(16**6):06x}{n:03}",
        "status": random.choice(["delivered", "delivered", "shipped"]),
        "customer": {
            "name": random.choice(["Ana", "Bo", "Cy"]) + f" {n}",
            "city": random.choice(["Rome", "Oslo", "Lima"]),
        },
        "items": [
            {"sku": f"S{random.randrange(9999):04}", "quantity": random.randint(1, 4)}
            for _ in range(random.randint(1, 5))
        ],
        "note": random.choice(
            ["", "Left with the neighbour.", "Ring twice, the bell is broken and the dog is harmless."]
        ),
        "total": random.randrange(1000, 90000) / 100,
    }


ERRORS = (
    "ERROR worker-{n} lost connection to shard {n}: ConnectionResetError",
    "FATAL disk sdb{n} is full",
    "ERROR schema check failed: column `vat_{n}` is missing",
)


def logs(random: Random, count: int) -> Iterator[Case]:
    """A service log: three different failures, and one job that is asked for, between thousands of the same."""
    for _ in range(count):
        lines = [
            f"2026-03-0{1 + n // 900} 1{n // 60 % 9}:{n % 60:02}:{random.randrange(60):02} INFO worker-{n % 5} "
            f"{random.choice(['finished', 'started', 'queued'])} job {40_000 + n} in {random.randrange(900)} ms"
            for n in range(2500)
        ]
        errors = [error.format(n=random.randint(10, 99)) for error in ERRORS]
        for error in errors:
            lines[random.randrange(100, 2400)] = f"2026-03-02 14:00:00 {error}"
        asked = random.randrange(300, 2200)
        lines[asked] = f"2026-03-02 14:11:07 INFO worker-1 moved invoice {asked}7 to the archive of Kestrel Ltd"
        wanted = {"asked": (lines[asked],), "failure": tuple(errors), "ends": (lines[0], lines[-1])}
        yield Case("log", "\n".join(lines) + "\n", f"Where did invoice {asked}7 go?", wanted)


MODULES = ("textwrap", "shlex", "json.decoder", "queue", "cmd", "graphlib", "csv", "gettext", "pprint", "tempfile")


def code(random: Random, count: int) -> Iterator[Case]:
    """A module of the standard library: all signatures, and the body of one function that is asked for."""
    for name in MODULES[:count]:
        module = importlib.import_module(name)
        text = inspect.getsource(module)
        functions = [each for each in vars(module).values() if inspect.isfunction(each) and each.__module__ == name]
        classes = [each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == name]
        functions += [f for each in classes for f in vars(each).values() if inspect.isfunction(f)]
        asked = random.choice(sorted(functions, key=lambda f: f.__qualname__))
        body = [line.strip() for line in inspect.getsource(asked).splitlines()]
        telling = [
            line for line in body[1:] if len(line) > 12 and line.isascii() and not line.startswith(("#", '"', "'"))
        ]
        wanted = {"asked": tuple(telling[:4]), "signatures": tuple(f"def {f.__name__}(" for f in functions)}
        yield Case("code", text, f"How does {asked.__name__} work?", wanted)


def tables(random: Random, count: int) -> Iterator[Case]:
    """A CSV file: the header and the row that is asked for."""
    for _ in range(count):
        rows = [
            f"{n},Town {random.randrange(9999)}-{n},{random.randrange(10**6)},{random.choice('NESW')}"
            for n in range(900)
        ]
        asked = random.choice(rows)
        header = "id,town,people,region"
        wanted = {"asked": (asked,), "keys": (header,)}
        yield Case(
            "table", "\n".join([header, *rows]) + "\n", f"How many people live in {asked.split(',')[1]}?", wanted
        )


def listings(random: Random, count: int) -> Iterator[Case]:
    """Pods as a program lists them: one is not running, and another is asked for."""
    for _ in range(count):
        names = [f"{random.choice(['web', 'api', 'worker'])}-{random.randrange(16**8):08x}-{n:03}" for n in range(300)]
        rows = [_pod(random.choice(["default", "system"]), name, random.randint(1, 300)) for name in names]
        asked, failed = random.sample(range(20, 280), 2)
        rows[failed] = _pod("default", names[failed], 9, ready="0/1", status="CrashLoopBackOff", restarts=17)
        header = f"{'NAMESPACE':<12}{'NAME':<24}{'READY':<8}{'STATUS':<19}{'RESTARTS':<11}AGE"
        wanted = {"asked": (rows[asked],), "failure": (rows[failed],), "keys": (header,)}
        yield Case("listing", "\n".join([header, *rows]) + "\n", f"How old is {names[asked]}?", wanted)


def _pod(space: str, name: str, days: int, *, ready: str = "1/1", status: str = "Running", restarts: int = 0) -> str:
    return f"{space:<12}{name:<24}{ready:<8}{status:<19}{restarts:<11}{days}d"


def diffs(random: Random, count: int) -> Iterator[Case]:
    """What was changed in modules of the standard library: which ones, and in one that is asked for, what."""
    for _ in range(count):
        changes = {name: _changed(random, inspect.getsource(importlib.import_module(name))) for name in MODULES}
        text = "".join(_diff(f"lib/{name.replace('.', '/')}.py", *change) for name, change in changes.items())
        name = random.choice(MODULES)
        after = [line for line in changes[name][1] if line.endswith(f"{_MARK}\n")]
        wanted = {"asked": tuple(after), "files": tuple(f"lib/{each.replace('.', '/')}.py" for each in MODULES)}
        yield Case("diff", text, f"What was changed in {name.rpartition('.')[2]}?", wanted)


_MARK = "  # reviewed"


def _changed(random: Random, source: str) -> tuple[list[str], list[str]]:
    """The lines of a source, and the same with eight of them changed."""
    before = source.splitlines(keepends=True)
    long = [n for n, line in enumerate(before) if len(line) > 30]
    at = set(random.sample(long, 8))
    return before, [f"{line[:-1]}{_MARK}\n" if n in at else line for n, line in enumerate(before)]


def _diff(path: str, before: list[str], after: list[str]) -> str:
    return f"diff --git a/{path} b/{path}\n" + "".join(unified_diff(before, after, f"a/{path}", f"b/{path}"))


MAKERS = (prose, records, logs, code, tables, listings, diffs)
Method = Callable[[Case, int], str]


def ours(case: Case, limit: int) -> str:
    return shorten(case.text, limit, COUNTER, query=case.query)


def ours_without_query(case: Case, limit: int) -> str:
    return shorten(case.text, limit, COUNTER)


def head(case: Case, limit: int) -> str:
    return _longest(lambda n: case.text[:n], len(case.text), limit)


def head_and_tail(case: Case, limit: int) -> str:
    gap = "\n[...]\n"
    return _longest(lambda n: case.text[: n // 2] + gap + case.text[len(case.text) - n // 2 :], len(case.text), limit)


def _longest(cut: Callable[[int], str], last: int, limit: int) -> str:
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if COUNTER.text(cut(middle)) <= limit else (low, middle - 1)
    return cut(low)


def promptbudget() -> Method:
    from promptbudget import Section, pack

    def method(case: Case, limit: int) -> str:
        section = Section("text", case.text, strategy="truncate")
        return str(pack([section], budget=limit, tokenizer=COUNTER.text).text)

    return method


def headroom() -> Method:
    """Its own compressor for each kind, told the query; it has no hard limit, so what is over is cut at the end."""
    from headroom.transforms.diff_compressor import DiffCompressor
    from headroom.transforms.log_compressor import LogCompressor
    from headroom.transforms.smart_crusher import SmartCrusher
    from headroom.transforms.text_crusher import TextCrusher

    crusher, text, log, diff = SmartCrusher(), TextCrusher(), LogCompressor(), DiffCompressor()

    def method(case: Case, limit: int) -> str:
        if case.kind == "json":
            short = crusher.crush(case.text, case.query).compressed
        elif case.kind == "log":
            short = log.compress(case.text, context=case.query).compressed
        elif case.kind == "diff":
            short = diff.compress(case.text, context=case.query).compressed
        else:
            short = text.compress(
                case.text, context=case.query, target_ratio=limit / COUNTER.text(case.text)
            ).compressed
        return head(Case(case.kind, short, case.query, {}), limit)

    return method


PEERS: dict[str, Callable[[], Method]] = {"promptbudget truncate": promptbudget, "headroom": headroom}


def methods(with_peers: bool) -> dict[str, Method]:
    found: dict[str, Method] = {
        "contextkit": ours,
        "contextkit, no query": ours_without_query,
        "head": head,
        "head and tail": head_and_tail,
    }
    for name, make in PEERS.items() if with_peers else ():
        try:
            found[name] = make()
        except ImportError as error:
            print(f"Skipped {name}: {error}.", file=sys.stderr)
    return found


def survived(short: str, wanted: Sequence[str]) -> float:
    """The share that stands in a shortened text, white space aside."""
    bare = "".join(short.split())
    return mean("".join(each.split()) in bare for each in wanted)


def measure(cases: Sequence[Case], found: dict[str, Method]) -> dict[str, object]:
    shares: dict[str, list[float]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    over: dict[str, int] = defaultdict(int)
    for case in cases:
        tokens = COUNTER.text(case.text)
        for name, method in found.items():
            for share in SHARES:
                limit = int(tokens * share)
                started = perf_counter()
                short = method(case, limit)
                seconds[f"{name}/{case.kind}"].append(perf_counter() - started)
                over[name] += COUNTER.text(short) > limit
                for what, wanted in case.wanted.items():
                    shares[f"{case.kind}/{what}/{share:.0%}/{name}"].append(survived(short, wanted))
                    shares[f"all/all/{share:.0%}/{name}"].append(survived(short, wanted))
    return {
        "survived": {name: round(100 * mean(values), 1) for name, values in sorted(shares.items())},
        "milliseconds": {name: round(1000 * mean(values), 1) for name, values in sorted(seconds.items())},
        "over the limit": dict(over),
        "cases": len(cases),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=4, help="texts of each kind")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--peers", action="store_true", help="also measure other packages that are installed")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    random = Random(arguments.seed)
    cases = [case for make in MAKERS for case in make(random, arguments.cases)]
    print(json.dumps(measure(cases, methods(arguments.peers)), indent=1))


if __name__ == "__main__":
    main()
