"""One append under way: its messages, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from contextkit.stores.dynamodb.items import Value
from contextkit.stores.dynamodb.life import At, Life
from contextkit.types import Message


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is ready to be written but for its sequence number; `columns` hold its payload, by life."""

    name: str
    message: Message
    text: bytes
    columns: dict[str, Mapping[str, Value | None]]

    def stored(self, seq: int) -> Message:
        """The message under its number."""
        return replace(self.message, seq=seq)


@dataclass(slots=True)
class Append:
    """One append under way: its messages by id, the session's life as last seen, and how far it has come.

    `looked` is the life as it was when `stored` was found out; `new` are the messages that were written here.
    """

    at: At
    given: Mapping[str, Message]
    names: Sequence[str]
    life: Life | None = None
    looked: Life | None = None
    stored: dict[str, Message] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    new: list[Message] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """The messages that are still to be written."""
        return [name for name in self.names if name not in self.stored]

    @property
    def drafted(self) -> list[Draft]:
        """The same, ready to be written."""
        return [self.drafts[name] for name in self.missing]

    @property
    def sure(self) -> bool:
        """True if nobody can have written one of them since we looked."""
        if self.life is None:
            return True
        return self.looked is not None and (self.life.life, self.life.last_seq) == (
            self.looked.life,
            self.looked.last_seq,
        )

    @property
    def outlived(self) -> bool:
        """True if the session that we looked into has ended."""
        return self.looked is not None and (self.life is None or self.life.life != self.looked.life)
