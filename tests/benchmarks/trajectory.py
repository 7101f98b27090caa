"""A long session of a coding agent, made up from a seed: what is said, and what each step needs of the prompt.

The files are the standard library's own sources. The agent keeps a plan, lists, searches and reads files (also again,
also several at once), edits them, runs tests whose logs have one line that matters, asks services that answer in JSON,
and meets errors. Its user interrupts it with constraints. Settings are told once, in the middle of a log or an answer,
and are needed hundreds of calls later.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from random import Random

from contextkit import Message
from contextkit.types import ToolCall

MODULES = [
    "textwrap",
    "shlex",
    "fnmatch",
    "heapq",
    "bisect",
    "queue",
    "sched",
    "glob",
    "netrc",
    "cmd",
    "copy",
    "reprlib",
    "string",
    "calendar",
    "csv",
    "getopt",
    "code",
    "configparser",
    "filecmp",
    "fileinput",
    "linecache",
    "mimetypes",
    "pprint",
    "secrets",
    "stat",
    "tabnanny",
    "timeit",
    "trace",
    "zipapp",
    "colorsys",
]
PLAN_LENGTH = 8
SLICE = 60
"""Lines of a file that are read at once, where it is not read whole."""

TASK = (
    "Move the order service to the new settings loader, module by module, keeping every test green. "
    "The acceptance rule is AR-7731: no public function may change its signature."
)
CONSTRAINTS = (
    "Never touch the module billing_legacy; another team is rewriting it.",
    "Start the local server on port 8081, since 8080 is taken on this machine.",
    "Do not add any new dependency to requirements.txt.",
    "Write commit messages in the imperative, without a full stop.",
    "Leave the database migrations 0041 to 0044 alone until Friday.",
    "Log in UTC everywhere, never in local time.",
)
SERVICES = ("orders", "invoices", "parcels", "returns", "stock", "carriers", "search", "sessions", "mails", "reports")
KINDS = ("database port", "retry limit", "queue name", "cache lifetime", "batch size")


@dataclass(frozen=True, slots=True)
class Setting:
    """A fact that is told once: its value, and the words by which a model would ask for it."""

    words: str
    value: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What the prompt after a step should hold.

    `told` is what the user said that holds on; `file` what the file worked on looks like where it was read last, and
    `outdated` what it looked like there before; `failure` the line that tells why the last tests failed; `plan` the
    newest plan; `setting` a fact from long ago that the next step takes.
    """

    told: Sequence[str]
    file: str = ""
    outdated: Sequence[str] = ()
    failure: str = ""
    plan: Sequence[str] = ()
    setting: Setting | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Messages that are appended together, the user's next question where they end a turn, and what is needed then."""

    said: Sequence[Message]
    needs: Needs
    calls: int


@dataclass(slots=True)
class _Work:
    random: Random
    files: dict[str, list[str]]
    calls: int = 0
    needs: Needs = field(default_factory=lambda: Needs((TASK,)))
    settings: list[tuple[int, Setting]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)


def steps(calls: int, seed: int, *, turns: bool) -> Iterator[Step]:
    """The session until so many tools were called. With `turns` each piece of work ends with an answer, and the user
    asks for the next; otherwise all is one turn, which the user interrupts."""
    work = _Work(Random(seed), {f"src/{name}.py": _source(name) for name in MODULES})
    yield Step([_user("u0", TASK)], work.needs, 0)
    number = 0
    while work.calls < calls:
        number += 1
        for said in _episode(work, number):
            yield Step(said, work.needs, work.calls)
        constraint = CONSTRAINTS[number - 1] if number <= len(CONSTRAINTS) else ""
        if turns:
            yield Step([Message(role="assistant", content=f"Piece {number} is done.", id=f"d{number}")], work.needs, -1)
        work.needs = replace(
            work.needs, told=[*work.needs.told, *filter(None, [constraint])], file="", outdated=(), failure=""
        )
        if turns or constraint:
            on = f"Go on with piece {number + 1} of the plan. {constraint}".strip()
            yield Step([_user(f"u{number}", on)], work.needs, work.calls)


