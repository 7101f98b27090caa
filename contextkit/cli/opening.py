"""Stores as options name them: an SQLite file, or `dynamodb:` and the prefix of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from contextkit.cli.sessions import existing_store
from contextkit.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from contextkit.stores.dynamodb import DynamoDBStore

DYNAMODB = "dynamodb:"

Stores: TypeAlias = "dict[str, SQLiteStore | DynamoDBStore]"

StoreNames = Annotated[
    list[str],
    typer.Option("--store", metavar="STORE", help="An SQLite file, or dynamodb:PREFIX; repeat it for several."),
]


@contextmanager
def opened(names: Sequence[str], *, make: bool = False) -> Iterator[Stores]:
    """The stores by their names, in the order given. A file that is not there is made only if `make` says so.

    DynamoDB's region, endpoint and credentials come from the environment, as they do everywhere.
    """
    with ExitStack() as stack:
        stores = {name: _open(name, make) for name in names}
        for store in stores.values():
            stack.callback(store.close)
        yield stores


def _open(name: str, make: bool) -> SQLiteStore | DynamoDBStore:
    if name.startswith(DYNAMODB):
        from contextkit.stores.dynamodb import DynamoDBStore  # loads boto3

        return DynamoDBStore(name.removeprefix(DYNAMODB))
    return SQLiteStore(name) if make else existing_store(name)
