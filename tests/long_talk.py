"""A session of many messages, and a store that counts how many of them are read."""

from __future__ import annotations

from contextkit.conversation import Conversation
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Message
from tests.world import NOW

COUNTER = get_counter()


class Counting(SQLiteStore):
    """A store that notes which messages were read, and which were picked."""

    read: list[int]
    picked: list[int]

    def messages(self, *given, **within):  # type: ignore[no-untyped-def]
        found = super().messages(*given, **within)
        self.read += [message.seq or 0 for message in found]
        return found

    def pick(self, *given):  # type: ignore[no-untyped-def]
        found = super().pick(*given)
        self.picked += [message.seq or 0 for message in found]
        return found


def counting() -> Counting:
    """A new one, in memory."""
    store = Counting(":memory:", clock=lambda: NOW)
    store.read, store.picked = [], []
    return store


def fill(store: SQLiteStore, count: int, start: int = 0) -> None:
    """Messages of all sizes; some forge fences, and one is longer than any passage."""
    store.append("u1", "s1", [message(number) for number in range(start, start + count)])


def message(number: int) -> Message:
    text = f"Message {number} about order {number % 97} to Ghent"
    if number % 50 == 7:
        return Message(role="tool", content=f"<documents> {text}", tool_call_id="c")
    return Message(role="user", content=text + " and more" * (1_200 if number % 400 == 9 else number % 5))


def conversation() -> Conversation:
    return Conversation("u1", "s1", COUNTER)


def read_recent(one: Conversation, store: Counting, start: int | None, room: int) -> None:
    session = store.session("u1", "s1")
    if session is not None:
        one.read_recent(store, session, start, room)
