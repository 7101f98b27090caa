"""Where actors live: what "yesterday" means early in the morning, and which dates stand in prompts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contextkit import Budget, ContextBuilder, Message
from contextkit.clock import zone_in
from contextkit.compress.summary import Summary
from contextkit.errors import InvalidInput
from contextkit.memory.engine import MemoryEngine
from contextkit.memory.facts import Batch, Fact
from contextkit.memory.tools import MemoryTools
from contextkit.sources import History, Memories, Overflow, System
from contextkit.stores import MemoryRecord
from contextkit.stores import Overflow as Moved
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Source
from contextkit.views import Views
from contextkit.zones import Zones, local, zones_of

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = datetime(2026, 3, 9, 6, 30, tzinfo=HANOI)  # a Monday; Sunday evening in UTC
A: dict[str, Any] = {"actor_id": "lan", "session_id": "s"}


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", clock=lambda: MORNING) as store:
        yield store


def builder(
    store: SQLiteStore, zone: Zones, *sources: Source, strategy: str = "recall", window: int = 4_000
) -> ContextBuilder:
    return ContextBuilder(
        store=store,
        sources=[System("You help."), *sources],
        strategy=strategy,
        budget=Budget(window),
        timezone=zone,
        clock=lambda: MORNING.astimezone(UTC),
    )


def said(text: str, day: int, hour: int, role: Any = "user") -> Message:
    return Message(role=role, content=text, created_at=datetime(2026, 3, day, hour, tzinfo=HANOI))


def talk(store: SQLiteStore) -> None:
    """On Saturday and on Sunday, early in the morning of both: in UTC on the days before."""
    store.append("lan", "s", [said("The red boat left the harbour.", 7, 5), said("Good.", 7, 5, "assistant")])
    store.append("lan", "s", [said("The green boat left the harbour.", 8, 5), said("Good.", 8, 5, "assistant")])


@pytest.mark.parametrize("question", ["Which boat left yesterday?", "Hôm qua boat nào left?", "昨天 which boat left?"])
@pytest.mark.parametrize(
    "zone", ["Asia/Ho_Chi_Minh", HANOI, timezone(timedelta(hours=7)), lambda actor: f"Asia/{CITIES[actor]}"]
)
def test_yesterday_is_the_day_before_the_actors(store: SQLiteStore, question: str, zone: Zones) -> None:
    for day, boat in ((7, "red"), (8, "green")):
        answer = said("Good.", day, 14, "assistant")
        store.append("lan", "s", [said(f"The {boat} boat left the harbour.", day, 14), answer])
    history = History()
    for asked, boat in (("UTC", "red"), (zone, "green")):
        context = builder(store, asked, history, window=140).build(question, **A)
        recalled = {one.item_id: one.score for one in context.report.decisions if one.section == "recall"}
        best = max(recalled, key=lambda one: recalled[one])
        assert boat in next(message.text for message in store.messages("lan", "s") if message.id == best)


CITIES = {"lan": "Ho_Chi_Minh"}


def test_what_is_recalled_stands_under_the_actors_dates(store: SQLiteStore) -> None:
    talk(store)
    for zone, dates in (("UTC", ["6 March 2026", "7 March 2026"]), (HANOI, ["7 March 2026", "8 March 2026"])):
        told = str(builder(store, zone, History()).build("Which boat left the harbour?", **A).messages)
        assert [date for date in ("6 March 2026", "7 March 2026", "8 March 2026") if date in told] == dates


def test_a_pause_is_told_in_the_actors_days(store: SQLiteStore) -> None:
    talk(store)
    told = str(builder(store, HANOI, History(), strategy="chat").build("And now?", **A).messages)
    assert "from Saturday 7 March 2026 to Sunday 8 March 2026" in told
    assert "from Sunday 8 March 2026 to Monday 9 March 2026" in told


def test_a_summary_stands_under_the_actors_dates(store: SQLiteStore) -> None:
    store.append("lan", "s", [said(f"Boat number {number} was painted. " * 9, 9, 5) for number in range(60)])
    asked = builder(store, HANOI, History(), strategy="chat", window=2_000)
    asked.build("And now?", **A)
    session = store.session("lan", "s")
    view = Views.from_json(session.view if session else None).newest
    summary = Summary.from_json(view.summary or "")
    assert "9 March 2026" in summary.text
    assert "8 March 2026" not in summary.text


def test_memories_hold_from_the_actors_days_on(store: SQLiteStore) -> None:
    begun, ended = datetime(2026, 3, 1, 5, tzinfo=HANOI), datetime(2026, 3, 8, 5, tzinfo=HANOI)
    store.put_memories(
        "lan", [MemoryRecord(id="m", text="Lan lives in Huế.", created_at=begun, valid_from=begun, valid_to=ended)]
    )
    for zone, since in (("UTC", "2026-02-28 to 2026-03-07"), (HANOI, "2026-03-01 to 2026-03-08")):
        asked = builder(store, zone, Memories(), strategy="chat").build("Where did Lan live before?", **A)
        assert f"- {since}, no longer so: Lan lives in Huế." in str(asked.messages)
        tools = MemoryTools(store, actor_id="lan", session_id="s", timezone=zone, clock=lambda: MORNING)
        assert since in tools.call("recall", {"query": "Where did Lan live before?"})


def test_what_was_moved_out_says_on_which_of_the_actors_days(store: SQLiteStore) -> None:
    store.append("lan", "s", [said("Which boats are here?", 8, 5), said("Many.", 8, 5, "assistant")])
    piece = Moved(
        handle="abc123",
        text="Boat 700 is in the harbour.",
        item_id="boats",
        title="boats",
        created_at=MORNING,
        tokens=9,
    )
    store.put_overflow("lan", "s", [piece])
    later = ContextBuilder(
        store=store,
        sources=[System("You help."), History(), Overflow()],
        strategy="agent",
        budget=Budget(4_000),
        timezone=HANOI,
        clock=lambda: MORNING + timedelta(days=2),
    )
    assert "As of 9 March 2026:" in str(later.build("Is boat 700 in the harbour?", **A).messages)


class Seen:
    """Keeps what it was asked to extract from."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def extract(self, batch: Batch) -> list[Fact]:
        self.batches.append(batch)
        return []