def _source(name: str) -> list[str]:
    return inspect.getsource(import_module(name)).splitlines()


def _episode(work: _Work, number: int) -> Iterator[list[Message]]:
    """One piece of the work, on one file."""
    random = work.random
    path = random.choice(list(work.files))
    if number % 3 == 1:  # the plan is good for a while
        yield _plan(work, number)
        yield _call(work, "list_files", {"path": "src"}, "\n".join(sorted(work.files)))
    word = random.choice(("def ", "return ", "import ", "raise ", "self."))
    found = [
        f"{name}:{n}: {line}" for name, text in work.files.items() for n, line in enumerate(text, 1) if word in line
    ]
    yield _call(work, "grep", {"pattern": word.strip()}, "\n".join(random.sample(found, min(len(found), 40))))
    yield _call(work, "read_file", {"path": path}, _shown(work.files[path]))
    others = random.sample(list(work.files), 2)
    yield _calls(
        work, [("read_file", {"path": one, "offset": 0, "limit": SLICE}, _part(work, one, 0)) for one in others]
    )
    offset = random.randrange(0, max(1, len(work.files[path]) - SLICE), 20)
    work.needs = replace(work.needs, file=_part(work, path, offset))
    place = {"path": path, "offset": offset, "limit": SLICE}
    yield _call(work, "read_file", place, work.needs.file, f"I look at {path} from line {offset} on.")
    for attempt in range(random.randint(2, 4)):
        yield _edit(work, path, offset, number, attempt)
        failing = attempt < 1 or random.random() < 0.5
        yield _tests(work, path, number, failing)
        if random.random() < 0.3:
            wrong = {"path": f"src/missing_{number}.py"}
            yield _call(work, "read_file", wrong, f"FileNotFoundError: [Errno 2] No such file: {wrong['path']!r}")
        _seen_anew(work, path, offset)
        yield _call(work, "read_file", place, work.needs.file)
        if random.random() < 0.4:  # to be sure, once more
            yield _call(work, "read_file", place, work.needs.file)
        yield _service(work)
    yield _needed(work)
    yield _tests(work, path, number, failing=False)


def _seen_anew(work: _Work, path: str, offset: int) -> None:
    now, before = _part(work, path, offset), work.needs.file
    outdated = [*work.needs.outdated, before] if now != before else work.needs.outdated
    work.needs = replace(work.needs, file=now, outdated=outdated)


def _plan(work: _Work, number: int) -> list[Message]:
    first = max(1, number - 3)
    plan = [
        f"[{'x' if n < number else '>' if n == number else ' '}] piece {n}: {_goal(n)}"
        for n in range(first, first + PLAN_LENGTH)
    ]
    said = _call(work, "write_plan", {"items": plan}, "The plan is kept.")
    work.needs = replace(work.needs, plan=plan)
    return said


def _goal(number: int) -> str:
    return f"load the {KINDS[number % len(KINDS)]} of {SERVICES[number % len(SERVICES)]} through the loader"


