"""The emulator against botocore's models, both ways: what they allow is served, what they forbid is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.testing.agentcore import AgentCoreEmulator
from contextkit.testing.agentcore.model import CONTROL, DATA
from tests.testing.agentcore.furnished import furnish, requests
from tests.testing.agentcore.raw import MODELS, Raw, Reply, check_answer, check_error, model
from tests.testing.agentcore.requests import Site, breaking, broken, holding, sites

OPERATIONS = (*DATA, *CONTROL)


@pytest.fixture(scope="module")
def emulator() -> Iterator[AgentCoreEmulator]:
    with AgentCoreEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def raw(emulator: AgentCoreEmulator) -> Iterator[Raw]:
    raw = Raw(emulator.url)
    yield raw
    raw.close()


def test_every_memory_operation_of_both_models_is_served():
    named = [name for service in MODELS.values() for name in service.operation_names]
    wanted = [name for name in named if "Memor" in name or "Event" in name or name in ("ListSessions", "ListActors")]
    assert sorted(OPERATIONS) == sorted([*wanted, "IngestData"])


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=40)
@given(drawn=st.data())
def test_what_the_model_allows_succeeds(emulator: AgentCoreEmulator, raw: Raw, name: str, drawn: st.DataObject):
    emulator.reset()
    world = furnish(raw)
    params = drawn.draw(requests(name, world))
    reply = raw.call(model(name), params)
    if reply.status >= 400:
        check_error(model(name), reply)
        assert reply.error == "ResourceNotFoundException", reply
        assert world.lacks(params), reply
    else:
        assert reply.status == model(name).http["responseCode"]
        check_answer(model(name), reply)


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=40)
@given(drawn=st.data())
def test_what_the_model_forbids_is_refused(raw: Raw, name: str, drawn: st.DataObject):
    site = drawn.draw(st.sampled_from(list(sites(model(name).input_shape))))
    check_refused(raw, name, site, drawn.draw(breaking(site)))


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=1, database=None)
@given(drawn=st.data())
def test_every_single_constraint_holds(raw: Raw, name: str, drawn: st.DataObject):
    for site in sites(model(name).input_shape):
        check_refused(raw, name, site, drawn.draw(breaking(site)))


def check_refused(raw: Raw, name: str, site: Site, value: object) -> None:
    """The request is refused, with the modelled error, over the field that was broken."""
    shape = model(name).input_shape
    reply = raw.call(model(name), broken(holding(shape, site.path), site, value))
    check_error(model(name), reply)
    assert (reply.status, reply.error) == (400, "ValidationException"), (site, value, reply)
    assert reply.content["reason"] == ("CannotParse" if site.kind == "type" else "FieldValidationFailed")
    assert tells(reply, site), (site, value, reply)


SAYS = {
    "required": "must not be null",
    "min": "greater than or equal to",
    "max": "less than or equal to",
    "pattern": "regular expression pattern",
    "enum": "enum value set",
    "union": "exactly one",
    "type": "must be",
}


def tells(reply: Reply, site: Site) -> bool:
    """Whether the error's list has the field, and says what is wrong with it."""
    kind = site.kind.removeprefix("key ")
    fields = reply.content["fieldList"]
    named = [field for field in fields if field["name"] == site.where or site.kind.startswith("key ")]
    return any(SAYS[kind] in field["message"] for field in named)
