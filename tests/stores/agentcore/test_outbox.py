"""A turn that one store has is never missing in the other, nor in it twice: kills, lost answers, many processes."""

from __future__ import annotations

import contextlib
import random
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contextkit.errors import StoreUnavailable
from contextkit.stores.agentcore import AgentCoreStore, delivery, outbox
from contextkit.stores.agentcore.delivery import Delivery
from contextkit.stores.agentcore.events import Event, Events
from contextkit.stores.agentcore.ledger import Entry, Ledger, Place
from contextkit.stores.agentcore.outbox import Outbox
from contextkit.stores.agentcore.payloads import from_payload
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.agentcore import AgentCoreEmulator, Call, Fault, Quotas
from contextkit.testing.agentcore.calls import no_fault
from contextkit.testing.conformance.base import at_once
from contextkit.types import Message
from tests.processes import QUICK, run_together
from tests.stores.agentcore import crashes


@pytest.fixture(autouse=True)
def _brisk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events follow each other faster than AWS's quotas allow, where these are not what is tested."""
    if request.function not in AT_AWS_PACE:
        for module in (delivery, outbox):
            monkeypatch.setattr(module, "PACE", 0.02)


@pytest.fixture
def memory_id(control: Any) -> str:
    """A memory of the test's own, whose only session is u's s."""
    name = f"m{uuid.uuid4().hex[:12]}"
    return str(control.create_memory(name=name, eventExpiryDuration=30)["memory"]["id"])


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def store(memory_id: str, client: Any, state: SQLiteStore) -> Iterator[AgentCoreStore]:
    store = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
    yield store
    store.flush()


@pytest.fixture
def faults(emulator: AgentCoreEmulator) -> Iterator[AgentCoreEmulator]:
    yield emulator
    emulator.plan = no_fault


def delivered(client: Any, memory_id: str) -> list[Message]:
    """Every message in AgentCore's events, as often as it is there, in order of its number."""
    listed = client.list_events(memoryId=memory_id, actorId="u", sessionId="s", maxResults=100)["events"]
    found = [message for event in listed for message in from_payload(event["payload"]) or ()]
    return sorted(found, key=lambda message: message.seq or 0)


def ids(messages: list[Message]) -> list[tuple[int | None, str | None]]:
    return [(message.seq, message.id) for message in messages]


@pytest.mark.parametrize("step", crashes.STEPS)
def test_what_a_killed_process_has_appended_arrives_once(
    step: str, memory_id: str, emulator: AgentCoreEmulator, client: Any, tmp_path: Path, store: AgentCoreStore
) -> None:
    store.append("u", "s", [{"role": "user", "content": "before", "id": "before"}])
    store.flush()
    store.close()
    code = crashes.run(crashes.append_and_die, memory_id, emulator.url, str(tmp_path / "state.db"), step)
    assert code == -9
    with SQLiteStore(tmp_path / "state.db") as state:
        other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
        other.flush()  # nobody names the session: it is found by its mark
        kept = state.messages("u", "s")
        assert ids(delivered(client, memory_id)) == ids(kept)
        assert len(kept) == (1 if step in ("before the mark", "before the append") else 4)
        other.append("u", "s", [{"role": "user", "content": "after", "id": "after"}])
        other.flush()
        assert ids(delivered(client, memory_id)) == ids(state.messages("u", "s"))


@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [
        (Ledger, "save", False),
        (Ledger, "save", True),
        (SQLiteStore, "delete_session", False),
        (SQLiteStore, "delete_session", True),
        (Delivery, "_erase", False),
        (Events, "delete", True),
        (Ledger, "drop", False),
        (Ledger, "drop", True),
    ],
)
def test_a_deletion_that_was_begun_is_finished(
    owner: type,
    name: str,
    after: bool,
    memory_id: str,
    emulator: AgentCoreEmulator,
    client: Any,
    tmp_path: Path,
    store: AgentCoreStore,
) -> None:
    for number in range(2):
        store.append("u", "s", [{"role": "user", "content": "x", "id": str(number)}])
        store.flush()
    store.close()
    path = str(tmp_path / "state.db")
    assert crashes.run(crashes.delete_and_die, memory_id, emulator.url, path, owner, name, after) == -9
    with SQLiteStore(path) as state:
        other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
        other.flush()
        begun = (owner, name, after) != (Ledger, "save", False)
        assert len(delivered(client, memory_id)) == (0 if begun else 2)
        assert len(other.messages("u", "s")) == (0 if begun else 2)
        other.close()