def _edit(work: _Work, path: str, offset: int, number: int, attempt: int) -> list[Message]:
    lines = work.files[path]
    at = offset + work.random.randrange(5, SLICE // 2)
    old = lines[at : at + 6]
    new = [*old[:3], f"    # piece {number}, attempt {attempt}: read from the loader", *old[3:]]
    work.files[path] = [*lines[:at], *new, *lines[at + 6 :]]
    diff = [
        f"@@ -{at + 1},6 +{at + 1},7 @@",
        *(f" {line}" for line in old[:3]),
        f"+{new[3]}",
        *(f" {one}" for one in old[3:]),
    ]
    arguments = {"path": path, "old": "\n".join(old), "new": "\n".join(new)}
    return _call(work, "edit_file", arguments, "\n".join(diff), "The setting is read in the wrong place.")


def _tests(work: _Work, path: str, number: int, failing: bool) -> list[Message]:
    random = work.random
    lines = [
        f"2026-10-{random.randint(1, 28):02} 12:{random.randint(0, 59):02}:{random.randint(0, 59):02} "
        f"{random.choice(('INFO', 'DEBUG', 'INFO'))} {random.choice(SERVICES)} "
        f"{random.choice(('request', 'query', 'message'))} {random.randrange(10**6)} took {random.randint(1, 900)} ms"
        for _ in range(random.randint(60, 260))
    ]
    setting = _new_setting(work)
    lines.insert(len(lines) // 2, f"INFO loader {setting.words} = {setting.value}")
    failure = ""
    if failing:
        failure = (
            f"E   AssertionError: expected {random.randrange(10**4)} but was {random.randrange(10**4)}, piece {number}"
        )
        lines.insert(random.randrange(10, len(lines) - 10), failure)
    lines.append(f"{1 if failing else 0} failed, {random.randint(80, 99)} passed in {random.randint(2, 40)} s")
    work.needs = replace(work.needs, failure=failure)
    return _call(work, "run_tests", {"of": path}, "\n".join(lines))


def _service(work: _Work) -> list[Message]:
    random = work.random
    name = random.choice(SERVICES)
    setting = _new_setting(work)
    rows = [
        {
            "id": random.randrange(10**6),
            "state": random.choice(("ready", "draining")),
            "region": "eu-west-1",
            "replica": n,
        }
        for n in range(random.choice((4, 15, 60)))
    ]
    answer = {"service": name, "instances": rows, "setting": {"name": setting.words, "value": setting.value}}
    return _call(work, "get_status", {"service": name, "page": work.calls}, json.dumps(answer))


def _new_setting(work: _Work) -> Setting:
    """A setting under a name of its own."""
    random = work.random
    number = len(work.settings)
    words = (
        f"{SERVICES[number % len(SERVICES)]} {KINDS[number // len(SERVICES) % len(KINDS)]} in stage {1 + number // 50}"
    )
    setting = Setting(words, f"{random.choice('abcdefgh')}{random.randrange(10**6, 10**7)}")
    work.settings.append((work.calls, setting))
    return setting


def _needed(work: _Work) -> list[Message]:
    """A step for which a setting of long ago is needed: its words are said in what the model reasons."""
    old = [one for at, one in work.settings if at <= work.calls - 100 and one.words not in work.asked]
    setting = work.random.choice(old) if old else None
    work.needs = replace(work.needs, setting=setting)
    said = f"Now I need the {setting.words}." if setting else "I check the state of the tree."
    if setting:
        work.asked.add(setting.words)
    return _call(work, "git_status", {}, "nothing to commit, working tree clean", said)


def _shown(lines: Sequence[str], first: int = 0) -> str:
    return "\n".join(f"{n:>5}  {line}" for n, line in enumerate(lines, first + 1))


def _part(work: _Work, path: str, offset: int) -> str:
    return _shown(work.files[path][offset : offset + SLICE], offset)


def _call(work: _Work, name: str, arguments: dict[str, object], result: str, said: str = "") -> list[Message]:
    return _calls(work, [(name, arguments, result)], said)


def _calls(work: _Work, called: Sequence[tuple[str, dict[str, object], str]], said: str = "") -> list[Message]:
    """Calls at once, and their results."""
    first = work.calls
    work.calls += len(called)
    made = tuple(ToolCall(f"c{first + n}", name, json.dumps(given)) for n, (name, given, _) in enumerate(called))
    return [
        Message(role="assistant", content=said, tool_calls=made, id=f"a{first}"),
        *(
            Message(role="tool", content=result, tool_call_id=call.id, id=f"r{first + n}")
            for n, (call, (_, _, result)) in enumerate(zip(made, called, strict=True))
        ),
    ]


def _user(name: str, text: str) -> Message:
    return Message(role="user", content=text, id=name)
