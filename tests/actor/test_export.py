"""An export comes back byte for byte, from any store into any other; and what is no export is told by its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit import Budget, ContextBuilder
from contextkit.actor import export_actor, import_actor, reading
from contextkit.errors import InvalidInput
from contextkit.memory.engine import MemoryEngine
from contextkit.memory.journal import Journal
from contextkit.memory.ledger import LEDGER, SESSIONS, Page
from contextkit.memory.progress import Progress, Range
from contextkit.sources import History, System
from contextkit.stores import MemoryRecord, Overflow
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance.values import JSON, ODD_TEXTS
from contextkit.types import Message, ToolCall
from contextkit.views import Views

NOW = datetime(2026, 5, 4, 12, 0, 1, 5, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "one.db") as store:
        yield store


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "other.db") as store:
        yield store


def fill(store: SQLiteStore, *, texts: tuple[str, ...] = ODD_TEXTS[:-1], state: Any = None) -> None:
    """Everything that an actor can have, in odd texts."""
    for session in ("s1", "s/2"):
        said = [Message(role="user", content=text, name="Zoë") for text in texts]
        call = Message(role="assistant", tool_calls=(ToolCall("c", "f", '{"a": 1.0}'),), metadata={"x": [1, None]})
        image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
        store.append("u1", session, [*said, call, Message(role="tool", content=(image,), tool_call_id="c")])
        store.save_state("u1", session, {"state": state, "z": 1, "a": {"é": "\ud83d\ude00"}}, expected=0)
        store.put_overflow(
            "u1", session, [Overflow(handle=f"h{n}", text=t, item_id=t, title=t) for n, t in enumerate(texts)]
        )
    store.save_view("u1", "s1", '{"version": 1}')
    store.save_view("u1", "only seen", "")
    store.put_memories(
        "u1",
        [
            MemoryRecord(id=f"m{n}", text=text, created_at=NOW, namespace="/a/", importance=0.1, sources=("x", "y"))
            for n, text in enumerate(texts)
        ],
    )
    ended = MemoryRecord(
        id="ended", text="was", created_at=NOW, valid_from=NOW - timedelta(9), valid_to=NOW, metadata={"a": [1]}
    )
    store.put_memories("u1", [ended])
    store.set_preferences("u1", {"z": "first", "a": "second", **{f"p{n}": text for n, text in enumerate(texts)}})
    store.append("u2", "s1", [{"role": "user", "content": "Not theirs."}])


def exported(store: SQLiteStore, actor_id: str = "u1") -> list[bytes]:
    return list(export_actor(actor_id, store))


def test_what_was_exported_is_exported_again_byte_for_byte(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store)
    lines = exported(store)
    counts = import_actor(lines, other)
    assert exported(other) == lines
    n = len(ODD_TEXTS) - 1
    assert counts == {"messages": 2 * n + 4, "overflow": 2 * n, "sessions": 3, "memories": n + 1, "preferences": n + 2}
    assert json.loads(lines[-1]) == {"kind": "end", "lines": sum(counts.values()) + 1}
    assert b"Not theirs." not in b"".join(lines)


def test_what_comes_back_is_equal(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store)
    import_actor(exported(store), other)
    for session in ("s1", "s/2"):
        assert other.messages("u1", session) == store.messages("u1", session)
        assert other.overflow("u1", session) == store.overflow("u1", session)
        one, two = (each.session("u1", session) for each in (store, other))
        assert one is not None
        assert two is not None
        assert (two.state, two.view, two.last_seq) == (one.state, one.view, one.last_seq)
    assert other.memories("u1", active=False) == store.memories("u1", active=False)
    assert list(other.preferences("u1").items()) == list(store.preferences("u1").items())


def test_importing_twice_changes_nothing(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store)
    for _ in range(2):
        import_actor(exported(store), other)
    assert exported(other) == exported(store)


def test_an_import_that_broke_off_is_repeated(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store)
    lines = exported(store)
    for end in range(1, len(lines), 7):
        with pytest.raises(InvalidInput, match=f"breaks off after {end} lines"):
            import_actor(lines[:end], other)
    import_actor(lines, other)
    assert exported(other) == lines


def test_what_stands_before_a_line_that_is_wrong_is_imported(store: SQLiteStore, other: SQLiteStore) -> None:
    store.append("u1", "s", [{"role": "user", "content": f"{n}"} for n in range(9)])
    lines = exported(store)
    for wrong, count in ((b'{"kind":"message","session_id":"s"}', 4), (b"damaged", 6)):
        at = count + 1
        with pytest.raises(InvalidInput, match=f"Line {at + 1} of the export"):
            import_actor([*lines[:at], wrong, *lines[at + 1 :]], other)
        assert len(other.messages("u1", "s")) == count


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"kind":"memory","record":{"id":"m","text":"x","created_at":"2026-05-04T00:00:00"}}', "has no time zone"),
        (
            b'{"kind":"memory","record":{"id":"m","text":"x","importance":2,"created_at":"2026-05-04T00:00:00Z"}}',
            "from 0 to 1",
        ),
        (b'{"kind":"message","session_id":"s","seq":1,"message":{"role":"boss","content":"x"}}', "The role 'boss'"),
        (b'{"kind":"message","session_id":"","seq":1,"message":{"role":"user","content":"x"}}', "The session id"),
        (b'{"kind":"session","session_id":"s","state":[1]}', "The state is"),
        (b'{"kind":"preference","name":"","value":"x"}', "The preference name"),
        (b'{"kind":"overflow","session_id":"s","piece":{"handle":"","text":"x","item_id":"i"}}', "The handle"),
    ],
)
def test_what_a_store_refuses_is_named_by_its_line(other: SQLiteStore, line: bytes, told: str) -> None:
    good = b'{"kind":"preference","name":"a","value":"b"}'
    with pytest.raises(InvalidInput, match=f"Line 3 of the export: .*{told}"):
        import_actor([HEAD, good, line], other)
    assert other.preferences("u1") == {"a": "b"}


def test_lines_that_are_missing_or_too_many_are_told(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store, texts=("one", "two"))
    lines = exported(store)
    preference = next(at for at, line in enumerate(lines) if b'"preference"' in line)
    with pytest.raises(InvalidInput, match=f"had {len(lines) - 1} lines, and here are {len(lines) - 2}"):
        import_actor([*lines[:preference], *lines[preference + 1 :]], other)
    with pytest.raises(InvalidInput, match=f"Line {len(lines) + 1} stands behind the end"):
        import_actor([*lines, lines[preference]], other)


def test_under_another_id_it_is_another_actor(store: SQLiteStore) -> None:
    fill(store)
    lines = exported(store)
    import_actor(lines, store, actor_id="u3")
    assert exported(store, "u3")[1:] == lines[1:]
    assert exported(store) == lines


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.text(st.characters(), min_size=1, max_size=30), min_size=1, max_size=3), state=JSON)
def test_any_texts_and_states_come_back(texts: list[str], state: Any) -> None:
    with SQLiteStore(":memory:") as one, SQLiteStore(":memory:") as two:
        fill(one, texts=tuple(texts), state=state)
        lines = exported(one)
        assert all(line.count(b"\n") == 1 for line in lines)
        import_actor(lines, two)
        assert exported(two) == lines


def test_many_messages_are_read_and_written_in_parts(store: SQLiteStore, other: SQLiteStore) -> None:
    store.append("u1", "long", [{"role": "user", "content": f"{n}"} for n in range(1_203)])
    lines = exported(store)
    assert import_actor(lines, other) == {"messages": 1_203, "sessions": 1}
    assert exported(other) == lines


def test_large_lines_are_written_few_at_once(
    store: SQLiteStore, other: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [Overflow(handle=f"h{n}", text=str(n) * 3_000, item_id="i") for n in range(9)]
    store.append("u1", "s", [{"role": "user", "content": "Hi."}])
    store.put_overflow("u1", "s", pieces)
    monkeypatch.setattr(reading, "BYTES_AT_ONCE", 10_000)
    written: list[int] = []
    put = other.put_overflow
    monkeypatch.setattr(other, "put_overflow", lambda *given: (written.append(len(given[2])), put(*given)))
    import_actor(exported(store), other)
    assert written == [3, 3, 3]


def test_overflow_that_ends_with_its_session_lives_as_long_as_it_where_it_comes_to(other: SQLiteStore) -> None:
    month = timedelta(days=30)
    with SQLiteStore(":memory:", ttl=month, overflow_ttl=2 * month) as store:
        store.append("u1", "s", [{"role": "user", "content": "Hi."}])
        ends = datetime.now(UTC) + timedelta(days=7)
        own = Overflow(handle="own", text="own", item_id="i", expires_at=ends)
        store.put_overflow("u1", "s", [Overflow(handle="sessions", text="its", item_id="i"), own])
        import_actor(exported(store), other)
    assert {piece.handle: piece.expires_at for piece in other.overflow("u1", "s")} == {"sessions": None, "own": ends}


def test_a_file_of_lines_is_read_as_it_is(store: SQLiteStore, other: SQLiteStore, tmp_path: Path) -> None:
    fill(store)
    path = tmp_path / "u1.jsonl"
    path.write_bytes(b"".join(exported(store)) + b"\n")
    with path.open("rb") as file:
        import_actor(file, other)
    assert exported(other) == exported(store)


# What was remembered


def test_what_has_been_remembered_is_not_due_again(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store, texts=("one", "two"))
    session = store.session("u1", "s1")
    assert session is not None
    progress = Progress(life=session.created_at, done={"semantic": 2}, aside=(Range("summary", 1, 1),))
    decided = MemoryRecord(id="decided", text="Decided on, not written yet.", created_at=NOW)
    journal = Journal("s1", Range("semantic", 2, 2), (decided,))
    store.save_state("u1", LEDGER, Page(progress={"s1": progress}, journal=journal).to_json(), expected=0)
    lines = exported(store)
    import_actor(lines, other)
    assert exported(other) == lines
    assert LEDGER.encode() not in b"".join(lines)
    assert decided in other.memories("u1")
    ledger, there = other.session("u1", LEDGER), other.session("u1", "s1")
    assert ledger is not None
    assert there is not None
    page = Page.from_json(ledger.state)
    assert page.progress == {"s1": Progress(life=there.created_at, done={"semantic": 2}, aside=progress.aside)}
    assert page.journal is None


def test_what_the_store_remembers_already_stays(store: SQLiteStore, other: SQLiteStore) -> None:
    for place, name in ((store, "s1"), (other, "s2")):
        place.append("u1", name, [{"role": "user", "content": "I live in Ghent."}])
        MemoryEngine(place).run("u1", name, flush=True)
    import_actor(exported(store), other)
    engine = MemoryEngine(other)
    assert [engine.run("u1", name, flush=True).events for name in ("s1", "s2")] == [0, 0]
    assert [record.text for record in other.memories("u1")] == ["The user lives in Ghent."] * 2


def test_what_was_remembered_of_a_life_that_has_ended_counts_for_nothing(
    store: SQLiteStore, other: SQLiteStore
) -> None:
    store.append("u1", "s", [{"role": "user", "content": "I live in Ghent."}])
    MemoryEngine(store).run("u1", "s", flush=True)
    lines = exported(store)
    import_actor(lines, other)
    other.delete_session("u1", "s")
    import_actor(lines, other)
    assert MemoryEngine(other).run("u1", "s", flush=True).events == 0


def test_what_is_remembered_by_now_is_not_due_again_after_a_second_import(
    store: SQLiteStore, other: SQLiteStore
) -> None:
    """Wherever it is kept: of many sessions, the ledger leaves some of it with the sessions themselves."""
    for number in range(SESSIONS + 2):
        store.append("u1", f"s{number}", [{"role": "user", "content": "I live in Ghent."}])
        MemoryEngine(store).run("u1", f"s{number}", flush=True)
    lines = exported(store)
    import_actor(lines, other)
    for number in range(SESSIONS + 2):
        other.append("u1", f"s{number}", [{"role": "user", "content": "I like rye bread."}])
        assert MemoryEngine(other).run("u1", f"s{number}", flush=True).events == 1
    import_actor(lines, other)
    assert {MemoryEngine(other).run("u1", f"s{n}", flush=True).events for n in range(SESSIONS + 2)} == {0}


# Several stores


def test_kinds_may_live_in_several_stores(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store, texts=("one",))
    lines = exported(store)
    assert len(list(export_actor("u1", store, other))) == len(lines)
    import_actor(lines, Preferring(other), other)
    assert dict(other.preferences("u1")) == {"ours": "yes", **store.preferences("u1")}


class Preferring:
    """A store of preferences alone."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store

    def preferences(self, actor_id: str) -> dict[str, str]:
        return self._store.preferences(actor_id)

    def set_preferences(self, actor_id: str, values: Any) -> None:
        self._store.set_preferences(actor_id, {"ours": "yes", **values})


