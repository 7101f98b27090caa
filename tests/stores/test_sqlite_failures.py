"""What goes wrong with files: each a `StoreError` that says what to do, brought about for real."""

from __future__ import annotations

import gc
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from contextkit.errors import (
    InvalidInput,
    InvalidMessage,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from contextkit.stores import MemoryRecord, Overflow
from contextkit.stores.sqlite import SQLiteStore
from contextkit.stores.sqlite.connection import _open
from contextkit.stores.sqlite.schema import APPLICATION_ID, STEPS
from contextkit.stores.sqlite.tools import ToolResults

PIECE = Overflow(handle="h1", text="a long text " * 100, item_id="i1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)

READS: dict[str, Callable[[SQLiteStore], Any]] = {
    "session": lambda store: store.session("a", "s"),
    "sessions": lambda store: store.sessions("a"),
    "messages": lambda store: store.messages("a", "s"),
    "pick": lambda store: store.pick("a", "s", [1]),
    "derived": lambda store: store.derived("a", "s"),
    "vectors": lambda store: store.vectors("a", "s")[0],
    "get_overflow": lambda store: store.get_overflow("a", "s", "h1"),
    "overflow": lambda store: store.overflow("a", "s"),
    "memories": lambda store: store.memories("a"),
    "search_memories": lambda store: store.search_memories("a", "car"),
    "preferences": lambda store: store.preferences("a"),
    "get_or_call": lambda store: store.get_or_call("t", {}, lambda: 1, actor_id="a"),
}
WRITES: dict[str, Callable[[SQLiteStore], Any]] = {
    "append": lambda store: store.append("a", "s", [{"role": "user", "content": "new"}]),
    "save_state": lambda store: store.save_state("a", "s", {"b": 2}, expected=1),
    "save_view": lambda store: store.save_view("a", "s", "other"),
    "save_derived": lambda store: store.save_derived("a", "s", {"other": b"data"}),
    "delete_session": lambda store: store.delete_session("a", "s"),
    "put_overflow": lambda store: store.put_overflow("a", "s", [PIECE]),
    "put_memories": lambda store: store.put_memories("a", [MemoryRecord(id="m2", text="b", created_at=NOW)]),
    "delete_memories": lambda store: store.delete_memories("a", ["m1"]),
    "set_preferences": lambda store: store.set_preferences("a", {"b": "c"}),
    "get_or_call": lambda store: store.get_or_call("other", {}, lambda: 1, actor_id="a"),
    "forget_tool": lambda store: store.forget_tool("t", actor_id="a"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed database with something of everything."""
    path = tmp_path / "store.db"
    with SQLiteStore(path) as store:
        store.append("a", "s", [{"role": "user", "content": "hello"}])
        store.save_state("a", "s", {"a": 1}, expected=0)
        store.save_view("a", "s", "view")
        store.save_derived("a", "s", {"index": b"data"})
        store.put_overflow("a", "s", [PIECE])
        store.put_memories("a", [MemoryRecord(id="m1", text="a red car", created_at=NOW)])
        store.set_preferences("a", {"tone": "brief"})
        store.get_or_call("t", {}, lambda: 1, actor_id="a")
    return path


def everything(store: SQLiteStore) -> dict[str, Any]:
    """What every read returns."""
    return {name: read(store) for name, read in READS.items()}


def edit(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


class TestReadOnly:
    def test_reads_are_served(self, path: Path) -> None:
        with SQLiteStore(path) as store:
            expected = everything(store)
        with SQLiteStore(f"{path.as_uri()}?mode=ro") as store:
            assert everything(store) == expected

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_writes_say_so(self, path: Path, write: Callable[[SQLiteStore], Any]) -> None:
        with SQLiteStore(f"{path.as_uri()}?mode=ro") as store:
            expected = everything(store)
            with pytest.raises(StoreReadOnly, match="write permission"):
                write(store)
            assert everything(store) == expected

    def test_an_empty_file_cannot_be_prepared(self, tmp_path: Path) -> None:
        (tmp_path / "empty.db").touch()
        with SQLiteStore(f"{(tmp_path / 'empty.db').as_uri()}?mode=ro") as store, pytest.raises(StoreReadOnly):
            store.session("a", "s")

    def test_a_folder_that_cannot_be_written_is_read_all_the_same(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on a read-only file system, where SQLite can make no index for its log."""
        with SQLiteStore(path) as store:
            expected = everything(store)
        opened: list[str] = []
        connect = sqlite3.connect

        def refuse(address: str, *args: Any, **options: Any) -> sqlite3.Connection:
            opened.append(address)
            return connect("file:/nowhere/at/all?mode=ro" if address == str(path) else address, *args, **options)

        monkeypatch.setattr("contextkit.stores.sqlite.connection.sqlite3.connect", refuse)
        monkeypatch.setattr("contextkit.stores.sqlite.connection.os.access", lambda *_: False)
        with SQLiteStore(path) as store:
            assert everything(store) == expected
            assert opened[-1].endswith("?immutable=1")
            with pytest.raises(StoreReadOnly):
                store.save_view("a", "s", "other")


class TestUnreachable:
    @pytest.mark.parametrize("use", [READS["session"], WRITES["append"]], ids=["read", "write"])
    def test_a_missing_folder(self, tmp_path: Path, use: Callable[[SQLiteStore], Any]) -> None:
        with SQLiteStore(tmp_path / "missing" / "store.db") as store, pytest.raises(StoreUnavailable, match="folder"):
            use(store)

    def test_a_folder_in_place_of_the_file(self, tmp_path: Path) -> None:
        with SQLiteStore(tmp_path) as store, pytest.raises(StoreUnavailable):
            store.session("a", "s")

    def test_it_works_once_the_folder_is_there(self, tmp_path: Path) -> None:
        with SQLiteStore(tmp_path / "later" / "store.db") as store:
            with pytest.raises(StoreUnavailable):
                store.session("a", "s")
            (tmp_path / "later").mkdir()
            assert store.session("a", "s") is None

    @pytest.mark.parametrize("bad", ["", "a\0b", b"bytes"])
    def test_a_path_that_is_none(self, bad: Any) -> None:
        with pytest.raises(InvalidInput, match="names no file"):
            SQLiteStore(bad)

    def test_a_level_of_safety_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="NORMAL"):
            SQLiteStore(tmp_path / "store.db", synchronous="OFF")  # type: ignore[arg-type]

    def test_a_closed_store(self, path: Path) -> None:
        store = SQLiteStore(path)
        store.session("a", "s")
        store.close()
        store.close()
        for use in (*READS.values(), *WRITES.values()):
            with pytest.raises(StoreError, match="closed"):
                use(store)


class TestMoved:
    """The file that was opened is no longer where it was: what is written to it, nobody would find again."""

    @pytest.mark.parametrize("use", [READS["messages"], WRITES["append"]], ids=["read", "write"])
    def test_a_file_that_was_moved_until_it_is_put_back(self, path: Path, use: Callable[[SQLiteStore], Any]) -> None:
        with SQLiteStore(path) as store:
            expected = texts(store)
            path.rename(path.with_name("away.db"))
            with pytest.raises(StoreUnavailable, match="deleted, moved or replaced"):
                use(store)
            assert not path.exists()
            path.with_name("away.db").rename(path)
            assert texts(store) == expected
            store.append("a", "s", [{"role": "user", "content": "again"}])
        with SQLiteStore(path) as store:
            assert texts(store) == [*expected, "again"]

    @pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes only there")
    def test_a_file_whose_name_is_no_utf_8(self, path: Path) -> None:
        named = path.rename(path.with_name(os.fsdecode(b"caf\xe9.db")))
        with SQLiteStore(named) as store:
            assert texts(store) == ["hello"]
            named.rename(path)
            with pytest.raises(StoreUnavailable, match="deleted, moved or replaced"):
                texts(store)

    def test_a_file_that_was_replaced(self, path: Path) -> None:
        with SQLiteStore(path) as store, SQLiteStore(path.with_name("copy.db")) as copy:
            store.session("a", "s")
            copy.append("a", "s", [{"role": "user", "content": "restored"}])
            copy.close()
            os.replace(copy.path, path)
            with pytest.raises(StoreUnavailable, match="deleted, moved or replaced"):
                store.append("a", "s", [{"role": "user", "content": "lost"}])

    def test_a_file_that_was_deleted(self, path: Path) -> None:
        with SQLiteStore(path) as store:
            store.session("a", "s")
            path.unlink()
            with pytest.raises(StoreUnavailable, match="deleted, moved or replaced"):
                store.append("a", "s", [{"role": "user", "content": "lost"}])
            with SQLiteStore(path) as another:
                assert texts(another) == []

    def test_a_file_that_the_system_does_not_know_is_used_all_the_same(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As where another file system than the system's own has it."""

        stat = os.stat

        def unknown(asked: Any, **options: Any) -> os.stat_result:
            if asked == str(path):
                raise FileNotFoundError(asked)
            return stat(asked, **options)

        monkeypatch.setattr("contextkit.stores.sqlite.files.os.stat", unknown)
        with SQLiteStore(path) as store:
            store.append("a", "s", [{"role": "user", "content": "after"}])
            assert texts(store)[-1] == "after"

    def test_a_process_that_goes_to_another_folder_keeps_its_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "elsewhere").mkdir()
        with SQLiteStore("store.db") as store:
            store.append("a", "s", [{"role": "user", "content": "before"}])
            monkeypatch.chdir(tmp_path / "elsewhere")
            with store._database.read():  # the next caller needs a connection of its own
                assert texts(store) == ["before"]
        assert list((tmp_path / "elsewhere").iterdir()) == []

    @pytest.mark.parametrize("path", ["file::memory:", "file:shared?mode=memory&cache=shared"])
    def test_memory_by_another_name_is_shared_by_threads(self, path: str) -> None:
        with SQLiteStore(path) as store, ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: store.append("a", "s", [{"role": "user", "content": str(n)}]), range(40)))
            assert sorted(map(int, texts(store))) == list(range(40))


def texts(store: SQLiteStore) -> list[str]:
    return [message.text for message in store.messages("a", "s")]


class TestBusy:
    def test_another_process_that_never_ends_its_write(self, path: Path) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with SQLiteStore(path, wait=0.05) as store:
            with pytest.raises(StoreUnavailable, match="busy"):
                store.append("a", "s", [{"role": "user", "content": "new"}])
            assert len(store.messages("a", "s")) == 1
            other.execute("ROLLBACK")
            assert store.append("a", "s", [{"role": "user", "content": "new"}])[0].seq == 2
        other.close()

    @pytest.mark.parametrize("place", ["file", ":memory:"])
    def test_another_thread_that_never_ends_its_write(self, tmp_path: Path, place: str) -> None:
        begun, done = threading.Event(), threading.Event()

        def hold(store: SQLiteStore) -> None:
            with store._database.write():
                begun.set()
                assert done.wait(10)

        with SQLiteStore(tmp_path / "store.db" if place == "file" else place, wait=0.05) as store:
            thread = threading.Thread(target=hold, args=(store,))
            thread.start()
            assert begun.wait(10)
            with pytest.raises(StoreUnavailable, match="no turn came"):
                store.append("a", "s", [{"role": "user", "content": "new"}])
            done.set()
            thread.join()
            assert store.append("a", "s", [{"role": "user", "content": "new"}])[0].seq == 1


class TestFull:
    def test_a_full_database(self, path: Path) -> None:
        with SQLiteStore(path) as store:
            expected = everything(store)
            with store._database.read() as connection:
                pages = connection.execute("PRAGMA page_count").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count={pages}")
            with pytest.raises(StoreFull, match="Free some space"):
                store.append("a", "s", [{"role": "user", "content": "x" * 100_000}])
            assert everything(store) == expected

    def test_a_file_that_may_not_grow(self, path: Path) -> None:
        """In a process of its own, whose files are limited to their present size."""
        program = f"""
            import resource
            from contextkit.errors import StoreError
            from contextkit.stores.sqlite import SQLiteStore
            store = SQLiteStore({str(path)!r})
            kept = store.append("a", "s", [{{"role": "user", "content": "before"}}])
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
            try:
                store.append("a", "s", [{{"role": "user", "content": "x" * 500_000}}])
            except StoreError as error:
                print(type(error).__name__)
            assert store.messages("a", "s", last=1) == kept
            print(store.append("a", "s", [{{"role": "user", "content": "after"}}])[0].seq)
        """
        result = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
        assert result.stderr == ""
        assert result.stdout.split() == ["StoreFull", "3"]
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY

    def test_a_message_larger_than_the_store_accepts(self, tmp_path: Path) -> None:
        with SQLiteStore(tmp_path / "store.db", max_message_bytes=1_000) as store:
            with pytest.raises(InvalidMessage, match="accepts 1000"):
                store.append("a", "s", [{"role": "user", "content": "fine"}, {"role": "user", "content": "x" * 1_000}])
            assert store.session("a", "s") is None


class TestDamaged:
    def test_a_file_of_something_else(self, tmp_path: Path) -> None:
        path = tmp_path / "store.db"
        path.write_bytes(b"This is a letter, not a database. " * 100)
        with SQLiteStore(path) as store:
            for use in (READS["session"], WRITES["append"]):
                with pytest.raises(StoreCorrupt, match="is no SQLite database"):
                    use(store)
        assert path.read_bytes().startswith(b"This is a letter")

    def test_overwritten_pages(self, path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[4096:] = b"\xa5" * (len(data) - 4096)
        path.write_bytes(data)
        with SQLiteStore(path) as store:
            for read in READS.values():
                with pytest.raises(StoreCorrupt, match="Restore it from a copy"):
                    read(store)

    def test_a_file_cut_short(self, path: Path) -> None:
        path.write_bytes(path.read_bytes()[:6000])
        with SQLiteStore(path) as store, pytest.raises(StoreCorrupt):
            store.append("a", "s", [{"role": "user", "content": "new"}])

    @pytest.mark.parametrize(
        ("damage", "read"),
        [
            ("UPDATE messages SET message = '{\"role\":'", "messages"),
            ("UPDATE messages SET message = '[]'", "pick"),
            ("UPDATE states SET state = x'7b'", "session"),
            ("UPDATE views SET view = x'ff'", "session"),
            ("UPDATE overflow SET content = x'00'", "get_overflow"),
            ("UPDATE overflow SET checksum = x'00'", "get_overflow"),
            ("UPDATE overflow SET checksum = x'00'", "overflow"),
            ("UPDATE memories SET text = x'ff'", "memories"),
            ("UPDATE memories SET metadata = x'ff'", "memories"),
            ("UPDATE preferences SET value = x'ff'", "preferences"),
            ("UPDATE tool_results SET result = x'7b'", "get_or_call"),
            ("UPDATE tool_results SET arguments = x'7b'", "get_or_call"),
        ],
    )
    def test_a_damaged_value(self, path: Path, damage: str, read: str) -> None:
        edit(path, damage)
        with SQLiteStore(path) as store, pytest.raises(StoreCorrupt):
            READS[read](store)


class TestSchema:
    def test_a_later_version(self, path: Path) -> None:
        edit(path, f"PRAGMA user_version={len(STEPS) + 1}")
        with SQLiteStore(path) as store:
            with pytest.raises(StoreError, match="Upgrade contextkit") as refused:
                store.session("a", "s")
            assert str(len(STEPS) + 1) in str(refused.value)

    def test_another_programs_database(self, tmp_path: Path) -> None:
        edit(tmp_path / "store.db", "CREATE TABLE sessions (anything)")
        with SQLiteStore(tmp_path / "store.db") as store, pytest.raises(StoreError, match="another program's"):
            store.append("a", "s", [{"role": "user", "content": "new"}])

    def test_an_empty_file_becomes_a_store(self, tmp_path: Path) -> None:
        (tmp_path / "store.db").touch()
        with SQLiteStore(tmp_path / "store.db") as store:
            assert store.append("a", "s", [{"role": "user", "content": "new"}])[0].seq == 1

    def test_the_file_says_whose_it_is(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
        connection.close()

    def test_steps_not_yet_taken_are_taken(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with SQLiteStore(path) as store:
            expected = everything(store)
        monkeypatch.setattr("contextkit.stores.sqlite.schema.STEPS", (*STEPS, "CREATE TABLE later (a);\n"))
        with SQLiteStore(path) as store:
            assert everything(store) == expected
        edit(path, "INSERT INTO later VALUES (1)")

    def test_an_older_file_that_cannot_be_written_says_what_it_needs(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with SQLiteStore(path) as store:
            everything(store)
        monkeypatch.setattr("contextkit.stores.sqlite.schema.STEPS", (*STEPS, "CREATE TABLE later (a);\n"))
        with SQLiteStore(f"{path.as_uri()}?mode=ro") as store, pytest.raises(StoreReadOnly, match="Open it once"):
            store.session("a", "s")

    def test_pieces_from_before_they_were_numbered_have_numbers(self, tmp_path: Path) -> None:
        path = tmp_path / "store.db"
        connection = sqlite3.connect(path)
        connection.executescript(STEPS[0])
        connection.executescript(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=1")
        connection.execute(
            "INSERT INTO sessions (actor_id, session_id, created_at, updated_at) VALUES ('a', 's', 1, 1)"
        )
        for handle, text in (("h1", b"one"), ("h2", b"two")):
            piece = (handle, b"i", b"t", 1, 1, sha256(text).digest(), zlib.compress(text))
            connection.execute(
                "INSERT INTO overflow (session, handle, item_id, title, tokens, created_at, checksum, content)"
                " VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
                piece,
            )
        connection.commit()
        connection.close()
        with SQLiteStore(path) as store:
            first, last = store.overflow("a", "s")
            session = store.session("a", "s")
            assert session is not None
            assert (first.text, last.text, session.pieces) == ("one", "two", last.number)
            assert 0 < first.number < last.number
            store.put_overflow("a", "s", [Overflow(handle="h3", text="three", item_id="i")])
            assert [piece.handle for piece in store.overflow("a", "s", after=session.pieces)] == ["h3"]

    def test_a_step_that_fails_leaves_nothing(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        bad = "CREATE TABLE later (a);\nCREATE TABLE sessions (b);\n"
        with monkeypatch.context() as patch:
            patch.setattr("contextkit.stores.sqlite.schema.STEPS", (*STEPS, bad))
            with SQLiteStore(path) as store, pytest.raises(StoreError):
                store.session("a", "s")
        with SQLiteStore(path) as store:
            assert store.session("a", "s") is not None
        edit(path, "CREATE TABLE later (a)")


class TestPrivacy:
    def test_the_files_are_their_owners_alone(self, tmp_path: Path) -> None:
        with SQLiteStore(tmp_path / "store.db") as store:
            store.append("a", "s", [{"role": "user", "content": "hello"}])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


@pytest.fixture(autouse=True)
def no_connection_is_left() -> Iterator[None]:
    """Every store of this page is closed, and with it every connection."""
    before = set(_open)
    yield
    assert set(_open) - before == set()


@pytest.mark.parametrize("moment", ["lease", "keep"])
def test_who_is_interrupted_while_a_tool_is_asked_keeps_nobody_waiting(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leased(results: ToolResults, asked: Any, maker: str) -> bool:
        assert lease(results, asked, maker)
        raise KeyboardInterrupt

    def kept(*_: Any) -> None:
        raise KeyboardInterrupt

    lease = ToolResults.lease
    with SQLiteStore(tmp_path / "store.db") as store:
        with monkeypatch.context() as patch:
            patch.setattr(ToolResults, moment, {"lease": leased, "keep": kept}[moment])
            with pytest.raises(KeyboardInterrupt):
                store.get_or_call("weather", {}, lambda: "sleet", actor_id="u1")
        with closing(sqlite3.connect(tmp_path / "store.db")) as database:
            assert database.execute("SELECT count(*) FROM tool_results").fetchone() == (0,)
        assert store.get_or_call("weather", {}, lambda: "sleet", actor_id="u1") == "sleet"


class Interrupted(sqlite3.Connection):
    """Is interrupted as a snapshot has begun, once."""

    interruptions = 1

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        answer = super().execute(sql, parameters)
        if sql == "BEGIN" and Interrupted.interruptions:
            Interrupted.interruptions -= 1
            raise KeyboardInterrupt
        return answer


def test_who_is_interrupted_as_a_read_begins_leaves_no_transaction_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook's cell is stopped, and the next one writes over the same connection."""
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Interrupted))
    with SQLiteStore(":memory:") as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}])
        with pytest.raises(KeyboardInterrupt):
            store.memories("u1", active=False)
        assert Interrupted.interruptions == 0
        store.append("u1", "s1", [{"role": "user", "content": "Hello again"}])


def interrupted(work: Callable[[], object], at: int) -> bool:
    """Whether the work came to its call number `at`, and was interrupted there.

    Python looks for interrupts as a function of its own begins and as one of C returns.
    """
    calls = count(1)

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_return") and next(calls) == at:
            sys.setprofile(None)
            raise KeyboardInterrupt

    try:
        sys.setprofile(profile)
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


@pytest.mark.skipif(
    sys.version_info[:2] == (3, 14), reason="an interrupt there may leave any lock held: python/cpython#148874"
)
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_wherever_a_read_is_interrupted_another_thread_goes_on(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello"}])
    for at in count(1):
        with SQLiteStore(tmp_path / "store.db") as store:
            store.session("u1", "s1")
            if not interrupted(lambda: store.session("u1", "s1"), at):
                break
            other = threading.Thread(target=store.session, args=("u1", "s1"), daemon=True)
            other.start()
            other.join(10)
            assert not other.is_alive(), f"interrupted at call {at}, it let go of nothing"
    assert at > 20
    gc.collect()  # a connection that was just made when the interrupt came is closed by Python, which warns of it here
