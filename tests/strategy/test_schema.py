"""The JSON schema of strategies: the committed copy is current, and it agrees with the loader."""

import json
import tomllib

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidStrategy
from contextkit.strategy import Section, parse_strategy, strategy_folder, strategy_names
from contextkit.strategy.schema import strategy_schema

FOLDER = strategy_folder("context")
VALIDATOR = jsonschema.Draft7Validator(strategy_schema())

LEAST = '[sections.system]\nregion = "stable"\n[sections.turn]\nregion = "turn"\n'

VALUES = st.one_of(
    st.integers(-3, 300_000),
    st.floats(-2, 3).map(lambda number: round(number, 3)),
    st.booleans(),
    st.sampled_from(["stable", "turn", "full", "half"]),
    st.lists(st.sampled_from(["full", "extract", "handle", "gist"]), max_size=3),
)


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(strategy_schema())


def test_the_committed_schema_is_the_generated_one():
    committed = (FOLDER.parent / "context.schema.json").read_text("utf-8")
    assert committed == json.dumps(strategy_schema(), indent=2) + "\n", "Run `make schema`."


@pytest.mark.parametrize("name", strategy_names())
def test_every_shipped_strategy_names_the_schema_and_keeps_to_it(name):
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    first, _, _ = text.partition("\n")
    assert (FOLDER / first.removeprefix("#:schema ")).resolve() == (FOLDER.parent / "context.schema.json").resolve()
    VALIDATOR.validate(tomllib.loads(text))


def test_every_key_is_described():
    keys = {**strategy_schema()["properties"], **strategy_schema()["definitions"]["section"]["properties"]}
    assert [name for name, key in keys.items() if len(key["description"].split()) < 4] == []


@given(st.sampled_from(sorted(set(Section.__dataclass_fields__) - {"name"})), VALUES)
def test_it_allows_whatever_the_loader_takes_and_no_more(key, value):
    """But for two things a schema does not know: the order of a ladder, and that TOML's 2.0 is no integer."""
    text = with_key(key, value)
    loaded, allowed = is_loaded(text), VALIDATOR.is_valid(tomllib.loads(text))
    assert allowed or not loaded
    if key != "ladder" and not (isinstance(value, float) and value.is_integer()):
        assert loaded == allowed


@pytest.mark.parametrize(("key", "value"), [("wieght", 1), ("region", "middle"), ("ladder", []), ("weight", -1)])
def test_a_mistake_is_one_for_both(key, value):
    text = with_key(key, value)
    assert not is_loaded(text)
    assert not VALIDATOR.is_valid(tomllib.loads(text))


def with_key(key: str, value: object) -> str:
    table = {"region": "volatile", key: value}
    return f"{LEAST}[sections.documents]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


def is_loaded(text: str) -> bool:
    try:
        parse_strategy(text, name="test")
    except InvalidStrategy:
        return False
    return True
