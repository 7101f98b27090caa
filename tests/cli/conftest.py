"""The real command in a process of its own, as a shell would run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

COMMAND = [sys.executable, "-m", "contextkit.cli"]


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def failure(self) -> str:
        """The one sentence of a command that failed with an error of ours."""
        assert self.code == 1, self
        assert self.out == ""
        assert "Traceback" not in self.err
        last = self.err.rstrip("\n").split("\n")[-1]
        assert last.startswith("contextkit: ")
        return last.removeprefix("contextkit: ")


Run: TypeAlias = Callable[..., Finished]
Write: TypeAlias = Callable[[Iterable[Mapping[str, Any]]], Path]


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without what would colour or resize a command's output."""
    kept = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS", "TERM")}
    return {**kept, **more}


@pytest.fixture(scope="session", autouse=True)
def _can_be_interrupted() -> Iterator[None]:
    """What a shell starts in the background ignores interrupts, and so would every command that is tried there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def forking() -> Iterator[subprocess.Popen[str]]:
    """A process that runs commands by forking; see `tests/cli/forking.py`."""
    program = Path(__file__).with_name("forking.py")
    with subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        yield process


@pytest.fixture
def run(forking: subprocess.Popen[str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the command in `tmp_path`, in a process of its own with these environment variables besides."""

    def run(*arguments: object, stdin: bytes = b"", **variables: str) -> Finished:
        streams = tmp_path_factory.mktemp("streams")
        (streams / "stdin").write_bytes(stdin)
        order = {
            "arguments": [str(one) for one in arguments],
            "variables": variables,
            "folder": str(tmp_path),
            "streams": str(streams),
        }
        assert forking.stdin
        assert forking.stdout
        forking.stdin.write(json.dumps(order) + "\n")
        forking.stdin.flush()
        code = int(forking.stdout.readline())
        return Finished(code, (streams / "stdout").read_bytes().decode(), (streams / "stderr").read_bytes().decode())

    return run


@pytest.fixture
def spawn(tmp_path: Path) -> Run:
    """As `run`, from a fresh interpreter, for what is decided while it starts."""

    def spawn(*arguments: object, **variables: str) -> Finished:
        command = [*COMMAND, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment(**variables), check=False)
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())

    return spawn


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes messages to a file of JSON Lines, and gives its path."""

    def write(messages: Iterable[Mapping[str, Any]]) -> Path:
        path = tmp_path / "talk.jsonl"
        path.write_text("".join(json.dumps(message) + "\n" for message in messages), encoding="utf-8")
        return path

    return write


TALK: list[dict[str, Any]] = [
    {"role": "system", "content": "You are a clerk in a bakery."},
    {"role": "user", "name": "ada", "content": "My name is Ada and I like rye bread. ☀️", "created_at": "2025-03-01"},
    {"role": "assistant", "content": "Noted, Ada.", "created_at": "2025-03-01T00:00:05Z"},
    {"role": "user", "content": "What do you have today?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "stock", "arguments": '{"day": "today"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"rye": 3, "wheat": 12}'},
    {"role": "assistant", "content": "Three rye breads and twelve wheat breads."},
]


@pytest.fixture
def talk(write: Write) -> Path:
    return write(TALK)
