"""How the command behaves among other processes: pipes, terminals, signals, and what is not installed."""

from __future__ import annotations

import errno
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import contextkit
from tests.cli.conftest import COMMAND, Run, Write, environment

MANY = 2_500
"""Messages enough for a progress bar."""


def test_version(spawn: Run) -> None:
    assert spawn("--version").out == f"contextkit {contextkit.__version__}\n"


def test_help_names_every_command(run: Run) -> None:
    out = run("--help").out
    assert all(name in out for name in ("demo", "build", "sessions", "show", "strategies"))


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_it_says_how_to_get_it(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from contextkit.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "The command line needs typer and rich: pip install 'contextkit-sdk[cli]'\n"


def test_importing_it_loads_no_extra() -> None:
    code = "import contextkit.cli, sys; print([name for name in ('typer', 'rich') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    ("command", "notes"),
    [
        (
            ["build", "talk.jsonl", "-q", "q", "--json"],
            "6 messages of talk.jsonl are new to session 'talk' of actor 'talk'.\n",
        ),
        (["strategies"], ""),
    ],
)
def test_a_closed_pipe_is_no_error(tmp_path: Path, command: list[str], notes: str) -> None:
    with subprocess.Popen(
        [*COMMAND, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment()
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 128 + signal.SIGPIPE
    assert said == notes


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    ("closed", "command", "said"),
    [
        (1, ["build", "talk.jsonl", "-q", "q", "--json"], "The output cannot be written: Bad file descriptor."),
        (0, ["import", "-", "--store", "new.db"], "'<stdin>' cannot be read: Bad file descriptor."),
    ],
)
def test_a_stream_that_was_closed_before_is_one_sentence(
    tmp_path: Path, closed: int, command: list[str], said: str
) -> None:
    """As `contextkit … >&-` has it."""
    done = subprocess.run(
        [*COMMAND, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=tmp_path,
        env=environment(),
        preexec_fn=lambda: os.close(closed),
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.decode().split("\n")[-2].startswith(f"contextkit: {said}")
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "command",
    [
        ["cost", "--example"],
        ["strategies", "show", "agent"],
        ["provision", "agentcore", "--name", "mine", "--strategy", "summary"],
    ],
)
def test_a_full_disk_is_one_sentence(tmp_path: Path, command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *command], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(), check=False
        )
    assert done.returncode == 1
    assert done.stderr.decode() == (
        f"contextkit: The output cannot be written: {os.strerror(errno.ENOSPC)}. Make room, or send it elsewhere.\n"
    )


def test_interrupted(tmp_path: Path) -> None:
    fifo = tmp_path / "endless.jsonl"
    os.mkfifo(fifo)
    command = [*COMMAND, "build", str(fifo), "-q", "q"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process,
        fifo.open("wb"),  # opens once the command reads
    ):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_a_long_import_shows_its_progress_on_a_terminal_only(run: Run, write: Write, tmp_path: Path) -> None:
    path = write({"role": "user", "content": f"message {number}"} for number in range(MANY))
    arguments = ["build", str(path), "-q", "message 7", "--json"]
    assert "importing" not in run(*arguments).err
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=tmp_path,
        env=environment(TERM="xterm"),
    ) as process:
        os.close(theirs)
        said = _all_of(ours)
    assert process.returncode == 0
    assert "importing" in said
    assert f"/{MANY}" in said


def _all_of(terminal: int) -> str:
    """Everything written to a terminal until its last writer has closed it."""
    read = b""
    try:
        while more := os.read(terminal, 65_536):
            read += more
    except OSError as error:
        if error.errno != errno.EIO:  # Linux's word for a terminal that nobody writes to any more
            raise
    finally:
        os.close(terminal)
    return read.decode()
