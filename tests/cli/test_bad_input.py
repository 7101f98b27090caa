"""What cannot be used is answered in one sentence with the value and the remedy, and exit code 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, Write

GOOD = b'{"role": "user", "content": "hi"}\n'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{'role': 'user'}", "is not JSON"),
        (b'["a"]', "is not a message. Write one JSON object per line"),
        (b"12", "is not a message"),
        (b'{"role": "usr", "content": "x"}', "The role 'usr' is unknown. Use one of system, user"),
        (b'{"role": "user"}', "has no content"),
        (b'{"role": "user", "content": 7}', "neither text nor a list"),
        (b'{"role": "tool", "content": "x"}', "no tool_call_id"),
        (b'{"role": "user", "content": "\xff"}', "is not UTF-8"),
        (b"\xff\xfe", r"the byte b'\xff' at column 1 is not UTF-8. Save the file as UTF-8."),
        ('{"role": "user", "content": "hi"}'.encode("utf-16"), r"b'\xff' at column 1 is not UTF-8"),
        (b'{"role": "user", "content": "x", "id": ""}', "message id"),
        (b'{"role": "user", "content": "x", "created_at": "yesterday"}', "names no point in time"),
        (b'{"role": "user", "content": ' + b"[" * 100_000, "cannot be read"),
        (b'{"role": "user", "content": [' + b"1" * 5_000 + b"]}", "cannot be read"),
    ],
)
def test_a_line_that_is_no_message(run: Run, tmp_path: Path, line: bytes, said: str) -> None:
    (tmp_path / "talk.jsonl").write_bytes(GOOD * 2 + line + b"\n" + GOOD)
    failure = run("build", "talk.jsonl", "-q", "q", "--store", "agent.db").failure
    assert failure.startswith("talk.jsonl:3: ")
    assert said in failure
    assert len(failure) < 400
    assert not (tmp_path / "agent.db").exists(), "nothing of a file with a wrong line is imported"


def test_two_messages_of_one_id(run: Run, write: Write) -> None:
    path = write([{"role": "user", "content": str(number), "id": "same"} for number in range(2)])
    assert f"{path}:2: the id 'same' is that of line 1 already." in run("build", path, "-q", "q").failure


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-q", "q", "--budget", "-5"], "The budget's window is -5 tokens."),
        (["-q", "q", "--budget", "0"], "The budget's window is 0 tokens."),
        (["-q", "q", "--budget", "9" * 23], "The budget's window is 99999999999999999999999 tokens, more than"),
        (["-q", "q", "--budget", "10", "--reserve", "10"], "reserve of 10 tokens leaves nothing"),
        (["-q", "q", "--strategy", "chatt"], "There is no strategy 'chatt'. Use one of agent, chat"),
        (["-q", "q", "--strategy", "missing.toml"], "missing.toml: The strategy cannot be read"),
        (["-q", " "], "The query is empty."),
        (["-q", "word " * 500, "--budget", "100"], "of the window's 100 are available"),
        (["-q", "q", "--system", "@missing.txt"], "The system prompt 'missing.txt' cannot be read"),
        (["-q", "q", "--html", "missing/report.html"], "cannot be written to 'missing/report.html'"),
        (["-q", "q", "--actor", "a" * 2049], "The actor id is 2049 bytes long"),
        (["-q", "q", "--store", "missing/agent.db"], "missing"),
        (["-q", "q", "--store", "corrupt.db"], "corrupt.db"),
    ],
)
def test_options_that_cannot_be_met(run: Run, talk: Path, tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "corrupt.db").write_bytes(b"This is no database. " * 500)
    assert said in run("build", talk, *options).failure


def test_a_store_that_may_not_be_written(run: Run, talk: Path, tmp_path: Path) -> None:
    run("build", talk, "-q", "q", "--store", "agent.db")
    read_only = f"{(tmp_path / 'agent.db').as_uri()}?mode=ro"
    assert "write permission" in run("build", talk, "-q", "q", "--store", read_only, "--session", "new").failure
    assert run("build", talk, "-q", "q", "--store", read_only).code == 0, "nothing is new, so nothing is written"
    assert "talk" in run("sessions", "--store", read_only, "--actor", "talk").out


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_conversation_that_cannot_be_read(run: Run, name: str) -> None:
    assert f"{name!r} cannot be read: " in run("build", name, "-q", "q").failure


@pytest.mark.parametrize(
    "arguments", [["build"], ["build", "talk.jsonl"], ["nonsense"], ["build", "talk.jsonl", "-q", "q", "--budget", "x"]]
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "Usage: contextkit" in done.err
