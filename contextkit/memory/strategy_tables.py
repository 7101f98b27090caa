"""Reads the tables of a memory strategy's file, each value against its bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, cast

from contextkit.memory.namespaces import template_variables
from contextkit.memory.strategy_parts import (
    FIELD_NAME,
    FIELD_TYPES,
    LONGEST_FIELD,
    LONGEST_NAMESPACE,
    LONGEST_PROMPT,
    MANAGED_BASES,
    MOST_FIELDS,
    MOST_VALUES,
    MOST_VARIABLES,
    NAMESPACE,
    OWN_VARIABLES,
    RULE_KINDS,
    TRIGGER_BOUNDS,
    VARIABLE,
    Consolidation,
    Extraction,
    FieldType,
    Managed,
    RecordField,
    RuleKind,
    Triggers,
)
from contextkit.strategy.file import StrategyFile

_EXTRACTION: Final[Mapping[str, Any]] = {"prompt": str, "rules": list}
_CONSOLIDATION: Final[Mapping[str, Any]] = {"prompt": str}
_FIELD: Final[Mapping[str, Any]] = {"type": str, "description": str, "values": list}
_MANAGED: Final[Mapping[str, Any]] = {"base": str, "override": bool, "model": str, "reflections": str}

assert set(_FIELD) == {field.name for field in fields(RecordField)} - {"name"}
assert set(_MANAGED) == {field.name for field in fields(Managed)}
assert set(TRIGGER_BOUNDS) == {field.name for field in fields(Triggers)}


def read_table(data: Mapping[str, Any], key: str, file: StrategyFile) -> Mapping[str, Any]:
    if key not in data:
        raise file.wrong(f"The strategy has no [{key}].", f"Add [{key}] with a `prompt`.", key)
    return cast(Mapping[str, Any], data[key])


def read_text(table: Mapping[str, Any], key: str, most: int, file: StrategyFile, where: str = "") -> str:
    text = str(table.get(key, "")).strip()
    if not 0 < len(text) <= most:
        raise file.wrong(
            f"`{where}{key}` has {len(text):,} characters.",
            f"Write 1 to {most:,}.",
            where + key if key in table else where[:-1],
            text,
        )
    return text


def read_bounded(
    table: Mapping[str, Any], key: str, bounds: tuple[int, int], file: StrategyFile, where: str = ""
) -> int:
    value, (least, most) = table.get(key, 0), bounds
    if not least <= value <= most:
        raise file.wrong(f"`{where}{key}` is {value}.", f"Use {least} to {most:,}.", where + key, value)
    return int(value)


def _listed(table: Mapping[str, Any], key: str, where: str, file: StrategyFile) -> tuple[str, ...]:
    values = tuple(table.get(key, ()))
    if not all(isinstance(value, str) and value for value in values) or len(set(values)) < len(values):
        raise file.wrong(f"`{where}{key}` is {list(values)}.", "List texts, each once.", where + key, values)
    return values


def read_variables(data: Mapping[str, Any], file: StrategyFile) -> tuple[str, ...]:
    names = _listed(data, "variables", "", file)
    wrong = [name for name in names if name in OWN_VARIABLES or not re.fullmatch(VARIABLE, name)]
    if wrong or len(names) > MOST_VARIABLES:
        raise file.wrong(
            f"`variables` is {list(names)}.",
            f"List up to {MOST_VARIABLES} names of letters and digits; {', '.join(OWN_VARIABLES)} are always there.",
            "variables",
            names,
        )
    return names


def read_namespace(table: Mapping[str, Any], key: str, variables: tuple[str, ...], file: StrategyFile) -> str:
    template = table.get(key, "")
    if not (0 < len(template) <= LONGEST_NAMESPACE and re.fullmatch(NAMESPACE, template) and template[-1] == "/"):
        raise file.wrong(
            f"`{key}` is {template!r}.",
            f"Write letters, digits, `-`, `_`, `/` and {{variables}}, ending in `/`, {LONGEST_NAMESPACE} at most: "
            "/strategies/{strategy}/actors/{actor}/.",
            key,
            template,
        )
    known = (*OWN_VARIABLES, *variables)
    for variable in template_variables(template):
        if variable not in known:
            raise file.wrong(
                f"`{key}` names {{{variable}}}, which is no variable of this strategy.",
                f"Use {', '.join(known)}, or list it: variables = [{variable!r}].",
                key,
                template,
            )
    return str(template)


def read_extraction(table: Mapping[str, Any], file: StrategyFile) -> Extraction:
    file.check_keys(table, _EXTRACTION, "extraction.")
    prompt = read_text(table, "prompt", LONGEST_PROMPT, file, "extraction.")
    if "rules" not in table:
        return Extraction(prompt=prompt)
    rules = _listed(table, "rules", "extraction.", file)
    if not set(rules) <= set(RULE_KINDS):
        raise file.wrong(
            f"`extraction.rules` is {list(rules)}.", f"List some of {', '.join(RULE_KINDS)}.", "extraction.rules", rules
        )
    return Extraction(prompt=prompt, rules=cast(tuple[RuleKind, ...], rules))


def read_consolidation(table: Mapping[str, Any], file: StrategyFile) -> Consolidation:
    file.check_keys(table, _CONSOLIDATION, "consolidation.")
    return Consolidation(prompt=read_text(table, "prompt", LONGEST_PROMPT, file, "consolidation."))


def read_triggers(table: Mapping[str, Any], file: StrategyFile) -> Triggers:
    file.check_keys(table, dict.fromkeys(TRIGGER_BOUNDS, int), "triggers.")
    return Triggers(**{key: read_bounded(table, key, TRIGGER_BOUNDS[key], file, "triggers.") for key in table})


def read_fields(tables: Mapping[str, Any], file: StrategyFile) -> Iterator[RecordField]:
    if len(tables) > MOST_FIELDS:
        raise file.wrong(f"There are {len(tables)} fields.", f"Keep {MOST_FIELDS} at most.", "fields", list(tables))
    for name, table in tables.items():
        where = f"fields.{name}"
        if not isinstance(table, dict):
            raise file.wrong(f"`{where}` is not a table.", f"Write it as [{where}].", where, table)
        if not re.fullmatch(FIELD_NAME, name):
            raise file.wrong(f"{name!r} is no name for a field.", "Use letters, digits and `_`, 128 at most.", where)
        yield _field(name, table, where + ".", file)


def _field(name: str, table: Mapping[str, Any], where: str, file: StrategyFile) -> RecordField:
    file.check_keys(table, _FIELD, where)
    kind, values = table.get("type"), _listed(table, "values", where, file)
    if kind not in FIELD_TYPES:
        key = where + "type" if "type" in table else where[:-1]
        raise file.wrong(f"The type of `{name}` is {kind!r}.", f"Use {', '.join(FIELD_TYPES)}.", key, kind)
    if values and (kind == "number" or len(values) > MOST_VALUES):
        raise file.wrong(
            f"`{where}values` lists {len(values)} values of a {kind}.",
            f"Only text and texts have listed values, {MOST_VALUES} at most.",
            where + "values",
            values,
        )
    return RecordField(
        name=name,
        type=cast(FieldType, kind),
        description=read_text(table, "description", LONGEST_FIELD, file, where),
        values=values,
    )


def read_managed(table: Mapping[str, Any], namespace: str, file: StrategyFile) -> Managed:
    file.check_keys(table, _MANAGED, "managed.")
    base = table.get("base")
    if base not in MANAGED_BASES:
        key = "managed.base" if "base" in table else "managed"
        raise file.wrong(f"`managed.base` is {base!r}.", f"Use {', '.join(MANAGED_BASES)}.", key, base)
    if "reflections" in table:
        _check_reflections(table["reflections"], str(base), namespace, file)
    if table.get("model") and not table.get("override"):
        raise file.wrong(
            "`managed.model` is set without `managed.override`.",
            "Only an override runs on a model of yours: set `override = true`, or take the model out.",
            "managed.model",
        )
    return Managed(**table)


def _check_reflections(template: str, base: str, namespace: str, file: StrategyFile) -> None:
    """Only episodes are reflected upon, and what is learnt from them lives at or above their own namespace."""
    if base != "episodic":
        raise file.wrong(
            f"`managed.reflections` stands beside the base {base!r}.",
            "Only an episodic strategy reflects: take the line out.",
            "managed.reflections",
        )
    if not (template.endswith("/") and namespace.startswith(template)):
        raise file.wrong(
            f"`managed.reflections` is {template!r}, which does not begin the namespace {namespace!r}.",
            "Use the namespace itself, or its beginning up to a `/`.",
            "managed.reflections",
            template,
        )
