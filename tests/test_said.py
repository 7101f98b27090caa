"""What a session has said: read once, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contextkit import said as said_module
from contextkit.budget import Budget
from contextkit.said import SESSION, Said, SaidInSessions
from contextkit.stores import Session
from contextkit.strategy import ContextStrategy
from contextkit.tokens import get_counter
from contextkit.types import Item, Message, Request
from contextkit.view import Turn, View
from tests.world import NOW

FACT = "Ann prefers window seats on the night train."


def message(seq: int, text: str = FACT) -> Item:
    return Item(id=f"m{seq}", section="history", text=text, tokens=1, order=seq)


def request(**changes: object) -> Request:
    session = Session(actor_id="ann", session_id="s", created_at=NOW, updated_at=NOW)
    asked = Request(
        query="?",
        turn=Turn(query=Message(role="user", content="?"), after=0),
        actor_id="ann",
        session_id="s",
        budget=Budget(1_000),
        counter=get_counter(),
        strategy=ContextStrategy.load("chat"),
        now=NOW,
        view=View(),
        session=session,
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


@pytest.fixture
def sessions() -> SaidInSessions:
    return SaidInSessions()


def test_what_was_said_is_known_in_the_next_build(sessions: SaidInSessions) -> None:
    sessions.of(request(), [message(1)])
    later = sessions.of(request(query="another"), [message(2, "Something else was said then, and at length.")])
    assert later.by(FACT, {"m1", "m2"}) == "m1"


@pytest.mark.parametrize(
    "other",
    [
        {"actor_id": "bo"},
        {"session_id": "t"},
        {"session": None},
        {"session": Session(actor_id="ann", session_id="s", created_at=NOW + timedelta(1), updated_at=NOW)},
    ],
    ids=["another actor", "another session", "a session that has not begun", "its next life"],
)
def test_what_one_session_said_no_other_has(sessions: SaidInSessions, other: dict[str, object]) -> None:
    sessions.of(request(), [message(1)])
    assert sessions.of(request(**other), []).by(FACT, {"m1"}) is None
    assert sessions.of(request(), []).by(FACT, {"m1"}) == "m1"


def test_the_session_used_least_recently_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said_module, "REMEMBERED", 9 * (SESSION + 1))
    sessions = SaidInSessions()
    for number in range(9):
        sessions.of(request(session_id=f"s{number}"), [message(1)])
    sessions.of(request(session_id="s0"), [])
    sessions.of(request(session_id="one more"), [])
    assert sessions.of(request(session_id="s0"), []).by(FACT, {"m1"}) == "m1"
    assert sessions.of(request(session_id="s1"), []).by(FACT, {"m1"}) is None


def test_a_message_is_read_once() -> None:
    said = Said()
    said.read([message(1, "What it said first, which stays as it was read."), message(2)])
    said.read([message(1), message(2), message(3, "And then this, which is new and long enough to tell.")])
    assert said.by(FACT, {"m1"}) is None
    assert said.by("And then this, which is new and long enough to tell.", {"m3"}) == "m3"
