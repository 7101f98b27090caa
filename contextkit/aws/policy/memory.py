"""Statements about an AgentCore memory: the data plane of one memory, of the scope's actor and namespaces.

`namespace` and `namespacePath` are two condition keys that each see only their own parameter, so
each has a statement of its own. Patterns end in `/`, or `u1` would reach `u10`. What is not keyed by actor
or namespace (a record's own id) cannot be held apart by IAM; those ids are unguessable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.scope import Scope
from contextkit.aws.policy.tables import Statement
from contextkit.errors import InvalidInput

EVENTS: Final = ("CreateEvent", "GetEvent", "ListEvents", "ListSessions")
SEARCHES: Final = ("ListMemoryRecords", "RetrieveMemoryRecords")
RECORDS: Final = ("GetMemoryRecord",)
"""At work."""

CREATED, UPDATED = ("BatchCreateMemoryRecords",), ("BatchUpdateMemoryRecords",)
"""At work, where records are made by us and not by the service. An update need not name a namespace; it also blanks
what a memory of several parts leaves when it is replaced, since nothing is deleted at work."""

DELETED_EVENTS: Final = ("CreateEvent", "DeleteEvent", "GetEvent", "ListEvents", "ListSessions")
DELETED_RECORDS: Final = ("BatchDeleteMemoryRecords", "DeleteMemoryRecord", "GetMemoryRecord")
"""For an eraser. What a process left undelivered is delivered first, so that no event arrives behind the erasure."""

LISTED: Final = ("ListActors", "ListMemoryExtractionJobs")
"""For an admin, beside what can be read."""

DESCRIBED: Final = ("GetMemory",)
"""For both, of the control plane: commands ask it for the memory's strategies. An agent at work is told them."""

OWN: Final = "/contextkit/actors/{actorId}/"
"""Where `AgentCoreStore` writes records (`contextkit.stores.agentcore.namespaces`)."""

SHIPPED: Final = (
    "/strategies/{memoryStrategyId}/actors/{actorId}/",
    "/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}/",
)
"""Where the strategies that ship with contextkit write theirs, once they are provisioned."""

_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_ACTOR: Final = ("actor", "actorId")


def memory_at_work(estate: Estate, scope: Scope, namespaces: Sequence[str]) -> Iterator[Statement]:
    """Events of the actor, and records in its namespaces."""
    if estate.memory is None:
        return
    yield _by_actor("UseEvents", EVENTS, estate.memory, scope)
    yield from _by_namespace("Recall", SEARCHES, estate.memory, namespaces)
    yield _plain("ReadRecords", RECORDS, estate.memory)
    yield _in("StringLike", "namespace", "CreateRecords", CREATED, estate.memory, namespaces)
    yield _in("StringLikeIfExists", "namespace", "UpdateRecords", UPDATED, estate.memory, namespaces)


def memory_erased(estate: Estate, scope: Scope, namespaces: Sequence[str]) -> Iterator[Statement]:
    """The same, listed and deleted; and which strategies there are."""
    if estate.memory is None:
        return
    yield _by_actor("EraseEvents", DELETED_EVENTS, estate.memory, scope)
    yield from _by_namespace("ListRecords", ("ListMemoryRecords",), estate.memory, namespaces)
    yield _plain("EraseRecords", (*DELETED_RECORDS, *DESCRIBED), estate.memory)


def memory_shown(estate: Estate) -> Iterator[Statement]:
    """Everything in the memory, to read."""
    if estate.memory is not None:
        yield _plain("SeeMemory", (*EVENTS[1:], *SEARCHES, *RECORDS, *LISTED, *DESCRIBED), estate.memory)


def namespaces_of(scope: Scope, templates: Sequence[str]) -> list[str]:
    """The namespaces of the scope, as IAM patterns: those of `AgentCoreStore` itself, and of strategies' templates.

    What a template says beside the actor may be anything. Raises `InvalidInput` for a template
    that does not name the actor: its records would be everybody's.
    """
    return sorted({_pattern(template, scope) for template in (OWN, *templates)})


def _pattern(template: str, scope: Scope) -> str:
    actors = [name for name in _VARIABLE.findall(template) if name in _ACTOR]
    if not actors:
        raise InvalidInput(
            f"The namespace {template!r:.200} does not name the actor.",
            "Put `{actorId}` and a `/` into it, or one actor sees another's memories.",
            value=template,
        )
    filled = _VARIABLE.sub(lambda found: scope.agentcore if found[1] in _ACTOR else "*", template)
    return f"{filled.rstrip('/*')}/*" if scope.is_one else f"{filled.rstrip('/')}/*"


def _by_actor(sid: str, calls: Sequence[str], memory: str, scope: Scope) -> Statement:
    statement = _plain(sid, calls, memory)
    if not scope.is_one:
        return statement
    return {**statement, "Condition": {"StringEquals": {"bedrock-agentcore:actorId": scope.agentcore}}}


def _by_namespace(sid: str, calls: Sequence[str], memory: str, namespaces: Sequence[str]) -> Iterator[Statement]:
    yield _in("StringLike", "namespace", f"{sid}InNamespace", calls, memory, namespaces)
    yield _in("StringLike", "namespacePath", f"{sid}BelowPath", calls, memory, namespaces)


def _in(how: str, key: str, sid: str, calls: Sequence[str], memory: str, namespaces: Sequence[str]) -> Statement:
    condition = {how: {f"bedrock-agentcore:{key}": list(namespaces)}}
    return {**_plain(sid, calls, memory), "Condition": condition}


def _plain(sid: str, calls: Sequence[str], memory: str) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"bedrock-agentcore:{call}" for call in sorted(calls)],
        "Resource": memory,
    }
