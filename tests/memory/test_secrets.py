"""No memory holds a secret, whoever found it, and the receipt says that one was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from contextkit.memory.consolidate import RuleConsolidator
from contextkit.memory.engine import MemoryEngine
from contextkit.memory.facts import Batch, Fact, Kind
from contextkit.memory.secrets import NOT_KEPT, WITHHELD, holds_secret, spared, without_secrets
from contextkit.stores.sqlite import SQLiteStore

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

SESSION = "1234567890123456"
"""An id that reads like the number of a card, and is none."""


@pytest.mark.parametrize(
    "text",
    [
        "Ana's password is hunter2.",
        "Ana has two PINs.",
        "her pins are 4321 and 1234",
        "The key is sk-proj_abcdefghijklmnop1234.",
        "It is AKIAIOSFODNN7EXAMPLE.",
        "Ana pays with 4111-1111-1111-1111.",
        "Mật khẩu là hunter2.",
        "我的密码是 hunter2",
        "Das Passwort lautet hunter2.",
        "La contraseña de Ana es hunter2.",
        "パスワードは hunter2 です",
        "ASIAIOSFODNN7EXAMPLE",
        "github_pat_11ABCDEFG0abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_what_a_secret_is(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ana lives in Porto.",
        "Ana pins notes to the wall.",
        "The order is 4711-12.",
        "He likes sk-8 shoes.",
        "Call +351 912 345 678.",
        "",
    ],
)
def test_what_is_none(text: str) -> None:
    assert not holds_secret(text)


def fact(text: str, **more: Any) -> Fact:
    return Fact(text=text, sources=("m1",), said_at=NOON, **more)


HARMLESS = fact("Ana lives in Porto.", subject="home city of Ana", value="Porto", metadata={"tags": ["home", "city"]})


def test_facts_without_secrets_stay_as_they_are() -> None:
    assert without_secrets([HARMLESS]) == ([HARMLESS], [])


@pytest.mark.parametrize(
    "secret",
    [
        fact("Ana's password is hunter2."),
        fact("Ana's password was changed. It is hunter2."),
        fact("It is hunter2.", subject="password of Ana"),
        fact("Ana has a new one.", value="ghp_abcdefghijklmnopqrstuvwxyz"),
        fact("Ana has a new one.", metadata={"card": "4111 1111 1111 1111"}),
        fact("Ana has new ones.", metadata={"cards": ["none", "4111 1111 1111 1111"]}),
        fact("Ana wrote. She called. She came.", subject="password of Ana"),
        fact("My password is a. My PIN is b. My IBAN is c."),
    ],
)
def test_a_fact_with_a_secret_is_told_of_and_not_told(secret: Fact) -> None:
    kept, (change,) = without_secrets([HARMLESS, secret])
    assert kept == [HARMLESS]
    assert (change.kind, change.records, change.reason) == (Kind.SKIP, (), NOT_KEPT)
    assert change.fact == Fact(text=WITHHELD, sources=("m1",), said_at=NOON)


def test_a_summary_loses_the_sentences_with_secrets_and_those_that_go_on_about_them() -> None:
    text = "Ana could not log in. Her password was reset. It is hunter2 now. She ordered a mill.\nIt comes on Friday."
    kept, (change,) = without_secrets([fact(text)])
    assert [one.text for one in kept] == ["Ana could not log in. She ordered a mill.\nIt comes on Friday."]
    assert change.fact.text == WITHHELD
    assert spared("Nothing to hide. Nothing at all.") == "Nothing to hide. Nothing at all."


@dataclass(frozen=True)
class Telling:
    """A model that finds what each message says."""

    def with_structured_output(self, _: Mapping[str, Any], /) -> Telling:
        return self

    def invoke(self, _: object) -> Any:
        return {
            "facts": [
                {"text": "The user lives in Porto.", "sources": [1]},
                {"text": "The user's password is hunter2.", "sources": [2]},
            ]
        }


class Careless:
    """An extractor of somebody's own."""

    def extract(self, batch: Batch) -> list[Fact]:
        return [
            Fact(text=message.text, sources=(message.id or "",), said_at=message.created_at or NOON)
            for message in batch.messages
        ]


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:") as store:
        said = ("I live in Porto.", "My password is hunter2.")
        store.append("u", SESSION, [{"role": "user", "content": text} for text in said])
        yield store


@pytest.mark.parametrize(
    "engine",
    [{"model": Telling()}, {"extractor": lambda _: Careless()}],
    ids=["model", "own extractor"],
)
def test_what_a_model_tells_of_secrets_is_in_no_store(store: SQLiteStore, engine: dict[str, Any]) -> None:
    receipt = MemoryEngine(store, consolidator=RuleConsolidator, **engine).run("u", SESSION, flush=True)
    assert receipt.kinds == {Kind.ADD: 1, Kind.SKIP: 1}
    assert "hunter2" not in repr(receipt)
    (record,) = store.memories("u", active=False)
    assert "Porto" in record.text
