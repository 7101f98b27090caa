"""Roles: an agent at work, whoever erases, whoever looks after it; each with what it needs and no more.

* `runtime`: what an agent does in a turn. It changes no table, lists no bucket, and deletes no memories.
* `eraser`: finds what is kept of an actor and deletes it; what is erased is never read beyond its keys
  and the little that deleting needs. One for all actors also sweeps and reaps (`DynamoDBStore.sweep`), and
  writes the notes that `AgentCoreStore` keeps in the tables, where these are the store beside a memory.
* `admin`: reads everything, and sees how the tables are set up; changes nothing.

Those notes are of all actors' sessions, and a role of one actor has no right to them: `AgentCoreStore` beside
the tables is for a service that keeps actors apart itself.

Nobody here may create or change a table: that is for whoever applies `contextkit provision`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from contextkit.aws.policy import memory, others, tables
from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.scope import Scope
from contextkit.aws.policy.tables import Statement
from contextkit.errors import InvalidInput
from contextkit.stores.dynamodb.upkeep import SHOWN

Role: TypeAlias = Literal["runtime", "eraser", "admin"]

LONGEST: Final = 6_144
"""Characters of a managed policy without its white space, by IAM's limit."""


def policy(
    role: Role,
    scope: Scope,
    estate: Estate,
    *,
    shared_tools: bool = False,
    namespaces: Sequence[str] = memory.SHIPPED,
) -> dict[str, Any]:
    """The role's IAM document.

    `shared_tools` lets a runtime use results that all actors share (`get_or_call(…,
    actor_id=None)`): whoever writes one is believed by all. `namespaces` are the templates of the
    memory's strategies. Raises `InvalidInput` for what cannot be kept apart, or is too long for IAM.
    """
    if estate.cluster is not None and scope.is_one:
        raise InvalidInput(
            "DAX does not look at keys: through the cluster one actor's role would read every actor's data.",
            "Leave out the cluster, or make the policy for all actors.",
            value=estate.cluster,
        )
    if estate.vectors and scope.is_one:
        raise InvalidInput(
            "A vector search does not look at keys: in the index one actor's role would find every actor's memories.",
            "Leave out the index, and memories are ranked in the process; or make the policy for all actors.",
            value=estate.vectors,
        )
    known: Mapping[Role, Callable[[], Iterator[Statement]]] = {
        "runtime": lambda: _runtime(scope, estate, shared_tools, memory.namespaces_of(scope, namespaces)),
        "eraser": lambda: _eraser(scope, estate, memory.namespaces_of(scope, namespaces)),
        "admin": lambda: _admin(scope, estate),
    }
    document = {"Version": "2012-10-17", "Statement": list(known[role]())}
    size = len(json.dumps(document, separators=(",", ":")))
    if size > LONGEST:
        raise InvalidInput(
            f"The policy has {size:,} characters; IAM takes {LONGEST:,}.",
            "Make one for each region, or one for the tables and one for the memory.",
            value=size,
        )
    return document


def _runtime(scope: Scope, estate: Estate, shared_tools: bool, namespaces: Sequence[str]) -> Iterator[Statement]:
    yield from tables.keyed("Use", tables.RUNTIME, estate, scope, tables.beside_actors(shared_tools))
    yield from tables.searching(estate)
    yield from others.bucket_at_work(estate, scope)
    yield from others.dax_read(estate)
    yield from others.keys_used(estate)
    yield from memory.memory_at_work(estate, scope, namespaces)


def _eraser(scope: Scope, estate: Estate, namespaces: Sequence[str]) -> Iterator[Statement]:
    if scope.is_one:
        yield from tables.keyed("Erase", tables.ERASER, estate, scope, {})
        yield tables.scanning(estate)
    else:
        yield from tables.keyed("Erase", tables.UPKEEP, estate, scope, tables.beside_actors(True))
        yield tables.scanning(estate, tables.ALL, SHOWN)
        yield from tables.noting(estate)
    yield from others.bucket_erased(estate, scope)
    yield from others.keys_used(estate)
    yield from memory.memory_erased(estate, scope, namespaces)


def _admin(scope: Scope, estate: Estate) -> Iterator[Statement]:
    yield from tables.keyed("Read", tables.ADMIN, estate, scope, tables.beside_actors(True))
    yield tables.scanning(estate)
    yield tables.describing(estate)
    yield from others.bucket_shown(estate, scope)
    yield from others.keys_used(estate)
    yield from memory.memory_shown(estate)
