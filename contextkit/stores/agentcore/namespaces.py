"""Namespaces: where an actor's records are, ours and those that the memory's strategies make.

Ours lie below `/contextkit/actors/<actor>/`, under the record's own namespace with what AgentCore
does not allow escaped, part by part, so that a subtree stays one. What is too long ends in a
hash. A strategy's lie where its template says, and its template must name the actor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from contextkit.errors import InvalidInput
from contextkit.stores import check_id
from contextkit.stores.agentcore.ids import ACTORS, escaped
from contextkit.stores.agentcore.records import Namespace

MAX_NAMESPACE = 1_024
"""Characters of a namespace, by botocore's model of the service."""

_VARIABLE = re.compile(r"\{(\w+)\}")
_GIVEN = ("memoryStrategyId", "actorId", "sessionId")
_EMPTY = ":n"
_HASH = ":h"
_HASH_LENGTH = len("/") + len(_HASH) + 64


def own_root(actor_id: str) -> str:
    """Above all the records of an actor that contextkit writes; ends in `/`."""
    return f"/contextkit/actors/{ACTORS.encode(actor_id)}/"


def own_namespace(actor_id: str, namespace: str) -> str:
    """Where a record of this namespace is kept."""
    root, parts = own_root(actor_id), _parts(check_id("namespace", namespace))
    whole = "/".join(parts)
    if len(root) + len(whole) <= MAX_NAMESPACE:
        return root + whole
    return root + "/".join([*_leading(root, parts), _HASH + sha256(namespace.encode()).hexdigest()])


def own_place(actor_id: str, namespace: str | None) -> Namespace:
    """Where to look for the records that a caller means: at least those, and few others."""
    root = own_root(actor_id)
    if namespace is None:
        return Namespace(root, below=True)
    if not check_id("namespace", namespace).endswith("/"):
        return Namespace(own_namespace(actor_id, namespace))
    return Namespace(root + "".join(f"{part}/" for part in _leading(root, _parts(namespace)[:-1])), below=True)


def is_within(namespace: str, wanted: str | None) -> bool:
    """Whether a namespace is meant: the one named, those below it (a final `/`), or all."""
    if wanted is None or namespace == wanted:
        return True
    return wanted.endswith("/") and namespace.startswith(wanted)


class Templates:
    """Where the memory's own strategies put their records: each strategy's id with its namespace template.

    Raises `InvalidInput` for a template that does not name the actor (its records would be
    everybody's) or that needs a variable which `variables` lacks: AgentCore would store the
    events and silently learn nothing from them.
    """

    def __init__(self, strategies: Mapping[str, str], variables: Mapping[str, str]) -> None:
        roots = [_root(strategy, template, variables) for strategy, template in strategies.items()]
        self._roots = list(dict.fromkeys(roots))

    def places(self, actor_id: str) -> list[Namespace]:
        """Where to look for an actor's records of each strategy, those of its sessions included."""
        actor = ACTORS.encode(actor_id)
        return [Namespace(root.replace("{actorId}", actor), below=True) for root in self._roots]


def _root(strategy: str, template: str, variables: Mapping[str, str]) -> str:
    """The template up to the actor, all but the actor filled in."""
    names = _VARIABLE.findall(template)
    if "actorId" not in names:
        raise InvalidInput(
            f"The namespace of the strategy {strategy!r}, {template!r:.200}, does not name the actor.",
            "Put `{actorId}` and a `/` into its template, or one actor sees another's memories.",
            value=template,
        )
    missing = [name for name in names if name not in _GIVEN and name not in variables]
    if missing:
        raise InvalidInput(
            f"The namespace of the strategy {strategy!r} needs {', '.join(missing)}, and `variables` has no such name.",
            "Pass a value for each; AgentCore learns nothing from events that lack one.",
            value=template,
        )
    before = template[: template.index("{actorId}")]
    filled = _VARIABLE.sub(lambda match: {**variables, "memoryStrategyId": strategy}.get(match[1], match[0]), before)
    return filled + "{actorId}/"


def _parts(namespace: str) -> list[str]:
    """The parts between slashes, escaped. An empty one would be lost to whoever tidies paths; only the last may be."""
    *leading, last = [escaped(part, ":") for part in namespace.split("/")]
    return [*(part or _EMPTY for part in leading), last]


def _leading(root: str, parts: list[str]) -> list[str]:
    """The first parts, as many as leave room for a hash behind them."""
    room, kept = MAX_NAMESPACE - len(root) - _HASH_LENGTH, []
    for part in parts:
        room -= len(part) + 1
        if room < 0:
            break
        kept.append(part)
    return kept
