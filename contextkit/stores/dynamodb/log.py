"""Log: the rows of a session's messages, and the messages in them."""

from __future__ import annotations

from collections.abc import Sequence

from contextkit.messages import loads
from contextkit.stores.dynamodb.items import Row
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.types import Message

LOG = "log"
"""Sort keys of messages: just below `meta`, so that one query reads it and the newest of them."""

ID = "id"
"""Sort keys that lead from a message's id to its number."""


def read_messages(payloads: Payloads, rows: Sequence[Row]) -> list[Message]:
    """The messages that the rows hold or point to. Raises `StoreCorrupt`."""
    texts = payloads.get_all("sessions", rows)
    return [
        loads(text.decode("ascii", "replace"), seq=row["seq"], tokens=row["tokens"], counter=row["counter"])
        for row, text in zip(rows, texts, strict=True)
    ]
