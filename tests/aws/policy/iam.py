"""IAM's rules for what these policies use, and a gate that holds a client's calls to them.

By the IAM User Guide: a request is allowed where one statement allows its action and resource and
all of its conditions hold. What a policy variable stands for is taken literally, `${*}` is an
asterisk, and a variable without value matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

REGION, ACCOUNT = "us-east-1", "123456789012"


@dataclass(frozen=True)
class Asked:
    """One request as IAM sees it: the action, the resource, and the condition keys with their values."""

    action: str
    resource: str
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


def allowed(document: Mapping[str, Any], asked: Asked, tags: Mapping[str, str] | None = None) -> bool:
    """Whether the policy allows it to a role with these tags."""
    return any(_allows(statement, asked, tags or {}) for statement in document["Statement"])


def _allows(statement: Mapping[str, Any], asked: Asked, tags: Mapping[str, str]) -> bool:
    assert statement["Effect"] == "Allow"
    return (
        any(_like(action, asked.action, tags) for action in _list(statement["Action"]))
        and any(_like(resource, asked.resource, tags) for resource in _list(statement["Resource"]))
        and all(
            _holds(operator, patterns, asked.context.get(key), tags)
            for operator, keys in statement.get("Condition", {}).items()
            for key, patterns in keys.items()
        )
    )


def _holds(operator: str, patterns: Any, given: Sequence[str] | None, tags: Mapping[str, str]) -> bool:
    if operator == "Null":
        return (given is None) == (patterns == "true")
    quantifier, _, plain = operator.rpartition(":")
    if given is None:
        return plain.endswith("IfExists") or quantifier == "ForAllValues"
    exact = plain.removesuffix("IfExists") == "StringEquals"
    matched = [any(_like(one, value, tags, exact=exact) for one in _list(patterns)) for value in given]
    return all(matched) if quantifier == "ForAllValues" else len(given) == 1 and matched[0]


def _like(pattern: str, value: str, tags: Mapping[str, str], *, exact: bool = False) -> bool:
    parts = re.split(r"(\$\{[^}]*\}|[*?])", pattern)
    try:
        whole = "".join(_part(part, tags, exact) for part in parts)
    except KeyError:
        return False
    return re.fullmatch(whole, value, re.DOTALL) is not None


def _part(part: str, tags: Mapping[str, str], exact: bool) -> str:
    if part in ("*", "?") and not exact:
        return ".*" if part == "*" else "."
    if part.startswith("${"):
        name = part[2:-1]
        return re.escape(name if name in "*?$" else tags[name.removeprefix("aws:PrincipalTag/")])
    return re.escape(part)


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def memory_arn(memory_id: str) -> str:
    return f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/{memory_id}"


def table_arn(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def requests(operation: str, params: Mapping[str, Any]) -> Iterator[Asked]:
    """What IAM asks about one call of DynamoDB: a transaction needs the right to each of its writes."""
    if operation == "TransactWriteItems":
        for one in params["TransactItems"]:
            ((kind, write),) = one.items()
            yield _item("ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item", write)
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table, content in params["RequestItems"].items():
            yield _asked(operation, table, sorted(set(_batched(content))))
    elif operation == "Query":
        yield _asked(operation, params["TableName"], [params["ExpressionAttributeValues"][":pk"]["S"]])
    elif operation == "Scan":
        names = params.get("ExpressionAttributeNames", {})
        named = [names.get(name, name) for name in re.findall(r"#?\w+", params.get("ProjectionExpression", ""))]
        select = {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]} if named else {"dynamodb:Select": ["ALL_ATTRIBUTES"]}
        attributes = {"dynamodb:Attributes": [*named, *re.findall(r"\((\w+),", params.get("FilterExpression", ""))]}
        yield Asked("dynamodb:Scan", table_arn(params["TableName"]), {**select, **attributes})
    elif operation == "SearchVectors":
        yield Asked("dynamodb:SearchVectors", f"{table_arn(params['TableName'])}/index/{params['IndexName']}")
    elif "Key" in params or "Item" in params:
        yield _item(operation, params)
    else:
        yield Asked(f"dynamodb:{operation}", table_arn(params["TableName"]))


def of_memory(operation: str, params: Mapping[str, Any]) -> Iterator[Asked]:
    """The same about one call of AgentCore Memory, of either plane."""
    given = {key: [params[key]] for key in ("actorId", "sessionId", "namespace", "namespacePath") if key in params}
    for record in params.get("records", [{}]):
        named = {"namespace": record["namespaces"]} if record.get("namespaces") else {}
        context = {f"bedrock-agentcore:{key}": values for key, values in {**given, **named}.items()}
        yield Asked(f"bedrock-agentcore:{operation}", memory_arn(params["memoryId"]), context)


def _item(action: str, write: Mapping[str, Any]) -> Asked:
    return _asked(action, write["TableName"], [(write.get("Key") or write["Item"])["pk"]["S"]])


def _batched(content: Any) -> Iterator[str]:
    if isinstance(content, Mapping):
        yield from (key["pk"]["S"] for key in content["Keys"])
        return
    for one in content:
        ((_, write),) = one.items()
        yield (write.get("Key") or write["Item"])["pk"]["S"]


def _asked(action: str, table: str, keys: Sequence[str]) -> Asked:
    return Asked(f"dynamodb:{action}", table_arn(table), {"dynamodb:LeadingKeys": keys})


class Gate:
    """Holds a client's calls to policies, as the service would, and notes which rights were used."""

    def __init__(self, client: Any, documents: Iterable[Mapping[str, Any]], tags: Mapping[str, str]) -> None:
        self.documents = list(documents)
        self.tags = tags
        self.used: set[tuple[str, str]] = set()
        client.meta.events.register("before-parameter-build", self._before)

    def _before(self, params: dict[str, Any], model: Any, **_: object) -> None:
        asks = requests if model.service_model.service_name == "dynamodb" else of_memory
        for asked in asks(model.name, params):
            if not any(allowed(document, asked, self.tags) for document in self.documents):
                text = f"not authorized to perform: {asked.action} on {asked.resource} of {dict(asked.context)}"
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": text}}, model.name)
            self.used.add((asked.action, asked.resource))


def granted(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Every action on every table that a policy allows at all."""
    return {
        (action, resource)
        for statement in document["Statement"]
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
        if action.startswith("dynamodb:")
    }
