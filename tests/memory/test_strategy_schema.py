"""The JSON schema of memory strategies: the committed copy is current, and it agrees with the loader."""

import json
import tomllib

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidStrategy
from contextkit.memory.strategy import memory_strategy_names, parse_memory_strategy
from contextkit.memory.strategy_schema import memory_strategy_schema
from contextkit.strategy import strategy_folder

FOLDER = strategy_folder("memory")
VALIDATOR = jsonschema.Draft7Validator(memory_strategy_schema())


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(memory_strategy_schema())


def test_the_committed_schema_is_the_generated_one():
    committed = (FOLDER.parent / "memory.schema.json").read_text("utf-8")
    assert committed == json.dumps(memory_strategy_schema(), indent=2) + "\n", "Run `make schema`."


@pytest.mark.parametrize("name", memory_strategy_names())
def test_every_shipped_strategy_names_the_schema_and_keeps_to_it(name):
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    first, _, _ = text.partition("\n")
    assert (FOLDER / first.removeprefix("#:schema ")).resolve() == (FOLDER.parent / "memory.schema.json").resolve()
    VALIDATOR.validate(tomllib.loads(text))


def test_every_key_is_described():
    assert [name for name, said in described(memory_strategy_schema()["properties"]) if len(said.split()) < 4] == []


def described(properties):
    for name, key in properties.items():
        yield name, key["description"]
        yield from described(key.get("properties", {}))


TEXTS = st.sampled_from(["", " ", "x", "semantic", "texts", "profile", "/a/", "/a", "/{actor}/", "/{/", "a-b", "a b"])
VALUES = st.one_of(st.integers(-3, 600_000), st.booleans(), TEXTS, st.lists(TEXTS, max_size=7))
KEYS = [
    *("description", "namespace", "variables", "expires_after", "extraction.prompt", "extraction.rules"),
    *("consolidation.prompt", "triggers.messages", "triggers.tokens", "triggers.idle", "triggers.history"),
    *("fields.x.type", "fields.x.description", "fields.x.values", "managed.base", "managed.override", "nothing"),
]


@given(st.sampled_from(KEYS), VALUES)
def test_it_allows_whatever_the_loader_takes_and_no_more(key, value):
    tables = {
        "": {"description": "x", "namespace": "/a/"},
        "extraction": {"prompt": "x"},
        "consolidation": {"prompt": "x"},
        "triggers": {},
        "fields.x": {"type": "text", "description": "x"},
        "managed": {"base": "semantic"},
    }
    table, _, name = key.rpartition(".")
    tables[table][name] = value
    text = "".join(written(table, keys) for table, keys in tables.items())
    assert VALIDATOR.is_valid(tomllib.loads(text)) == is_loaded(text)


def written(table, keys):
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    return f"[{table}]\n{lines}" if table else lines


def is_loaded(text):
    try:
        parse_memory_strategy(text, name="test")
    except InvalidStrategy:
        return False
    return True
