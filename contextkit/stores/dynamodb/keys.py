"""Keys: how ids stand in them, so that none can imitate another.

DynamoDB takes partition keys of 2,048 bytes and sort keys of 1,024, and an id alone may have
2,048. A part of a key is therefore the percent-encoded id where that is short, and otherwise its
beginning and its SHA-256. `~` stands before the hash and is encoded everywhere else, so the two
never meet; `#`, `/` and `@` stand between parts and are encoded within them.

In a session's partition the newest message lies just below `meta`, and derived data above it, so
that one query reads either together with `meta`. With several regions each writes these facts under
a key of its own, `meta!us-east-1` and the like, which sort together: no item has two writers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes

from contextkit.errors import StoreCorrupt, shortened

MAX_PART = 480
"""Bytes of one part: four of them and their separators stay below 2,048, two below 1,024."""

META = "meta"
STATE = "meta#state"
VIEW = "meta#view"
FACTS = (META, STATE, VIEW)
"""What a session is read with."""

FACTS_END = VIEW + '"'
METAS_END = META + '"'
"""Just above all facts, and just above `meta`, of all regions."""

_HASHED = "~"
_BEGINNING = MAX_PART - len(_HASHED) - 64


def part(value: str) -> str:
    """The id as one part of a key: ASCII, without separators, at most `MAX_PART` long."""
    raw = value.encode("utf-8", "surrogatepass")
    encoded = quote(raw, safe="").replace("~", "%7E")
    if len(encoded) <= MAX_PART:
        return encoded
    return encoded[:_BEGINNING] + _HASHED + sha256(raw).hexdigest()


def whole(part: str) -> str | None:
    """The id that stands in a key as this part; None where not all of it does."""
    return None if _HASHED in part else unquote_to_bytes(part).decode("utf-8", "surrogatepass")


def session_key(actor_id: str, session_id: str) -> str:
    """The partition of one session."""
    return f"session#{part(actor_id)}/{part(session_id)}"


def sessions_of(actor_id: str) -> str:
    """What the partitions of an actor's sessions begin with, and no other actor's."""
    return f"session#{part(actor_id)}/"


def sessions_key(actor_id: str) -> str:
    """The partition that lists an actor's sessions."""
    return f"sessions#{part(actor_id)}"


def tool_key(tool: str, actor_id: str | None) -> str:
    """The partition of one tool's cached results for one tenant; `*` is no id's encoding."""
    return f"tool#{'*' if actor_id is None else part(actor_id)}#{part(tool)}"


def tools_of(actor_id: str) -> str:
    """What the partitions of an actor's cached results begin with, and no other tenant's."""
    return f"tool#{part(actor_id)}#"


def result_key(version: str, digest: str) -> str:
    """One result of a tool: by the tool's version and the arguments' SHA-256."""
    return f"{part(version)}#{digest}"


def actor_key(actor_id: str) -> str:
    """The partition of an actor's preferences."""
    return f"actor#{part(actor_id)}"


def model_key(model: str) -> str:
    """The partition of what was learnt of a model."""
    return f"model#{part(model)}"


def memories_key(actor_id: str) -> str:
    """The partition of an actor's memories."""
    return f"mem#{part(actor_id)}"


def owner(pk: str) -> str:
    """Whose a partition is: the actor's part of its key, behind an `@` that no such part has; else the whole key.

    What is shared by all belongs to nobody.
    """
    kind, _, rest = pk.partition("#")
    if kind == "model" or rest.startswith("*#"):
        return pk
    return "@" + re.split("[#/]", rest)[0]


def owner_of(actor_id: str) -> str:
    """The owner of the actor's partitions."""
    return "@" + part(actor_id)


def branch(fact: str, region: str) -> str:
    """A session's fact as one region writes it; without regions it is simply the fact."""
    return f"{fact}!{region}" if region else fact


def region_of(sk: str) -> str:
    """The region that writes this fact of a session."""
    return sk.partition("!")[2]


def numbered(kind: str, life: str, seq: int) -> str:
    """The sort key of what belongs to message number `seq`, in order of the numbers."""
    return f"{kind}#{life}#{seq:020}"


def number_in(sk: str) -> int:
    """The number of a message, from the sort key of what belongs to it."""
    try:
        return int(sk.rpartition("#")[2])
    except ValueError:
        raise StoreCorrupt(
            f"The sort key {shortened(sk)} ends in no number: another program wrote the item.", "Delete the item."
        ) from None


def blobs(life: str) -> str:
    """What the chunks of a life's messages, documents and pieces are called by."""
    return f"blob#{life}"


def named(kind: str, life: str, name: str) -> str:
    """The sort key of what a session keeps by name."""
    return f"{kind}#{life}#{part(name)}"


def below(prefix: str) -> tuple[str, str]:
    """The range of all sort keys that begin with `prefix` and `#`."""
    return prefix + "#", prefix + "$"


def unique(names: Iterable[str]) -> list[str]:
    """The names without repetitions, in order."""
    return list(dict.fromkeys(names))
