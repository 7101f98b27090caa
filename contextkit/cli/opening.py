"""Stores as options name them: an SQLite file, `dynamodb:` and the prefix of its tables, or AgentCore beside either.

`dynamodb:PREFIX@BUCKET` is a store whose large payloads are in a bucket.

`agentcore:MEMORY+STORE` is the memory of that id with the store that is beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from contextkit.errors import InvalidInput, shortened
from contextkit.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from contextkit.stores.agentcore import AgentCoreStore
    from contextkit.stores.dynamodb import DynamoDBStore

DYNAMODB: Final = "dynamodb:"
AGENTCORE: Final = "agentcore:"

Stores: TypeAlias = "dict[str, SQLiteStore | DynamoDBStore | AgentCoreStore]"

_KINDS: Final = "An SQLite file, dynamodb:PREFIX (or PREFIX@BUCKET), or agentcore:MEMORY+STORE with either"

StoreName = Annotated[str, typer.Option("--store", metavar="STORE", help=f"{_KINDS}.")]
StoreNames = Annotated[list[str], typer.Option("--store", metavar="STORE", help=f"{_KINDS}; repeat it for several.")]


@contextmanager
def opened(names: Sequence[str], *, make: bool = False) -> Iterator[Stores]:
    """The stores by their names, in the order given. A file that is not there is made only if `make` says so.

    AWS's region, endpoints and credentials come from the environment, as they do everywhere.
    """
    with ExitStack() as stack:
        yield {name: _opened(name, make, stack) for name in names}


def _opened(name: str, make: bool, stack: ExitStack) -> SQLiteStore | DynamoDBStore | AgentCoreStore:
    if not name.startswith(AGENTCORE):
        return _beneath(name, make, stack)
    memory_id, _, beside = name.removeprefix(AGENTCORE).partition("+")
    if not beside:
        raise InvalidInput(
            f"The store {name!r} names no store beside AgentCore.",
            "Write agentcore:MEMORY+STORE, with the SQLite file or the dynamodb:PREFIX that your agents use.",
            value=name,
        )
    from contextkit.stores.agentcore import AgentCoreStore, strategies_of  # loads boto3

    state = _beneath(beside, make, stack)
    store = AgentCoreStore(memory_id, state=state, strategies=strategies_of(memory_id))
    stack.callback(store.close)
    return store


def _beneath(name: str, make: bool, stack: ExitStack) -> SQLiteStore | DynamoDBStore:
    store = _of_its_own(name, make)
    stack.callback(store.close)
    return store


def _of_its_own(name: str, make: bool) -> SQLiteStore | DynamoDBStore:
    if name.startswith(DYNAMODB):
        from contextkit.stores.dynamodb import DynamoDBStore  # loads boto3

        prefix, _, bucket = name.removeprefix(DYNAMODB).partition("@")
        return DynamoDBStore(prefix, bucket=bucket or None)
    return SQLiteStore(name) if make else _existing(name)


def _existing(path: str) -> SQLiteStore:
    """The store in a file that is there already, or at a `file:` URI. Raises `InvalidInput` where there is none."""
    if not path.startswith("file:") and not os.path.exists(path):  # which a path may be too long to ask
        raise InvalidInput(
            f"There is no store {shortened(path)}.",
            "Check the path, or make one with `contextkit build … --store`.",
            value=path,
        )
    return SQLiteStore(path)
