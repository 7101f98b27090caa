from __future__ import annotations

import json
import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from contextkit.stores.sqlite import SQLiteStore
from tests.cli.conftest import Run, Write


@pytest.fixture
def store(run: Run, write: Write) -> str:
    """A store that an agent used for `ann` and for `ben`."""
    talk = write([{"role": "user", "content": "My secret is ☂ xylophone."}, {"role": "assistant", "content": "Safe."}])
    for actor in ("ann", "ben"):
        assert run("build", talk, "-q", "q", "--store", "agent.db", "--actor", actor, "--session", "s").code == 0
    return "agent.db"


def actors(folder: Path, name: str) -> dict[str, dict[str, int]]:
    with SQLiteStore(folder / name) as opened:
        return {actor: opened.held(actor) for actor in ("ann", "ben", "cem")}


def test_what_is_exported_is_imported_and_exported_again(run: Run, store: str) -> None:
    out = run("export", "--store", store, "--actor", "ann").out
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["actor", "message", "message", "session", "end"]
    done = run("import", "-", "--store", "other.db", stdin=out.encode())
    assert (done.code, done.out, done.err) == (0, "", "Imported: messages 2, sessions 1.\n")
    assert run("export", "--store", "other.db", "--actor", "ann").out == out


def test_a_file_is_for_its_owner_alone(run: Run, store: str, tmp_path: Path) -> None:
    done = run("export", "--store", store, "--actor", "ann", "-o", "ann.jsonl")
    assert (done.out, done.err) == ("", "5 lines written to ann.jsonl.\n")
    assert stat.S_IMODE((tmp_path / "ann.jsonl").stat().st_mode) == 0o600
    assert list(tmp_path.glob("*.part")) == []
    assert run("import", "ann.jsonl", "--store", store, "--actor", "cem").code == 0
    held = actors(tmp_path, store)
    assert held["cem"] == held["ann"]


def test_what_cannot_be_read_or_written_is_told(run: Run, store: str, tmp_path: Path) -> None:
    assert "There is no store 'none.db'" in run("export", "--store", "none.db", "--actor", "ann").failure
    assert "cannot be written" in run("export", "--store", store, "--actor", "ann", "-o", "no/such/folder").failure
    assert "'none.jsonl' cannot be read" in run("import", "none.jsonl", "--store", "new.db").failure
    (tmp_path / "talk.jsonl").write_text('{"role": "user"}\n')
    assert "Line 1 of the export" in run("import", "talk.jsonl", "--store", "new.db").failure


def test_a_dash_is_standard_output(run: Run, store: str, tmp_path: Path) -> None:
    done = run("export", "--store", store, "--actor", "ann", "-o", "-")
    assert done.out == run("export", "--store", store, "--actor", "ann").out != ""
    assert not (tmp_path / "-").exists()


def test_a_pipe_is_written_to_and_not_replaced(run: Run, store: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert run("export", "--store", store, "--actor", "ann", "-o", "pipe").err == "5 lines written to pipe.\n"
    assert os.read(reader, 1 << 16).decode() == run("export", "--store", store, "--actor", "ann").out
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("folder", [".", "/", ""])
def test_a_folder_is_no_file_to_write_to(run: Run, store: str, folder: str) -> None:
    assert "Is a directory" in run("export", "--store", store, "--actor", "ann", "-o", folder).failure


def test_an_import_says_what_is_wrong_with_the_file_and_not_with_a_store(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe{}\n")
    told = run("import", "bad.jsonl", "--store", "new.db").failure
    assert "Line 1 of the export" in told
    assert "Restore the store" not in told
    (tmp_path / "half.jsonl").write_bytes(b'{"kind":"actor","version":1,"actor_id":"ann"}\n')
    assert "breaks off after 1 lines" in run("import", "half.jsonl", "--store", "new.db").failure


def test_a_wait_that_does_nothing_or_never_ends_is_refused_before_anything_is_erased(
    run: Run, store: str, tmp_path: Path
) -> None:
    erase = ("erase", "--store", store, "--actor", "ann", "--yes")
    assert "--within does nothing without --verify" in run(*erase, "--within", 5).failure
    for seconds in ("1e300", "inf", "nan"):
        assert run(*erase, "--verify", "--within", seconds).code == 2
    assert actors(tmp_path, store)["ann"] != {}


def test_an_actor_is_erased_and_the_receipt_printed(run: Run, store: str, tmp_path: Path) -> None:
    before = actors(tmp_path, store)
    done = run("erase", "--store", store, "--actor", "ann", "--yes", "--verify")
    assert done.code == 0
    receipt = json.loads(done.out)
    assert receipt["erased"] == {store: before["ann"]}
    assert receipt["actor_sha256"] == sha256(b"ann").hexdigest()
    assert done.err == "Verified: the stores hold nothing of the actor.\n"
    assert actors(tmp_path, store) == {**before, "ann": {}}


def test_several_stores_are_erased_at_once(run: Run, store: str, tmp_path: Path) -> None:
    run("import", "-", "--store", "other.db", stdin=run("export", "--store", store, "--actor", "ann").out.encode())
    done = run("erase", "--store", store, "--store", "other.db", "--actor", "ann", "--yes", "--verify")
    assert list(json.loads(done.out)["erased"]) == [store, "other.db"]
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("other.db*"))
    assert b"xylophone" not in raw
    assert b"ann" not in raw


def test_nothing_is_erased_unasked(run: Run, store: str, tmp_path: Path) -> None:
    done = run("erase", "--store", store, "--actor", "ann")
    assert done.failure == "Nobody is there to confirm the erasure. Pass --yes."
    assert "agent.db holds: sessions 1, messages 2" in done.err
    assert actors(tmp_path, store)["ann"] != {}
