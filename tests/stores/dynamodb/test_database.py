"""Calls on one client: what others do to the same items at the same time stops no write."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from contextkit.errors import StoreUnavailable
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.writes import Delete, Put, Update, Write

PLACE: tuple[Any, str, str] = ("prefs", "a", "b")
WRITES = [Put("prefs", {"pk": "a", "sk": "b"}), Update(*PLACE, {"n": 1}), Delete(*PLACE)]


class Racing:
    """A client whose writes are refused a few times, since somebody else is writing the same item."""

    def __init__(self, refusals: int, code: str) -> None:
        self.refusals = refusals
        self.meta: Any = type("Meta", (), {"region_name": "us-east-1"})
        self._code = code
        self.put_item = self.update_item = self.delete_item = self.transact_write_items = self._write
        self.tokens: set[str] = set()

    def _write(self, ClientRequestToken: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - the service's name
        self.tokens.add(ClientRequestToken)
        if self.refusals:
            self.refusals -= 1
            raise ClientError({"Error": {"Code": self._code, "Message": "x"}}, "PutItem")
        return {}


@pytest.mark.parametrize("write", WRITES, ids=["put", "update", "delete"])
@pytest.mark.parametrize(
    ("code", "transactions"),
    [("ReplicatedWriteConflictException", False), ("TransactionConflictException", True)],
    ids=["by another region", "by a transaction"],
)
def test_a_write_that_is_raced_is_made_again(code: str, transactions: bool, write: Write) -> None:
    client = Racing(3, code)
    Database(client, "", "here", 5.0, transactions=transactions).write([write])
    assert client.refusals == 0


@pytest.mark.parametrize("code", ["ReplicatedWriteConflictException", "TransactionConflictException"])
def test_a_write_that_is_always_raced_gives_up(code: str) -> None:
    database = Database(Racing(10_000, code), "", "here", 0.05)
    with pytest.raises(StoreUnavailable, match="too many others"):
        database.write([WRITES[0]])


def test_a_transaction_whose_answer_came_too_late_is_asked_for_under_its_token() -> None:
    client = Racing(3, "TransactionInProgressException")
    Database(client, "", "here", 5.0).write(WRITES[:1] * 2)
    assert client.refusals == 0
    assert len(client.tokens) == 1
