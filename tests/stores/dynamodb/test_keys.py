"""Keys: no two ids give one key, and no actor's key lies within another's."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.stores.dynamodb import keys

TRIALS = 10_000
HARD = "#/%~@*:|.\\ \0aAbB0ü日🙂"
"""Separators, escapes, and characters of one to four bytes."""

IDS = st.text(st.sampled_from(HARD), min_size=1, max_size=6) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40
)


def hard_id(moments: random.Random) -> str:
    """An id made to imitate others: short ones of separators, some of them as long as ids may be."""
    text = "".join(moments.choices(HARD, k=moments.randint(1, 5)))
    return text * (2_048 // len(text.encode())) if moments.random() < 0.1 else text


def test_no_collision_and_no_escape_in_random_trials() -> None:
    moments = random.Random(20)
    owner: dict[str, tuple[str, str]] = {}
    for _ in range(TRIALS):
        actor, session = hard_id(moments), hard_id(moments)
        key = keys.session_key(actor, session)
        assert owner.setdefault(key, (actor, session)) == (actor, session)
        assert key.startswith(f"session#{keys.part(actor)}/")
        assert key.count("/") == key.count("#") == 1
        assert len(key.encode()) <= 2_048
    assert len(owner) > TRIALS / 2


@settings(max_examples=500)
@given(one=st.tuples(IDS, IDS), other=st.tuples(IDS, IDS))
def test_different_ids_have_different_keys(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (keys.session_key(*one) == keys.session_key(*other)) == (one == other)
    assert (keys.tool_key(*one) == keys.tool_key(*other)) == (one == other)
    assert keys.tool_key(one[0], "*") != keys.tool_key(one[0], None)


@given(value=IDS, tail=IDS)
def test_a_long_id_is_not_its_beginning_or_its_hash(value: str, tail: str) -> None:
    long = value * (2_000 // len(value.encode()))
    assert keys.part(long) != keys.part(long + tail)
    assert keys.part(keys.part(long)) != keys.part(long)
    assert len(keys.part(long)) <= keys.MAX_PART


@given(st.text(max_size=300))
def test_an_id_is_told_from_its_part_of_a_key_if_that_is_all_of_it(value: str) -> None:
    part = keys.part(value)
    assert keys.whole(part) == (value if "~" not in part else None)
    assert "~" not in part or len(part) == keys.MAX_PART


@given(low=st.integers(0, 2**62), high=st.integers(0, 2**62))
def test_numbers_sort_as_they_count(low: int, high: int) -> None:
    in_order = keys.numbered("log", "life", low) < keys.numbered("log", "life", high)
    assert in_order == (low < high)
    assert keys.numbered("log", "life", high) < keys.META < keys.named("note", "life", "index")


@given(actor=IDS, other=IDS, name=IDS)
def test_a_partition_s_owner_is_its_actor_and_nobody_else(actor: str, other: str, name: str) -> None:
    own = [keys.session_key(actor, name), keys.sessions_key(actor), keys.tool_key(name, actor)]
    own += [keys.actor_key(actor), keys.memories_key(actor)]
    assert {keys.owner(pk) for pk in own} == {keys.owner_of(actor)}
    shared = {keys.owner(pk) for pk in (keys.tool_key(name, None), keys.model_key(actor))}
    assert not shared & {keys.owner_of(actor), keys.owner_of("*")}
    assert (keys.owner_of(actor) == keys.owner_of(other)) == (actor == other)


def test_a_key_without_a_number_is_told() -> None:
    assert keys.number_in(keys.numbered("log", "1", 7)) == 7
    with pytest.raises(StoreCorrupt, match="ends in no number"):
        keys.number_in("log#1#first")
