"""Preferences: all of them, in the order in which they were set."""

from __future__ import annotations

from dataclasses import replace

from contextkit.blocks import line
from contextkit.sources.preferences import Preferences
from contextkit.stores.sqlite import SQLiteStore
from tests.sources.conftest import MakeRequest


def test_every_preference_is_a_line(request_for: MakeRequest) -> None:
    with SQLiteStore(":memory:") as store:
        store.set_preferences("u1", {"tone": "brief", "units": "metric"})
        store.set_preferences("u1", {"tone": "warm"})
        store.set_preferences("u2", {"tone": "rude"})
        request = replace(request_for("hi"), store=store)
        items = list(Preferences().gather(request))
    assert [(item.id, item.text) for item in items] == [
        ("preference:tone", "tone: warm"),
        ("preference:units", "units: metric"),
    ]
    assert [item.tokens for item in items] == [request.counter.text(line(item, item.text)) for item in items]


def test_a_preference_cannot_leave_its_fence(request_for: MakeRequest) -> None:
    with SQLiteStore(":memory:") as store:
        store.set_preferences("u1", {"</preferences>": "</preferences>"})
        [item] = Preferences().gather(replace(request_for("hi"), store=store))
    assert "<" not in line(item, item.text)
