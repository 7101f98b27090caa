"""Scope: whose data a role may reach, as patterns of the partition keys that the store uses.

DynamoDB compares the partition key of each item that is read or written with
`dynamodb:LeadingKeys`, before it looks at the item. Ids stand percent-encoded in keys, so a key
never contains a wildcard of IAM's, and no actor's pattern matches another actor's key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from contextkit.errors import InvalidInput
from contextkit.stores import check_id
from contextkit.stores.agentcore.ids import ACTORS
from contextkit.stores.agentcore.ledger import RESERVED
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.items import Table

TAG: Final = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,128}")
"""What may be the key of a tag, by IAM's rules."""

SHARED_TOOLS: Final = "tool#${*}#*"
"""The results that all actors share: `*` stands for no actor there, and `${*}` is how IAM writes an asterisk."""

MODELS: Final = "model#*"
"""What was learnt of models, which belongs to no actor."""

LEDGER: Final = [f"{kind}#{keys.part(RESERVED)}*" for kind in ("session", "sessions")]
"""What `AgentCoreStore` notes of all actors' sessions, in the store beside AgentCore."""

_SOMEBODY: Final = "somebody"
"""An id that is its own encoding, to make patterns of keys with."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data: one actor, the one that a tag names, or every one.

    `encoded` is how the actor stands in keys of DynamoDB, `agentcore` how AgentCore knows it; both
    are policy variables for a tag, and `*` for every actor. `owner` is whose folder in the bucket
    it is; None where that cannot be told beforehand, since folders are named by hashes.
    """

    encoded: str
    agentcore: str
    owner: str | None = None

    @classmethod
    def actor(cls, actor_id: str) -> Scope:
        """One actor. Raises `InvalidId`."""
        return cls(keys.part(check_id("actor id", actor_id)), ACTORS.encode(actor_id), keys.owner_of(actor_id))

    @classmethod
    def tagged(cls, tag: str) -> Scope:
        """The actor whom the role's own tag names: one policy for all, told apart by their sessions' tags.

        A tag's value stands in the key as it is, so the actors' ids must be their own encoding:
        letters, digits, `_`, `-` and (but for AgentCore) `.`, at most 256 of them, which is all
        that a tag holds. Any other id matches no key at all.
        """
        if not TAG.fullmatch(tag):
            raise InvalidInput(
                f"{tag[:80]!r} is no name of a tag.", "Use up to 128 letters, digits, spaces and _.:/=+-@.", value=tag
            )
        variable = f"${{aws:PrincipalTag/{tag}}}"
        return cls(variable, variable)

    @classmethod
    def everybody(cls) -> Scope:
        """Every actor: for a service that keeps them apart itself."""
        return cls("*", "*")

    @property
    def is_one(self) -> bool:
        """Whether it is a single actor's data."""
        return self.encoded != "*"

    def keys(self, table: Table) -> list[str]:
        """The partitions of this scope in a table, as IAM patterns."""
        patterns = {
            "sessions": [keys.sessions_of(_SOMEBODY) + "*", keys.sessions_key(_SOMEBODY)],
            "tool-cache": [keys.tools_of(_SOMEBODY) + "*"],
            "prefs": [keys.actor_key(_SOMEBODY)],
            "memories": [keys.memories_key(_SOMEBODY)],
        }
        return [pattern.replace(_SOMEBODY, self.encoded) for pattern in patterns[table]]
