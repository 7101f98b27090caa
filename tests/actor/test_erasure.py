"""An actor erased from all stores at once, and the receipt of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from contextkit.actor import erase_actor
from contextkit.errors import ErasureIncomplete, InvalidId, InvalidInput, StoreUnavailable
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance.erasure import KINDS, fill


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[dict[str, SQLiteStore]]:
    with SQLiteStore(tmp_path / "a.db") as a, SQLiteStore(tmp_path / "b.db") as b:
        yield {"a": a, "b": b}


def test_every_store_is_cleared_and_says_of_what(stores: dict[str, SQLiteStore], tmp_path: Path) -> None:
    for store in stores.values():
        fill(store, "ann")
        fill(store, "ben")
    receipt = erase_actor("ann", stores)
    assert receipt.erased["a"] == receipt.erased["b"]
    assert {kind: receipt.erased["a"][kind] for kind in KINDS} == KINDS
    assert receipt.total == 2 * sum(receipt.erased["a"].values())
    assert receipt.verify() == {}
    assert b"ann" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert stores["a"].held("ben") == receipt.erased["a"]


def test_the_receipt_names_nobody(stores: dict[str, SQLiteStore]) -> None:
    fill(stores["a"], "ann@example.org")
    receipt = erase_actor("ann@example.org", stores)
    written = json.loads(receipt.to_json())
    assert "ann" not in receipt.to_json()
    assert written["actor_sha256"] == sha256(b"ann@example.org").hexdigest()
    assert written["erased"] == {"a": receipt.erased["a"], "b": {}}
    assert written["at"].endswith("+00:00")


def test_what_was_written_meanwhile_is_reported(stores: dict[str, SQLiteStore]) -> None:
    receipt = erase_actor("ann", stores)
    stores["b"].set_preferences("ann", {"tone": "brief"})
    assert receipt.verify() == {"b": {"preferences": 1}}


class Lingering(SQLiteStore):
    """A store that goes on showing what it has deleted for a few looks."""

    looks = 3

    def held(self, actor_id: str) -> dict[str, int]:
        self.looks -= 1
        return {"memories": 1} if self.looks >= 0 else super().held(actor_id)


def test_what_lingers_is_waited_for_with_growing_pauses() -> None:
    pauses: list[float] = []
    with Lingering(":memory:") as store:
        receipt = erase_actor("ann", {"managed": store})
        assert receipt.verify() == {"managed": {"memories": 1}}
        assert receipt.verify(within=timedelta(minutes=5), sleep=pauses.append) == {}
    assert pauses == [0.1, 0.2]


def test_the_wait_ends() -> None:
    with Lingering(":memory:") as store:
        store.looks = 1_000
        receipt = erase_actor("ann", {"managed": store})
        assert receipt.verify(within=timedelta(milliseconds=50)) == {"managed": {"memories": 1}}


class Down(SQLiteStore):
    """A store that cannot be reached."""

    def erase(self, actor_id: str) -> dict[str, int]:
        raise StoreUnavailable(f"Nobody answers for {len(actor_id)} characters.", "Wait.")


def test_a_store_that_fails_keeps_no_other_from_being_cleared(stores: dict[str, SQLiteStore]) -> None:
    fill(stores["b"], "ann")
    with (
        Down(":memory:") as down,
        pytest.raises(ErasureIncomplete, match="Of 3 stores 1 could not be cleared: down: ") as raised,
    ):
        erase_actor("ann", {"a": stores["a"], "down": down, "b": stores["b"]})
    receipt = raised.value.receipt
    assert list(receipt.failed) == ["down"]
    assert receipt.erased["b"]["messages"] == 4
    assert stores["b"].held("ann") == {}
    assert "Nobody answers" in json.loads(receipt.to_json())["failed"]["down"]


def test_bad_input_is_refused(stores: dict[str, SQLiteStore]) -> None:
    with pytest.raises(InvalidId):
        erase_actor("", stores)
    with pytest.raises(InvalidInput, match="no store to erase from"):
        erase_actor("ann", {})
    fill(stores["a"], "ann")
    with pytest.raises(InvalidInput, match=r"The stores are a SQLiteStore\. Pass them by name"):
        erase_actor("ann", stores["a"])  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"'x' \(object\) cannot erase"):
        erase_actor("ann", {"a": stores["a"], "x": object()})  # type: ignore[dict-item]
    assert stores["a"].held("ann")
