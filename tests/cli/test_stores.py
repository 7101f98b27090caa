from __future__ import annotations

from pathlib import Path

import pytest

from contextkit.memory.engine import MemoryEngine
from contextkit.stores.sqlite import SQLiteStore
from tests.cli.conftest import Run, Write


@pytest.fixture
def store(run: Run, write: Write) -> str:
    """A store with one session of thirty messages, of the actor and session `talk`."""
    messages = [{"role": ("user", "assistant")[at % 2], "content": f"message {at}"} for at in range(1, 31)]
    assert run("build", write(messages), "-q", "q", "--store", "agent.db").code == 0
    return "agent.db"


def test_sessions_lists_them(run: Run, store: str) -> None:
    done = run("sessions", "--store", store, "--actor", "talk")
    assert done.out.splitlines()[0].split() == ["session", "messages", "created", "last", "used"]
    assert done.out.splitlines()[1].split()[:2] == ["talk", "30"]


def test_an_actor_without_sessions(run: Run, store: str) -> None:
    done = run("sessions", "--store", store, "--actor", "nobody")
    assert (done.code, done.out) == (0, "")
    assert "'nobody' has no sessions" in done.err


def test_show_shows_the_newest(run: Run, store: str) -> None:
    done = run("show", "--store", store, "--actor", "talk", "--session", "talk", "--last", 2)
    assert "28 earlier messages; --last 30 shows all" in done.out
    assert "message 29" in done.out
    assert "message 30" in done.out
    assert "message 28" not in done.out


def test_show_names_the_sessions_there_are(run: Run, store: str) -> None:
    failure = run("show", "--store", store, "--actor", "talk", "--session", "tolk").failure
    assert failure == "Actor 'talk' has no session 'tolk'. Use one of 'talk'."


@pytest.mark.parametrize("command", [["sessions"], ["show", "--session", "s"]])
def test_looking_makes_no_store(run: Run, tmp_path: Path, command: list[str]) -> None:
    assert "There is no store 'none.db'." in run(*command, "--store", "none.db", "--actor", "a").failure
    assert not (tmp_path / "none.db").exists()


def test_a_path_too_long_for_a_store_is_told(run: Run) -> None:
    failure = run("sessions", "--store", "n" * 5_000, "--actor", "a").failure
    assert failure.startswith("There is no store 'nnn")
    assert len(failure) < 200


def test_the_ledger_of_memories_is_not_listed(run: Run, store: str, tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / store) as opened:
        MemoryEngine(opened).run("talk", "talk", flush=True)
        assert len(opened.sessions("talk")) == 2
    assert len(run("sessions", "--store", store, "--actor", "talk").out.splitlines()) == 2