# Bad input


def test_a_store_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="object keeps nothing"):
        export_actor("u1", object())


def test_a_kind_that_no_store_keeps_is_named(store: SQLiteStore, other: SQLiteStore) -> None:
    fill(store, texts=("one",))
    with pytest.raises(InvalidInput, match=r"Line 2 .* 'message', which none of the stores keeps. Pass a SessionStore"):
        import_actor(exported(store), Preferring(other))


HEAD = b'{"kind":"actor","version":1,"actor_id":"u1"}'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "Line 1 is not the beginning"),
        ([b'{"role":"user","content":"Hi"}'], "Line 1 of the export"),
        ([b'{"kind":"actor","version":"x","actor_id":"u1"}'], "Line 1 is not the beginning"),
        ([b'{"kind":"actor","version":2,"actor_id":"u1"}'], "is of version 2; .* newer contextkit"),
        ([b'{"kind":"actor","version":1}'], "The actor id"),
        ([HEAD], "breaks off after 1 lines"),
        ([HEAD, b'{"kind":[]}'], "Line 2 of the export, .* kind is no text"),
        ([HEAD, b"not json"], "Line 2 of the export, 'not json'"),
        ([HEAD, b"\xff"], "Line 2 of the export"),
        ([HEAD, b"[1]"], "Line 2 of the export"),
        ([HEAD, b'{"kind":"dream"}'], "Line 2 of the export: It has the kind 'dream'"),
        ([HEAD, b"", b'{"kind":"message","session_id":"s","seq":1,"message":{"content":7}}'], "Line 3"),
        ([HEAD, b'{"kind":"message","session_id":"s","message":{"role":"user","content":"x"}}'], "has no number 'seq'"),
        ([HEAD, b'{"kind":"message","seq":1,"message":{"role":"user","content":"x"}}'], "has no text 'session_id'"),
        (
            [HEAD, b'{"kind":"memory","record":{"id":"m","text":7,"created_at":"2026-05-04T00:00:00+00:00"}}'],
            "text is 7",
        ),
        ([HEAD, b'{"kind":"memory","record":{"id":"m","text":"x","created_at":"soon"}}'], "Line 2 .* is no memory"),
        ([HEAD, b'{"kind":"memory"}'], "is no memory"),
        ([HEAD, b'{"kind":"overflow","session_id":"s","piece":{}}'], "is no overflow"),
        ([HEAD, b'{"kind":"preference","name":"a","value":null}'], "has no text 'value'"),
        ([HEAD, b'{"kind":"session","session_id":"s","view":"v","remembered":[]}'], "is no session"),
        (
            [HEAD, b'{"kind":"session","session_id":"s","remembered":{"done":{"a":"x"},"attempts":{},"aside":[]}}'],
            "is no session",
        ),
        (
            [HEAD, b'{"kind":"session","session_id":"s","remembered":{"done":{},"attempts":{},"aside":[["a",1,"2"]]}}'],
            "is no session",
        ),
        (
            [HEAD, b'{"kind":"overflow","session_id":"s","piece":{"handle":"h","text":"","item_id":"","tokens":1e0}}'],
            "tokens is 1.0",
        ),
        (
            [
                HEAD,
                b'{"kind":"overflow","session_id":"s","piece":{"handle":"h","text":"","item_id":"","tokens":%d}}'
                % 10**30,
            ],
            "tokens is 1000",
        ),
    ],
)
def test_what_is_no_export_is_refused_by_its_line(other: SQLiteStore, lines: list[bytes], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        import_actor(lines, other)


def test_a_session_that_holds_something_else_is_not_mixed(store: SQLiteStore, other: SQLiteStore) -> None:
    store.append("u1", "s1", [{"role": "user", "content": "ours", "id": "a"}])
    other.append("u1", "s1", [{"role": "user", "content": "theirs", "id": "b"}])
    before = exported(other)
    with pytest.raises(InvalidInput, match=r"Line 2 .* has a place that another message has"):
        import_actor(exported(store), other)
    assert exported(other) == before


def test_another_state_is_not_overwritten(store: SQLiteStore, other: SQLiteStore) -> None:
    store.save_state("u1", "s1", {"step": 1}, expected=0)
    other.save_state("u1", "s1", {"step": 2}, expected=0)
    with pytest.raises(InvalidInput, match=r"^Line 2 .* state that the session 's1' does not .* Delete the session"):
        import_actor(exported(store), other)
    kept = other.session("u1", "s1")
    assert kept is not None
    assert kept.state == {"step": 2}


def test_lines_are_readable(store: SQLiteStore) -> None:
    """By any reader of JSON, and by people: times are ISO 8601."""
    store.put_memories("u1", [MemoryRecord(id="m", text="Likes tea. ☕", created_at=NOW)])
    (_, line, _) = exported(store)
    assert json.loads(line)["record"]["created_at"] == "2026-05-04T12:00:01.000005+00:00"
    assert "☕".encode() in line


def test_a_prompt_is_continued_where_its_session_was_moved_to(store: SQLiteStore, other: SQLiteStore) -> None:
    store.append("u1", "s1", [{"role": "user", "content": f"Message {n}. " * 20} for n in range(60)])
    builder = ContextBuilder(store=store, sources=[System("You help."), History()], budget=Budget(2_000))
    builder.build("And now?", actor_id="u1", session_id="s1")
    import_actor(exported(store), other)
    one, two = (each.session("u1", "s1") for each in (store, other))
    assert one is not None
    assert two is not None
    assert Views.from_json(one.view).newest.history_from is not None
    assert two.view == one.view