@pytest.mark.parametrize("fault", ["lose answer", "drop", "5xx", "throttle", "conflict"])
def test_a_call_that_fails_is_made_again_and_doubles_nothing(
    fault: Fault, faults: AgentCoreEmulator, store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    left = [fault]
    faults.plan = lambda call: left.pop() if call.operation == "CreateEvent" and left else None
    store.append("u", "s", [{"role": "user", "content": "x", "id": "1"}])
    store.flush()
    assert left == []
    assert ids(delivered(client, memory_id)) == [(1, "1")]


def test_an_agentcore_that_is_down_delays_no_turn_and_is_named_by_flush(
    faults: AgentCoreEmulator, store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    faults.plan = lambda call: "5xx" if call.operation == "CreateEvent" else None
    (stored,) = store.append("u", "s", [{"role": "user", "content": "x", "id": "1"}])
    assert store.messages("u", "s") == [stored]
    with pytest.raises(StoreUnavailable, match="failed"):
        store.flush(timeout=0.5)
    assert list(store.waiting()) == [("u", "s")]
    faults.plan = no_fault
    store.flush()
    assert store.waiting() == {}
    assert ids(delivered(client, memory_id)) == [(1, "1")]


def test_many_processes_lose_and_double_nothing(
    memory_id: str, emulator: AgentCoreEmulator, client: Any, tmp_path: Path
) -> None:
    path = str(tmp_path / "state.db")
    processes = [
        QUICK.Process(target=crashes.append_many, args=(memory_id, emulator.url, path, writer, 10))
        for writer in range(3)
    ]
    run_together(processes)
    with SQLiteStore(path) as state:
        kept = state.messages("u", "s")
    assert [message.seq for message in kept] == list(range(1, 31))
    assert ids(delivered(client, memory_id)) == ids(kept)


def test_a_session_that_was_there_before_agentcore_is_delivered(
    state: SQLiteStore, store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    state.append("u", "s", [{"role": "user", "content": str(number)} for number in range(250)])
    store.append("u", "s", [{"role": "user", "content": "new"}])
    store.flush()
    assert ids(delivered(client, memory_id)) == ids(state.messages("u", "s"))


def test_a_forgotten_ledger_is_made_again_from_agentcores_own_list(
    state: SQLiteStore, store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    store.append("u", "s", [{"role": "user", "content": "one", "id": "1"}])
    store.flush()
    for actor in (f"contextkit.agentcore/{memory_id}/entries", f"contextkit.agentcore/{memory_id}/marks"):
        for session in state.sessions(actor):
            state.delete_session(actor, session.session_id)
    other = AgentCoreStore(memory_id, state=state, client=client)
    other.append("u", "s", [{"role": "user", "content": "two", "id": "2"}])
    other.flush()
    assert ids(delivered(client, memory_id)) == [(1, "1"), (2, "2")]


@pytest.mark.slow
def test_a_program_that_ends_delivers_what_it_can_and_leaves_the_rest(
    memory_id: str, emulator: AgentCoreEmulator, client: Any, tmp_path: Path
) -> None:
    path = str(tmp_path / "state.db")
    assert crashes.run(crashes.append_and_leave, memory_id, "http://127.0.0.1:9", path) == 0
    assert delivered(client, memory_id) == []
    assert crashes.run(crashes.append_and_leave, memory_id, emulator.url, path) == 0
    assert ids(delivered(client, memory_id)) == [(number + 1, str(number)) for number in range(5)]


def test_a_service_that_fails_at_random_gets_every_message_once(
    faults: AgentCoreEmulator, store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    chance = random.Random(7)
    kinds: tuple[Fault, ...] = ("throttle", "5xx", "drop", "lose answer", "conflict")
    faults.plan = lambda _: chance.choice(kinds) if chance.random() < 0.3 else None

    def write(thread: int) -> None:
        for number in range(10):
            store.append("u", "s", [{"role": "user", "content": "x", "id": f"{thread}/{number}"}])

    at_once(write, threads=4)
    store.flush()
    faults.plan = no_fault
    assert ids(delivered(client, memory_id)) == ids(store.messages("u", "s"))
    assert len(store.messages("u", "s")) == 40


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_is_appended_as_the_store_is_closed_is_left_to_the_next_process(
    when: str, state: SQLiteStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AgentCoreStore(memory_id, state=state, client=client)
    store.append("u", "s", [{"role": "user", "content": "x", "id": "1"}])
    store.flush()
    if when == "before":
        store.close()
    else:  # by another thread, behind the mark and before the write
        append = state.append

        def late(actor_id: str, session_id: str, messages: Iterable[object]) -> list[Message]:
            store.close()
            return append(actor_id, session_id, messages)

        monkeypatch.setattr(state, "append", late)
    store.append("u", "s", [{"role": "user", "content": "x", "id": "2"}])
    other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
    other.flush()
    assert ids(delivered(client, memory_id)) == [(1, "1"), (2, "2")]


def test_who_only_reads_leaves_to_writers_what_others_left(
    faults: AgentCoreEmulator, memory_id: str, client: Any, state: SQLiteStore, store: AgentCoreStore
) -> None:
    faults.plan = lambda call: "5xx" if call.operation == "CreateEvent" else None
    store.append("u", "s", [{"role": "user", "content": "x"}])
    with AgentCoreStore(memory_id, state=state, client=client, wait=0.1) as reader:
        assert len(reader.messages("u", "s")) == 1
    assert reader.waiting() == {}
    faults.plan = no_fault
    store.flush()
    assert len(delivered(client, memory_id)) == 1


def test_an_outage_of_many_hours_is_got_over(
    state: SQLiteStore, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("_FIRST_REST", "_LONGEST_REST", "PACE"):
        monkeypatch.setattr(outbox, pause, 1e-6)
    down = [StoreUnavailable("AgentCore is down.", "Try again.")] * 1_100

    def step(_: Place) -> None:
        if down:
            raise down.pop()

    box = Outbox(step, Ledger(state, memory_id), lambda: "me", lambda: datetime.now(UTC))
    box.notify(Place("u", "s"))
    box.flush(20)
    assert down == []


def test_marks_of_sessions_that_are_idle_are_taken_back(
    store: AgentCoreStore, state: SQLiteStore, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def marked() -> int:
        return len(state.sessions(f"contextkit.agentcore/{memory_id}/marks"))

    for session in ("a", "b", "c"):
        store.append("u", session, [{"role": "user", "content": "x"}])
    store.flush()
    assert marked() == 3
    monkeypatch.setattr("contextkit.stores.agentcore.outbox.IDLE", 0.0)
    store.append("u", "c", [{"role": "user", "content": "x"}])
    store.flush()
    assert marked() == 0
    store.append("u", "a", [{"role": "user", "content": "x"}])
    store.close()
    assert marked() == 0


def test_what_other_clients_wrote_is_not_sent_back_but_is_once_it_is_gone_there(
    store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    theirs = [{"conversational": {"role": "USER", "content": {"text": "theirs"}}}]
    store.append("u", "s", [{"role": "user", "content": "ours", "id": "ours"}])
    store.flush()
    event = store.events.create("u", "s", theirs, at=datetime.now(UTC), token=memory_id)
    assert store.pull("u", "s") == 1
    store.append("u", "s", [{"role": "user", "content": "later", "id": "later"}])
    store.flush()
    assert ids(delivered(client, memory_id)) == [(1, "ours"), (3, "later")]
    kept = store.messages("u", "s")
    store.delete_session("u", "s")
    store.flush()
    store.append("u", "s", kept)
    store.flush()
    assert ids(delivered(client, memory_id)) == [(1, "ours"), (2, f"agentcore:{event.id}:0"), (3, "later")]


@pytest.mark.parametrize("count", [2, 9])
def test_no_event_of_other_clients_is_sent_back(count: int, store: AgentCoreStore, client: Any, memory_id: str) -> None:
    store.append("u", "s", [{"role": "user", "content": "ours", "id": "ours"}])
    store.flush()
    for number in range(count):
        said = [{"conversational": {"role": "USER", "content": {"text": str(number)}}}]
        store.events.create("u", "s", said, at=datetime.now(UTC), token=f"{memory_id}-{number}")
    assert store.pull("u", "s") == count
    store.append("u", "s", [{"role": "user", "content": "later", "id": "later"}])
    store.flush()
    assert ids(delivered(client, memory_id)) == [(1, "ours"), (count + 2, "later")]
    assert len(store.events.all("u", "s")) == count + 2


def test_a_large_session_is_deleted_step_by_step(store: AgentCoreStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "ERASED", 2)
    for number in range(5):
        said = [{"conversational": {"role": "USER", "content": {"text": str(number)}}}]
        store.events.create("u", "s", said, at=datetime.now(UTC), token=uuid.uuid4().hex)
    store.delete_session("u", "s")
    store.flush()
    assert store.events.all("u", "s") == []
    assert store.session("u", "s") is None


def test_what_is_deleted_goes_and_what_comes_after_stays(store: AgentCoreStore, client: Any, memory_id: str) -> None:
    store.append("u", "s", [{"role": "user", "content": "old", "id": "old"}])
    store.flush()
    store.delete_session("u", "s")
    store.append("u", "s", [{"role": "user", "content": "new", "id": "new"}])
    store.flush()
    assert ids(delivered(client, memory_id)) == [(1, "new")]
    assert ids(store.messages("u", "s")) == [(1, "new")]


def test_a_slow_deletion_spares_what_was_said_since(
    state: SQLiteStore, store: AgentCoreStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
    store.append("u", "s", [{"role": "user", "content": "old", "id": "old"}])
    store.flush()
    listed = store.events.headers

    def late(actor_id: str, session_id: str) -> Iterator[Event]:
        """Another process is done with the deletion before this one has so much as listed what to delete."""
        monkeypatch.setattr(store.events, "headers", listed)
        other.append("u", "s", [{"role": "user", "content": "new", "id": "new"}])
        other.flush()
        return listed(actor_id, session_id)

    monkeypatch.setattr(store.events, "headers", late)
    store.delete_session("u", "s")
    store.flush()
    assert ids(delivered(client, memory_id)) == [(1, "new")]


def test_a_ledger_that_is_dropped_late_doubles_nothing(
    state: SQLiteStore, store: AgentCoreStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
    store.append("u", "s", [{"role": "user", "content": "old", "id": "old"}])
    store.flush()
    drop = Ledger.drop

    def late(ledger: Ledger, place: Place, entry: Entry) -> bool:
        """The session begins anew and is delivered between the last look at it and this."""
        monkeypatch.setattr(Ledger, "drop", drop)
        other.append("u", "s", [{"role": "user", "content": "x", "id": "1"}])
        other.flush()
        return drop(ledger, place, entry)

    monkeypatch.setattr(Ledger, "drop", late)
    store.delete_session("u", "s")
    store.flush()
    other.append("u", "s", [{"role": "user", "content": "x", "id": "2"}])
    other.flush()
    assert ids(delivered(client, memory_id)) == [(1, "1"), (2, "2")]


@pytest.mark.parametrize("fails", ["create", "delete"])
def test_an_event_that_arrives_behind_its_sessions_deletion_is_deleted_too(
    fails: str, state: SQLiteStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to its creation is lost, or the one who sees that it came too late cannot delete it."""
    store, other = (AgentCoreStore(memory_id, state=state, client=client, lease=1.0) for _ in range(2))
    create, delete, headers = store.events.create, store.events.delete, other.events.headers
    looked = threading.Event()
    down = StoreUnavailable("AgentCore did not answer.", "Try again.")

    def listed(actor_id: str, session_id: str) -> Iterator[Event]:
        found = list(headers(actor_id, session_id))
        looked.set()
        return iter(found)

    def late(*args: Any, **more: Any) -> Event:
        monkeypatch.setattr(store.events, "create", create)
        other.delete_session("u", "s")
        assert looked.wait(10)
        event = create(*args, **more)
        if fails == "create":
            raise down
        return event

    def refused(*_: str) -> None:
        monkeypatch.setattr(store.events, "delete", delete)
        raise down

    monkeypatch.setattr(other.events, "headers", listed)
    monkeypatch.setattr(store.events, "create", late)
    if fails == "delete":
        monkeypatch.setattr(store.events, "delete", refused)
    other.flush()  # what others have left behind it looks for once, and not when it deletes
    store.append("u", "s", [{"role": "user", "content": "x", "id": "1"}])
    for each in (store, other):
        each.flush()
    assert delivered(client, memory_id) == []
    assert other.messages("u", "s") == []


def test_a_session_that_is_deleted_before_its_first_event_is_claimed_sends_none(
    state: SQLiteStore, store: AgentCoreStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
    save = Ledger.save

    def late(ledger: Ledger, place: Place, entry: Entry, until: datetime | None = None) -> Entry | None:
        """The deletion is over, and forgotten, before this process says what it will send."""
        monkeypatch.setattr(Ledger, "save", save)
        other.delete_session("u", "s")
        other.flush()
        return save(ledger, place, entry, until)

    monkeypatch.setattr(Ledger, "save", late)
    store.append("u", "s", [{"role": "user", "content": "x", "id": "1"}])
    store.flush()
    assert delivered(client, memory_id) == []


def test_a_deletion_is_not_forgotten_by_who_was_about_to_deliver(
    faults: AgentCoreEmulator,
    state: SQLiteStore,
    store: AgentCoreStore,
    client: Any,
    memory_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2, wait=0.0)
    store.append("u", "s", [{"role": "user", "content": "x", "id": "1"}])
    store.flush()
    read = Ledger.read

    def late(ledger: Ledger, place: Place) -> Entry:
        """The session is deleted here between this look into the ledger and the next one at the session."""
        monkeypatch.setattr(Ledger, "read", read)
        entry = read(ledger, place)
        faults.plan = lambda call: "5xx" if call.operation == "ListEvents" else None
        other.delete_session("u", "s")
        return entry

    monkeypatch.setattr(Ledger, "read", late)
    store.append("u", "s", [{"role": "user", "content": "x", "id": "2"}])
    with contextlib.suppress(StoreUnavailable):
        store.flush(timeout=0.5)
    faults.plan = no_fault
    for each in (store, other):
        each.flush()
    assert delivered(client, memory_id) == []


def test_what_was_read_before_the_ledger_forgot_a_session_is_not_written_over_what_it_knows_since(
    state: SQLiteStore, memory_id: str
) -> None:
    ledger, place = Ledger(state, memory_id), Place("u", "s")
    old = ledger.save(place, Entry(line="old"))
    assert old is not None
    assert ledger.drop(place, old)
    new = ledger.save(place, Entry(line="new"))
    assert new is not None
    assert new.version == old.version  # versions begin anew: by them alone nobody can tell
    assert not ledger.clear(place, old)
    assert not ledger.drop(place, old)
    assert ledger.read(place) == new
    assert ledger.save(place, replace(old, delivered=5)) is None
    assert ledger.read(place).line != "old"


@pytest.mark.parametrize("count", [1, 2])
def test_an_event_is_not_lost_where_the_ledger_forgets_the_session_while_it_is_on_its_way(
    count: int,
    state: SQLiteStore,
    store: AgentCoreStore,
    client: Any,
    memory_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, place = Ledger(state, memory_id), Place("u", "s")
    create = store.events.create

    def late(*args: Any, **more: Any) -> Event:
        monkeypatch.setattr(store.events, "create", create)
        event = create(*args, **more)
        ledger.save(place, ledger.read(place).forgotten())
        return event

    for number in range(count):
        if number == count - 1:
            monkeypatch.setattr(store.events, "create", late)
        store.append("u", "s", [{"role": "user", "content": "x", "id": str(number)}])
        store.flush()
    assert ids(delivered(client, memory_id)) == ids(state.messages("u", "s"))
    store.append("u", "s", [{"role": "user", "content": "x", "id": "after"}])
    store.flush()
    assert ids(delivered(client, memory_id)) == ids(state.messages("u", "s"))


def test_what_is_said_right_behind_a_deletion_is_kept(
    state: SQLiteStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process finds a session that is just being deleted, and is about to delete it, too, for too long."""
    store, other = (AgentCoreStore(memory_id, state=state, client=client, lease=1.0) for _ in range(2))
    delete, reached, said = state.delete_session, threading.Event(), threading.Event()

    def slow(actor_id: str, session_id: str, **life: Any) -> None:
        if actor_id == "u" and threading.current_thread() is threading.main_thread():
            looking.start()
            reached.wait(0.5)
        elif actor_id == "u":
            reached.set()
            assert said.wait(10)
        delete(actor_id, session_id, **life)

    looking = threading.Thread(target=other.flush)
    store.append("u", "s", [{"role": "user", "content": "old", "id": "old"}])
    store.flush()
    monkeypatch.setattr(state, "delete_session", slow)
    store.delete_session("u", "s")
    store.append("u", "s", [{"role": "user", "content": "new", "id": "new"}])
    said.set()
    looking.join()
    store.flush()
    assert [message.text for message in store.messages("u", "s")] == ["new"]
    assert ids(delivered(client, memory_id)) == [(1, "new")]


def test_two_who_delete_a_session_spare_what_is_said_between(
    state: SQLiteStore, store: AgentCoreStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = AgentCoreStore(memory_id, state=state, client=client, lease=0.2)
    delete = state.delete_session

    def late(actor_id: str, session_id: str, **life: Any) -> None:
        """For much longer than the lease."""
        monkeypatch.setattr(state, "delete_session", delete)
        other.delete_session("u", "s")
        other.append("u", "s", [{"role": "user", "content": "between", "id": "between"}])
        other.flush()
        delete(actor_id, session_id, **life)

    store.append("u", "s", [{"role": "user", "content": "old", "id": "old"}])
    store.flush()
    monkeypatch.setattr(state, "delete_session", late)
    store.delete_session("u", "s")
    for each in (store, other):
        each.flush()
    assert [message.text for message in store.messages("u", "s")] == ["between"]
    assert ids(delivered(client, memory_id)) == [(1, "between")]


def test_a_session_that_begins_while_the_one_before_is_deleted_by_its_life_is_left_alone(
    state: SQLiteStore, store: AgentCoreStore, client: Any, memory_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = AgentCoreStore(memory_id, state=state, client=client)
    session = state.session

    def meanwhile(actor_id: str, session_id: str, *names: Any, **options: Any) -> Any:
        found = session(actor_id, session_id, *names, **options)
        if actor_id == "u":
            monkeypatch.setattr(state, "session", session)
            other.delete_session("u", "s")
            other.append("u", "s", [{"role": "user", "content": "new", "id": "new"}])
            other.flush()
        return found

    store.append("u", "s", [{"role": "user", "content": "old", "id": "old"}])
    store.flush()
    old = session("u", "s")
    assert old is not None
    monkeypatch.setattr(state, "session", meanwhile)
    store.delete_session("u", "s", life=old.created_at)
    for each in (store, other):
        each.flush()
    assert [message.text for message in store.messages("u", "s")] == ["new"]
    assert ids(delivered(client, memory_id)) == [(1, "new")]


def test_nothing_of_a_deleted_session_stays_in_the_state_store(
    state: SQLiteStore, store: AgentCoreStore, tmp_path: Path
) -> None:
    actor = "an-actor-to-be-forgotten"
    store.append(actor, "s", [{"role": "user", "content": "x"}])
    store.flush()
    store.delete_session(actor, "s")
    store.flush()
    store.close()
    state.vacuum()
    assert actor.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_appends_gather_while_an_event_is_on_its_way(
    emulator: AgentCoreEmulator, store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    with emulator.counted() as calls:
        for number in range(60):
            store.append("u", "s", [{"role": "user", "content": "x", "id": str(number)}])
        store.flush()
    events = [call for call in calls if call.operation == "CreateEvent"]
    assert sum(call.messages - 1 for call in events) == 60  # each event has one blob beside its messages
    assert len(events) < 30
    assert len(delivered(client, memory_id)) == 60


def test_twenty_messages_a_second_stay_within_the_quotas_and_all_arrive(
    emulator: AgentCoreEmulator, store: AgentCoreStore, client: Any, memory_id: str
) -> None:
    behaviour = emulator.behaviour
    emulator.behaviour = replace(behaviour, quotas=Quotas())
    try:
        with emulator.counted() as calls:
            for number in range(60):
                store.append("u", "s", [{"role": "user", "content": "x", "id": str(number)}])
                time.sleep(0.05)
            store.flush()
    finally:
        emulator.behaviour = behaviour
    assert [call.error for call in calls if call.error] == []
    assert busiest_second(calls) <= 5
    assert ids(delivered(client, memory_id)) == [(number + 1, str(number)) for number in range(60)]


def busiest_second(calls: list[Call]) -> int:
    """The most CreateEvents that came within any one second."""
    times = [call.at for call in calls if call.operation == "CreateEvent"]
    return max(sum(first <= at < first + timedelta(seconds=1) for at in times) for first in times)


AT_AWS_PACE = (
    test_appends_gather_while_an_event_is_on_its_way,
    test_twenty_messages_a_second_stay_within_the_quotas_and_all_arrive,
)