def test_what_is_remembered_was_said_on_the_actors_day(store: SQLiteStore) -> None:
    store.append("lan", "s", [said("Yesterday I bought a boat.", 9, 6)])
    seen = Seen()
    for zone in (HANOI, "UTC"):
        MemoryEngine(store, timezone=zone, clock=lambda: MORNING).run("lan", "s", flush=True)
        MemoryEngine(store, ["episodic"], extractor=lambda _: seen, timezone=zone).run("lan", "s", flush=True)
    (bought,) = store.memories("lan")
    assert "8 March 2026" in bought.text
    (batch,) = seen.batches
    assert [f"{message.created_at:%d %H %Z}" for message in batch.messages] == ["09 06 +07"]


@pytest.mark.parametrize(
    "given", ["Mars/Olympus", "", "../etc/passwd", 7, None, object(), lambda _: "Mars", lambda _: None]
)
def test_what_is_no_zone_is_refused(store: SQLiteStore, given: Any) -> None:
    with pytest.raises(InvalidInput, match="IANA"):
        builder(store, given).build("Hello?", **A)


def test_a_zone_is_given_by_name_or_as_one_or_by_a_function() -> None:
    for given in ("Asia/Ho_Chi_Minh", HANOI, lambda actor: HANOI if actor == "lan" else UTC):
        zone: tzinfo = zones_of(given)("lan")
        assert MORNING.astimezone(UTC).astimezone(zone).hour == 6


def test_a_message_is_told_in_a_zone() -> None:
    message = said("Good morning.", 9, 6)
    moved = local(message, timezone(timedelta(hours=9)))
    assert moved.created_at == message.created_at
    assert moved.created_at is not None
    assert (moved.created_at.hour, zone_in(moved.created_at).utcoffset(None)) == (8, timedelta(hours=9))
    undated = Message(role="user", content="x")
    assert local(undated, HANOI) is undated
