from __future__ import annotations

import re

import pytest
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidId
from contextkit.stores.agentcore.ids import ACTORS, SESSIONS, Alphabet
from contextkit.stores.agentcore.namespaces import MAX_NAMESPACE, is_within, own_namespace, own_place, own_root

MODEL = Session().get_service_model("bedrock-agentcore")

IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300) | st.from_regex(
    r"(ctk--)?[a-zA-Z0-9_:/-]{1,120}", fullmatch=True
)
KINDS = pytest.mark.parametrize(("alphabet", "shape"), [(ACTORS, "ActorId"), (SESSIONS, "SessionId")])


def accepts(shape: str, value: str) -> bool:
    rules = MODEL.shape_for(shape).metadata
    return rules["min"] <= len(value) <= rules["max"] and re.fullmatch(rules["pattern"], value, re.ASCII) is not None


@KINDS
@given(value=IDS)
def test_any_id_becomes_one_that_the_service_takes(alphabet: Alphabet, shape: str, value: str) -> None:
    encoded = alphabet.encode(value)
    assert accepts(shape, encoded)
    assert alphabet.decode(encoded) in (value, None)
    assert alphabet.decode(encoded) == value or len(encoded) > alphabet.limit - 3


@KINDS
@given(one=IDS, other=IDS)
def test_two_ids_never_become_one(alphabet: Alphabet, shape: str, one: str, other: str) -> None:
    assert shape
    assert (alphabet.encode(one) == alphabet.encode(other)) == (one == other)
    if alphabet.encode(one) != other:
        assert alphabet.encode(alphabet.encode(one)) != alphabet.encode(other)


@pytest.mark.parametrize("plain", ["u1", "user-42", "session_1", "A" * 100])
def test_an_id_that_fits_is_left_alone(plain: str) -> None:
    assert (ACTORS.encode(plain), SESSIONS.encode(plain)) == (plain, plain)


def test_an_actor_with_a_colon_is_left_alone_and_one_with_a_slash_is_not() -> None:
    assert ACTORS.encode("google:1234") == "google:1234"
    assert ACTORS.encode("team/ana") == "ctk--team:2fana"
    assert ACTORS.decode("ctk--team:2fana") == "team/ana"


def test_what_looks_encoded_is_encoded_again() -> None:
    assert SESSIONS.encode("ctk--a") != SESSIONS.encode("a")
    assert SESSIONS.decode(SESSIONS.encode("ctk--a")) == "ctk--a"


@pytest.mark.parametrize("bad", ["", "x" * 2_049, "\ud800", None, 7])
def test_what_is_no_id_is_refused(bad: str) -> None:
    with pytest.raises(InvalidId):
        ACTORS.encode(bad)


NAMESPACES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=6).map(
    "/".join
).filter(bool) | st.text("語a/", min_size=1, max_size=600)


@given(actor=IDS, namespace=NAMESPACES)
def test_any_namespace_becomes_one_that_the_service_takes_below_its_actors(actor: str, namespace: str) -> None:
    encoded = own_namespace(actor, namespace)
    assert accepts("Namespace", encoded)
    assert encoded.startswith(own_root(actor))
    assert accepts("Namespace", own_place(actor, namespace).name)


@given(actor=IDS, one=NAMESPACES, other=NAMESPACES)
def test_two_namespaces_never_become_one(actor: str, one: str, other: str) -> None:
    assert (own_namespace(actor, one) == own_namespace(actor, other)) == (one == other)


@given(actor=IDS, record=NAMESPACES, parts=st.integers(1, 6))
def test_a_search_below_a_namespace_reaches_all_that_is_in_it(actor: str, record: str, parts: int) -> None:
    wanted = "/".join(record.split("/")[:parts]) + "/"
    if is_within(record, wanted):
        place = own_place(actor, wanted)
        assert place.below
        assert own_namespace(actor, record).startswith(place.name)


@given(one=IDS, other=IDS)
def test_no_actor_reaches_into_another(one: str, other: str) -> None:
    if one != other:
        assert not own_root(one).startswith(own_root(other))


def test_a_namespace_that_is_too_long_keeps_its_beginning() -> None:
    long = "facts/" + "語" * 300
    encoded = own_namespace("u1", long)
    assert encoded.startswith("/contextkit/actors/u1/facts/:h")
    assert len(encoded) <= MAX_NAMESPACE
