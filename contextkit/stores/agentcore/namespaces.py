"""Namespaces: where an actor's records are, ours and those that the memory's strategies make.

Ours lie below `/contextkit/actors/<actor>/`, under the record's own namespace with what AgentCore
does not allow escaped, part by part, so that a subtree stays one. What is too long ends in a
hash. A strategy's lie where its template says, and its template must name the actor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from contextkit.errors import InvalidInput
from contextkit.memory.namespaces import filled_namespace
from contextkit.stores import check_id
from contextkit.stores.agentcore.ids import ACTORS, SESSIONS, escaped
from contextkit.stores.agentcore.record import Namespace

MAX_NAMESPACE: Final = 1_024
"""Characters of a namespace, by botocore's model of the service."""

_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_ENDING: Final = re.compile(r"-[a-zA-Z0-9]{10}$")
"""What the service puts behind a strategy's name to make its id."""

_GIVEN: Final = ("memoryStrategyId", "actorId", "sessionId")
_EMPTY: Final = ":n"
_HASH: Final = ":h"
_HASH_LENGTH: Final = len("/") + len(_HASH) + 64


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


@dataclass(frozen=True, slots=True)
class Home:
    """Where one of the memory's own strategies puts its records.

    `strategy` is its name, as it was given. The service makes an `id` of it by adding a random
    ending, and encodes ids of actors and sessions; `above` is the namespace up to the actor so,
    `said` as the same strategy run by contextkit has it. So a record has one namespace, whoever made it.
    """

    id: str
    strategy: str
    above: str
    said: str

    def place(self, actor_id: str) -> Namespace:
        """All of an actor's records of this strategy, those of its sessions included."""
        return Namespace(f"{self.above}{ACTORS.encode(actor_id)}/", below=True)

    def may_hold(self, actor_id: str, wanted: str | None) -> bool:
        """Whether records of a namespace that is asked for can be here."""
        root = self.said + local_id(actor_id)
        return wanted is None or wanted.startswith(root) or (wanted.endswith("/") and root.startswith(wanted))

    def said_namespace(self, actor_id: str, namespace: str) -> str | None:
        """A namespace of the service's as contextkit has it; None for one that is not this actor's."""
        root = self.above + ACTORS.encode(actor_id)
        if namespace != root and not namespace.startswith(f"{root}/"):
            return None
        tail = namespace.removeprefix(root).split("/")
        return self.said + local_id(actor_id) + "/".join(local_id(SESSIONS.decode(part) or part) for part in tail)


def homes(strategies: Mapping[str, str], variables: Mapping[str, str]) -> tuple[Home, ...]:
    """Where the strategies of these ids put their records, by their namespace templates.

    Raises `InvalidInput` for a template that does not name the actor (its records would be
    everybody's) or that needs a variable which `variables` lacks: AgentCore would store the
    events and silently learn nothing from them.
    """
    return tuple(_home(strategy, template, variables) for strategy, template in strategies.items())


def local_id(value: str) -> str:
    """An id as the namespaces of contextkit's own engine have it; nothing for nothing."""
    return filled_namespace("{id}", {"id": value}, "an id") if value else ""


def _home(strategy: str, template: str, variables: Mapping[str, str]) -> Home:
    names = _VARIABLE.findall(template)
    before, actor, after = template.partition("{actorId}")
    if not actor or (after and not after.startswith("/")) or "{sessionId}" in before:
        raise InvalidInput(
            f"The namespace of the strategy {strategy!r} is {template!r:.200}, which does not name the actor first.",
            "Put `/{actorId}/` before what else its records are told apart by, or one actor sees another's memories.",
            value=template,
        )
    missing = [name for name in names if name not in _GIVEN and name not in variables]
    if missing:
        raise InvalidInput(
            f"The namespace of the strategy {strategy!r} needs {', '.join(missing)}, and `variables` has no such name.",
            "Pass a value for each; AgentCore learns nothing from events that lack one.",
            value=template,
        )
    name = _ENDING.sub("", strategy)
    return Home(strategy, name, _filled(before, variables, strategy), _filled(before, variables, name))


def _filled(template: str, variables: Mapping[str, str], strategy: str) -> str:
    values = {**variables, "memoryStrategyId": strategy}
    return _VARIABLE.sub(lambda match: values[match[1]], template)


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
